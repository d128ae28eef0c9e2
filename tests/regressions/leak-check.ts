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

/** Test files share a process, which is watched once. */
interface Watch {
  sentences: string[]
  leaks: string[]
}

const _text = (value: unknown): string => {
  if (typeof value === 'string') return value
  if (value instanceof Error) return String(value.stack)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}

const _check = (watch: Watch, line: string): void => {
  const canary = canaryIn(line, watch.sentences)
  if (canary !== undefined) watch.leaks.push(`“${canary}” in: ${line.slice(0, 300)}`)
}

/** The leaks since the last call. */
export const takeLeaks = (): string[] => _watch.leaks.splice(0)

const _install = (): Watch => {
  const watch: Watch = { sentences: [], leaks: [] }
  for (const channel of CHANNELS) {
    const print = console[channel].bind(console)
    console[channel] = (...values: unknown[]) => {
      _check(watch, values.map(_text).join(' '))
      print(...values)
    }
  }
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream)
    stream.write = ((chunk: string | Uint8Array, ...rest: never[]) => {
      _check(watch, typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'))
      return write(chunk, ...rest)
    }) as typeof stream.write
  }
  Reflect.set(globalThis, CHECKING, watch)
  return watch
}

const _watch: Watch = (Reflect.get(globalThis, CHECKING) as Watch | undefined) ?? _install()

beforeAll(() => {
  const { testPath } = expect.getState()
  _watch.sentences = testPath === undefined ? [] : sentencesIn(readFileSync(testPath, 'utf8'))
})

const _expectNoLeaks = (): void => {
  expect(takeLeaks(), 'printed secrets and customer texts').toEqual([])
}

afterEach(_expectNoLeaks)
afterAll(_expectNoLeaks)
