import { createCache, createQueue, type Cache } from './cache'
import type { Environment } from './environment'

/** Work that has waited this long behind other work overtakes it: correctness never depends on this order. */
const LONGEST_QUEUE_MS = 15_000

/** What one instance remembers, for all the installations that it serves. Losing it costs calls, never correctness. */
export interface Memory {
  /** The caches that modules declare with `instanceCache`. */
  readonly caches: Map<string, unknown>
  /** Runs work that shares a key one piece after the other. */
  readonly inOrder: ReturnType<typeof createQueue>
  /** The drivers' own. */
  readonly drivers: Map<string, unknown>
}

export const createMemory = (environment: Environment): Memory => ({
  caches: new Map(),
  inOrder: createQueue(environment.setTimer, LONGEST_QUEUE_MS),
  drivers: new Map(),
})

/** Declares a cache that each instance keeps for itself. The module that fills it owns it; `name` must be unique. */
export const instanceCache =
  <T>(name: string, limits: { lifetimeMs: number; size: number }) =>
  ({ memory, environment }: { memory: Memory; environment: Environment }): Cache<T> => {
    const known = memory.caches.get(name)
    if (known) return known as Cache<T>
    const made = createCache<T>(environment.now, limits)
    memory.caches.set(name, made)
    return made
  }
