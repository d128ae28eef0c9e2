import type { SessionEvent, TicketChange, TicketKey } from '../../providers/provider'
import { isByBot, savedAccount } from '../botpress/accounts'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { retry } from '../botpress/retry'
import { STOP_BUDGET_MS } from '../botpress/timing'
import type { EndReason } from '../session/about'
import { cleanUp, needsCleanup } from '../session/cleanup'
import { endByAgent } from '../session/ending'
import { meaningOf, phaseOf, type LifeEvent, type Meaning } from '../session/life'
import { LockBusy } from '../session/lock'
import { tellAgent, withTicket } from '../session/notes'
import { messageTag } from '../session/progress'
import { findSession, getSession, rememberedSession, type Session } from '../session/session'
import { rememberChange, withChange } from '../session/ticket-changes'
import { flushOutbox } from '../to-desk/outbox'
import { payOwed } from '../to-desk/owed'
import { agentAssigned, agentWrote, meetAgents, type ReadMessage } from './agents'
import { countUntagged, isOutOfSight, moveCursor } from './cursor-tag'
import { agentEdited, agentRemoved } from './edits'
import { flush } from './flush'
import { isLasting, withAgentAnew, withoutEvent } from './lasting'
import { absenceOf, closeAbandoned } from './orphans'
import {
  FAR_BEHIND,
  isMessage,
  isStale,
  mergeEvents,
  readEarly,
  readTicket,
  type EarlyReading,
  type Message,
  type Reading,
  type ReadingOptions,
  withoutRemoved,
} from './reading'
import { withoutTakenBack } from './taken-back'
import { patienceLeft, patienceOf, type Work } from './work'

/**
 * The ticket is the router's and has no session: its start is under way or died. The desk is asked to deliver again.
 */
export class SessionNotReady extends Error {
  public override readonly name = 'SessionNotReady'
}

/**
 * Applies a desk's events at Botpress, in order per ticket. Idempotent. Throws when an effect could not be had: the
 * desk is then asked to deliver the events again.
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

/** How long a webhook waits for what other sessions owe to its desk. */
const PAYING_MS = 500

const _applyToTicket = async (call: Call, desk: Desk, key: TicketKey, events: SessionEvent[]): Promise<void> => {
  const options = { pushed: events, readAt: call.environment.now() }
  // Reading the ticket in parallel to the session saves time.
  const remembered = rememberedSession(call, desk.provider.name, key)
  const early = remembered && readEarly(call, desk, remembered, options)
  if (remembered?.status === 'open') meetAgents(call, desk, events)
  const account = savedAccount(call, desk.provider.name).then((known) => known?.id)
  const session = await findSession(call, desk.provider.name, key, account)
  if (!session) return _withoutSession(call, desk, key, events)
  if (session.status === 'open') meetAgents(call, desk, events)
  const reading = await (early ? _readAfter(call, desk, session, remembered, early, options) : undefined)
  await _applyReading(session, events, reading ?? (await readTicket(call, desk, session, options)))
}

/** The early reading, if it serves the session as it is now. */
const _readAfter = async (
  call: Call,
  desk: Desk,
  session: Session,
  remembered: Session,
  { reading, stop }: EarlyReading,
  options: ReadingOptions
): Promise<Reading | undefined> => {
  if (isStale(remembered, session)) {
    stop()
    return undefined
  }
  if (remembered.cursor === session.cursor) return _withDesk(desk, await reading)
  // Others have moved the tag on. One page is as good from either place; more would read what they have delivered.
  stop()
  const early = await reading.catch(() => undefined)
  return early ? _withDesk(desk, early) : readTicket(call, desk, session, { ...options, fromTag: true })
}

/** The rest of the work is not bound to the limits of the early reading. */
const _withDesk = (desk: Desk, reading: Reading): Reading => ({ ...reading, work: { ...reading.work, desk } })

const _withoutSession = async (call: Call, desk: Desk, key: TicketKey, events: SessionEvent[]): Promise<void> => {
  const absence = await absenceOf(call, desk, { ...key, origin: _originAmong(events) })
  if (absence.kind === 'being opened') throw new SessionNotReady('The session of this ticket is not there yet')
  if (absence.kind === 'former') {
    return _readAndApply(call, desk, absence.session, _withoutMerge(events, absence))
  }
  if (absence.kind === 'moved') return _afterMove(call, desk, key, events, absence)
  if (absence.kind !== 'foreign') return closeAbandoned(call, desk, key.ticketId, absence, events)
  call.log.debug('Ignored: the ticket belongs to no session', { desk: desk.provider.name, ticketId: key.ticketId })
}

const _readAndApply = async (call: Call, desk: Desk, session: Session, pushed: SessionEvent[]): Promise<void> => {
  const options = { pushed, readAt: call.environment.now() }
  await _applyReading(session, pushed, await readTicket(call, desk, session, options))
}

/** What was said under the former id comes first. */
const _afterMove = async (
  call: Call,
  desk: Desk,
  key: TicketKey,
  events: SessionEvent[],
  { session, isFollowed }: { session: Session; isFollowed: boolean }
): Promise<void> => {
  if (isFollowed) {
    const { conversationId, ticket } = session
    await _readAndApply(call, desk, session, [
      { type: 'ticket-changed', ticket: { ticketId: ticket.id, conversationId } },
    ])
    const current = await getSession(call, conversationId)
    // Otherwise others have moved it on: the next attempt finds out where to.
    if (current?.ticket.id !== key.ticketId) throw new SessionNotReady('The session of this ticket is on its way')
    return _readAndApply(call, desk, current, events)
  }
  const { memo } = session.ticket
  const movedTo = { id: key.ticketId, ...(memo ? { memo } : {}) }
  return _readAndApply(call, desk, await rememberChange(call, desk, session, { movedTo }), events)
}

/** A ticket that is merged into another one is closed by that, and the session goes on in the other one. */
const _withoutMerge = (events: SessionEvent[], { movedTo }: TicketChange): SessionEvent[] =>
  movedTo?.cursor === undefined ? events : events.filter(({ type }) => type !== 'ticket-closed')

/** Some events of a ticket say more about its origin than others. */
const _originAmong = (events: SessionEvent[]): TicketKey['origin'] => {
  const origins = events.map(({ ticket }) => ticket.origin)
  return origins.find((origin) => origin === 'recent') ?? origins.find((origin) => origin !== undefined)
}

const _applyReading = async (found: Session, pushed: SessionEvent[], first: Reading): Promise<void> => {
  const { work } = first
  const { call, desk, progress } = work
  const account = await savedAccount(call, desk.provider.name)
  // Written down after the events: otherwise a failure in between would lose those of the former place.
  const session = withChange(found, first.change)
  const isMoved = session.ticket.id !== found.ticket.id
  const others = _withoutMerge(pushed, first.change).filter((event) => !isByBot(account, event))
  const told = { pushed: withoutRemoved(others, first.removed), reading: first }
  const { pushed: kept, reading } = await withoutTakenBack(told, session)
  const { startCursor, endCursor } = reading
  const events = mergeEvents(kept, reading.events)
  // The cursor to write with an end. Example: the ticket holds “Hi”, the end, “Bye”. The end is written with the cursor
  // before “Hi”, so that if this instance dies now, the next one reads “Bye” again and tells its agent.
  // It stays where it is while messages are out of sight: whoever looks for them reads the ticket.
  const cursorAtEnd = (laterEvents: SessionEvent[]): string | undefined => {
    if (isOutOfSight(work, current)) return undefined
    return isMoved || laterEvents.some(isMessage) ? startCursor : endCursor
  }
  const wasRead = new Set(reading.events)
  const isFarBehind = countUntagged(reading, session) >= FAR_BEHIND
  // Another instance began an end and may have died: finish it first.
  let current = session
  if (session.endingAt !== undefined) current = await _end(work, session, cursorAtEnd(events))
  let problem: unknown
  const cursorAfter = (event: SessionEvent): string | undefined => {
    const isComplete = event === events.at(-1) && !(isMessage(event) && event.undelivered)
    // A place in the new ticket means nothing in the former one.
    return wasRead.has(event) && !isMoved ? (isComplete ? endCursor : startCursor) : undefined
  }
  for (const [index, event] of events.entries()) {
    const laterEvents = events.slice(index + 1)
    try {
      const place = { laterEvents, cursorAtEnd: cursorAtEnd(laterEvents), cursorAfter }
      const before = current
      current = await withAgentAnew(work, event, () => _applyEvent(work, before, event, place))
    } catch (error) {
      if (!isLasting(error)) throw error
      problem ??= await withoutEvent(work, current, event, error)
    }
  }
  // What is scheduled may not be listed yet, so nobody may read on behind it.
  const isTagDue = isFarBehind && progress.lastAt <= call.clock.now()
  const isRareMoment = isTagDue || progress.isNew
  const settledAt = await flush(work, current, events, isTagDue)
  await _cleanUp(work, current)
  if (problem !== undefined) throw problem
  await rememberChange(call, desk, found, reading.change)
  await moveCursor(reading, current, { isTagDue, settledAt })
  await payOwed(call, desk, { patienceMs: PAYING_MS, isRareMoment })
}

const STOP_PAUSE_MS = 700

/**
 * Does what is left of an end's cleanup. Our own solving of a ticket comes back as an event at once; then stopHitl is
 * about to finish the cleanup itself, and gets a moment for that.
 */
const _cleanUp = async ({ call, desk }: Work, session: Session): Promise<void> => {
  if (!needsCleanup(session)) return
  let current = session
  if (call.clock.now() < (session.botEndedAt ?? 0) + STOP_BUDGET_MS) {
    await call.environment.sleep(STOP_PAUSE_MS)
    current = (await getSession(call, session.conversationId)) ?? session
    // The customer's last words would open a solved ticket again. While they wait, stopHitl is still at it.
    if (needsCleanup(current) && (await _outboxWaits(call, desk, current))) return
  }
  if (needsCleanup(current)) await cleanUp(call, desk, current)
}

const _outboxWaits = async (call: Call, desk: Desk, session: Session): Promise<boolean> =>
  (await flushOutbox(call, session, desk, { patienceMs: patienceOf(desk) })).outcome === 'waits'

interface Place {
  laterEvents: SessionEvent[]
  cursorAtEnd: string | undefined
  /** Where the ticket is read on after an event. Undefined: the event was not read. */
  cursorAfter(event: SessionEvent): string | undefined
}

/** Resolves to the session after the event. */
const _applyEvent = async (
  work: Work,
  session: Session,
  event: SessionEvent,
  { laterEvents, cursorAtEnd, cursorAfter }: Place
): Promise<Session> => {
  switch (event.type) {
    case 'message-posted': {
      const isDelivered = work.progress.ids.has(messageTag(work.desk, event.id))
      // A delivered message was also shown, unless the session has ended since.
      const isDone = isDelivered && _meaning(work, 'agent-message', session) !== 'tell-agent'
      if (isDone) return session
      const toRead = (message: Message): ReadMessage => ({ event: message, cursor: cursorAfter(message) })
      return agentWrote(work, session, toRead(event), _following(event, laterEvents).map(toRead))
    }
    case 'agent-assigned': {
      const alsoWrites = laterEvents.some((other) => isMessage(other) && other.agent.id === event.agent.id)
      return agentAssigned(work, session, event, alsoWrites)
    }
    case 'ticket-closed':
      return _end(work, session, cursorAtEnd)
    case 'ticket-reopened':
      await _tellReopened(work, session)
      return session
    case 'message-edited':
      return agentEdited(work, session, event)
    case 'message-removed':
      return agentRemoved(work, session, event)
    case 'handed-back':
      return _handBack(work, session, event, cursorAtEnd)
    case 'ticket-changed':
      return session
  }
}

/** The ticket stays open: its status is the agents' business. */
const _handBack = async (
  work: Work,
  session: Session,
  { id }: Extract<SessionEvent, { type: 'handed-back' }>,
  cursor: string | undefined
): Promise<Session> => {
  if (_meaning(work, 'ticket-closed', session) === 'nothing') return session
  const after = await _end(work, session, cursor, 'handed-back')
  await tellAgent(work.call, work.desk, session.ticket, `handed-back-${id}`, HANDED_BACK)
  return after
}

const HANDED_BACK = 'The bot has the conversation with the customer again: replies here are not delivered.'

/** Files are hosted before their message is delivered. */
const _hasFiles = ({ parts }: Message): boolean => parts.some(({ type }) => type === 'desk-file')

/** The messages of the same agent that come next, of which that agent need not be told anything. */
const _following = (event: Message, laterEvents: SessionEvent[]): Message[] => {
  const { agent, undelivered } = event
  // Some desks announce an agent with each message.
  const isNext = (other: SessionEvent): boolean =>
    (isMessage(other) && other.agent.id === agent.id && !other.undelivered && !_hasFiles(other)) ||
    (other.type === 'agent-assigned' && other.agent.id === agent.id)
  const end = laterEvents.findIndex((other) => !isNext(other))
  return undelivered ? [] : laterEvents.slice(0, end === -1 ? undefined : end).filter(isMessage)
}

const _meaning = ({ call }: Work, event: LifeEvent, session: Session): Meaning =>
  meaningOf(event, phaseOf(session, call.clock.now()))

const _end = async (
  work: Work,
  session: Session,
  cursor: string | undefined,
  because?: EndReason
): Promise<Session> => {
  if (_meaning(work, 'ticket-closed', session) === 'nothing') return session
  const { call } = work
  // Not every vendor delivers an end again (a button is pressed once), so a short failure of Botpress is retried here.
  const isRetried = (error: unknown): boolean => !(error instanceof LockBusy)
  const ending = await retry(call, { tries: 3, pauseMs: 300, isRetried }, () =>
    endByAgent(call, session, { cursor, patienceMs: patienceLeft(work), ...(because ? { because } : {}) })
  )
  if (ending.page) work.progress.page = ending.page
  if (ending.ended) await _showClosed(work, session)
  return ending.session
}

const _showClosed = async ({ call, desk }: Work, { ticket }: Session): Promise<void> => {
  const { reflect } = desk.driver
  if (reflect) await withTicket(call, ticket, () => reflect(ticket, { type: 'closed', by: 'agent' }))
}

const _tellReopened = async (work: Work, session: Session): Promise<void> => {
  if (_meaning(work, 'ticket-reopened', session) !== 'tell-agent') return
  const { call, desk } = work
  const { status, conversationId, ticket } = session
  call.log.info('A ticket was reopened after its session had ended', {
    desk: desk.provider.name,
    conversationId,
    status,
  })
  await tellAgent(
    call,
    desk,
    ticket,
    `reopened-${ticket.id}`,
    'The conversation with the customer has ended: replies here are not delivered. ' +
      'The customer can ask for an agent again.'
  )
}
