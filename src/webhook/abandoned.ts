import type { TicketKey } from '../../providers/provider'
import type { Call, Desk } from '../call'
import { gone } from '../errors'
import type { Tags } from '../sessions'
import { tellAgent } from '../undelivered'

/** No start goes on for so long: not even one that Botpress repeats. */
const ABANDONED_MS = 90_000

export type Absence = 'foreign' | 'being opened' | 'abandoned'

/**
 * Why a ticket has no session. Foreign: we have not opened it, or another installation has. Abandoned: the start that opened it gave up without knowing that it had, so its customer has been told that nobody is there.
 */
export const absenceOf = async (call: Call, { conversationId, ours }: TicketKey): Promise<Absence> => {
  if (!conversationId) return ours ? 'being opened' : 'foreign'
  const answer = await gone(call.client.getConversation({ id: conversationId }))
  if (!answer) return 'foreign'
  if ((answer.conversation.tags as Tags).status === 'failed') return 'abandoned'
  const opening = await gone(call.client.getState({ type: 'conversation', id: conversationId, name: 'opening' }))
  if (opening && opening.state.payload.at + ABANDONED_MS < call.environment.now()) return 'abandoned'
  return ours ? 'being opened' : 'foreign'
}

/** Nobody hears what is written in such a ticket: the agent is told, and the ticket is solved. */
export const closeAbandoned = async (
  call: Call,
  desk: Desk,
  { ticketId, conversationId = '' }: TicketKey
): Promise<void> => {
  const ticket = { id: ticketId, conversationId }
  await tellAgent(
    call,
    desk,
    ticket,
    `abandoned-${ticketId}`,
    'The handoff for which this ticket was opened had failed, and the customer was told so: replies here are not delivered. The ticket is closed.'
  )
  await desk.driver.closeTicket(ticket)
  call.log.warn('Closed a ticket whose handoff had failed', { desk: desk.provider.name, conversationId, ticketId })
}
