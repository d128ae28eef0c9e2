import type { AxiosAdapter } from 'axios'
import type { Web } from './web'

/** Fields of a log line: ids, counts and codes, never credentials or message texts. */
export type LogFields = Record<string, string | number | boolean | undefined>

export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** A driver's access to time, network, log and memory. */
export interface Tools {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after `ms` milliseconds of `now`'s clock. */
  sleep(ms: number): Promise<void>
  log: Log
  /** Redirects an origin, for example to a sandbox. Undefined: the origin itself. */
  resolveOrigin?: ((origin: string) => string | undefined) | undefined
  /** Replaces the network in tests and simulations. Undefined: HTTP. */
  transport?: AxiosAdapter | undefined
  /**
   * Opens addresses that customers' files name. Undefined: the public web, and nothing else. The playground and tests
   * let in files on this machine.
   */
  web?: Web | undefined
  /** The phrase by which agents give a conversation back to the bot. Undefined: the default (`hand-back.ts`). */
  handBack?: string | undefined
  /** Time-out of one call, in milliseconds. */
  timeoutMs: number
  /**
   * The instance's memory across calls, which may be lost at any time. Keys begin with the desk's name. Absent: the
   * process's.
   */
  memory?: Map<string, unknown> | undefined
  /** No call starts or runs after this time (milliseconds since the epoch). */
  deadline?: number | undefined
  /**
   * Whether short rate limits are waited out here (the default). `false`: the caller is told at once and waits itself.
   */
  waitsForLimits?: boolean | undefined
  /** Called at each answer of the vendor, whatever it says. */
  onAnswer?: (() => void) | undefined
}

const processMemory = new Map<string, unknown>()

/** Returns the value in the instance's memory, created with `make` if absent. */
export const remembered = <T>(tools: Tools, key: string, make: () => T): T => {
  const memory = tools.memory ?? processMemory
  if (!memory.has(key)) memory.set(key, make())
  return memory.get(key) as T
}
