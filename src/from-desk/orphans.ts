/** Orphan tickets: the router opened them, but no session has them. */
import type { SessionEvent, TicketChange, TicketKey, TicketOrigin } from '../../providers/provider'
import { isProviderError, isTransient } from '../../providers/errors'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { START_BUDGET_MS } from '../botpress/timing'
import { gone } from '../botpress/errors'
import { readSession, rememberedSession, type Session, type Tags } from '../session/session'
import { isOwnNote, tellAgent, tellAgentAlone } from '../session/notes'
import { newestTerm } from '../session/terms'

/** A start has ended after this time, even if Botpress repeats it. */
const ABANDONED_MS = 90_000
/** Clocks differ, and vendors report whole seconds. */
const SKEW_MS = 10_000

/**
 * Why a ticket has no session.
 *
 * - foreign: this installation did not open it.
 * - being opened: its start is in flight, or has just died and is repeated.
 * - failed: its handoff failed before learning that the ticket existed. The customer was told that nobody is there.
 * - elsewhere: its start did not learn of it, and the session has another ticket.
 * - deleted: the session's conversation was deleted at Botpress.
 * - moved: it is the session's own ticket under another id, which was given to it later. `isFollowed`: reading it under
 *   the former id leads here, and shows what was said there before.
 * - former: it is the session's own ticket under the id that it had before. Its webhook was on its way meanwhile.
 */
export type Absence =
  | { kind: 'foreign' }
  | { kind: 'being opened' }
  | { kind: 'moved'; session: Session; isFollowed: boolean }
  | { kind: 'former'; session: Session; movedTo: TicketChange['movedTo'] }
  | Orphan

interface Orphan {
  kind: 'failed' | 'elsewhere' | 'deleted'
  conversationId: string
  /** Whether the desk reports the ticket as solved. False when it was not asked. */
  isSolved: boolean
}

interface Candidate {
  id: string
  createdAt: string
  tags: Tags
}

/** Throws what the desk and Botpress throw. */
export const absenceOf = async (call: Call, desk: Desk, key: TicketKey): Promise<Absence> => {
  const origin = await _originOf(desk, key)
  if (!origin) return { kind: key.origin === 'recent' ? 'being opened' : 'foreign' }
  const conversation = await _conversationOf(call, origin)
  const { isSolved } = origin
  if (!conversation) {
    const known = rememberedSession(call, desk.provider.name, key)?.conversationId
    const own = known ?? (await _deletedIn(call, desk, key, origin))
    return own === undefined ? { kind: 'foreign' } : { kind: 'deleted', conversationId: own, isSolved }
  }
  const { id: conversationId } = conversation
  const session = readSession(conversation)
  if (session) {
    const isThis = session.provider === desk.provider.name && session.ticket.id === key.ticketId
    // The session was written down after the caller had looked for it.
    if (isThis) return { kind: 'being opened' }
    const move = await _moveTo(desk, session, key.ticketId)
    if (move) return { kind: 'moved', session, isFollowed: move === 'followed' }
    const movedTo = await _leadsTo(desk, session, key.ticketId)
    if (movedTo) return { kind: 'former', session, movedTo }
    return { kind: 'elsewhere', conversationId, isSolved }
  }
  const opening = await _openingOf(call, conversationId)
  if (!opening) return { kind: key.origin === 'recent' ? 'being opened' : 'foreign' }
  const hasFailed = opening.operation?.kind === 'open' && opening.operation.failed === true
  const isOver = hasFailed || opening.at + ABANDONED_MS < call.clock.now()
  return isOver ? { kind: 'failed', conversationId, isSolved } : { kind: 'being opened' }
}

/**
 * The conversation that was deleted at Botpress, if the ticket says that it was for this bot. Another installation's
 * ticket looks the same otherwise.
 */
const _deletedIn = async (
  call: Call,
  { driver }: Desk,
  key: TicketKey,
  origin: TicketOrigin
): Promise<string | undefined> => {
  if (!('conversationId' in origin)) return undefined
  const botId = key.botId ?? origin.botId ?? (await driver.findOrigin?.(key.ticketId))?.botId
  return botId === call.context.botId ? origin.conversationId : undefined
}

/**
 * Whether the session's own ticket is gone while another one carries its mark: a channel that was shared, a converted
 * or merged conversation. A vendor's id may change, the mark in the ticket doesn't. Followed: the desk itself says that
 * the session's ticket goes on in this one.
 */
const _moveTo = async (
  { provider, driver }: Desk,
  session: Session,
  ticketId: string
): Promise<'followed' | 'found' | undefined> => {
  if (session.provider !== provider.name || !driver.findOrigin) return undefined
  try {
    const read = await driver.catchUp?.(session.ticket, session.cursor)
    if (read?.movedTo) return read.movedTo.id === ticketId ? 'followed' : undefined
    return (await driver.findOrigin(session.ticket.id)) === undefined ? 'found' : undefined
  } catch (error) {
    if (!isProviderError(error) || isTransient(error)) throw error
    // The desk doesn't know the former address any more, and this ticket carries the session's mark.
    return 'found'
  }
}

/** Where the session's ticket is, if a ticket with this id is found there: it was the session's before it moved. */
const _leadsTo = async (
  { provider, driver }: Desk,
  session: Session,
  ticketId: string
): Promise<TicketChange['movedTo']> => {
  if (session.provider !== provider.name || !driver.catchUp) return undefined
  try {
    const { movedTo } = await driver.catchUp({ ...session.ticket, id: ticketId }, session.cursor)
    return movedTo?.id === session.ticket.id ? movedTo : undefined
  } catch (error) {
    if (!isProviderError(error) || isTransient(error)) throw error
    return undefined
  }
}

/** From the webhook, otherwise from the desk. */
const _originOf = async ({ driver }: Desk, key: TicketKey): Promise<TicketOrigin | undefined> => {
  if (key.conversationId) return { conversationId: key.conversationId, isSolved: false }
  return key.origin ? driver.findOrigin?.(key.ticketId) : undefined
}

const _conversationOf = async (call: Call, origin: TicketOrigin): Promise<Candidate | undefined> => {
  if ('customerId' in origin) return _byCustomer(call, origin)
  const answer = await gone(call.client.getConversation({ id: origin.conversationId }))
  return answer?.conversation
}

/** The customer's handoff whose start was in flight when the ticket was opened. */
const _byCustomer = async (
  call: Call,
  { customerId, openedAt }: { customerId: string; openedAt: number }
): Promise<Candidate | undefined> => {
  const { conversations } = await call.client.listConversations({ channel: 'hitl', tags: { customerId } })
  const theirs = conversations.filter(({ tags }) => (tags as Tags).customerId === customerId)
  const newestFirst = theirs.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))
  const candidate = newestFirst.find(({ createdAt }) => Date.parse(createdAt) - SKEW_MS <= openedAt)
  const opening = candidate && (await _openingOf(call, candidate.id))
  return opening && openedAt <= opening.at + START_BUDGET_MS + SKEW_MS ? candidate : undefined
}

const _openingOf = (call: Call, conversationId: string) => newestTerm(call, { conversationId, lock: 'opening' })

const NOTES: Record<Orphan['kind'], string> = {
  failed:
    'The handoff for this ticket had failed, and the customer knows. Replies here are not delivered. It is now closed.',
  elsewhere:
    'The conversation was taken up in another ticket. Replies here are not delivered. This ticket is now closed.',
  deleted: 'The customer’s conversation was deleted. Replies here are not delivered. This ticket is now closed.',
}

/**
 * Tells the agent that the customer doesn't read this ticket, and solves it. A no-op when an agent has just solved or
 * reopened it. Throws what the desk and Botpress throw.
 */
export const closeAbandoned = async (
  call: Call,
  desk: Desk,
  ticketId: string,
  { kind, conversationId, isSolved }: Orphan,
  events: SessionEvent[]
): Promise<void> => {
  const needsReply = (event: SessionEvent): boolean => {
    if (event.type === 'message-posted') return !isOwnNote(event.parts)
    return event.type !== 'ticket-reopened' && (event.type !== 'ticket-closed' || !isSolved)
  }
  if (!events.some(needsReply)) return
  const ticket = { id: ticketId, conversationId }
  // The lock is a state of the conversation.
  const tell = kind === 'deleted' ? tellAgentAlone : tellAgent
  await tell(call, desk, ticket, `abandoned-${ticketId}`, NOTES[kind])
  await desk.driver.closeTicket(ticket)
  call.log.warn('Closed an orphan ticket', {
    desk: desk.provider.name,
    conversationId,
    ticketId,
    reason: kind,
  })
}
