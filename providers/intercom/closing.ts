import { asUnknown, isProviderError, isTransient } from '../errors'
import type { Ticket } from '../provider'
import { partsIn, type Conversation } from './api'
import { adminOf, isGone, type Desk } from './desk'
import { byTime, isReopening } from './events'

export const closeTicket = async (desk: Desk, ticket: Ticket): Promise<void> => {
  const adminId = await adminOf(desk, ticket)
  try {
    await desk.api.close(ticket.id, adminId)
  } catch (error) {
    if (isGone(error)) return
    if (!isProviderError(error) || error.code !== 'rejected') throw error
    // Refused: for being closed already, perhaps.
    const conversation = await desk.api.conversation(ticket.id)
    if (conversation.state !== 'closed') throw error
  }
}

/**
 * A customer's words open a closed conversation again. Where an agent had closed it, that is what they should do. Where we had, the session is over and the words are its last: they were on their way together with the end,
 * and nobody would ever close the conversation again.
 */
export const closeAgain = async (desk: Desk, ticket: Ticket, known?: Conversation): Promise<void> => {
  try {
    const adminId = await adminOf(desk, ticket)
    const conversation = known ?? (await desk.api.conversation(ticket.id))
    if (conversation.state === 'closed' || !_wasClosedBy(adminId, conversation)) return
    await desk.api.close(ticket.id, adminId)
  } catch (error) {
    // The words have arrived. Who tries again finds them, and then closes.
    if (isTransient(error)) throw asUnknown(error)
    desk.tools.log.warn('A conversation that was closed could not be closed again after the last words', {
      ticketId: ticket.id,
      error: isProviderError(error) ? error.message : 'unexpected error',
    })
  }
}

/** Whether the last that anybody at the desk did to its state was that we closed it. An agent who is the acting teammate as well cannot be told from us. */
const _wasClosedBy = (adminId: string, conversation: Conversation): boolean => {
  const parts = partsIn(conversation.conversation_parts?.conversation_parts).toSorted(byTime)
  const last = parts.findLast((part) => part.part_type === 'close' || isReopening(part))
  return last?.part_type === 'close' && last.author?.id === adminId && !last.body
}
