/** Runs many handoffs in batches, in parallel child processes. */
import { fork } from 'node:child_process'
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
  /** Processes to share between runs. Default: new ones. */
  crew?: Crew
  /** Stops the run early when it returns true. */
  isEnough?(totals: Totals): boolean
}

export interface Totals {
  handoffs: number
  messages: number
  refused: number
  faults: Record<string, number>
  violations: Violation[]
  failedOver: number
  orphans: number
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
  first: number
  options: BatchesOptions
}

export interface Done {
  result?: Omit<BatchResult, 'injected' | 'trace'> & { leaks: string[] }
  error?: string
}

export const emptyTotals = (): Totals => ({
  handoffs: 0,
  messages: 0,
  refused: 0,
  faults: {},
  violations: [],
  failedOver: 0,
  orphans: 0,
  ticketsMost: 0,
  longestAnswer: { ms: 0, desk: '' },
  leaks: [],
})

export const addTo = (totals: Totals, result: NonNullable<Done['result']>): void => {
  totals.handoffs += result.handoffs
  totals.messages += result.messages
  totals.refused += result.refused
  totals.failedOver += result.failedOver
  totals.orphans += result.orphans
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
  const count = Math.min(options.workers, firsts.length)
  const { seed, handoffs, desks, weather, break: broken } = options
  const batches: BatchesOptions = { seed, handoffs, desks, weather, ...(broken ? { break: broken } : {}) }
  const workWith = (crew: Crew) =>
    Promise.all(
      crew.slice(0, count).map(async (worker) => {
        for (let first = firsts.shift(); first !== undefined; first = firsts.shift()) {
          if (options.isEnough?.(totals)) return
          addTo(totals, await worker.perform({ first, options: batches }))
          onProgress?.(totals)
        }
      })
    )
  await (options.crew ? workWith(options.crew) : withCrew(count, workWith))
  totals.violations.sort((a, b) => a.handoff - b.handoff || a.what.localeCompare(b.what))
  return totals
}

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))
/** A batch allocates many short-lived objects. A large young generation keeps them out of the old one. */
const LARGE_YOUNG_GENERATION = '--max-semi-space-size=64'

/** A child process that runs one batch after the other. */
interface Worker {
  /** Rejects when the batch or the process fails. */
  perform(job: Job): Promise<NonNullable<Done['result']>>
  end(): void
}

/** Child processes that share the batches of a run. */
export type Crew = readonly Worker[]

/** Starts `count` processes, runs `work` with them and ends them. */
export const withCrew = <T>(count: number, work: (crew: Crew) => Promise<T>): Promise<T> =>
  withBundle(WORKER, async (script) => {
    const crew = Array.from({ length: count }, () => _startWorker(script))
    try {
      return await work(crew)
    } finally {
      for (const worker of crew) worker.end()
    }
  })

const _startWorker = (script: string): Worker => {
  const child = fork(script, {
    execArgv: ['--enable-source-maps', LARGE_YOUNG_GENERATION],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let reject: (error: Error) => void = () => {}
  child.on('error', (error) => reject(error))
  child.on('exit', (code, signal) => reject(new Error(`A worker ended with ${code ?? signal}`)))
  return {
    perform: (job) =>
      new Promise((resolve, rejectJob) => {
        reject = rejectJob
        child.once('message', ({ result, error }: Done) => (result ? resolve(result) : rejectJob(new Error(error))))
        child.send(job)
      }),
    end: () => child.kill(),
  }
}

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
