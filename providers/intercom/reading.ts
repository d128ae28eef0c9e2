/** Reads a conversation from a cursor on. */
import type { CaughtUp, SessionEvent, Ticket } from '../provider'
import { retryWhileNew, type Desk } from './desk'
import { eventsByPart, isStateChange, RESOLVED } from './events'
import { isNotFound } from './failures'
import { mergedInto } from './merges'
import { cursorAfter, isAfter, partsOf, type Conversation, type Part } from './schemas'

/**
 * Reads the parts after the cursor, which is `created_at:id` of the last reported part. Intercom returns the newest
 * 500.
 * https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/conversations/retrieveconversation
 */
export const catchUp = async (desk: Desk, ticket: Ticket, cursor: string | undefined): Promise<CaughtUp> => {
  const key = { ticketId: ticket.id, conversationId: ticket.conversationId }
  const fetchConversation = () => desk.api.conversation(ticket.id)
  let conversation: Conversation
  try {
    // Without a cursor, the conversation may be new.
    conversation = cursor === undefined ? await retryWhileNew(desk, fetchConversation) : await fetchConversation()
  } catch (error) {
    if (!isNotFound(error)) throw error
    return { events: [{ type: 'ticket-closed', ticket: key, reason: 'deleted' }], cursor }
  }
  const parts = partsOf(conversation)
  const merge = await mergedInto(desk, ticket, conversation)
  const isClosed = merge === undefined && isSolved(conversation, parts)
  const byPart = eventsByPart(
    parts.filter((part) => isAfter(part, cursor)),
    {
      ticket: key,
      link: desk.linkTo(ticket.id),
      isClosed,
      isReopened: !isClosed,
      isAssigned: true,
      isReply: false,
      handBack: desk.handBack,
    }
  )
  const events = byPart.flatMap((entry) => entry.events)
  const last = byPart.findLast((entry) => entry.events.length > 0)?.part
  const removed = parts.filter((part) => part.redacted).map(({ id }) => id)
  const read = {
    events,
    cursor: last ? cursorAfter(last) : cursor,
    ...(removed.length === 0 ? {} : { removed }),
  }
  if (merge === undefined) return read
  if (merge.movedTo) return { ...read, movedTo: merge.movedTo }
  const end: SessionEvent = { type: 'ticket-closed', ticket: key, reason: 'merged' }
  return isAfter(merge.part, cursor) ? { events: [...events, end], cursor: cursorAfter(merge.part) } : read
}

/** Closed, or a ticket whose state is resolved. */
export const isSolved = (conversation: Conversation, parts: Part[]): boolean => {
  if (conversation.state === 'closed') return true
  const { ticket } = conversation
  const state = typeof ticket?.ticket_state === 'object' ? ticket.ticket_state.category : ticket?.ticket_state
  return (parts.findLast(isStateChange)?.ticket_state ?? (state || ticket?.state)) === RESOLVED
}
