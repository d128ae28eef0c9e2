/**
 * Tickets that no webhook may tell of: at desks that deliver once, what could not be applied then is read with the next
 * message, and a ticket that was merged is read as soon as that is known.
 */
import type { Call } from '../botpress/call'
import { connectDesk } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { within } from '../botpress/retry'
import { readSession, type Tags } from '../session/session'
import { applyEvents } from './apply'

/** The customer's message is at the desk already, so this may end early: the next message or event reads again. */
const LONGEST_MS = 10_000

/** Reads the ticket of a session whose desk doesn't deliver again, or that was merged. Never throws. */
export const readBack = async (
  call: Call,
  conversation: { id: string; tags: Tags },
  isMerged: boolean
): Promise<void> => {
  const session = readSession(conversation)
  const desk = session && connectDesk(call, session.provider)
  if (!session || !desk?.driver.catchUp) return
  if (!isMerged && (desk.provider.redelivers || session.status !== 'open')) return
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
