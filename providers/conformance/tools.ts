/** Test doubles for `Tools`: a recorded log, a clock and tools that reach sandboxes. */
import type { Log, LogFields, Tools } from '../kit/tools'
import { createSandboxWeb, type Sandbox } from '../kit/sandbox'
import type { Web } from '../kit/web'

export interface RecordedLog extends Log {
  readonly lines: { level: string; message: string; fields: LogFields | undefined }[]
}

/** A log that keeps its lines. */
export const recordLog = (): RecordedLog => {
  const lines: RecordedLog['lines'] = []
  const at = (level: string) => (message: string, fields?: LogFields) => {
    lines.push({ level, message, fields })
  }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** A clock that moves only by `sleep` and `advance`. */
export interface TestClock {
  now(): number
  sleep(ms: number): Promise<void>
  advance(ms: number): void
}

export const createTestClock = (start = Date.UTC(2026, 5, 1, 9, 0, 0)): TestClock => {
  let time = start
  return {
    now: () => time,
    sleep: (ms) => {
      time += ms
      return Promise.resolve()
    },
    advance: (ms) => {
      time += ms
    },
  }
}

/** Tools that reach listening sandboxes over real HTTP. */
export const createTestTools = (options: {
  clock: TestClock
  log?: Log
  sandboxes: Sandbox[]
  /** Short enough for tests of time-outs, long enough for a busy machine. */
  timeoutMs?: number
  /** Where customers' files lie. Default: an empty web, since no test leaves this machine. */
  web?: Web
}): Tools => ({
  now: options.clock.now,
  sleep: options.clock.sleep,
  log: options.log ?? recordLog(),
  timeoutMs: options.timeoutMs ?? 5_000,
  memory: new Map(),
  web: options.web ?? createSandboxWeb().web,
  resolveOrigin: (origin) => options.sandboxes.find((sandbox) => sandbox.origins.includes(origin))?.server.origin,
})
