/** What waits for the desk goes out with an event of the desk. */
import type { SessionEvent } from '../../providers/provider'
import { isSolvedByRouter } from '../session/cleanup'
import { withTicket } from '../session/notes'
import type { Session } from '../session/session'
import { flushOutbox } from '../to-desk/outbox'
import { isEnd } from './reading'
import { patienceOf, type Work } from './work'

/** An agent ended the session, and messages of the customer are not at the desk yet. */
export class OutboxWaits extends Error {
  public override readonly name = 'OutboxWaits'
}

/** An instance that died before it wrote anything down has left no sign: so others look this often. */
const LOOKS_EVERY_MS = 60_000
/** Messages younger than this may still be posted by their own delivery. */
const IN_FLIGHT_MS = 15_000
const IN_FLIGHT_AT_END_MS = 2_000

/**
 * Posts messages that an outage, a rate limit or a crash left in the outbox: when they are known to wait, at the end,
 * after it, when this instance hasn't looked for a minute, and whenever the cursor's tag moves. Resolves to the moment
 * before which nothing waits, in milliseconds since the epoch. Throws OutboxWaits at an end, since no later event would
 * post them.
 */
export const flush = async (
  { call, desk, progress }: Work,
  session: Session,
  events: SessionEvent[],
  isTagDue: boolean
): Promise<number | undefined> => {
  const hasEnded = events.some(isEnd)
  const { now } = call.environment
  const isLongAgo = now() >= (progress.lookedAt ?? 0) + LOOKS_EVERY_MS
  const isDue = isLongAgo || isTagDue || session.isWaiting === true || session.status === 'closed'
  const { page } = progress
  progress.isNew = false
  progress.page = undefined
  if (!isDue) return undefined
  progress.lookedAt = now()
  const { ticket } = session
  const olderThanMs = session.isWaiting === true ? 0 : hasEnded ? IN_FLIGHT_AT_END_MS : IN_FLIGHT_MS
  // At an end, every message that is old enough must have been there when the page was listed.
  const isRecent = !hasEnded || (page?.listedAt ?? 0) + olderThanMs / 2 > now()
  const { outcome, settledAt } = await flushOutbox(call, session, desk, {
    patienceMs: patienceOf(desk),
    olderThanMs,
    ...(page && isRecent ? { page } : {}),
  })
  // A customer's message reopens a ticket. One that the router has solved stays solved.
  if (outcome === 'emptied' && session.botEndedAt !== undefined && isSolvedByRouter(session)) {
    await withTicket(call, ticket, () => desk.driver.closeTicket(ticket))
  }
  if (outcome === 'waits' && hasEnded) throw new OutboxWaits('The customer’s last messages are not at the desk yet')
  return settledAt
}
