/**
 * Reads a ticket from the last known place. Webhooks of one ticket come late, out of order and at any instance; the
 * ticket itself is in order.
 *
 * The last known place is in three tags, and none of them costs a call. Each instance remembers its own. An agent's
 * message carries the place behind it, written with the message itself, for an instance that meets the session. The
 * session's own tag moves every `FAR_BEHIND` messages, and shows an instance that its memory is old.
 */
import { isProviderError, isTicketOver, isTransient } from '../../providers/errors'
import type { SessionEvent, TicketChange } from '../../providers/provider'
import type { Call } from '../botpress/call'
import { connectDesk, type Desk, type Limits } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { UNSURE_MS } from '../botpress/timing'
import {
  cursorOf,
  deliveredAt,
  deskMessageIdOf,
  findDelivered,
  hasProgress,
  listMessages,
  messageTag,
  noteDelivered,
  progressOf,
  type StoredMessage,
} from '../session/progress'
import { scheduledAt } from '../session/scheduled'
import type { Session } from '../session/session'
import type { Work } from './work'

export interface Reading {
  work: Work
  /** What happened in the ticket between the two cursors, in order. */
  events: SessionEvent[]
  /** How many agents' messages were read, those that others have delivered included. */
  messages: number
  /** Ids of messages that agents have deleted. */
  removed: string[]
  startCursor: string | undefined
  endCursor: string | undefined
  change: TicketChange
}

/** From this many messages on, writing the tag costs less than making others read them. */
export const FAR_BEHIND = 10

/** The webhook alone suffices for an assignment or a reopening. Messages and ends need their order from the ticket. */
const _needsReading = ({ provider }: Desk, events: SessionEvent[]): boolean =>
  // What a desk that delivers once has sent before may have been refused.
  !provider.redelivers || events.some(({ type }) => type !== 'agent-assigned' && type !== 'ticket-reopened')

export interface ReadingOptions {
  pushed: SessionEvent[]
  /** When reading began, in milliseconds since the epoch. */
  readAt: number
  /** Read from the session's tag: this instance's own place is too old. */
  fromTag?: boolean
}

/**
 * Reads what this instance has not delivered yet. The reading is empty if none is needed or the driver can't catch up.
 * Throws when a retry may help.
 */
export const readTicket = async (
  call: Call,
  desk: Desk,
  session: Session,
  { pushed, readAt, fromTag = false }: ReadingOptions
): Promise<Reading> => {
  const isNeeded = desk.driver.catchUp !== undefined && _needsReading(desk, pushed)
  const isMet = isNeeded && session.status === 'open' && !hasProgress(call, session)
  const met = isMet ? await _meet(call, desk, session) : undefined
  const progress = met?.progress ?? (await progressOf(call, session))
  // After an end, start at the cursor tag instead of this instance's own: what follows the tag is still to be reported.
  const isOwnPlace = session.status === 'open' && !fromTag
  const startCursor = isOwnPlace && !met?.read ? (progress.cursor ?? session.cursor) : session.cursor
  const work: Work = { call, desk, progress, readAt, cameAt: readAt }
  const nothing: Reading = {
    work,
    events: [],
    messages: 0,
    removed: [],
    startCursor,
    endCursor: startCursor,
    change: {},
  }
  if (!isNeeded || !desk.driver.catchUp) return nothing
  try {
    const read = met?.read ?? (await desk.driver.catchUp(session.ticket, startCursor))
    const { events, cursor, removed = [], ...change } = read
    const endCursor = change.movedTo?.cursor ?? cursor
    const isCounted = ({ id }: Message): boolean => !met?.read || !progress.ids.has(messageTag(desk, id))
    const messages = events.filter(isMessage).filter(isCounted).length
    return {
      ...nothing,
      events: await _withoutDelivered(work, session, events, pushed),
      messages,
      removed,
      endCursor,
      change,
    }
  } catch (error) {
    if (!isProviderError(error) || isTransient(error)) throw error
    const { conversationId, ticket } = session
    if (isTicketOver(error)) {
      const key = { ticketId: ticket.id, conversationId }
      return { ...nothing, events: [{ type: 'ticket-closed', ticket: key, reason: 'deleted' }] }
    }
    // Without a reading, the order of what agents write isn't known: it waits, like in an outage.
    call.log.error('A ticket cannot be read: agents’ messages wait until its desk is mended', {
      desk: desk.provider.name,
      conversationId,
      error: describeError(error),
    })
    throw error
  }
}

/** Enough for a page. What the tag is behind mostly fits into one. */
const FIRST_PAGE_MS = 500

/**
 * Meets a session: lists its messages and reads the ticket from the tag, side by side. `read` is undefined when that
 * failed, or when the tag is more than a page behind: then the ticket is read from the place that the messages show.
 */
const _meet = async (call: Call, desk: Desk, session: Session) => {
  const limits: Limits = { deadline: Number.POSITIVE_INFINITY, timeoutMs: Number.POSITIVE_INFINITY }
  const { driver } = connectDesk(call, desk.provider.name, limits) ?? desk
  const reading = driver.catchUp?.(session.ticket, session.cursor)
  reading?.catch(() => undefined)
  const progress = await progressOf(call, session)
  if (progress.cursor !== undefined && progress.cursor !== session.cursor)
    limits.deadline = call.environment.now() + FIRST_PAGE_MS
  return { progress, read: await reading?.catch(() => undefined) }
}

/**
 * Leaves out what other instances have delivered. They deliver in the ticket's order, so one look-up of a message tells
 * about all before it. The newest message is probably the one that this webhook is about, and is not looked up.
 */
const _withoutDelivered = async (
  work: Work,
  session: Session,
  events: SessionEvent[],
  pushed: SessionEvent[]
): Promise<SessionEvent[]> => {
  const { desk, progress } = work
  const pushedIds = new Set(pushed.flatMap((event) => (isMessage(event) ? [event.id] : [])))
  const isOpen = session.status === 'open'
  const unknown = events.filter(isMessage).filter(({ id }) => {
    const tag = messageTag(desk, id)
    const isKnown = progress.ids.has(tag) || scheduledAt(session, tag) !== undefined
    return !pushedIds.has(id) && !(isOpen && isKnown)
  })
  const candidates = pushedIds.size === 0 ? unknown.slice(0, -1) : unknown
  if (candidates.length < 2) return events
  const last = await _lastDelivered(work, session, candidates)
  if (!last) return events
  const until = events.indexOf(last)
  return events.filter((event, index) => index > until || !isMessage(event) || pushedIds.has(event.id))
}

/** Mostly one page tells. Otherwise a binary search finds where delivery has got to. */
const _lastDelivered = async (work: Work, session: Session, candidates: Message[]): Promise<Message | undefined> => {
  const { call, desk, progress } = work
  const { messages, nextToken } = progress.page ?? (await listMessages(call, session.conversationId))
  const listed = new Map(messages.map((message) => [deskMessageIdOf(message), message]))
  const isDelivered = ({ id }: Message): boolean => {
    const found = listed.get(messageTag(desk, id))
    return found !== undefined && _isSettled(work, session, found)
  }
  const last = candidates.findLast(isDelivered)
  // Messages are delivered in order, so nothing is behind one that is listed.
  const isKnown = [...listed.keys()].some((tag) => tag !== undefined && progress.ids.has(tag))
  return last || isKnown || nextToken === undefined ? last : _searchDelivered(work, session, candidates)
}

const _searchDelivered = async (work: Work, session: Session, candidates: Message[]): Promise<Message | undefined> => {
  const { call, desk } = work
  let [low, high] = [0, candidates.length]
  for (let index = high - 1; low < high; index = Math.floor((low + high) / 2)) {
    const candidate = candidates[index]
    const found = candidate && (await findDelivered(call, session.conversationId, messageTag(desk, candidate.id)))
    if (found && _isSettled(work, session, found)) low = index + 1
    else high = index
  }
  return candidates[low - 1]
}

/** Whether nothing is left to do about a message that is at Botpress. */
const _isSettled = ({ progress }: Work, { status, endedAt = 0 }: Session, found: StoredMessage): boolean => {
  if (cursorOf(found) === undefined) return false
  // What reached the bot about the time of the end is still to be reported.
  if (status !== 'open' && deliveredAt(found) > endedAt - UNSURE_MS) return false
  noteDelivered(progress, deskMessageIdOf(found) ?? '', deliveredAt(found))
  return true
}

export type Message = Extract<SessionEvent, { type: 'message-posted' }>

/** A reading that begins before the session is known to be as remembered. */
export interface EarlyReading {
  reading: Promise<Reading>
  /** It began too far back: no further page is read. */
  stop(): void
}

export const readEarly = (call: Call, desk: Desk, remembered: Session, options: ReadingOptions): EarlyReading => {
  const limits: Limits = { deadline: Number.POSITIVE_INFINITY, timeoutMs: Number.POSITIVE_INFINITY }
  const reading = readTicket(call, connectDesk(call, desk.provider.name, limits) ?? desk, remembered, options)
  reading.catch(() => undefined)
  return {
    reading,
    stop: () => {
      limits.deadline = Number.NEGATIVE_INFINITY
    },
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
 * messages, their changes and the end after.
 */
export const mergeEvents = (pushed: SessionEvent[], read: SessionEvent[]): SessionEvent[] => {
  const readIds = new Set(read.flatMap((event) => (isMessage(event) ? [event.id] : [])))
  const isRead = (event: SessionEvent): boolean => isMessage(event) && readIds.has(event.id)
  // The author of a message that was read is announced with it.
  const authors = new Set(pushed.flatMap((event) => (isMessage(event) && isRead(event) ? [event.agent.id] : [])))
  const before: SessionEvent[] = []
  const messages: SessionEvent[] = []
  const changes: SessionEvent[] = []
  const wasRead = new Set(read.map(_changeKey))
  const ends: SessionEvent[] = []
  for (const event of pushed) {
    if (event.type === 'ticket-reopened') before.push(event)
    else if (event.type === 'agent-assigned' && !authors.has(event.agent.id)) before.push(event)
    else if (event.type === 'message-posted' && !isRead(event)) messages.push(event)
    else if (event.type === 'message-edited' || event.type === 'message-removed') {
      if (!wasRead.has(_changeKey(event))) changes.push(event)
    } else if (event.type === 'handed-back') {
      if (!wasRead.has(_changeKey(event))) ends.push(event)
    } else if (event.type === 'ticket-closed' && !read.some(({ type }) => type === 'ticket-closed')) ends.push(event)
  }
  return [...before, ...read, ...messages, ...changes, ...ends]
}

/** The same for the same change of the same message. */
const _changeKey = (event: SessionEvent): string =>
  [event.type, 'id' in event ? event.id : '', 'version' in event ? event.version : ''].join('/')

/** Whether the session ends with it. */
export const isEnd = ({ type }: SessionEvent): boolean => type === 'ticket-closed' || type === 'handed-back'

export const isMessage = (event: SessionEvent): event is Message => event.type === 'message-posted'
