/** Tickets at desks that deliver a webhook once: what could not be applied then is read with the next message. */
import type { Call } from '../botpress/call'
import { connectDesk } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { within } from '../botpress/retry'
import { readSession, type Tags } from '../session/session'
import { applyEvents } from './apply'

/** The customer's message is at the desk already, so this may end early: the next message or event reads again. */
const LONGEST_MS = 10_000

/** Reads the ticket of a session whose desk doesn't deliver again. Never throws. */
export const readBack = async (call: Call, conversation: { id: string; tags: Tags }): Promise<void> => {
  const session = readSession(conversation)
  const desk = session && connectDesk(call, session.provider)
  if (!session || !desk || desk.provider.redelivers || !desk.driver.catchUp || session.status !== 'open') return
  const ticket = { ticketId: session.ticket.id, conversationId: session.conversationId }
  try {
    await within(call, LONGEST_MS, applyEvents(call, desk, [{ type: 'ticket-changed', ticket }]))
  } catch (error) {
    call.log.warn('Could not read a ticket back', {
      desk: desk.provider.name,
      ticketId: ticket.ticketId,
      error: describeError(error),
    })
  }
}
