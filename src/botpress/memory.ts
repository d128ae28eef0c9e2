import { createCache, createQueue, type Cache } from './cache'
import { createBotpressClock, type BotpressClock } from './clock'
import type { Environment } from './environment'

/**
 * Queued work overtakes the work ahead of it after this time. The order saves calls, correctness doesn't depend on it.
 */
const LONGEST_QUEUE_MS = 15_000

/** The memory of one instance, for all the installations it serves. Losing it costs calls, not correctness. */
export interface Memory {
  /** Caches that modules declare with `instanceCache`. */
  readonly caches: Map<string, unknown>
  /** Runs the work of one key in order. */
  readonly inOrder: ReturnType<typeof createQueue>
  /** Reserved for the drivers. */
  readonly drivers: Map<string, unknown>
  /** Botpress's time, as far as this instance has learned it. */
  readonly clock: BotpressClock
}

export const createMemory = (environment: Environment): Memory => ({
  caches: new Map(),
  inOrder: createQueue(environment.setTimer, LONGEST_QUEUE_MS),
  drivers: new Map(),
  clock: createBotpressClock(environment.now),
})

/** Declares a cache that each instance has for itself. The declaring module owns it. `name` must be unique. */
export const instanceCache =
  <T>(name: string, limits: { lifetimeMs: number; size: number }) =>
  ({ memory, environment }: { memory: Memory; environment: Environment }): Cache<T> => {
    const known = memory.caches.get(name)
    if (known) return known as Cache<T>
    const made = createCache<T>(environment.now, limits)
    memory.caches.set(name, made)
    return made
  }
