/** The router writes its log to the console, as the Cloud wants it. */
import { format } from 'node:util'

const LEVELS = ['debug', 'info', 'warn', 'error', 'log'] as const
export type ConsoleLevel = (typeof LEVELS)[number]

/** What is written to the console goes to `onLine` instead, until the returned function is called. */
export const takeConsole = (onLine: (text: string, level: ConsoleLevel) => void): (() => void) => {
  const before = LEVELS.map((level) => [level, console[level]] as const)
  for (const level of LEVELS) {
    console[level] = (...values: unknown[]) => onLine(format(...values), level)
  }
  return () => {
    for (const [level, method] of before) console[level] = method
  }
}

/** Where a command writes: the process's own streams, or what a test hands over. */
export interface Output {
  out(text: string): void
  error(text: string): void
}

/** Not through the console, which may be taken. Whoever stops reading (`| head`) is no fault of ours. */
export const processOutput = (): Output => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code }: { code?: string }) => process.exit(code === 'EPIPE' ? undefined : 1))
  }
  return {
    out: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
  }
}
