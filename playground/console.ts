/** Captures the console, to which the router writes its log (the Cloud collects it from there). */
import { format } from 'node:util'

const LEVELS = ['debug', 'info', 'warn', 'error', 'log'] as const
export type ConsoleLevel = (typeof LEVELS)[number]

/** Sends console output to `onLine` until the returned function restores the console. */
export const captureConsole = (onLine: (text: string, level: ConsoleLevel) => void): (() => void) => {
  const original = LEVELS.map((level) => [level, console[level]] as const)
  for (const level of LEVELS) {
    console[level] = (...values: unknown[]) => onLine(format(...values), level)
  }
  return () => {
    for (const [level, method] of original) console[level] = method
  }
}
