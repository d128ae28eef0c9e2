import { isApiError } from '@botpress/client'
import type { Call } from '../botpress/call'
import { randomId } from '../botpress/environment'
import { describeError, gone } from '../botpress/errors'
import { API_TIMEOUT_MS } from '../botpress/client'

/**
 * One at a time, across all instances. Some effects have no key by which a second one would be recognised (an event for the bot, a message in most desks): whoever causes one holds the session's lane for it.
 *
 * - toBot: announcing an agent, giving what cannot be given at once, ending the session by an agent.
 * - toDesk: posting what the customer and the bot say.
 *
 * The runtime API has no lock, but `getOrSetState` hands the first caller's payload to all: who reads his own id back holds the lane, and gives it back by removing the state. A holder that has not given it
 * back within the lease has died, and is followed by one that knows what he was about to do.
 */
export type Lane = 'toBot' | 'toDesk'

const LEASE_MS = 20_000
/** Nothing that must happen once is begun later than this: one call may still be under way when it is sent. */
const SAFE_MS = LEASE_MS - 2 * API_TIMEOUT_MS
/** Two may find the same lane abandoned: whose id stands there after this time goes on. */
const SETTLING_MS = 300
const POLL_MS = 150
const LONGEST_POLL_MS = 1_000
const ASKING_TRIES = 3

/** Somebody else holds the lane for longer than there was time to wait. */
export class LaneBusy extends Error {
  public override readonly name = 'LaneBusy'
}

/** The holder took so long that another may hold the lane by now. */
export class LaneLost extends Error {
  public override readonly name = 'LaneLost'
}

/** Whether the effect has happened could not be found out: the next holder has to. */
export class Unsettled extends Error {
  public override readonly name = 'Unsettled'
}

export interface Hold {
  /** What earlier holders were doing (their `doing`) when they died or lost an answer: it may have happened. */
  left: string[]
  /** To be called right before an effect that must happen once. Throws LaneLost. */
  assertOurs(): void
  /** For a holder that takes long. Throws LaneLost when it was too long already. */
  renew(): Promise<void>
}

interface Payload {
  holder: string
  at: number
  doing?: string
  left?: string[]
}

interface Key {
  type: 'conversation'
  id: string
  name: Lane
}

interface Place {
  conversationId: string
  lane: Lane
  /** What the holder may cause; given to the next one when it cannot be known whether it has happened. */
  doing?: string
  /** Milliseconds to wait for others. */
  patienceMs: number
  /** The work does not find out what `left` has become: the next holder still has to. */
  keepsDoubt?: boolean
}

/**
 * Runs `work` while holding the lane. Throws LaneBusy when others hold it for longer than `patienceMs`; else as `work` does. When `work` throws Unsettled, or leaves `left` unexplained by throwing anything, the next
 * holder hears of it.
 */
export const inLane = <T>(call: Call, place: Place, work: (hold: Hold) => Promise<T>): Promise<T> =>
  // Those of one instance need not ask Botpress whose turn it is.
  call.memory.inOrder(`${call.installation}/${place.lane}/${place.conversationId}`, async () => {
    const payload = await _acquire(call, place)
    const isOurs = (): boolean => call.environment.now() - payload.at < SAFE_MS
    const hold: Hold = {
      left: payload.left ?? [],
      assertOurs: () => {
        if (!isOurs()) throw new LaneLost(`The lane ${place.lane} was held for too long`)
      },
      renew: async () => {
        hold.assertOurs()
        const at = call.environment.now()
        const key = { type: 'conversation' as const, id: place.conversationId, name: place.lane }
        await call.client.setState({ ...key, payload: { ...payload, at } })
        payload.at = at
      },
    }
    let isInDoubt = hold.left.length > 0
    try {
      const result = await work(hold)
      isInDoubt = place.keepsDoubt === true && hold.left.length > 0
      return result
    } catch (error) {
      isInDoubt ||= error instanceof Unsettled
      throw error
    } finally {
      await _release(call, place, payload, isInDoubt, isOurs)
    }
  })

/**
 * Gives the lane back. What is not given back in time is taken over, and to give it back later could take it from somebody else: hence no blind repetition, and none after that time. In doubt it is left to
 * whoever comes next as if its holder had died.
 */
const _release = async (
  call: Call,
  { conversationId, lane }: Place,
  payload: Payload,
  isInDoubt: boolean,
  isOurs: () => boolean
): Promise<void> => {
  const key = { type: 'conversation' as const, id: conversationId, name: lane }
  let isKnown = true
  while (isOurs()) {
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
      call.log.warn('A lane could not be given back', { conversationId, lane, error: describeError(error) })
      await call.environment.sleep(POLL_MS)
    }
  }
}

/** Who holds the lane. An answer that was lost may have been that it is ours now: it is asked for again with the same id, lest we wait for ourselves. */
const _ask = async (call: Call, key: Key, payload: Payload): Promise<Payload> => {
  for (let tries = 1; ; tries += 1) {
    try {
      const { state } = await call.client.getOrSetState({ ...key, payload })
      return state.payload
    } catch (error) {
      if (tries === ASKING_TRIES || (isApiError(error) && error.code >= 400 && error.code < 500)) throw error
      await call.environment.sleep(POLL_MS)
    }
  }
}

/** The payload with which the lane is ours. */
const _acquire = async (call: Call, { conversationId, lane, doing, patienceMs }: Place): Promise<Payload> => {
  const { client, environment } = call
  const key = { type: 'conversation' as const, id: conversationId, name: lane }
  const holder = randomId(environment)
  const until = environment.now() + patienceMs
  for (let poll = POLL_MS; ; poll = Math.min(2 * poll, LONGEST_POLL_MS)) {
    const payload: Payload = { holder, at: environment.now(), ...(doing === undefined ? {} : { doing }) }
    const held = await _ask(call, key, payload)
    if (held.holder === holder) return held
    if (held.at + LEASE_MS < environment.now()) {
      const left = [...(held.left ?? []), ...(held.doing === undefined ? [] : [held.doing])]
      const taken = { ...payload, at: environment.now(), left: [...new Set(left)] }
      await client.setState({ ...key, payload: taken })
      await environment.sleep(SETTLING_MS)
      const now = await client.getOrSetState({ ...key, payload: taken })
      if (now.state.payload.holder === holder) return now.state.payload
    }
    if (environment.now() + poll >= until) throw new LaneBusy(`Somebody else holds the lane ${lane}`)
    await environment.sleep(poll)
  }
}
