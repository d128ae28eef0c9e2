import type { AxiosAdapter } from 'axios'

/** A structured log line: ids, counts and codes, never credentials or anybody's words. */
export type LogFields = Record<string, string | number | boolean | undefined>

export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** What a driver gets from outside instead of reaching for it. */
export interface Tools {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after `ms` milliseconds of the same clock. */
  sleep(ms: number): Promise<void>
  log: Log
  /** Where an origin really is: sandboxes stand in for vendors. Undefined: the origin itself. */
  resolveOrigin?: ((origin: string) => string | undefined) | undefined
  /** Replaces the network (simulations run without sockets). Undefined: HTTP. */
  transport?: AxiosAdapter | undefined
  /** Longest wait for one answer of a vendor, in milliseconds. */
  timeoutMs: number
  /** What this instance remembers from one call to the next, for all desks: keys begin with the desk's name. It may be lost at any time. Absent: the process's own. */
  memory?: Map<string, unknown> | undefined
  /** No call begins after this moment (milliseconds since the epoch), and none outlasts it. */
  deadline?: number | undefined
  /** Whether short rate limits are waited out here (the default). `false`: the caller is told at once and waits itself. */
  waitsForLimits?: boolean | undefined
}

const ownMemory = new Map<string, unknown>()

/** Something that an instance remembers; made when it is not there. */
export const remembered = <T>(tools: Tools, key: string, make: () => T): T => {
  const memory = tools.memory ?? ownMemory
  if (!memory.has(key)) memory.set(key, make())
  return memory.get(key) as T
}
