/**
 * From the bot's side to the desk: every message once and in order, whichever instance posts it and wherever one dies.
 *
 * The messages of the session's conversation are the outbox: what carries the desk's ids is there. Whoever comes first posts all that wait, his own or not, one after the other in the order in which they were said; the
 * session's lane to the desk lets one at a time. So what an instance that died, an outage or a limit has left behind goes out with the next message or event of the session.
 *
 * A message that may be at the desk is looked for before it is posted: all that waited when a holder of the lane died; what is marked as sent; what is late and not marked. Everything else is certain not to be there, and
 * what a limit has held back of that goes out as one, since desks count messages.
 */
import { isProviderError } from '../../providers/errors'
import type { Call } from '../botpress/call'
import { connectDesk, type Desk, type Limits } from '../botpress/desk'
import { describeError, gone } from '../botpress/errors'
import { withLock, LockBusy, OutcomeUnknown, type Lease } from '../session/lock'
import { createAuthors, type Authors } from './authors'
import { HELD_BACK, inOrder, isSettled, nextUnit, readOutbox, toEntry, wasSent, type Entry } from './entries'
import { markAsSingle, markHeldBack } from './marks'
import { postUnit, type Knowledge, type Posting, type Problem } from './posting'
import { meaningOf, phaseOf } from '../session/life'
import type { Session } from '../session/session'

/** Whoever has the lane and finds a message this old that is not delivered asks the desk whether it is there: it was probably offered before. */
const LATE_MS = 10_000
/** Who holds the lane renews it this often. */
const RENEWAL_MS = 3_000
const RENEWAL_TRIES = 3
const PAUSE_MS = 500
/** Whoever finds the lane taken asks again after a while, and then more and more seldom. */
const SHORTEST_PAUSE_MS = 150
const LONGEST_PAUSE_MS = 2_000

/** Whether it may be given to the desk: what counts is when it was said, however late that happens. */
export const isDeliverable = (session: Session, { userId, createdAt }: Entry): boolean =>
  meaningOf(userId ? 'customer-message' : 'bot-message', phaseOf(session, createdAt)) === 'deliver'

export interface Flush {
  session: Session
  desk: Desk
  /** Those of the desk: moved with every post, so that none outlasts the lane. */
  limits: Limits
  authors: Authors
  /** Nothing is begun after this, milliseconds since the epoch. */
  until: number
  /** The message for whose sake it is done: others are posted, too, but not waited for. */
  own?: Entry
}

export interface Flushed {
  /** What the bot's side has said, as it is now, oldest first; only the own message when others have posted it; empty when others held the lane all the time. */
  entries: Entry[]
  /** Why some of them still wait. */
  problem?: Problem
}

/** Posts what waits. Never throws. */
export const flush = async (call: Call, work: Flush): Promise<Flushed> => {
  const { now, sleep } = call.environment
  const { session, own, until } = work
  const { conversationId } = session
  const place = { conversationId, lock: 'toDesk' as const, operation: { kind: 'post' as const }, patienceMs: 0 }
  for (let pause = SHORTEST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await withLock(call, place, (lease) => _inDoubt(call, work, lease))
    } catch (error) {
      // Whoever holds the lane posts for all who had spoken when he looked.
      const delivered = pause === SHORTEST_PAUSE_MS ? undefined : await _settledMeanwhile(call, own)
      if (delivered) return { entries: [delivered] }
      if (now() + pause > until) return { entries: [], problem: { error } }
      if (!(error instanceof LockBusy))
        call.log.warn('An outbox could not be emptied', { conversationId, error: describeError(error) })
      await sleep(pause)
    }
  }
}

const _settledMeanwhile = async (call: Call, own: Entry | undefined): Promise<Entry | undefined> => {
  if (!own) return undefined
  const answer = await gone(call.client.getMessage({ id: own.id })).catch(() => undefined)
  const entry = answer && toEntry(answer.message)
  return entry && isSettled(entry) ? entry : undefined
}

/** Whatever goes wrong, the next holder hears that something may have been posted. */
const _inDoubt = async (call: Call, work: Flush, lease: Lease): Promise<Flushed> => {
  const knowledge: Knowledge = { entries: [], doubtful: new Set(), made: new Set(), late: new Set() }
  try {
    return await _emptied(call, work, lease, knowledge)
  } catch (error) {
    if (knowledge.doubtful.size === 0 || error instanceof OutcomeUnknown) throw error
    throw new OutcomeUnknown('Whether a message was posted is not known', { cause: error })
  }
}

const _emptied = async (call: Call, work: Flush, lease: Lease, knowledge: Knowledge): Promise<Flushed> => {
  const { now } = call.environment
  const { session, own, until } = work
  const holding = _keeping(call, lease)
  const posting: Posting = { call, ...work }
  for (let round = 1, isHeldBack = false; ; round += 1) {
    const entries = await _read(call, work)
    knowledge.entries = entries
    const isWaiting = (entry: Entry): boolean => !isSettled(entry) && isDeliverable(session, entry)
    if (round === 1) {
      for (const { id, createdAt, sentAs } of entries.filter(isWaiting)) {
        if (lease.inDoubt.length > 0) knowledge.doubtful.add(id)
        if (sentAs === undefined && createdAt + LATE_MS < now()) knowledge.late.add(id)
      }
    }
    const known = {
      isCertain: ({ id }: Entry): boolean => !knowledge.doubtful.has(id) && !knowledge.late.has(id),
      isHeldBack: ({ sentAs }: Entry): boolean => isHeldBack || sentAs === HELD_BACK,
    }
    let problem: Problem | undefined
    for (let waiting = entries; !problem;) {
      waiting = entries.filter(isWaiting)
      if (waiting.length === 0) return { entries }
      await holding.keep()
      problem = now() > until ? { error: new LockBusy('No time is left') } : undefined
      problem ??= await postUnit(posting, lease, knowledge, nextUnit(entries, waiting, known))
    }
    const isOursDone = own !== undefined && entries.some((entry) => entry.id === own.id && isSettled(entry))
    const { waitMs } = problem
    if (isOursDone || waitMs === undefined || now() + waitMs > until) {
      if (!problem.isOver) await _markWaiting(call, entries, entries.filter(isWaiting), known)
      // Whose message is still waiting hears it from the delivery of that.
      if (!isOursDone) _tellOfWaiting(call, work, entries.filter(isWaiting).length, problem)
      return { entries, problem }
    }
    call.log.warn('A message waits for its desk', {
      desk: work.desk.provider.name,
      conversationId: session.conversationId,
      waitMs,
      error: describeError(problem.error),
    })
    isHeldBack = true
    await holding.wait(waitMs)
  }
}

/** As Botpress has it now. The message that has just come may not be listed: not yet, or not on these pages any more. */
const _read = async (call: Call, { session, own }: Flush): Promise<Entry[]> => {
  const entries = await readOutbox(call, session.conversationId)
  if (!own || entries.some(({ id }) => id === own.id)) return entries
  const answer = await gone(call.client.getMessage({ id: own.id }))
  return inOrder([...entries, answer ? toEntry(answer.message) : own])
}

/** What waits says itself from now on whether it may be at the desk. */
const _markWaiting = async (
  call: Call,
  entries: Entry[],
  waiting: Entry[],
  { isCertain }: { isCertain(entry: Entry): boolean }
): Promise<void> => {
  const unsent = waiting.filter((entry) => !wasSent(entries, entry))
  const heldBack = unsent.filter((entry) => isCertain(entry) && entry.sentAs !== HELD_BACK)
  await markAsSingle(
    call,
    unsent.filter((entry) => !isCertain(entry))
  )
  await markHeldBack(call, heldBack)
}

const _tellOfWaiting = (call: Call, { desk, session }: Flush, messages: number, { error }: Problem): void => {
  call.log.warn('Messages wait for their desk until the next message or event of their session', {
    desk: desk.provider.name,
    conversationId: session.conversationId,
    messages,
    status: isProviderError(error) ? error.status : undefined,
    retryAfterMs: isProviderError(error) ? error.retryAfterMs : undefined,
    error: describeError(error),
  })
}

/** Holding the lane for longer than one post takes. */
const _keeping = (call: Call, lease: Lease) => {
  const { now, sleep } = call.environment
  let renewedAt = now()
  const renew = async (): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      lease.assertHeld()
      try {
        await lease.renew()
        renewedAt = now()
        return
      } catch (error) {
        if (tries === RENEWAL_TRIES) throw error
        await sleep(PAUSE_MS)
      }
    }
  }
  return {
    keep: async (): Promise<void> => {
      if (renewedAt + RENEWAL_MS < now()) await renew()
    },
    wait: async (ms: number): Promise<void> => {
      for (const until = now() + ms; now() < until;) {
        await sleep(Math.min(RENEWAL_MS, until - now()))
        await renew()
      }
    },
  }
}

/**
 * Posts what waits in a session's outbox, for whoever comes by: before its ticket is solved, or because it was noticed that something has been waiting for `olderThanMs`. Never throws. Not to be called while holding a lane.
 *
 * - empty: nothing waited.
 * - emptied: it has been posted.
 * - waits: some of it still waits.
 */
export const flushOutbox = async (
  call: Call,
  session: Session,
  desk: Desk,
  { patienceMs, olderThanMs = 0 }: { patienceMs: number; olderThanMs?: number }
): Promise<'empty' | 'emptied' | 'waits'> => {
  const { conversationId } = session
  const { now } = call.environment
  const began = now()
  const isWaiting = (entry: Entry): boolean =>
    !isSettled(entry) && isDeliverable(session, entry) && entry.createdAt + olderThanMs <= began
  const limits: Limits = { deadline: began + patienceMs, timeoutMs: Number.POSITIVE_INFINITY }
  const own = connectDesk(call, desk.provider.name, limits) ?? desk
  try {
    if (!(await readOutbox(call, conversationId)).some(isWaiting)) return 'empty'
  } catch (error) {
    call.log.warn('An outbox could not be read', { conversationId, error: describeError(error) })
    return 'waits'
  }
  const authors = createAuthors(call, own, session)
  const work: Flush = { session, desk: own, limits, authors, until: began + patienceMs }
  const { entries, problem } = await flush(call, work)
  return problem === undefined || (entries.length > 0 && !entries.some(isWaiting)) ? 'emptied' : 'waits'
}
