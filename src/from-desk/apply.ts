import { isProviderError, isTransient } from '../../providers/errors'
import type { SessionEvent, TicketKey } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { endByAgent } from '../session/ending'
import { describeError } from '../botpress/errors'
import { finishEnd, isSolvedByRouter, isUnfinished } from '../session/cleanup'
import { LockBusy } from '../session/lock'
import { flushOutbox } from '../to-desk/outbox'
import { progressOf } from '../session/progress'
import { meaningOf, phaseOf, type LifeEvent, type Meaning } from '../session/life'
import { findSession, getSession, knownSession, writeTags, type Session } from '../session/session'
import { atDesk, messageTag, tellAgent } from '../session/undelivered'
import { absenceOf, closeAbandoned } from './orphans'
import { agentAssigned, agentWrote, patienceOf, type OpenSession, type Work } from './agents'

/** Events that found no session although their ticket is ours: the session is being opened, or its opening died. The desk is asked to deliver again. */
export class SessionNotReady extends Error {
  public override readonly name = 'SessionNotReady'
}

/** The end of a session is known, and what the customer said before it is not at the desk. */
class OutboxWaits extends Error {
  public override readonly name = 'OutboxWaits'
}

/**
 * Makes a desk's events happen at Botpress. Throws when an effect could not be had: the desk is then asked to deliver again, and what has happened already does not happen twice.
 */
export const applyEvents = async (call: Call, desk: Desk, events: SessionEvent[]): Promise<void> => {
  const byTicket = new Map<string, SessionEvent[]>()
  for (const event of events) {
    const { ticketId } = event.ticket
    byTicket.set(ticketId, [...(byTicket.get(ticketId) ?? []), event])
  }
  await Promise.all(
    [...byTicket.values()].map((ofTicket) => {
      const key = ofTicket[0]?.ticket
      if (!key) return undefined
      return call.memory.inOrder(`${call.installation}/${desk.provider.name}/${key.ticketId}`, () =>
        _applyToTicket(call, desk, key, ofTicket)
      )
    })
  )
}

/** A pushed assignment and a reopening say it all; words and ends are put in order with what the desk knows. */
const _needsReading = ({ type }: SessionEvent): boolean => type !== 'agent-assigned' && type !== 'ticket-reopened'

const _applyToTicket = async (call: Call, desk: Desk, key: TicketKey, events: SessionEvent[]): Promise<void> => {
  const known = knownSession(call, desk.provider.name, key)
  const needsReading = events.some(_needsReading)
  // What does not depend on how the session is now is asked for beside it.
  const seenAt = call.environment.now()
  const early = known?.ticket ? _read(call, desk, known as OpenSession, { needsReading, seenAt }) : undefined
  early?.catch(() => undefined)
  const session = await findSession(call, desk.provider.name, key)
  if (!session?.ticket) {
    const absence = await absenceOf(call, desk, {
      ...key,
      origin: _originAmong(events),
    })
    if (absence.kind === 'being opened') throw new SessionNotReady('The session of this ticket is not there yet')
    if (absence.kind !== 'foreign') return closeAbandoned(call, desk, key.ticketId, absence, events)
    call.log.debug('Ignored: the ticket belongs to no session', { desk: desk.provider.name, ticketId: key.ticketId })
    return
  }
  const open = session as OpenSession
  // Nothing that was read for a session that is over by now, or before its end was read, tells where its end was.
  const isOutdated = known?.status !== session.status || (session.status !== 'open' && known.cursor !== session.cursor)
  const reading = await (early && !isOutdated ? early : _read(call, desk, open, { needsReading, seenAt }))
  await _applyReading(open, events, reading)
}

/** What the events of one ticket together tell about where it comes from. */
const _originAmong = (events: SessionEvent[]): TicketKey['origin'] => {
  const origins = events.map(({ ticket }) => ticket.origin)
  return origins.find((origin) => origin === 'recent') ?? origins.find((origin) => origin !== undefined)
}

interface Reading {
  work: Work
  events: SessionEvent[]
  /** Where the reading began and where it ended. */
  from: string | undefined
  cursor: string | undefined
}

/**
 * What the desk has after the place up to which this instance knows everything to be delivered: the webhooks of one ticket come in any order, on any instance, and late; the ticket itself is in order.
 */
const _read = async (
  call: Call,
  desk: Desk,
  session: OpenSession,
  { needsReading, seenAt }: { needsReading: boolean; seenAt: number }
): Promise<Reading> => {
  const progress = await progressOf(call, session)
  // What is written down at the end says that it was the end.
  const from = session.status === 'open' ? (progress.cursor ?? session.cursor) : session.cursor
  const reading: Reading = { work: { call, desk, progress, seenAt }, events: [], from, cursor: from }
  if (!desk.driver.catchUp || !needsReading) return reading
  try {
    return { ...reading, ...(await desk.driver.catchUp(session.ticket, from)) }
  } catch (error) {
    if (!isProviderError(error) || isTransient(error)) throw error
    // A ticket that cannot be read any more must not keep the session open.
    const { conversationId } = session
    call.log.warn('Could not read a ticket', { conversationId, error: describeError(error) })
    return reading
  }
}

/** A tag that is so many messages behind costs whoever has to begin there more than writing it. */
const FAR_BEHIND = 10

const _applyReading = async (session: OpenSession, pushed: SessionEvent[], reading: Reading): Promise<void> => {
  const { work, cursor, from } = reading
  const { call, progress } = work
  const events = _merged(pushed, reading.events)
  // What was said after an end has still to be told to its agent: until then it must not count as read.
  const endAt = (later: SessionEvent[]): string | undefined => (later.some(_isMessage) ? from : cursor)
  // An end that somebody has begun comes before what was said after it.
  let current = session.endingAt === undefined ? session : await _closed(work, session, endAt(events))
  for (const [index, event] of events.entries()) {
    const later = events.slice(index + 1)
    current = await _applyOne(work, current, event, { later, cursor: endAt(later) })
  }
  await _flush(work, current, events)
  await _finish(work, current)
  progress.cursor = cursor
  if (cursor === undefined || cursor === current.cursor) return
  const isFarBehind = from === session.cursor && reading.events.length >= FAR_BEHIND
  if (isFarBehind || current.status !== 'open') await writeTags(call, session.conversationId, { cursor })
}

/** Younger messages are on their way. */
const WAITING_MS = 15_000
const WAITING_AT_END_MS = 2_000

/**
 * What an instance that died, or a limit, has left behind on the way to the desk: looked for at the end and after it, and when this instance meets the session for the first time. Throws when it waits on and nothing else would come by.
 */
const _flush = async ({ call, desk, progress }: Work, session: OpenSession, events: SessionEvent[]): Promise<void> => {
  const hasEnded = events.some(({ type }) => type === 'ticket-closed')
  const isDue = progress.isNew || session.status === 'closed'
  progress.isNew = false
  if (!isDue) return
  const olderThanMs = hasEnded ? WAITING_AT_END_MS : WAITING_MS
  const outcome = await flushOutbox(call, session, desk, { patienceMs: patienceOf(desk), olderThanMs })
  // The customer's words open a ticket again, and what the bot has solved stays solved.
  if (outcome === 'emptied' && isSolvedByRouter(session))
    await atDesk(call, session.ticket, () => desk.driver.closeTicket(session.ticket))
  if (outcome === 'waits' && hasEnded) throw new OutboxWaits('The customer’s last words are not at the desk yet')
}

/** Whoever has ended a session is at it for so long. */
const STOPPING_MS = 30_000
const A_MOMENT_MS = 700

/** What an end has left to be done. The desk tells us at once that we have solved a ticket: then whoever did that is about to be done. */
const _finish = async ({ call, desk }: Work, session: OpenSession): Promise<void> => {
  if (!isUnfinished(session)) return
  const { now, sleep } = call.environment
  let current: Session = session
  if (now() < (session.stoppedAt ?? 0) + STOPPING_MS) {
    await sleep(A_MOMENT_MS)
    current = (await getSession(call, session.conversationId)) ?? session
  }
  if (isUnfinished(current)) await finishEnd(call, desk, { ...current, ticket: session.ticket })
}

/** In the desk's order; what only the webhook knows of is placed around it: assignments before, words and the end after. */
const _merged = (pushed: SessionEvent[], read: SessionEvent[]): SessionEvent[] => {
  const known = new Set(read.flatMap((event) => (event.type === 'message-posted' ? [event.id] : [])))
  const isKnown = (event: SessionEvent): boolean => event.type === 'message-posted' && known.has(event.id)
  // Who wrote what the desk has in order is announced there.
  const writers = new Set(pushed.flatMap((event) => (_isMessage(event) && isKnown(event) ? [event.agent.id] : [])))
  const before: SessionEvent[] = []
  const after: SessionEvent[] = []
  const last: SessionEvent[] = []
  for (const event of pushed) {
    if (event.type === 'ticket-reopened') before.push(event)
    else if (event.type === 'agent-assigned' && !writers.has(event.agent.id)) before.push(event)
    else if (event.type === 'message-posted' && !isKnown(event)) after.push(event)
    else if (event.type === 'ticket-closed' && !read.some(({ type }) => type === 'ticket-closed')) last.push(event)
  }
  return [...before, ...read, ...after, ...last]
}

const _isMessage = (event: SessionEvent): event is Extract<SessionEvent, { type: 'message-posted' }> =>
  event.type === 'message-posted'

/** Resolves to the session as it is after that. */
const _applyOne = async (
  work: Work,
  session: OpenSession,
  event: SessionEvent,
  { later, cursor }: { later: SessionEvent[]; cursor: string | undefined }
): Promise<OpenSession> => {
  switch (event.type) {
    case 'message-posted': {
      const isGiven = work.progress.ids.has(messageTag(work.desk, event.id))
      // Given, and shown unless the session has ended meanwhile.
      const isDone = isGiven && _meaning(work, 'agent-message', session) !== 'tell-agent'
      return isDone ? session : agentWrote(work, session, event)
    }
    case 'agent-assigned': {
      // An agent who writes in the same breath is announced by the plugin with his message.
      const writes = later.some((other) => _isMessage(other) && other.agent.id === event.agent.id)
      return agentAssigned(work, session, event, writes)
    }
    case 'ticket-closed':
      return _closed(work, session, cursor)
    case 'ticket-reopened':
      await _reopened(work, session)
      return session
    case 'ticket-changed':
      return session
  }
}

const _meaning = ({ call }: Work, event: LifeEvent, session: OpenSession): Meaning =>
  meaningOf(event, phaseOf(session, call.environment.now()))

const _closed = async (work: Work, session: OpenSession, cursor: string | undefined): Promise<OpenSession> => {
  if (_meaning(work, 'ticket-closed', session) === 'nothing') return session
  const { call, desk } = work
  const patienceMs = patienceOf(desk)
  const ending = await _persistently(call, () => endByAgent(call, session, { cursor, patienceMs }))
  if (ending.ended) await _showClosed(work, session)
  return { ...ending.session, ticket: session.ticket }
}

const _showClosed = async ({ call, desk }: Work, { ticket }: OpenSession): Promise<void> => {
  const { reflect } = desk.driver
  if (reflect) await atDesk(call, ticket, () => reflect(ticket, { type: 'closed', by: 'agent' }))
}

const TRIES = 3
const PAUSE_MS = 300

/** Not every vendor sends an end again (a button is pressed once): a moment's failure of Botpress is waited out here. */
const _persistently = async <T>(call: Call, work: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (tries === TRIES || error instanceof LockBusy) throw error
      await call.environment.sleep(PAUSE_MS)
    }
  }
}

const _reopened = async (work: Work, session: OpenSession): Promise<void> => {
  if (_meaning(work, 'ticket-reopened', session) !== 'tell-agent') return
  const { call, desk } = work
  const { status, conversationId } = session
  call.log.info('A ticket was reopened after its session had ended', {
    desk: desk.provider.name,
    conversationId,
    status,
  })
  await tellAgent(
    call,
    desk,
    session.ticket,
    `reopened-${session.ticket.id}`,
    'The conversation with the customer has ended: replies here are not delivered. The customer can ask for an agent again.'
  )
}
