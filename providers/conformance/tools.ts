/** What tests give a driver instead of the world. */
import type { Log, LogFields, Tools } from '../kit/tools'
import type { Sandbox } from '../kit/sandbox'

export interface RecordedLog extends Log {
  readonly lines: { level: string; message: string; fields: LogFields | undefined }[]
}

export const recordLog = (): RecordedLog => {
  const lines: RecordedLog['lines'] = []
  const at = (level: string) => (message: string, fields?: LogFields) => {
    lines.push({ level, message, fields })
  }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** A clock that stands still until something sleeps. */
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
  /** Short, so that a test of a time-out does not wait; long enough for a busy machine. */
  timeoutMs?: number
}): Tools => ({
  now: options.clock.now,
  sleep: options.clock.sleep,
  log: options.log ?? recordLog(),
  timeoutMs: options.timeoutMs ?? 5_000,
  resolveOrigin: (origin) => options.sandboxes.find((sandbox) => sandbox.origins.includes(origin))?.server.origin,
})
