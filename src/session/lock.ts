import { isApiError } from '@botpress/client'
import type { z } from '@botpress/sdk'
import type { Call } from '../botpress/call'
import { randomId } from '../botpress/environment'
import { describeError, gone } from '../botpress/errors'
import type { lockState, operation } from '../definition/parts'
import { API_TIMEOUT_MS, LEASE_MS, LONGEST_POLL_MS, POLL_MS, SETTLING_MS } from '../botpress/timing'

/**
 * A session has two locks, held by one caller at a time across all instances. They protect effects that have no key by
 * which a duplicate would be recognised.
 *
 * - toBot: announcing an agent, scheduling a message for the bot, ending the session by an agent.
 * - toDesk: posting to the ticket.
 */
export type LockName = 'toBot' | 'toDesk'

/** What a holder is about to do. If it dies, the next holder finds out whether that has happened. */
export type Operation = z.infer<typeof operation>

type Payload = z.infer<typeof lockState>

/** Nothing that must happen once starts later than this: a call may still be in flight when the last one is sent. */
const SAFE_MS = LEASE_MS - 2 * API_TIMEOUT_MS
const ASKING_TRIES = 3

/** Another caller has held the lock for longer than there was time to wait. */
export class LockBusy extends Error {
  public override readonly name = 'LockBusy'
}

/** The holder took so long that another caller may hold the lock by now. */
export class LeaseLost extends Error {
  public override readonly name = 'LeaseLost'
}

/** It could not be found out whether an effect has happened. The next holder of the lock has to. */
export class OutcomeUnknown extends Error {
  public override readonly name = 'OutcomeUnknown'
}

/** What the holder of a lock works with. */
export interface Lease {
  /** Operations of earlier holders that may have happened: the holder died, or the answer was lost. */
  inDoubt: Operation[]
  /** Call this right before an effect that must happen once. Throws LeaseLost. */
  assertHeld(): void
  /** Starts the lease anew, for work that takes long. Throws LeaseLost when it is too late, and as Botpress does. */
  renew(): Promise<void>
}

interface LockRequest {
  conversationId: string
  lock: LockName
  /** Passed on to the next holder when its outcome is unknown. */
  operation?: Operation
  /** How long to wait for other holders, in milliseconds. */
  patienceMs: number
  /** The work does not look into `inDoubt`: the next holder still has to. */
  keepsDoubt?: boolean
}

/**
 * Runs `work` while it holds the lock. Throws LockBusy after `patienceMs`, otherwise whatever `work` throws. When `work`
 * throws OutcomeUnknown, or throws anything before it has dealt with `inDoubt`, the next holder learns what is in doubt.
 *
 * The runtime API has no locks, but `getOrSetState` returns the first caller's payload to everyone: the caller that reads
 * its own random id back holds the lock. It releases the lock by removing the state. A lease that has run out is taken over.
 */
export const withLock = <T>(call: Call, request: LockRequest, work: (lease: Lease) => Promise<T>): Promise<T> =>
  // Callers in one instance queue here, without asking Botpress.
  call.memory.inOrder(`${call.installation}/${request.lock}/${request.conversationId}`, async () => {
    const payload = await _acquire(call, request)
    const isHeld = (): boolean => call.environment.now() - payload.at < SAFE_MS
    const lease: Lease = {
      inDoubt: payload.inDoubt ?? [],
      assertHeld: () => {
        if (!isHeld()) throw new LeaseLost(`The lock ${request.lock} was held for too long`)
      },
      renew: async () => {
        lease.assertHeld()
        const at = call.environment.now()
        await call.client.setState({ ..._keyOf(request), payload: { ...payload, at } })
        payload.at = at
      },
    }
    let isInDoubt = lease.inDoubt.length > 0
    try {
      const result = await work(lease)
      isInDoubt = request.keepsDoubt === true && lease.inDoubt.length > 0
      return result
    } catch (error) {
      isInDoubt ||= error instanceof OutcomeUnknown
      throw error
    } finally {
      await _release(call, request, payload, isInDoubt, isHeld)
    }
  })

const _keyOf = ({ conversationId, lock }: LockRequest) => ({
  type: 'conversation' as const,
  id: conversationId,
  name: lock,
})

/**
 * A late or repeated release could take the lock from its next holder, so it stops when the lease is no longer safe. In
 * doubt the state stays, with an expired lease, for the next holder to read.
 */
const _release = async (
  call: Call,
  request: LockRequest,
  payload: Payload,
  isInDoubt: boolean,
  isHeld: () => boolean
): Promise<void> => {
  const key = _keyOf(request)
  let isKnown = true
  while (isHeld()) {
    try {
      if (!isKnown) {
        const held = await gone(call.client.getState(key))
        if (held?.state.payload.holder !== payload.holder || held.state.payload.at === 0) return
        isKnown = true
      }
      await call.client.setState({ ...key, payload: isInDoubt ? { ...payload, at: 0 } : null })
      return
    } catch (error) {
      isKnown = false
      const { conversationId, lock } = request
      call.log.warn('Could not release a lock', { conversationId, lock, error: describeError(error) })
      await call.environment.sleep(POLL_MS)
    }
  }
}

/** The payload of the holder. A lost answer may have made us the holder, so the repetition asks with the same id. */
const _ask = async (call: Call, request: LockRequest, payload: Payload): Promise<Payload> => {
  for (let tries = 1; ; tries += 1) {
    try {
      const { state } = await call.client.getOrSetState({ ..._keyOf(request), payload })
      return state.payload
    } catch (error) {
      if (tries === ASKING_TRIES || (isApiError(error) && error.code >= 400 && error.code < 500)) throw error
      await call.environment.sleep(POLL_MS)
    }
  }
}

/** Resolves to the payload with which this caller holds the lock. */
const _acquire = async (call: Call, request: LockRequest): Promise<Payload> => {
  const { client, environment } = call
  const holder = randomId(environment)
  const until = environment.now() + request.patienceMs
  for (let poll = POLL_MS; ; poll = Math.min(2 * poll, LONGEST_POLL_MS)) {
    const payload: Payload = {
      holder,
      at: environment.now(),
      ...(request.operation ? { operation: request.operation } : {}),
    }
    const held = await _ask(call, request, payload)
    if (held.holder === holder) return held
    if (held.at + LEASE_MS < environment.now()) {
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

const _distinct = (operations: Operation[]): Operation[] => [
  ...new Map(operations.map((one) => [JSON.stringify(one), one])).values(),
]
