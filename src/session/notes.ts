/** Notes that the router writes into a ticket for its agents. */
import { isMessageRejected, isTicketOver } from '../../providers/errors'
import { partsToText, shorten } from '../../providers/kit/message-text'
import type { AgentPart, MessageFate, OutboundMessage, Ticket } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { instanceCache } from '../botpress/memory'
import { NOTE_PATIENCE_MS } from '../botpress/timing'
import { withLock, type Lease } from './lock'
import type { Session } from './session'

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
export const tellAgent = (call: Call, desk: Desk, ticket: Ticket, id: string, text: string): Promise<void> =>
  _tell(call, desk, ticket, { id, text }, (work) =>
    withTicket(call, ticket, async (lease) => {
      await lease.confirm()
      await work()
    })
  )

/** The same where there is no conversation, and so no lock. */
export const tellAgentAlone = (call: Call, desk: Desk, ticket: Ticket, id: string, text: string): Promise<void> =>
  _tell(call, desk, ticket, { id, text }, (work) => call.memory.inOrder(`note/${ticket.id}`, work))

/** What this instance has told within the last minute. A desk that loses the marks of notes can't say so. */
const _told = instanceCache<true>('told', { lifetimeMs: 60_000, size: 5_000 })

const _tell = async (
  call: Call,
  desk: Desk,
  ticket: Ticket,
  { id, text }: { id: string; text: string },
  alone: (work: () => Promise<unknown>) => Promise<unknown>
): Promise<void> => {
  const key = `${call.installation}/${desk.provider.name}/${ticket.id}/${id}`
  if (_told(call).get(key)) return
  const note: OutboundMessage = { id, author: { type: 'bot' }, parts: [{ type: 'text', text }], mayExist: true }
  try {
    await alone(() => desk.driver.postMessage(ticket, note))
    _told(call).set(key, true)
  } catch (error) {
    if (!isTicketOver(error) && !isMessageRejected(error)) throw error
    call.log.warn('Could not tell the agent', {
      desk: desk.provider.name,
      ticketId: ticket.id,
      error: describeError(error),
    })
  }
}

/** Why a message did not reach the customer. */
export type Why = 'ended by the bot' | 'ended by an agent' | 'refused'

const REASONS: Record<Why, string> = {
  'ended by the bot': 'The customer’s conversation has ended, so this was not delivered',
  'ended by an agent': 'This conversation was closed before by an agent, so this was not delivered',
  refused: 'A message was not accepted by the customer’s side, so this was not delivered',
}

/** Who ended the session: the earlier of the two ends counts. */
export const whyOver = ({ endedAt, agentEndedAt }: Session): Why =>
  agentEndedAt !== undefined && agentEndedAt === endedAt ? 'ended by an agent' : 'ended by the bot'

/** How every note reads that answers an agent, however a desk has formatted it. */
const OWN_WORDS = /so this was not delivered\W{0,6}“|replies here are not delivered/i

/**
 * Whether these are the router's own words, come back as an agent's. No note answers a note: its answer would come back
 * as well.
 */
export const isOwnNote = (parts: AgentPart[]): boolean => OWN_WORDS.test(partsToText(parts).replaceAll(/\s+/g, ' '))

/**
 * Tells the agent that one message did not reach the customer. The words are always the same for a message: some desks
 * recognise a note by its words.
 */
export const tellNotDelivered = async (
  call: Call,
  desk: Desk,
  ticket: Ticket,
  { id, parts, why }: { id: string; parts: AgentPart[]; why: Why }
): Promise<void> => {
  if (isOwnNote(parts)) {
    call.log.debug('A note is not answered by a note', { desk: desk.provider.name, ticketId: ticket.id })
    return
  }
  // The name of a file may be told later than its message.
  const words = parts.filter(({ type }) => type === 'text')
  const excerpt = shorten(partsToText(words.length > 0 ? words : parts).replaceAll(/\s+/g, ' '), EXCERPT)
  await tellAgent(call, desk, ticket, `over-${id}`, `${REASONS[why]}: “${excerpt}”`)
  await reportFate(call, desk, ticket, id, { type: 'failed', why: REASONS[why] })
}

/** Shows at an agent's message what became of it, where the desk can. This is cosmetic, so a failure is only logged. */
export const reportFate = async (
  call: Call,
  desk: Desk,
  ticket: Ticket,
  id: string,
  fate: MessageFate
): Promise<void> => {
  const report = desk.driver.reportFate?.bind(desk.driver)
  if (!report) return
  try {
    await withTicket(call, ticket, () => report(ticket, id, fate))
  } catch (error) {
    call.log.warn('Could not show the fate of a message', { ticketId: ticket.id, error: describeError(error) })
  }
}
