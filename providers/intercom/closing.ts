import { asUnknown, isProviderError, isTransient } from '../errors'
import type { Ticket } from '../provider'
import { partsIn, type Conversation } from './api'
import { adminOf, isGone, type Desk } from './desk'
import { byTime, isReopening } from './events'

/** Closes the conversation. A no-op when it is closed or deleted. */
export const closeTicket = async (desk: Desk, ticket: Ticket): Promise<void> => {
  const adminId = await adminOf(desk, ticket)
  try {
    await desk.api.close(ticket.id, adminId)
  } catch (error) {
    if (isGone(error)) return
    if (!isProviderError(error) || error.code !== 'rejected') throw error
    // It may be closed already.
    const conversation = await desk.api.conversation(ticket.id)
    if (conversation.state !== 'closed') throw error
  }
}

/**
 * A customer's message reopens a closed conversation. That is right after an agent's close. After the router's own
 * close the session is over and the message was in flight, so the conversation is closed again: nobody else would.
 */
export const closeAgain = async (desk: Desk, ticket: Ticket, known?: Conversation): Promise<void> => {
  try {
    const adminId = await adminOf(desk, ticket)
    const conversation = known ?? (await desk.api.conversation(ticket.id))
    if (conversation.state === 'closed' || !_wasClosedBy(adminId, conversation)) return
    await desk.api.close(ticket.id, adminId)
  } catch (error) {
    // The message is posted. A retry finds it and closes.
    if (isTransient(error)) throw asUnknown(error)
    desk.tools.log.warn('Could not close the conversation again after the last message reopened it', {
      ticketId: ticket.id,
      error: isProviderError(error) ? error.message : 'unexpected error',
    })
  }
}

/**
 * Whether the last change of state by a teammate was the router's own close. A close by the acting teammate in person
 * looks the same.
 */
const _wasClosedBy = (adminId: string, conversation: Conversation): boolean => {
  const parts = partsIn(conversation.conversation_parts?.conversation_parts).toSorted(byTime)
  const last = parts.findLast((part) => part.part_type === 'close' || isReopening(part))
  return last?.part_type === 'close' && last.author?.id === adminId && !last.body
}
