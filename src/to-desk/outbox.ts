/**
 * From the bot's side to the desk: every message exactly once and in order, across instances and crashes.
 *
 * The messages of the session's conversation are the outbox: those with the desk's ids are delivered. The first caller
 * that gets the session's toDesk lock posts everything that waits, not only its own message. So the next message or
 * event of the session also delivers what a crash, an outage or a rate limit left behind.
 *
 * A message that may already be at the desk is looked up before it is posted: its post had an unknown outcome, or an
 * earlier holder of the lock may have posted it.
 */
import { isProviderError } from '../../providers/errors'
import type { Call } from '../botpress/call'
import { connectDesk, type Desk, type Limits } from '../botpress/desk'
import { describeError, gone } from '../botpress/errors'
import { retry } from '../botpress/retry'
import { RENEWAL_MS } from '../botpress/timing'
import { meaningOf, phaseOf } from '../session/life'
import { LeaseLost, LockBusy, OutcomeUnknown, withLock, type Lease } from '../session/lock'
import type { Session } from '../session/session'
import { createAuthors } from './authors'
import { inOrder, isSettled, readOutbox, toEntry, type Entry, type Outbox } from './entries'
import type { MessagePage } from '../session/progress'
import { postNext, type Posting, type Problem, type Queue } from './posting'
import { markInDoubt } from './message-tags'
import { MOST_MERGED } from './units'
import { createWaitingTag, reportWaiting } from './waiting'

const RENEWAL_TRIES = 3
const RENEWAL_PAUSE_MS = 500
/** Callers that find the lock taken ask again after this time, then less and less often. */
const SHORTEST_PAUSE_MS = 150
const LONGEST_PAUSE_MS = 2_000

/** Whether the desk may get it. This depends on when it was written, not on when it is handled. */
export const isDeliverable = (session: Session, { userId, createdAt }: Entry): boolean =>
  meaningOf(userId ? 'customer-message' : 'bot-message', phaseOf(session, createdAt)) === 'deliver'

/** One attempt to empty an outbox. Its `desk` reports rate limits at once (`Limits.waitsForLimits`). */
export interface Attempt extends Omit<Posting, 'call'> {
  /** Nothing starts after this moment, in milliseconds since the epoch. */
  until: number
  /** The message whose delivery asked for it. Once that one is settled, the attempt no longer waits for the desk. */
  requested?: Entry
}

export interface AttemptResult {
  /**
   * The messages of the bot's side as they are now, oldest first. Only the requested one when another holder has posted
   * it; empty when others held the lock all the time.
   */
  entries: Entry[]
  /** Why some of them still wait. */
  problem?: Problem
}

/** Ends an attempt after which a waiting message may be at the desk: the lock passes the doubt on. */
class AttemptInDoubt extends OutcomeUnknown {
  public constructor(public readonly result: AttemptResult) {
    super('It is not known whether a message was posted')
  }
}

/** Posts the messages that wait. Never throws. */
export const emptyOutbox = async (call: Call, attempt: Attempt): Promise<AttemptResult> => {
  const { now, sleep } = call.environment
  const { session, requested, until } = attempt
  const { conversationId } = session
  const request = { conversationId, lock: 'toDesk' as const, operation: { kind: 'post' as const }, patienceMs: 0 }
  for (let pause = SHORTEST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await withLock(call, request, (lease) => _emptyLocked(call, attempt, lease))
    } catch (error) {
      if (error instanceof AttemptInDoubt) return error.result
      // The holder of the lock posts everything that waited when it looked.
      const settled = pause === SHORTEST_PAUSE_MS ? undefined : await _settledByOthers(call, requested)
      if (settled) return { entries: [settled] }
      if (now() + pause > until) return { entries: [], problem: { error } }
      if (!(error instanceof LockBusy))
        call.log.warn('An outbox could not be emptied', { conversationId, error: describeError(error) })
      await sleep(pause)
    }
  }
}

const _settledByOthers = async (call: Call, requested: Entry | undefined): Promise<Entry | undefined> => {
  if (!requested) return undefined
  const answer = await gone(call.client.getMessage({ id: requested.id })).catch(() => undefined)
  const entry = answer && toEntry(answer.message)
  return entry && isSettled(entry) ? entry : undefined
}

/** Whatever goes wrong, the next holder learns that a message may have been posted. */
const _emptyLocked = async (call: Call, attempt: Attempt, lease: Lease): Promise<AttemptResult> => {
  const queue: Queue = {
    entries: [],
    mayExist: new Map(),
    isMerging: false,
    mostMerged: MOST_MERGED,
  }
  let result: AttemptResult
  try {
    result = await _postAll(call, attempt, lease, queue)
  } catch (error) {
    if (!_isInDoubt(queue) || error instanceof OutcomeUnknown) throw error
    throw new OutcomeUnknown('It is not known whether a message was posted', { cause: error })
  }
  const inDoubt = queue.entries.filter(({ id, sentAs }) => queue.mayExist.get(id) === true && sentAs === undefined)
  try {
    await markInDoubt(call, inDoubt)
  } catch {
    throw new AttemptInDoubt(result)
  }
  return result
}

const _isInDoubt = ({ mayExist }: Queue): boolean => [...mayExist.values()].includes(true)

const _postAll = async (call: Call, attempt: Attempt, lease: Lease, queue: Queue): Promise<AttemptResult> => {
  const { now } = call.environment
  const { requested, until } = attempt
  const renewal = _createRenewal(call, lease)
  // Changes with what the desk finds changed about the ticket.
  const posting: Posting = { call, ...attempt }
  const { session } = posting
  const flag = createWaitingTag(call, session)
  for (let isFirst = true; ; isFirst = false) {
    const entries = await _read(call, attempt)
    queue.entries = entries
    const waiting = (): Entry[] => entries.filter((entry) => !isSettled(entry) && isDeliverable(session, entry))
    // The mark may be that of a holder who has taken the lock over elsewhere.
    if (waiting().some(({ sentAs }) => sentAs !== undefined)) await lease.confirm()
    if (isFirst && lease.inDoubt.length > 0) {
      const [oldest] = waiting()
      // If its message isn't listed yet, the next holder has to look.
      if (!oldest) throw new AttemptInDoubt({ entries })
      // The earlier holder died at one message or unit. A unit is marked. Without one, it may be any message that it
      // saw.
      const unmarked = oldest.sentAs === undefined ? waiting().filter(({ sentAs }) => sentAs === undefined) : []
      for (const { id } of unmarked) queue.mayExist.set(id, true)
    }
    let problem: Problem | undefined
    while (!problem) {
      const [oldest, ...others] = waiting()
      if (!oldest) {
        await flag.write(false)
        return { entries }
      }
      await renewal.renewIfDue()
      problem =
        now() > until
          ? { error: new LockBusy('No time is left') }
          : await postNext(posting, lease, queue, [oldest, ...others])
    }
    const isRequestedSettled =
      requested !== undefined && entries.some((entry) => entry.id === requested.id && isSettled(entry))
    const { waitMs } = problem
    // A rate limit passes soon. After anything else this caller may be gone before the desk is back.
    if (waitMs === undefined || waitMs > SOON_MS || !_isRateLimit(problem)) await flag.write(true)
    if (isRequestedSettled || waitMs === undefined || now() + waitMs > until) {
      // Otherwise the deliveries of the waiting messages report them.
      if (!isRequestedSettled) reportWaiting(call, attempt, waiting().length, problem)
      await flag.write(true)
      return { entries, problem }
    }
    call.log.warn('A message waits for its desk', {
      desk: attempt.desk.provider.name,
      conversationId: session.conversationId,
      waitMs,
      error: describeError(problem.error),
    })
    queue.isMerging = true
    await renewal.sleep(waitMs)
  }
}

/** Botpress may not list a new message yet, and no longer lists an old one on the pages that are read. */
const _read = async (call: Call, { session, requested }: Attempt): Promise<Entry[]> => {
  const { entries } = await readOutbox(call, session)
  if (!requested || entries.some(({ id }) => id === requested.id)) return entries
  const answer = await gone(call.client.getMessage({ id: requested.id }))
  return inOrder([...entries, answer ? toEntry(answer.message) : requested])
}

/** A rate limit of this length is waited out. */
const SOON_MS = 2_000

const _isRateLimit = ({ error }: Problem): boolean => isProviderError(error) && error.code === 'rate-limited'

/** Keeps the lock for longer than one post takes. */
const _createRenewal = (call: Call, lease: Lease) => {
  const { now, sleep } = call.environment
  const policy = {
    tries: RENEWAL_TRIES,
    pauseMs: RENEWAL_PAUSE_MS,
    isRetried: (error: unknown) => !(error instanceof LeaseLost),
  }
  let renewedAt = now()
  const renew = async (): Promise<void> => {
    await retry(call, policy, () => lease.renew())
    renewedAt = now()
  }
  return {
    renewIfDue: async (): Promise<void> => {
      if (renewedAt + RENEWAL_MS < now()) await renew()
    },
    sleep: async (ms: number): Promise<void> => {
      for (const until = now() + ms; now() < until;) {
        await sleep(Math.min(RENEWAL_MS, until - now()))
        await renew()
      }
    },
  }
}

export interface Flush {
  /**
   * - empty: nothing waited.
   * - emptied: all of it is settled now.
   * - waits: some of it still waits.
   */
  outcome: 'empty' | 'emptied' | 'waits'
  /** No message that is older than this waits. Milliseconds since the epoch; undefined: not known. */
  settledAt?: number | undefined
}

export interface FlushOptions {
  patienceMs: number
  olderThanMs?: number
  /** The newest messages, if they were just listed. */
  page?: MessagePage
}

/**
 * Posts what waits in a session's outbox, without a new message: before its ticket is solved, or when an event shows
 * that something has been waiting for `olderThanMs`. Never throws. Don't call it while holding a lock of the session.
 */
export const flushOutbox = async (
  call: Call,
  session: Session,
  desk: Desk,
  { patienceMs, olderThanMs = 0, page }: FlushOptions
): Promise<Flush> => {
  const { conversationId } = session
  const { now } = call.environment
  const startedAt = call.clock.now()
  const until = now() + patienceMs
  const isUnsettled = (entry: Entry): boolean => !isSettled(entry) && isDeliverable(session, entry)
  const isWaiting = (entry: Entry): boolean => isUnsettled(entry) && entry.createdAt + olderThanMs <= startedAt
  let outbox: Outbox
  try {
    outbox = await readOutbox(call, session, page)
  } catch (error) {
    call.log.warn('An outbox could not be read', { conversationId, error: describeError(error) })
    return { outcome: 'waits' }
  }
  const oldest = outbox.entries.find(isUnsettled)
  const settledAt = oldest ? Math.min(oldest.createdAt - 1, outbox.readAt ?? 0) : outbox.readAt
  const hadWaiting = outbox.entries.some(isWaiting)
  // Nothing waits although the session's tag says so: the holder of the lock clears it.
  const isTagWrong = session.isWaiting === true && oldest === undefined
  if (!hadWaiting && !isTagWrong) return { outcome: 'empty', settledAt }
  const limits: Limits = { deadline: until, timeoutMs: Number.POSITIVE_INFINITY, waitsForLimits: false }
  const limitedDesk = connectDesk(call, desk.provider.name, limits) ?? desk
  const authors = createAuthors(call, limitedDesk, session)
  const attempt: Attempt = { session, desk: limitedDesk, limits, authors, until }
  const { entries, problem } = await emptyOutbox(call, attempt)
  if (!hadWaiting) return { outcome: 'empty', settledAt }
  return problem === undefined || (entries.length > 0 && !entries.some(isWaiting))
    ? { outcome: 'emptied', settledAt }
    : { outcome: 'waits' }
}
