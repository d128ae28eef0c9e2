import type { AxiosAdapter } from 'axios'
import { VENDOR_TIMEOUT_MS } from './timing'

/** What the router takes from the machine it runs on. Injected, so that tests and simulations own time, chance and the network. */
export interface Environment {
  /** Milliseconds since the epoch. */
  now(): number
  sleep(ms: number): Promise<void>
  /** Runs `task` once after `ms` milliseconds; returns what cancels it. */
  setTimer(task: () => void, ms: number): () => void
  /** A number in [0, 1). */
  random(): number
  /** Longest wait for one answer of a vendor, in milliseconds. */
  timeoutMs: number
  /** Where an origin of a vendor really is, when a sandbox stands in for it. */
  resolveOrigin?: ((origin: string) => string | undefined) | undefined
  transport?: AxiosAdapter | undefined
}

export const productionEnvironment: Environment = {
  now: () => Date.now(),
  sleep: (ms) =>
    new Promise((resolve) => {
      setTimeout(resolve, ms)
    }),
  setTimer: (task, ms) => {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
  timeoutMs: VENDOR_TIMEOUT_MS,
}

/** An id that nobody else makes at the same time. */
export const randomId = (environment: Environment): string =>
  Array.from({ length: 4 }, () => Math.floor(environment.random() * 36 ** 6).toString(36)).join('')
