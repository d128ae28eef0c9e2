/** Listens to everything that is printed. Canaries are the credentials of the sandboxes and whatever anybody says in a simulation: they may be printed nowhere. */
import { MARKS } from './actors'

const CHANNELS = ['log', 'info', 'warn', 'error', 'debug'] as const
/** What everybody says in a simulation, and the credentials of the sandboxes. */
const SAID = [/is what .{1,40} said/, /I need a human/]

const KEPT = 4_000

export interface Ear {
  /** Canaries that were heard since the last time. */
  take(): string[]
  /** Listens to what somebody else has printed. */
  hear(text: string): void
  /** Everything that was printed since the last time. */
  lines(): string[]
  /** Prints again. */
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

const watched = new Set<string>()

/** From now on nobody may print the credentials in this configuration. */
export const watchSecrets = (config: Record<string, unknown>): void => {
  for (const [field, value] of Object.entries(config)) {
    if (typeof value === 'string' && /token|secret|password|key/i.test(field)) watched.add(value)
  }
}

/** Whether somebody's words or a credential are in it. */
export const holdsCanary = (line: string): boolean =>
  line.match(MARKS) !== null ||
  SAID.some((pattern) => pattern.test(line)) ||
  [...watched].some((secret) => line.includes(secret))

export const listen = (): Ear => {
  const own = Object.fromEntries(CHANNELS.map((channel) => [channel, console[channel]]))
  let heard: string[] = []
  let lines: string[] = []
  const hear = (...given: unknown[]): void => {
    const line = given.map(_text).join(' ')
    lines.push(line)
    if (lines.length > KEPT) lines = lines.slice(-KEPT / 2)
    if (holdsCanary(line)) heard.push(line.slice(0, 500))
  }
  for (const channel of CHANNELS) console[channel] = hear
  const write = { out: process.stdout.write, error: process.stderr.write }
  const hearWritten = (chunk: string | Uint8Array): boolean => {
    hear(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'))
    return true
  }
  process.stdout.write = hearWritten
  process.stderr.write = hearWritten
  return {
    hear: (text) => hear(text),
    take: () => {
      const taken = heard
      heard = []
      return taken
    },
    lines: () => lines.splice(0),
    stop: () => {
      Object.assign(console, own)
      process.stdout.write = write.out
      process.stderr.write = write.error
    },
  }
}
