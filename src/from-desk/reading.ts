/**
 * Reads a ticket from the last known place. Webhooks of one ticket come late, out of order and at any instance; the
 * ticket itself is in order.
 */
import { isProviderError, isTransient } from '../../providers/errors'
import type { SessionEvent } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { progressOf } from '../session/progress'
import type { Session } from '../session/session'
import type { Work } from './work'

export interface Reading {
  work: Work
  /** What happened in the ticket between the two cursors, in order. */
  events: SessionEvent[]
  /** Ids of messages that agents have deleted. */
  removed: string[]
  startCursor: string | undefined
  endCursor: string | undefined
}

/** The webhook alone suffices for an assignment or a reopening. Messages and ends need their order from the ticket. */
export const needsReading = (events: SessionEvent[]): boolean =>
  events.some(({ type }) => type !== 'agent-assigned' && type !== 'ticket-reopened')

/**
 * Reads what this instance has not delivered yet. The reading is empty if none is needed or the driver can't catch up.
 * `readAt` is when reading began, in milliseconds since the epoch. Throws when a retry may help.
 */
export const readTicket = async (
  call: Call,
  desk: Desk,
  session: Session,
  { isNeeded, readAt }: { isNeeded: boolean; readAt: number }
): Promise<Reading> => {
  const progress = await progressOf(call, session)
  // After an end, start at the cursor tag instead of this instance's own: what follows the tag is still to be reported.
  const startCursor = session.status === 'open' ? (progress.cursor ?? session.cursor) : session.cursor
  const work: Work = { call, desk, progress, readAt }
  const nothing: Reading = { work, events: [], removed: [], startCursor, endCursor: startCursor }
  if (!desk.driver.catchUp || !isNeeded) return nothing
  try {
    const { events, cursor, removed = [] } = await desk.driver.catchUp(session.ticket, startCursor)
    return { work, events, removed, startCursor, endCursor: cursor }
  } catch (error) {
    if (!isProviderError(error) || isTransient(error)) throw error
    // A ticket that can't be read any more must not keep its session open.
    const { conversationId } = session
    call.log.warn('Could not read a ticket', { conversationId, error: describeError(error) })
    return nothing
  }
}

/**
 * Whether a reading that began with the remembered session is useless for the session as it is now.
 *
 * Example: this instance remembers the session as open and reads from its own cursor, after “Bye”. Meanwhile another
 * instance has ended the session, with the cursor before “Bye”. Read again from there, or the agent is never told that
 * “Bye” came late.
 */
export const isStale = (remembered: Session | undefined, session: Session): boolean =>
  remembered?.status !== session.status || (session.status !== 'open' && remembered.cursor !== session.cursor)

/** The pushed events without messages that agents have deleted since. */
export const withoutRemoved = (pushed: SessionEvent[], removed: string[]): SessionEvent[] =>
  pushed.filter((event) => !isMessage(event) || !removed.includes(event.id))

/**
 * The ticket's own events in order. What only the webhook has is placed around them: assignments and reopenings before,
 * messages and the end after.
 */
export const mergeEvents = (pushed: SessionEvent[], read: SessionEvent[]): SessionEvent[] => {
  const readIds = new Set(read.flatMap((event) => (isMessage(event) ? [event.id] : [])))
  const isRead = (event: SessionEvent): boolean => isMessage(event) && readIds.has(event.id)
  // The author of a message that was read is announced with it.
  const authors = new Set(pushed.flatMap((event) => (isMessage(event) && isRead(event) ? [event.agent.id] : [])))
  const before: SessionEvent[] = []
  const messages: SessionEvent[] = []
  const ends: SessionEvent[] = []
  for (const event of pushed) {
    if (event.type === 'ticket-reopened') before.push(event)
    else if (event.type === 'agent-assigned' && !authors.has(event.agent.id)) before.push(event)
    else if (event.type === 'message-posted' && !isRead(event)) messages.push(event)
    else if (event.type === 'ticket-closed' && !read.some(({ type }) => type === 'ticket-closed')) ends.push(event)
  }
  return [...before, ...read, ...messages, ...ends]
}

export const isMessage = (event: SessionEvent): event is Extract<SessionEvent, { type: 'message-posted' }> =>
  event.type === 'message-posted'
