/** Notes that the router writes into a ticket for its agents. */
import { isMessageRejected, isTicketOver } from '../../providers/errors'
import { partsToText, shorten } from '../../providers/kit/message-text'
import type { MessagePart, OutboundMessage, Ticket } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { NOTE_PATIENCE_MS } from '../botpress/timing'
import { withLock, type Lease } from './lock'

/** Characters of a message that a note quotes. */
const EXCERPT = 60

/** Changes a ticket while holding the lock to its desk: a slow change must not follow the ticket's end. */
export const withTicket = <T>(
  call: Call,
  { conversationId }: Ticket,
  work: (lease: Lease) => Promise<T>
): Promise<T> => {
  const operation = { kind: 'post' as const }
  const request = { conversationId, lock: 'toDesk' as const, operation, patienceMs: NOTE_PATIENCE_MS, keepsDoubt: true }
  return withLock(call, request, work)
}

/**
 * Writes a note for the agents, once per `id`: concurrent callers take turns, and the second one finds the first one's
 * note. A ticket that takes no more notes has no readers either, so that is not an error. Throws as a desk and Botpress
 * do.
 */
export const tellAgent = async (call: Call, desk: Desk, ticket: Ticket, id: string, text: string): Promise<void> => {
  const note: OutboundMessage = { id, author: { type: 'bot' }, parts: [{ type: 'text', text }], mayExist: true }
  try {
    await withTicket(call, ticket, async (lease) => {
      await lease.confirm()
      await desk.driver.postMessage(ticket, note)
    })
  } catch (error) {
    if (!isTicketOver(error) && !isMessageRejected(error)) throw error
    call.log.warn('Could not tell the agent', {
      desk: desk.provider.name,
      ticketId: ticket.id,
      error: describeError(error),
    })
  }
}

/**
 * Tells the agent that one message did not reach the customer before the end. The words are always the same for a
 * message: some desks recognise a note by its words.
 */
export const tellNotDelivered = (
  call: Call,
  desk: Desk,
  ticket: Ticket,
  messageId: string,
  parts: MessagePart[]
): Promise<void> => {
  const excerpt = shorten(partsToText(parts).replaceAll(/\s+/g, ' '), EXCERPT)
  const text = `The customer has left this conversation, so this was not delivered: “${excerpt}”`
  return tellAgent(call, desk, ticket, `over-${messageId}`, text)
}
