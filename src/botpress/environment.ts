import type { AxiosAdapter } from 'axios'
import type { Web } from '../../providers/kit/web'
import { VENDOR_TIMEOUT_MS } from './timing'

/** What the router needs from its machine. Injected, so that tests control time, randomness and the network. */
export interface Environment {
  /** Milliseconds since the epoch. */
  now(): number
  sleep(ms: number): Promise<void>
  /** Runs `task` once after `ms` milliseconds. Returns a function that cancels it. */
  setTimer(task: () => void, ms: number): () => void
  /** A number in [0, 1). */
  random(): number
  /** Longest wait for one answer from a vendor, in milliseconds. */
  timeoutMs: number
  /** The address of the sandbox that replaces a vendor's origin. */
  resolveOrigin?: ((origin: string) => string | undefined) | undefined
  transport?: AxiosAdapter | undefined
  /** Opens customers' files. Undefined: public addresses, and nothing else. */
  web?: Web | undefined
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

/** A unique id of up to 24 characters. */
export const randomId = (environment: Environment): string =>
  Array.from({ length: 4 }, () => Math.floor(environment.random() * 36 ** 6).toString(36)).join('')
