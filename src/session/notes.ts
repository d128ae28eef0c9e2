/** Notes that the router writes into a ticket for its agents. */
import { createHash } from 'node:crypto'
import { isMessageRejected, isTicketOver } from '../../providers/errors'
import { partsToText, shorten } from '../../providers/kit/message-text'
import type { AgentPart, MessageFate, OutboundMessage, Ticket } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { describeError, gone } from '../botpress/errors'
import { instanceCache } from '../botpress/memory'
import { isInPlaceOfFile } from '../botpress/messages'
import { NOTE_PATIENCE_MS } from '../botpress/timing'
import { withLock, type Lease } from './lock'
import type { EndReason } from './about'
import { writeTags, type Session, type Tags } from './session'

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
      const { conversationId } = ticket
      const answer = await gone(call.client.getConversation({ id: conversationId }))
      const tags: Tags = answer?.conversation.tags ?? {}
      await lease.confirm(tags)
      const recent = _recentlyTold(call, tags.told)
      if (recent.some((note) => note.key === _keyOf(id))) return
      await work()
      await _writeTold(call, conversationId, [...recent, { key: _keyOf(id), at: call.clock.now() }])
    })
  )

/** A note is written once within this time, whatever the desk shows of it. */
const AGAIN_MS = 60_000

interface ToldNote {
  key: string
  /** Milliseconds since the epoch, by Botpress's clock. */
  at: number
}

/** Short enough for some forty in a tag. */
const _keyOf = (id: string): string => createHash('sha256').update(id).digest('base64url').slice(0, 10)

/** The notes that any instance has written within the last minute, by the session's `told` tag. */
const _recentlyTold = (call: Call, tag: string | undefined): ToldNote[] =>
  (tag ?? '').split(' ').flatMap((entry): ToldNote[] => {
    const [key, time] = entry.split('@')
    const at = Number.parseInt(time ?? '', 36)
    return key && at + AGAIN_MS > call.clock.now() ? [{ key, at }] : []
  })

const MOST_TOLD = 20

/** The note is written: without the tag, only this instance and the desk know that. */
const _writeTold = async (call: Call, conversationId: string, told: ToldNote[]): Promise<void> => {
  const tag = told.slice(-MOST_TOLD).map(({ key, at }) => `${key}@${Math.round(at).toString(36)}`)
  await writeTags(call, conversationId, { told: tag.join(' ') }).catch((error: unknown) => {
    call.log.debug('It could not be written down that an agent was told', {
      conversationId,
      error: describeError(error),
    })
  })
}

/** The same where there is no conversation, and so no lock. */
export const tellAgentAlone = (call: Call, desk: Desk, ticket: Ticket, id: string, text: string): Promise<void> =>
  _tell(call, desk, ticket, { id, text }, (work) => call.memory.inOrder(`note/${ticket.id}`, work))

/** What this instance has told within the last minute: that saves calls. */
const _told = instanceCache<true>('told', { lifetimeMs: AGAIN_MS, size: 5_000 })

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
export type Why = 'ended by the bot' | 'ended by an agent' | 'ended as idle' | 'handed back' | 'refused' | 'not heard'

const REASONS: Record<Why, string> = {
  'ended by the bot': 'The customer’s conversation has ended, so this was not delivered',
  'ended by an agent': 'This conversation was closed before by an agent, so this was not delivered',
  'ended as idle': 'This conversation had ended because nobody wrote, so this was not delivered',
  'handed back': 'This conversation was given back to the bot, so this was not delivered',
  'not heard': 'The bot was still starting the handoff, so this was not delivered',
  refused: 'A message was not accepted by the customer’s side, so this was not delivered',
}

/**
 * Who ended the session, and why. An agent's end counts even if the bot's overtakes it before its moment: some desks
 * recognise a note by its words, so a note that was written before must not be written again in other words.
 */
export const whyOver = ({ agentEndedAt, endReason }: Session): Why => {
  if (agentEndedAt === undefined) return 'ended by the bot'
  return endReason === undefined ? 'ended by an agent' : WHY[endReason]
}

const WHY: Record<EndReason, Why> = { idle: 'ended as idle', 'handed-back': 'handed back' }

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
  // The name of a file may be told later than its message, and what stands in its place is not the agent's.
  const words = parts.filter((part) => part.type === 'text' && !isInPlaceOfFile(part.text))
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
