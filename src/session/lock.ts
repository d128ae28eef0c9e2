import type { z } from '@botpress/sdk'
import type { Call } from '../botpress/call'
import { randomId } from '../botpress/environment'
import { describeError, gone, isRefused } from '../botpress/errors'
import type { lockState, operation } from '../definition/parts'
import { retry } from '../botpress/retry'
import { API_TIMEOUT_MS, LEASE_MS, LONGEST_POLL_MS, POLL_MS, SETTLING_MS, START_LEASE_MS } from '../botpress/timing'

/**
 * A session has three locks. Each is held by one caller at a time, across all instances.
 *
 * - opening: opening the session's ticket.
 * - toBot: announcing an agent, scheduling a message for the bot, ending the session by an agent.
 * - toDesk: posting to the ticket.
 */
export type LockName = 'opening' | 'toBot' | 'toDesk'

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

/** What a holder is about to do. If it dies, the next holder finds out whether that has happened. */
export type Operation = z.infer<typeof operation>

type Payload = z.infer<typeof lockState>

const ASKING_TRIES = 3

/** Another caller holds the lock, and there is no time or no reason to wait for it any longer. */
export class LockBusy extends Error {
  public override readonly name = 'LockBusy'
}

/** The holder took so long that another caller may hold the lock. */
export class LeaseLost extends Error {
  public override readonly name = 'LeaseLost'
}

/** Whether an effect has happened is not known. The next holder of the lock has to find out. */
export class OutcomeUnknown extends Error {
  public override readonly name = 'OutcomeUnknown'
}

/** What the holder of a lock works with. */
export interface Lease {
  /** Operations of earlier holders that may have happened: the holder died, or the answer was lost. */
  inDoubt: Operation[]
  /** Call this right before an effect that must happen once. Throws LeaseLost. */
  assertHeld(): void
  /**
   * Starts the lease anew and records what the holder does next, if that changes. Throws LeaseLost when it is too late,
   * and what Botpress throws.
   */
  renew(operation?: Operation): Promise<void>
}

interface LockRequest {
  conversationId: string
  lock: LockName
  /** A caller that asks again under the same id takes its own lock over at once. A random id unless given. */
  holder?: string
  /** Passed on to the next holder when its outcome is unknown. */
  operation?: Operation
  /** How long to wait for other holders, in milliseconds. */
  patienceMs: number
  /** Asked before each wait and each take-over: whether the lock is no longer needed. */
  isObsolete?(): Promise<boolean>
  /** The work does not look into `inDoubt`: the next holder still has to. */
  keepsDoubt?: boolean
}

/**
 * Runs `work` while it holds the lock. Throws LockBusy when it can't get the lock, otherwise whatever `work` throws.
 * When `work` throws OutcomeUnknown, or throws anything before it has dealt with `inDoubt`, the next holder learns what
 * is in doubt.
 *
 * The runtime API has no locks, but `getOrSetState` returns the first caller's payload to everyone: the caller that
 * reads its own random id back holds the lock. It releases the lock by removing the state. A lease that has run out is
 * taken over.
 */
export const withLock = <T>(call: Call, request: LockRequest, work: (lease: Lease) => Promise<T>): Promise<T> =>
  // Callers in one instance queue here, without asking Botpress.
  call.memory.inOrder(`${call.installation}/${request.lock}/${request.conversationId}`, async () => {
    const { isOnce } = RULES[request.lock]
    const payload = await _acquire(call, request)
    const lease = _createLease(call, request, payload)
    let isInDoubt = lease.inDoubt.length > 0
    let isDone = false
    try {
      const result = await work(lease)
      isDone = true
      isInDoubt = request.keepsDoubt === true && lease.inDoubt.length > 0
      return result
    } catch (error) {
      isInDoubt ||= isOnce || error instanceof OutcomeUnknown
      throw error
    } finally {
      if (!isOnce || !isDone) await _release(call, request, payload, isInDoubt)
    }
  })

/** `payload` is what the lock's state holds. A renewal changes it. */
const _createLease = (call: Call, request: LockRequest, payload: Payload): Lease => {
  const assertHeld = (): void => {
    if (!_isSafe(call, request, payload)) throw new LeaseLost(`The lock ${request.lock} was held for too long`)
  }
  return {
    inDoubt: payload.inDoubt ?? [],
    assertHeld,
    renew: async (operation = payload.operation) => {
      // A start past its safe time may go on while nobody has taken the lock over. The next run looks for the ticket
      // before it opens one, so there is never a second one.
      const isOwn = RULES[request.lock].isOnce && (await _isLateHolder(call, request, payload))
      if (!isOwn) assertHeld()
      const renewed = { ...payload, at: call.environment.now(), ...(operation ? { operation } : {}) }
      await call.client.setState({ ..._keyOf(request), payload: renewed })
      Object.assign(payload, renewed)
    },
  }
}

const _isSafe = (call: Call, request: LockRequest, payload: Payload): boolean =>
  call.environment.now() - payload.at < RULES[request.lock].safeMs

const _isLateHolder = async (call: Call, request: LockRequest, payload: Payload): Promise<boolean> =>
  !_isSafe(call, request, payload) && (await _isHolder(call, request, payload))

const _isHolder = async (call: Call, request: LockRequest, payload: Payload): Promise<boolean> => {
  const held = (await gone(call.client.getState(_keyOf(request))))?.state.payload
  return held?.holder === payload.holder && held.isReleased !== true
}

const _keyOf = ({ conversationId, lock }: LockRequest) => ({
  type: 'conversation' as const,
  id: conversationId,
  name: lock,
})

/**
 * A late or repeated release could take the lock from its next holder, so it stops when the lease is no longer safe. In
 * doubt the state stays, marked as released, for the next holder to read.
 */
const _release = async (call: Call, request: LockRequest, payload: Payload, isInDoubt: boolean): Promise<void> => {
  let isRepeated = false
  while (_isSafe(call, request, payload)) {
    try {
      if (isRepeated && !(await _isHolder(call, request, payload))) return
      const left = isInDoubt ? { ...payload, isReleased: true } : null
      await call.client.setState({ ..._keyOf(request), payload: left })
      return
    } catch (error) {
      isRepeated = true
      const { conversationId, lock } = request
      call.log.warn('Could not release a lock', { conversationId, lock, error: describeError(error) })
      await call.environment.sleep(POLL_MS)
    }
  }
}

/** The payload of the holder. A lost answer may have made this caller the holder, so it asks again with the same id. */
const _ask = (call: Call, request: LockRequest, payload: Payload): Promise<Payload> =>
  retry(
    call,
    { tries: ASKING_TRIES, pauseMs: POLL_MS, isRetried: (error) => !isRefused(error) },
    async () => (await call.client.getOrSetState({ ..._keyOf(request), payload })).state.payload
  )

/** Resolves to the payload with which this caller holds the lock. */
const _acquire = async (call: Call, request: LockRequest): Promise<Payload> => {
  const { client, environment } = call
  const { leaseMs } = RULES[request.lock]
  const { holder = randomId(environment) } = request
  const until = environment.now() + request.patienceMs
  for (let poll = POLL_MS; ; poll = Math.min(2 * poll, LONGEST_POLL_MS)) {
    const payload: Payload = {
      holder,
      at: environment.now(),
      ...(request.operation ? { operation: request.operation } : {}),
    }
    const held = await _ask(call, request, payload)
    if (held.holder === holder && held.at === payload.at) return held
    if (await request.isObsolete?.()) throw new LockBusy(`The lock ${request.lock} is no longer needed`)
    if (held.holder === holder || held.isReleased || held.at + leaseMs < environment.now()) {
      const inDoubt = _distinct([...(held.inDoubt ?? []), ...(held.operation ? [held.operation] : [])])
      const taken = { ...payload, at: environment.now(), inDoubt }
      await client.setState({ ..._keyOf(request), payload: taken })
      await environment.sleep(SETTLING_MS)
      const now = await client.getOrSetState({ ..._keyOf(request), payload: taken })
      if (now.state.payload.holder === holder) return now.state.payload
    }
    if (environment.now() + poll >= until) throw new LockBusy(`Another caller holds the lock ${request.lock}`)
    await environment.sleep(poll)
  }
}

/** The same operation once, where it came last. */
const _distinct = (operations: Operation[]): Operation[] => {
  const keys = operations.map((operation) => JSON.stringify(operation))
  return operations.filter((_operation, index) => keys.lastIndexOf(keys[index] ?? '') === index)
}
