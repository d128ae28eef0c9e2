import type { SessionEvent, TicketKey } from '../../providers/provider'
import { isByBot, savedAccount } from '../botpress/accounts'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { retry } from '../botpress/retry'
import { STOP_BUDGET_MS } from '../botpress/timing'
import { cleanUp, isSolvedByRouter, needsCleanup } from '../session/cleanup'
import { endByAgent } from '../session/ending'
import { meaningOf, phaseOf, type LifeEvent, type Meaning } from '../session/life'
import { LockBusy } from '../session/lock'
import { tellAgent, withTicket } from '../session/notes'
import { messageTag } from '../session/progress'
import { findSession, getSession, rememberedSession, writeTags, type Session } from '../session/session'
import { flushOutbox } from '../to-desk/outbox'
import { agentAssigned, agentWrote } from './agents'
import { absenceOf, closeAbandoned } from './orphans'
import { isMessage, isStale, mergeEvents, needsReading, readTicket, type Reading } from './reading'
import { patienceOf, type Work } from './work'

/**
 * The ticket is the router's and has no session: its start is under way or died. The desk is asked to deliver again.
 */
export class SessionNotReady extends Error {
  public override readonly name = 'SessionNotReady'
}

/** An agent ended the session, and messages of the customer are not at the desk yet. */
export class OutboxWaits extends Error {
  public override readonly name = 'OutboxWaits'
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

const _applyToTicket = async (call: Call, desk: Desk, key: TicketKey, events: SessionEvent[]): Promise<void> => {
  const read = (of: Session) => readTicket(call, desk, of, { isNeeded: needsReading(events), readAt })
  const readAt = call.environment.now()
  // Reading the ticket in parallel to the session saves time.
  const remembered = rememberedSession(call, desk.provider.name, key)
  const earlyReading = remembered && read(remembered)
  earlyReading?.catch(() => undefined)
  const account = await savedAccount(call, desk.provider.name)
  const session = await findSession(call, desk.provider.name, key, account?.id)
  if (!session) return _withoutSession(call, desk, key, events)
  const reading = await (earlyReading && !isStale(remembered, session) ? earlyReading : read(session))
  await _applyReading(session, events, reading)
}

const _withoutSession = async (call: Call, desk: Desk, key: TicketKey, events: SessionEvent[]): Promise<void> => {
  const absence = await absenceOf(call, desk, { ...key, origin: _originAmong(events) })
  if (absence.kind === 'being opened') throw new SessionNotReady('The session of this ticket is not there yet')
  if (absence.kind !== 'foreign') return closeAbandoned(call, desk, key.ticketId, absence, events)
  call.log.debug('Ignored: the ticket belongs to no session', { desk: desk.provider.name, ticketId: key.ticketId })
}

/** Some events of a ticket say more about its origin than others. */
const _originAmong = (events: SessionEvent[]): TicketKey['origin'] => {
  const origins = events.map(({ ticket }) => ticket.origin)
  return origins.find((origin) => origin === 'recent') ?? origins.find((origin) => origin !== undefined)
}

/** From this many unread events on, writing the tag costs less than making a new instance read them. */
const FAR_BEHIND = 10

const _applyReading = async (session: Session, pushed: SessionEvent[], reading: Reading): Promise<void> => {
  const { work, startCursor, endCursor } = reading
  const { call, desk, progress } = work
  const account = await savedAccount(call, desk.provider.name)
  const events = mergeEvents(
    pushed.filter((event) => !isByBot(account, event)),
    reading.events
  )
  // The cursor to write with an end. Example: the ticket holds “Hi”, the end, “Bye”. The end is written with the cursor
  // before “Hi”, so that if this instance dies now, the next one reads “Bye” again and tells its agent.
  const cursorAtEnd = (laterEvents: SessionEvent[]): string | undefined =>
    laterEvents.some(isMessage) ? startCursor : endCursor
  // Another instance began an end and may have died: finish it first.
  let current = session.endingAt === undefined ? session : await _end(work, session, cursorAtEnd(events))
  for (const [index, event] of events.entries()) {
    const laterEvents = events.slice(index + 1)
    current = await _applyEvent(work, current, event, laterEvents, cursorAtEnd(laterEvents))
  }
  await _flush(work, current, events)
  await _cleanUp(work, current)
  progress.cursor = endCursor
  if (endCursor === undefined || endCursor === current.cursor) return
  // Example: the tag says message 40 and the ticket has 52. The tag moves on, so that a new instance doesn't read those
  // twelve.
  const isTagFarBehind = startCursor === session.cursor && reading.events.length >= FAR_BEHIND
  if (isTagFarBehind || current.status !== 'open') {
    await writeTags(call, session.conversationId, { cursor: endCursor })
  }
}

/** Messages younger than this may still be posted by their own delivery. */
const IN_FLIGHT_MS = 15_000
const IN_FLIGHT_AT_END_MS = 2_000

/**
 * Posts messages that a crash or a rate limit left in the outbox: at the end, after it, and when this instance first
 * handles the session. Throws OutboxWaits at an end, since no later event would post them.
 */
const _flush = async ({ call, desk, progress }: Work, session: Session, events: SessionEvent[]): Promise<void> => {
  const hasEnded = events.some(({ type }) => type === 'ticket-closed')
  const isDue = progress.isNew || session.status === 'closed'
  progress.isNew = false
  if (!isDue) return
  const { ticket } = session
  const olderThanMs = hasEnded ? IN_FLIGHT_AT_END_MS : IN_FLIGHT_MS
  const outcome = await flushOutbox(call, session, desk, { patienceMs: patienceOf(desk), olderThanMs })
  // A customer's message reopens a ticket. One that the router has solved stays solved.
  if (outcome === 'emptied' && session.botEndedAt !== undefined && isSolvedByRouter(session)) {
    await withTicket(call, ticket, () => desk.driver.closeTicket(ticket))
  }
  if (outcome === 'waits' && hasEnded) throw new OutboxWaits('The customer’s last messages are not at the desk yet')
}

const STOP_PAUSE_MS = 700

/**
 * Does what is left of an end's cleanup. Our own solving of a ticket comes back as an event at once; then stopHitl is
 * about to finish the cleanup itself, and gets a moment for that.
 */
const _cleanUp = async ({ call, desk }: Work, session: Session): Promise<void> => {
  if (!needsCleanup(session)) return
  const { now, sleep } = call.environment
  let current = session
  if (now() < (session.botEndedAt ?? 0) + STOP_BUDGET_MS) {
    await sleep(STOP_PAUSE_MS)
    current = (await getSession(call, session.conversationId)) ?? session
  }
  if (needsCleanup(current)) await cleanUp(call, desk, current)
}

/** Resolves to the session after the event. */
const _applyEvent = async (
  work: Work,
  session: Session,
  event: SessionEvent,
  laterEvents: SessionEvent[],
  cursorAtEnd: string | undefined
): Promise<Session> => {
  switch (event.type) {
    case 'message-posted': {
      const isDelivered = work.progress.ids.has(messageTag(work.desk, event.id))
      // A delivered message was also shown, unless the session has ended since.
      const isDone = isDelivered && _meaning(work, 'agent-message', session) !== 'tell-agent'
      return isDone ? session : agentWrote(work, session, event)
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
    case 'ticket-changed':
      return session
  }
}

const _meaning = ({ call }: Work, event: LifeEvent, session: Session): Meaning =>
  meaningOf(event, phaseOf(session, call.environment.now()))

const _end = async (work: Work, session: Session, cursor: string | undefined): Promise<Session> => {
  if (_meaning(work, 'ticket-closed', session) === 'nothing') return session
  const { call, desk } = work
  const patienceMs = patienceOf(desk)
  // Not every vendor delivers an end again (a button is pressed once), so a short failure of Botpress is retried here.
  const isRetried = (error: unknown): boolean => !(error instanceof LockBusy)
  const ending = await retry(call, { tries: 3, pauseMs: 300, isRetried }, () =>
    endByAgent(call, session, { cursor, patienceMs })
  )
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
