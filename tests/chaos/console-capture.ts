/**
 * Captures everything that the process prints and searches it for canaries: the sandboxes' credentials and the messages
 * of simulated people. Neither may be printed.
 */
import { MARKS } from './places'

const CHANNELS = ['log', 'info', 'warn', 'error', 'debug'] as const
/** Texts of simulated people. */
const MESSAGES = [/is what .{1,40} said/, /I need a human/]

const MAX_LINES = 4_000

export interface ConsoleCapture {
  /** Lines with a canary since the last call. */
  takeCanaries(): string[]
  /** Adds the output of another process. */
  record(text: string): void
  /** All lines since the last call. */
  lines(): string[]
  /** Restores the console and the streams. */
  stop(): void
}

const _text = (value: unknown): string => {
  if (typeof value === 'string') return value
  if (value instanceof Error) return `${value.stack}`
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}

const secrets = new Set<string>()

/** Treats the credentials in this configuration as canaries from now on. */
export const watchSecrets = (config: Record<string, unknown>): void => {
  for (const [field, value] of Object.entries(config)) {
    if (typeof value === 'string' && /token|secret|password|key/i.test(field)) secrets.add(value)
  }
}

/** Whether the line contains a message of a simulated person or a credential. */
export const holdsCanary = (line: string): boolean =>
  line.match(MARKS) !== null ||
  MESSAGES.some((pattern) => pattern.test(line)) ||
  [...secrets].some((secret) => line.includes(secret))

export const captureConsole = (): ConsoleCapture => {
  const original = Object.fromEntries(CHANNELS.map((channel) => [channel, console[channel]]))
  let canaries: string[] = []
  let lines: string[] = []
  const record = (...values: unknown[]): void => {
    const line = values.map(_text).join(' ')
    lines.push(line)
    if (lines.length > MAX_LINES) lines = lines.slice(-MAX_LINES / 2)
    if (holdsCanary(line)) canaries.push(line.slice(0, 500))
  }
  for (const channel of CHANNELS) console[channel] = record
  const write = { out: process.stdout.write, error: process.stderr.write }
  const recordChunk = (chunk: string | Uint8Array): boolean => {
    record(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'))
    return true
  }
  process.stdout.write = recordChunk
  process.stderr.write = recordChunk
  return {
    record: (text) => record(text),
    takeCanaries: () => {
      const taken = canaries
      canaries = []
      return taken
    },
    lines: () => lines.splice(0),
    stop: () => {
      Object.assign(console, original)
      process.stdout.write = write.out
      process.stderr.write = write.error
    },
  }
}
