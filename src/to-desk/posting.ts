/** Posts one unit of the outbox and marks its messages, or says why that isn't possible now. */
import { RuntimeError } from '@botpress/sdk'
import {
  isContactLost,
  isMessageRejected,
  isProviderError,
  isTicketOver,
  isTransient,
  type ProviderError,
} from '../../providers/errors'
import type { OutboundMessage, PostedMessage, TicketChange } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Desk, Limits } from '../botpress/desk'
import { describeError, gone } from '../botpress/errors'
import { redactorFor, redactParts } from '../botpress/hiding'
import { toParts } from '../botpress/messages'
import { LONGEST_POST_MS } from '../botpress/timing'
import type { Redactor } from '../redaction/redact'
import type { Lease } from '../session/lock'
import type { Session } from '../session/session'
import { rememberChange, withChange } from '../session/ticket-changes'
import type { Authors } from './authors'
import { isSettled, toEntry, type Entry } from './entries'
import { joinIds, markDelivered, markInDoubt, markRefused, markUnit, splitIds } from './message-tags'
import { earlierUnit, MOST_MERGED, newUnit, type Unit } from './units'

const SHORTEST_WAIT_MS = 1_000
const CONFLICT = 409

export interface Posting {
  call: Call
  /** As it is now: the desk may find its ticket or its contact changed. */
  session: Session
  desk: Desk
  /** The limits of `desk`, moved on with every post. */
  limits: Limits
  authors: Authors
  /**
   * Called when the ticket turns out to be merged into another one: what was said in it is to be read first. Without
   * it, the session goes on in the other one at once.
   */
  onMerged?: () => void
}

/** The outbox of a session while its lock is held. */
export interface Queue {
  /** The messages of the bot's side, oldest first. */
  entries: Entry[]
  /**
   * What is known about waiting messages, by id: whether they may be at the desk. Absent: their mark tells. The order
   * says nothing about it, since Botpress may list a message late.
   */
  mayExist: Map<string, boolean>
  /** Messages had to wait: those of one author now go together, since desks count messages. */
  isMerging: boolean
  /** Most messages in one unit. */
  mostMerged: number
}

/** Why the outbox could not be emptied. */
export interface Problem {
  error: unknown
  /** Milliseconds until another attempt may succeed; undefined: waiting does not help. */
  waitMs?: number
  /** The ticket takes no more messages. */
  isOver?: true
}

/**
 * Posts the next unit. Undefined: it is settled, or the next attempt posts it in smaller units. Throws OutcomeUnknown
 * and LeaseLost.
 */
export const postNext = async (
  posting: Posting,
  lease: Lease,
  queue: Queue,
  waiting: [Entry, ...Entry[]]
): Promise<Problem | undefined> => {
  const { call, limits } = posting
  const { now } = call.environment
  const [oldest] = waiting
  const mayExist = _mayExist(queue, oldest)
  const mostMerged = queue.isMerging || oldest.createdAt + WAITED_MS < call.clock.now() ? queue.mostMerged : 1
  const unit = mayExist
    ? earlierUnit(queue.entries, oldest)
    : newUnit(waiting, { mostMerged, isCertain: (entry) => !_mayExist(queue, entry) })
  const settled = unit.members.find(isSettled)
  if (settled) return _settleLike(call, queue, unit, settled)
  limits.deadline = now() + LONGEST_POST_MS
  const author = await _authorOf(posting, queue, unit)
  if ('problem' in author) return author.problem
  const redactor = await redactorFor(call, 'agents')
  const message = _toMessage(posting, queue, unit, { author: author.author, mayExist, redactor })
  if (!message) return _refuse(call, queue, unit, 'The message could not be read')
  await markUnit(call, unit, waiting, (entry) => !_mayExist(queue, entry))
  if (lease.isSuccession) {
    if (await _isSettledElsewhere(call, lease, unit)) return undefined
    message.mayExist = true
  }
  lease.assertHeld()
  limits.deadline = now() + LONGEST_POST_MS
  _note(queue, unit, true)
  let posted: PostedMessage
  try {
    posted = await posting.desk.driver.postMessage(posting.session.ticket, message)
  } catch (error) {
    if (!isProviderError(error)) return _afterBug(posting, queue, unit, message, error)
    if (error.outcome === 'none' && !mayExist) _note(queue, unit, false)
    return isContactLost(error) ? _renewContact(posting, unit, error) : _afterFailure(call, queue, unit, error)
  }
  await markDelivered(call, unit.members, joinIds(posted.messageIds))
  _note(queue, unit, undefined)
  await _remember(posting, posted)
  return undefined
}

/** The message is posted: what else the desk found is found again when it can't be written down now. */
const _remember = async (posting: Posting, change: TicketChange): Promise<void> => {
  const { call, desk, session, onMerged } = posting
  const { movedTo, ...others } = change
  const isMerged = movedTo?.cursor !== undefined && movedTo.id !== session.ticket.id
  try {
    if (!isMerged || !onMerged) {
      posting.session = await rememberChange(call, desk, session, change)
      return
    }
    // Reading moves the session on: it knows up to where the former ticket was read.
    posting.session = withChange(await rememberChange(call, desk, session, others), change)
    onMerged()
  } catch (error) {
    const { conversationId } = session
    call.log.warn('A change of a ticket could not be written down', { conversationId, error: describeError(error) })
  }
}

/** The contact was merged, deleted or suspended: the message goes out under the one that the desk has now. */
const _renewContact = async (posting: Posting, unit: Unit, lost: ProviderError): Promise<Problem | undefined> => {
  const { authors, session } = posting
  const userId = unit.members[0]?.userId
  try {
    if (!(await authors.renew(userId))) return { error: lost }
    const author = await authors.of(userId ?? session.customerId)
    const isSessions = userId === undefined || userId === session.customerId
    const contactId = author.type === 'customer' ? author.customer.contactId : undefined
    if (isSessions && contactId !== undefined) {
      await _remember(posting, { contactId })
      posting.session = { ...posting.session, ticket: { ...posting.session.ticket, contactId } }
    }
    return undefined
  } catch (error) {
    const waitMs = isProviderError(error) ? _waitAfter(error) : SHORTEST_WAIT_MS
    return waitMs === undefined ? { error } : { error, waitMs }
  }
}

/**
 * An earlier holder may still be at work. It doesn't post what it finds marked. What it has begun before shows here,
 * in the lock or in the message.
 */
const _isSettledElsewhere = async (call: Call, lease: Lease, { members }: Unit): Promise<boolean> => {
  await markInDoubt(
    call,
    members.filter(({ sentAs }) => sentAs === undefined)
  )
  await lease.confirm()
  const current = await Promise.all(members.map(({ id }) => gone(call.client.getMessage({ id }))))
  for (const [index, answer] of current.entries()) {
    const entry = members[index]
    if (answer && entry) Object.assign(entry, toEntry(answer.message))
  }
  return members.some(isSettled)
}

const _mayExist = ({ mayExist }: Queue, { id, sentAs }: Entry): boolean => mayExist.get(id) ?? sentAs !== undefined

const _note = ({ mayExist }: Queue, { members }: Unit, value: boolean | undefined): void => {
  for (const { id } of members) {
    if (value === undefined) mayExist.delete(id)
    else mayExist.set(id, value)
  }
}

/** A message that has waited this long for its desk goes together with those that follow it. */
const WAITED_MS = 10_000

/** An earlier holder could not mark all members of what it had posted. */
const _settleLike = async (
  call: Call,
  queue: Queue,
  unit: Unit,
  { deskMessageIds, refused }: Entry
): Promise<undefined> => {
  const rest = unit.members.filter((entry) => !isSettled(entry))
  if (deskMessageIds !== undefined) await markDelivered(call, rest, deskMessageIds)
  else if (refused !== undefined) await markRefused(call, rest, refused)
  _note(queue, unit, undefined)
}

/** Undefined: a message of the unit can't be turned into parts. */
const _toMessage = (
  { call, session }: Posting,
  { entries }: Queue,
  { id, members }: Unit,
  { author, mayExist, redactor }: Pick<OutboundMessage, 'author' | 'mayExist'> & { redactor: Redactor }
): OutboundMessage | undefined => {
  try {
    return {
      id,
      author,
      parts: redactParts(
        redactor,
        members.flatMap(({ type, payload, userId }) => toParts(type, payload, userId ? 'customer' : 'bot'))
      ),
      mayExist,
      createdAt: Math.max(...members.map(({ createdAt }) => createdAt)),
      others: entries.flatMap(({ deskMessageIds }) => splitIds(deskMessageIds)),
    }
  } catch (error) {
    const { conversationId } = session
    call.log.error('A message could not be read', { conversationId, messageId: id, error: describeError(error) })
    return undefined
  }
}

const _afterFailure = async (
  call: Call,
  queue: Queue,
  unit: Unit,
  error: ProviderError
): Promise<Problem | undefined> => {
  if (isTicketOver(error)) return { error, isOver: true }
  const waitMs = _waitAfter(error)
  if (waitMs !== undefined) return { error, waitMs }
  // What isn't about the message waits for someone to mend it.
  if (!isMessageRejected(error)) return { error }
  return unit.members.length > 1 && error.outcome === 'none'
    ? _divide(queue, unit)
    : _refuse(call, queue, unit, describeError(error))
}

/** One of the members is what the desk does not take. Halves find it in few posts. */
const _divide = (queue: Queue, unit: Unit): undefined => {
  _note(queue, unit, false)
  queue.mostMerged = Math.ceil(unit.members.length / 2)
}

const _refuse = async (call: Call, queue: Queue, unit: Unit, reason: string): Promise<undefined> => {
  await markRefused(call, unit.members, reason)
  _note(queue, unit, undefined)
  queue.mostMerged = MOST_MERGED
}

/** The last resort: a bug at one message must not block those behind it. */
const _afterBug = async (
  posting: Posting,
  queue: Queue,
  unit: Unit,
  message: OutboundMessage,
  error: unknown
): Promise<Problem | undefined> => {
  const { call, desk, session } = posting
  call.log.error('Posting a message failed unexpectedly', {
    desk: desk.provider.name,
    conversationId: session.conversationId,
    messageId: unit.id,
    error: describeError(error),
  })
  if (unit.members.length > 1 && (await _failsUnsent(posting, message))) return _divide(queue, unit)
  const reason = `Posting it failed unexpectedly (${describeError(error)}), and it is not known whether it arrived`
  return _refuse(call, queue, unit, reason)
}

/** Whether the driver fails at this message even when no time is left for a call: then it never calls the desk. */
const _failsUnsent = async ({ desk, session, limits }: Posting, message: OutboundMessage): Promise<boolean> => {
  limits.deadline = 0
  try {
    await desk.driver.postMessage(session.ticket, { ...message, mayExist: false })
    return false
  } catch (error) {
    return !isProviderError(error)
  }
}

const _waitAfter = (error: ProviderError): number | undefined => {
  // A conflict means that someone changed the ticket at the same moment: the message itself is fine.
  if (!isTransient(error) && error.status !== CONFLICT) return undefined
  return Math.max(SHORTEST_WAIT_MS, error.retryAfterMs ?? 0)
}

type AuthorOrProblem = { author: OutboundMessage['author'] } | { problem: Problem | undefined }

/** Nothing is posted while the author is looked up, and a failure says nothing about the ticket. */
const _authorOf = async ({ call, authors }: Posting, queue: Queue, unit: Unit): Promise<AuthorOrProblem> => {
  try {
    return { author: await authors.of(unit.members[0]?.userId) }
  } catch (error) {
    const isDesks = isProviderError(error)
    if (isDesks ? isMessageRejected(error) : error instanceof RuntimeError) {
      return { problem: await _refuse(call, queue, unit, describeError(error)) }
    }
    const waitMs = isDesks ? _waitAfter(error) : SHORTEST_WAIT_MS
    return { problem: waitMs === undefined ? { error } : { error, waitMs } }
  }
}
