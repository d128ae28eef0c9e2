/** One message, or several as one, from the outbox to the desk: posted and marked, or what keeps it from that. */
import { RuntimeError } from '@botpress/sdk'
import { isProviderError, isTransient, type ProviderError } from '../../providers/errors'
import type { OutboundMessage } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Desk, Limits } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import type { Lease } from '../session/lock'
import { toParts } from '../botpress/messages'
import type { Session } from '../session/session'
import type { Authors } from './authors'
import { isSettled, sentAsOne, type Entry } from './entries'
import { joinIds, markAsOne, markAsSingle, markDelivered, markRefused, splitIds } from './marks'

/** A post that is begun while the lane is ours must have ended before anybody can take it over. */
const LONGEST_POST_MS = 9_000
const SHORTEST_WAIT_MS = 1_000
const CONFLICT = 409

export interface Posting {
  call: Call
  session: Session
  desk: Desk
  /** The desk's: moved with every post. */
  limits: Limits
  authors: Authors
}

/** What is known of the messages while the lane is held. */
export interface Knowledge {
  entries: Entry[]
  /** Ids of what may be at the desk although nothing says so. */
  doubtful: Set<string>
  /** Marks of units that were made here: nothing was ever posted under them before. */
  made: Set<string>
  /** Ids of what was probably offered before, since it is so old, although nothing says what became of that. */
  late: Set<string>
}

/** Why the outbox could not be emptied. */
export interface Problem {
  error: unknown
  /** Milliseconds until it is worth trying again; undefined: nothing that time mends. */
  waitMs?: number
  /** The ticket takes no more messages. */
  isOver?: true
}

/** Undefined: the unit needs nothing more – it is at the desk, refused, or has become other units. Throws OutcomeUnknown, LeaseLost, and for a bug in a driver whatever that throws. */
export const postUnit = async (
  posting: Posting,
  lease: Lease,
  knowledge: Knowledge,
  unit: Entry[]
): Promise<Problem | undefined> => {
  const { call } = posting
  const sibling = unit.find(isSettled)
  if (sibling) return _settleLike(call, sibling, unit)
  posting.limits.deadline = call.environment.now() + LONGEST_POST_MS
  const author = await _authorOf(posting, unit)
  if ('problem' in author) return author.problem
  const mayExist = _mayExist(knowledge, unit)
  if (_needsMark(unit)) {
    await markAsOne(call, unit)
    knowledge.made.add(sentAsOne(unit))
  }
  lease.assertHeld()
  posting.limits.deadline = call.environment.now() + LONGEST_POST_MS
  const wasDoubtful = unit.some(({ id }) => knowledge.doubtful.has(id))
  for (const { id } of unit) knowledge.doubtful.add(id)
  try {
    const message = _toMessage(knowledge, unit, author.author, mayExist)
    const { messageIds } = await posting.desk.driver.postMessage(posting.session.ticket, message)
    await markDelivered(call, unit, joinIds(messageIds))
  } catch (error) {
    if (!isProviderError(error)) throw error
    if (_isCertain(error) && !wasDoubtful) for (const { id } of unit) knowledge.doubtful.delete(id)
    const problem = await _afterFailure(call, knowledge, unit, error)
    if (problem) return problem
  }
  for (const { id } of unit) knowledge.doubtful.delete(id)
  return undefined
}

/** Whoever posted them as one could not mark them all. */
const _settleLike = async (call: Call, { deskMessageIds, refused }: Entry, unit: Entry[]): Promise<undefined> => {
  if (deskMessageIds !== undefined) await markDelivered(call, unit, deskMessageIds)
  else if (refused !== undefined) await markRefused(call, unit, refused)
}

/** A message that goes alone and was never marked goes under its own id: that needs no mark. */
const _needsMark = (unit: Entry[]): boolean =>
  unit.some(({ sentAs }) => sentAs !== sentAsOne(unit) && (sentAs !== undefined || unit.length > 1))

const _mayExist = ({ doubtful, late, made }: Knowledge, unit: Entry[]): boolean => {
  if (unit.some(({ id }) => doubtful.has(id))) return true
  const [first] = unit
  if (first?.sentAs === sentAsOne(unit)) return !made.has(first.sentAs)
  return unit.some(({ id }) => late.has(id))
}

const _toMessage = (
  { entries }: Knowledge,
  unit: Entry[],
  author: OutboundMessage['author'],
  mayExist: boolean
): OutboundMessage => ({
  id: unit.at(-1)?.id ?? '',
  author,
  parts: unit.flatMap(({ type, payload }) => toParts(type, payload)),
  mayExist,
  createdAt: Math.max(...unit.map(({ createdAt }) => createdAt)),
  others: entries.flatMap(({ deskMessageIds }) => splitIds(deskMessageIds)),
})

/** The desk has answered that it did nothing. */
const _isCertain = ({ outcome, status }: ProviderError): boolean => outcome === 'none' && status !== undefined

/** Undefined: it is settled, or was divided into what can be. */
const _afterFailure = async (
  call: Call,
  knowledge: Knowledge,
  unit: Entry[],
  error: ProviderError
): Promise<Problem | undefined> => {
  if (error.code === 'ended' || error.code === 'not-found') return { error, isOver: true }
  const waitMs = _waitAfter(error)
  if (waitMs !== undefined) return { error, waitMs }
  if (error.code !== 'rejected') return { error }
  if (unit.length > 1 && _isCertain(error)) {
    // One of them is what the desk does not take.
    await markAsSingle(call, unit)
    for (const entry of unit) knowledge.made.add(sentAsOne([entry]))
  } else {
    await markRefused(call, unit, describeError(error))
  }
  return undefined
}

const _waitAfter = (error: ProviderError): number | undefined => {
  // Somebody changed the ticket at the same moment: nothing is wrong with the message.
  if (!isTransient(error) && error.status !== CONFLICT) return undefined
  return Math.max(SHORTEST_WAIT_MS, error.retryAfterMs ?? 0)
}

type AuthorOrProblem = { author: OutboundMessage['author'] } | { problem: Problem | undefined }

/** Nothing is posted while the author is looked up, and a failure says nothing of the ticket. */
const _authorOf = async ({ call, authors }: Posting, unit: Entry[]): Promise<AuthorOrProblem> => {
  try {
    return { author: await authors(unit[0]?.userId) }
  } catch (error) {
    const isTold = isProviderError(error)
    if (isTold ? ['rejected', 'ended', 'not-found'].includes(error.code) : error instanceof RuntimeError) {
      await markRefused(call, unit, describeError(error))
      return { problem: undefined }
    }
    const waitMs = isTold ? _waitAfter(error) : SHORTEST_WAIT_MS
    return { problem: waitMs === undefined ? { error } : { error, waitMs } }
  }
}
