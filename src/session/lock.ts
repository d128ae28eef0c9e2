import type { Call } from '../botpress/call'
import { API_TIMEOUT_MS, LEASE_MS, START_LEASE_MS } from '../botpress/timing'
import type { Tags } from './session'
import {
  acquireTerm,
  confirmTerm,
  endTerm,
  LeaseLost,
  LockMoved,
  succeedTerm,
  writeTerm,
  type LockName,
  type Operation,
  type Term,
  type TermRequest,
} from './terms'

export { LeaseLost, LockBusy, type LockName, type Operation } from './terms'

interface LockRules {
  /** A lock that was neither renewed nor released for this long is taken over. */
  leaseMs: number
  /** The holder relies on its lease for this long. */
  safeMs: number
  /** A session is opened once: success keeps the lock, and any failure leaves the operation in doubt. */
  isOnce: boolean
}

/**
 * A duplicate of these effects can't be recognised. The holder stops two call time-outs before its lease ends: one for
 * a call in flight, one for a renewal or release whose answer is lost.
 */
const REPEATABLE: LockRules = { leaseMs: LEASE_MS, safeMs: LEASE_MS - 2 * API_TIMEOUT_MS, isOnce: false }

const RULES: Record<LockName, LockRules> = {
  opening: { leaseMs: START_LEASE_MS, safeMs: START_LEASE_MS - API_TIMEOUT_MS, isOnce: true },
  toBot: REPEATABLE,
  toDesk: REPEATABLE,
}

/** A lease is as good as new for this long. */
const FRESH_MS = 1_000

/** Whether an effect has happened is not known. The next holder of the lock has to find out. */
export class OutcomeUnknown extends Error {
  public override readonly name = 'OutcomeUnknown'
}

/** What the holder of a lock works with. */
export interface Lease {
  /** Operations of earlier holders that may have happened: the holder died, or the answer was lost. */
  readonly inDoubt: Operation[]
  /** An earlier holder has not released the lock: it may still be at work, where nobody sees it. */
  readonly isSuccession: boolean
  /**
   * Call this before the first effect: it makes sure that no caller of an earlier term holds the lock. `tags` are those
   * of the session's conversation, if they were read since the lock was taken; then it costs no call as a rule. Throws
   * LockBusy, and what Botpress throws.
   */
  confirm(tags?: Tags): Promise<void>
  /** Whether `assertHeld` would succeed. */
  isSafe(): boolean
  /** Whether the lease began just now: a renewal would win nothing. */
  isFresh(): boolean
  /** Call this right before an effect that must happen once. Throws LeaseLost. */
  assertHeld(): void
  /**
   * Starts the lease anew and records what the holder does next, if that changes. Throws LeaseLost when it is too late,
   * and what Botpress throws.
   */
  renew(operation?: Operation): Promise<void>
}

interface LockRequest extends TermRequest {
  /** The work does not look into `inDoubt`: the next holder still has to. */
  keepsDoubt?: boolean
}

/**
 * Runs `work` while it holds the lock. Throws LockBusy when it can't get the lock, otherwise whatever `work` throws.
 * When `work` throws OutcomeUnknown, or throws anything before it has dealt with `inDoubt`, the next holder learns what
 * is in doubt. `work` begins again when `confirm` finds that the lock has moved.
 *
 * The runtime API has no locks, but `getOrSetState` returns the first caller's payload to everyone: the caller that
 * reads its own random id back holds the lock. It releases the lock by removing the state. terms.ts has the rest.
 */
export const withLock = <T>(call: Call, request: LockRequest, work: (lease: Lease) => Promise<T>): Promise<T> =>
  // Callers in one instance queue here, without asking Botpress.
  call.memory.inOrder(`${call.installation}/${request.lock}/${request.conversationId}`, async () => {
    for (let moves = 0; ; moves += 1) {
      const term = await acquireTerm(call, request, RULES[request.lock].leaseMs)
      try {
        return await _withTerm(call, request, term, work)
      } catch (error) {
        if (!(error instanceof LockMoved) || moves === MOST_MOVES) throw error
      }
    }
  })

const MOST_MOVES = 3

const _withTerm = async <T>(
  call: Call,
  request: LockRequest,
  term: Term,
  work: (lease: Lease) => Promise<T>
): Promise<T> => {
  const { isOnce } = RULES[request.lock]
  const lease = _createLease(call, request, term)
  let isInDoubt = lease.inDoubt.length > 0
  let isDone = false
  try {
    const result = await work(lease)
    isDone = true
    isInDoubt = request.keepsDoubt === true && lease.inDoubt.length > 0
    return result
  } catch (error) {
    isInDoubt ||= isOnce || error instanceof OutcomeUnknown || lease.inDoubt.length > 0
    throw error
  } finally {
    if (!isOnce || !isDone)
      await endTerm(call, request, term, { isInDoubt, isSafe: () => _isSafe(call, request, term) })
  }
}

const _createLease = (call: Call, request: LockRequest, term: Term): Lease => {
  const { isOnce, leaseMs } = RULES[request.lock]
  const isSafe = (): boolean => _isSafe(call, request, term)
  const assertHeld = (): void => {
    if (!isSafe()) throw new LeaseLost(`The lock ${request.lock} was held for too long`)
  }
  /** A start past its safe time goes on if no other run has taken over: it takes over itself. */
  const assertNotLate = async (): Promise<void> => {
    if (isOnce && !isSafe()) await succeedTerm(call, request, term)
    assertHeld()
  }
  let isConfirmed = false
  return {
    get inDoubt() {
      return term.payload.inDoubt ?? []
    },
    isSuccession: term.before.length > 0,
    confirm: async (tags) => {
      await confirmTerm(call, request, term, { leaseMs, tags, isAnew: isConfirmed })
      isConfirmed = true
    },
    isSafe,
    isFresh: () => call.environment.now() - term.payload.at < FRESH_MS,
    assertHeld,
    renew: async (operation = term.payload.operation) => {
      await assertNotLate()
      const since = call.environment.now()
      const renewed = { ...term.payload, at: call.clock.now(), ...(operation ? { operation } : {}) }
      await writeTerm(call, request, term, renewed)
      Object.assign(term.payload, renewed)
      term.since = since
      // The write itself may have taken too long.
      await assertNotLate()
    },
  }
}

const _isSafe = (call: Call, request: LockRequest, { since }: Term): boolean =>
  call.environment.now() - since < RULES[request.lock].safeMs
