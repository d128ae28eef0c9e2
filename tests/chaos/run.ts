/** Runs many handoffs in batches, in parallel child processes. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runBatch, type BatchResult } from './batch'
import { breakRouter } from './breaks'
import { withBundle } from './bundle'
import { WEATHERS, type Break, type WeatherName } from './kinds'
import type { Violation } from './judge'

export interface RunOptions {
  seed: string
  handoffs: number
  desks: string[]
  workers: number
  weather: WeatherName
  break?: Break
  /** A bundle of worker.ts, to share between runs. Default: a new one. */
  script?: string
  /** Stops the run early when it returns true. */
  isEnough?(totals: Totals): boolean
}

export interface Totals {
  handoffs: number
  messages: number
  refused: number
  faults: Record<string, number>
  violations: Violation[]
  ticketsMost: number
  longestAnswer: { ms: number; desk: string }
  /** Printed lines with a canary. Empty if the output isn't captured. */
  leaks: string[]
}

/** Enough handoffs that sessions could be mixed up, few enough that a failing batch is quick to repeat. */
export const BATCH = 8

export const firstOf = (handoff: number): number => Math.floor(handoff / BATCH) * BATCH

/** The options that define the batches. Without `handoffs` every batch is full. */
export type BatchesOptions = Pick<RunOptions, 'seed' | 'desks' | 'weather' | 'break'> & { handoffs?: number }

/** The number of handoffs in a batch. The last batch of a run may be smaller. */
export const sizeOf = ({ handoffs }: Pick<BatchesOptions, 'handoffs'>, first: number): number =>
  handoffs !== undefined && handoffs > first ? Math.min(BATCH, handoffs - first) : BATCH

/** The options of the batch that starts with handoff `first`. */
export const batchOptions = (options: BatchesOptions, first: number) => ({
  seed: options.seed,
  first,
  count: sizeOf(options, first),
  desks: options.desks,
  weather: WEATHERS[options.weather],
  ...(options.break ? { intercept: breakRouter(options.break) } : {}),
})

export interface Job {
  id: number
  first: number
  options: BatchesOptions
}

export interface Done {
  id: number
  result?: Omit<BatchResult, 'injected' | 'trace'> & { leaks: string[] }
  error?: string
}

export const emptyTotals = (): Totals => ({
  handoffs: 0,
  messages: 0,
  refused: 0,
  faults: {},
  violations: [],
  ticketsMost: 0,
  longestAnswer: { ms: 0, desk: '' },
  leaks: [],
})

export const addTo = (totals: Totals, result: NonNullable<Done['result']>): void => {
  totals.handoffs += result.handoffs
  totals.messages += result.messages
  totals.refused += result.refused
  totals.ticketsMost = Math.max(totals.ticketsMost, result.ticketsMost)
  totals.violations.push(...result.violations)
  totals.leaks.push(...result.leaks)
  if (result.longestAnswer.ms > totals.longestAnswer.ms) totals.longestAnswer = result.longestAnswer
  for (const [kind, count] of Object.entries(result.faults)) totals.faults[kind] = (totals.faults[kind] ?? 0) + count
}

/** Runs all batches in child processes. `onProgress` receives the totals after each batch. */
export const runAll = async (options: RunOptions, onProgress?: (totals: Totals) => void): Promise<Totals> => {
  const totals = emptyTotals()
  const firsts = Array.from({ length: Math.ceil(options.handoffs / BATCH) }, (_, index) => index * BATCH)
  const next = (): number | undefined => (options.isEnough?.(totals) ? undefined : firsts.shift())
  const count = Math.min(options.workers, firsts.length)
  const add = (result: NonNullable<Done['result']>): void => {
    addTo(totals, result)
    onProgress?.(totals)
  }
  const work = (script: string) => Promise.all(Array.from({ length: count }, () => _work(script, options, next, add)))
  await (options.script === undefined ? withBundle(WORKER, work) : work(options.script))
  totals.violations.sort((a, b) => a.handoff - b.handoff || a.what.localeCompare(b.what))
  return totals
}

export const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))
/** A batch allocates many short-lived objects. A large young generation keeps them out of the old one. */
const LARGE_YOUNG_GENERATION = '--max-semi-space-size=64'

const _start = (script: string): ChildProcess =>
  fork(script, {
    execArgv: ['--enable-source-maps', LARGE_YOUNG_GENERATION],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })

/** Runs one batch after the other in one process. */
const _work = (
  script: string,
  { seed, handoffs, desks, weather, break: broken }: RunOptions,
  next: () => number | undefined,
  add: (result: NonNullable<Done['result']>) => void
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = _start(script)
    let id = 0
    const sendNext = (): void => {
      const first = next()
      if (first === undefined) {
        child.disconnect()
        resolve()
        return
      }
      id += 1
      child.send({
        id,
        first,
        options: { seed, handoffs, desks, weather, ...(broken ? { break: broken } : {}) },
      } satisfies Job)
    }
    child.on('message', (done: Done) => {
      if (done.result) {
        add(done.result)
        sendNext()
      } else {
        child.kill()
        reject(new Error(done.error))
      }
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (code || signal) reject(new Error(`A worker ended with ${code ?? signal}`))
    })
    sendNext()
  })

/** Runs the batch of one handoff in this process, with a trace. */
export const runOne = (options: BatchesOptions, handoff: number): Promise<BatchResult> =>
  runBatch({ ...batchOptions(options, firstOf(handoff)), trace: handoff })

/** The command that reproduces this handoff. */
export const againOf = (options: BatchesOptions, handoff: number): string => {
  const { seed, desks, weather, break: broken } = options
  const isWhole = sizeOf(options, firstOf(handoff)) === BATCH
  return [
    `npm run chaos -- --seed ${seed}`,
    ...(desks.length === 1 ? [`--desk ${desks[0]}`] : []),
    ...(weather === 'rough' ? [] : [`--weather ${weather}`]),
    ...(broken ? [`--break ${broken}`] : []),
    ...(isWhole ? [] : [`--handoffs ${options.handoffs}`]),
    `--only ${handoff}`,
  ].join(' ')
}
