/**
 * Runs before every test file (vitest.config.ts): hears all that is printed while its tests run, by whatever way, and fails the test in whose time a
 * canary was heard.
 */
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { canaryIn, sentencesIn } from './canaries'

const CHANNELS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const
/** Tells that the ear was there before whoever asks. */
export const LISTENING = Symbol.for('hitl-router.listening')

let sentences: string[] = []
let heard: string[] = []

const _text = (value: unknown): string => {
  if (typeof value === 'string') return value
  if (value instanceof Error) return String(value.stack)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}

const _hear = (line: string): void => {
  const canary = canaryIn(line, sentences)
  if (canary !== undefined) heard.push(`“${canary}” in: ${line.slice(0, 300)}`)
}

/** What was heard since the last time. */
export const takeHeard = (): string[] => heard.splice(0)

const _listen = (): void => {
  for (const channel of CHANNELS) {
    const print = console[channel].bind(console)
    console[channel] = (...given: unknown[]) => {
      _hear(given.map(_text).join(' '))
      print(...given)
    }
  }
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream)
    stream.write = ((chunk: string | Uint8Array, ...rest: never[]) => {
      _hear(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'))
      return write(chunk, ...rest)
    }) as typeof stream.write
  }
  Reflect.set(globalThis, LISTENING, true)
}

_listen()

beforeAll(() => {
  const { testPath } = expect.getState()
  sentences = testPath === undefined ? [] : sentencesIn(readFileSync(testPath, 'utf8'))
})

const _expectSilence = (): void => {
  expect(takeHeard(), 'what may be printed nowhere').toEqual([])
}

afterEach(_expectSilence)
afterAll(_expectSilence)
