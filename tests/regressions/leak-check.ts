/**
 * Setup file of every test file (vitest.config.ts). It watches the console and both output streams, and fails a test
 * that prints a secret or a customer's text.
 */
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { canaryIn, sentencesIn } from './canaries'

const CHANNELS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const
/** Global flag: the check is installed. */
export const CHECKING = Symbol.for('hitl-router.leak-check')

let sentences: string[] = []
let leaks: string[] = []

const _text = (value: unknown): string => {
  if (typeof value === 'string') return value
  if (value instanceof Error) return String(value.stack)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}

const _check = (line: string): void => {
  const canary = canaryIn(line, sentences)
  if (canary !== undefined) leaks.push(`“${canary}” in: ${line.slice(0, 300)}`)
}

/** The leaks since the last call. */
export const takeLeaks = (): string[] => leaks.splice(0)

const _watch = (): void => {
  for (const channel of CHANNELS) {
    const print = console[channel].bind(console)
    console[channel] = (...values: unknown[]) => {
      _check(values.map(_text).join(' '))
      print(...values)
    }
  }
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream)
    stream.write = ((chunk: string | Uint8Array, ...rest: never[]) => {
      _check(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'))
      return write(chunk, ...rest)
    }) as typeof stream.write
  }
  Reflect.set(globalThis, CHECKING, true)
}

_watch()

beforeAll(() => {
  const { testPath } = expect.getState()
  sentences = testPath === undefined ? [] : sentencesIn(readFileSync(testPath, 'utf8'))
})

const _expectNoLeaks = (): void => {
  expect(takeLeaks(), 'printed secrets and customer texts').toEqual([])
}

afterEach(_expectNoLeaks)
afterAll(_expectNoLeaks)
