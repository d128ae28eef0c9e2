import { asUnknown, isProviderError, isTransient } from '../errors'
import type { Ticket } from '../provider'
import type { Desk } from './desk'
import { isNotFound, mayNameSomethingGone } from './failures'
import { mergedInto } from './merges'
import { isReopening, partsOf, type Conversation } from './schemas'

/** Closes the conversation, and the one into which it was merged. A no-op when it is closed or deleted. */
export const closeTicket = async (desk: Desk, ticket: Ticket): Promise<void> => {
  try {
    const isLinked = await desk.acting.act(ticket.memo, (adminId) => desk.api.close(ticket.id, adminId))
    const conversation = isLinked ? await _read(desk, ticket) : undefined
    const movedTo = conversation && (await mergedInto(desk, ticket, conversation))?.movedTo
    if (movedTo) await desk.acting.act(ticket.memo, (adminId) => desk.api.close(movedTo.id, adminId))
  } catch (error) {
    if (!mayNameSomethingGone(error)) throw error
    // It may be closed already, or gone.
    const conversation = await _read(desk, ticket)
    if (conversation !== undefined && conversation.state !== 'closed') throw error
  }
}

const _read = async (desk: Desk, ticket: Ticket): Promise<Conversation | undefined> => {
  try {
    return await desk.api.conversation(ticket.id)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/**
 * A customer's message reopens a closed conversation. That is right after an agent's close. After the router's own
 * close the session is over and the message was in flight, so the conversation is closed again: nobody else would.
 */
export const closeAgain = async (desk: Desk, ticket: Ticket, known?: Conversation): Promise<void> => {
  try {
    const conversation = known ?? (await desk.api.conversation(ticket.id))
    if (conversation.state === 'closed') return
    await desk.acting.act(ticket.memo, async (adminId) => {
      const isOurs = [adminId, ticket.memo].some((id) => id !== undefined && _wasClosedBy(id, conversation))
      if (isOurs) await desk.api.close(ticket.id, adminId)
    })
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
  const parts = partsOf(conversation)
  const last = parts.findLast((part) => part.part_type === 'close' || isReopening(part))
  return last?.part_type === 'close' && last.author?.id === adminId && !last.body
}
