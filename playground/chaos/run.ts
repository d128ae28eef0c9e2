/** Many handoffs, in batches, on all cores. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runBatch, type BatchResult } from './batch'
import { breakRouter } from './breaks'
import { WEATHERS, type Break, type WeatherName } from './kinds'
import type { Violation } from './judge'

export interface RunOptions {
  seed: string
  handoffs: number
  desks: string[]
  workers: number
  weather: WeatherName
  break?: Break
  /** Whether what is known already is enough to stop. */
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
  /** What was printed while it ran, if somebody listens for words that must not be there. */
  leaks: string[]
}

/** Enough that sessions can be mixed up, few enough that a failing one is soon run again. */
export const BATCH = 8

export const firstOf = (handoff: number): number => Math.floor(handoff / BATCH) * BATCH

/** What a batch is, for whoever runs it: the same everywhere. */
export const batchOptions = (options: Pick<RunOptions, 'seed' | 'desks' | 'weather' | 'break'>, first: number) => ({
  seed: options.seed,
  first,
  count: BATCH,
  desks: options.desks,
  weather: WEATHERS[options.weather],
  ...(options.break ? { bend: breakRouter(options.break) } : {}),
})

export interface Job {
  id: number
  first: number
  options: Pick<RunOptions, 'seed' | 'desks' | 'weather' | 'break'>
}

export interface Done {
  id: number
  result?: Omit<BatchResult, 'injected' | 'trace'> & { leaks: string[] }
  error?: string
}

const _empty = (): Totals => ({
  handoffs: 0,
  messages: 0,
  refused: 0,
  faults: {},
  violations: [],
  ticketsMost: 0,
  longestAnswer: { ms: 0, desk: '' },
  leaks: [],
})

const _add = (totals: Totals, result: NonNullable<Done['result']>): void => {
  totals.handoffs += result.handoffs
  totals.messages += result.messages
  totals.refused += result.refused
  totals.ticketsMost = Math.max(totals.ticketsMost, result.ticketsMost)
  totals.violations.push(...result.violations)
  totals.leaks.push(...result.leaks)
  if (result.longestAnswer.ms > totals.longestAnswer.ms) totals.longestAnswer = result.longestAnswer
  for (const [kind, count] of Object.entries(result.faults)) totals.faults[kind] = (totals.faults[kind] ?? 0) + count
}

/** Runs all batches in child processes; `onProgress` hears how many handoffs are done. */
export const runAll = async (options: RunOptions, onProgress?: (totals: Totals) => void): Promise<Totals> => {
  const totals = _empty()
  const firsts = Array.from({ length: Math.ceil(options.handoffs / BATCH) }, (_, index) => index * BATCH)
  const next = (): number | undefined => (options.isEnough?.(totals) ? undefined : firsts.shift())
  const count = Math.min(options.workers, firsts.length)
  await Promise.all(
    Array.from({ length: count }, () =>
      _work(options, next, (result) => {
        _add(totals, result)
        onProgress?.(totals)
      })
    )
  )
  totals.violations.sort((a, b) => a.handoff - b.handoff || a.what.localeCompare(b.what))
  return totals
}

const _start = (): ChildProcess =>
  fork(fileURLToPath(new URL('worker.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })

/** One process, one batch after the other. */
const _work = (
  { seed, desks, weather, break: broken }: RunOptions,
  next: () => number | undefined,
  add: (result: NonNullable<Done['result']>) => void
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = _start()
    let id = 0
    const ask = (): void => {
      const first = next()
      if (first === undefined) {
        child.disconnect()
        resolve()
        return
      }
      id += 1
      child.send({ id, first, options: { seed, desks, weather, ...(broken ? { break: broken } : {}) } } satisfies Job)
    }
    child.on('message', (done: Done) => {
      if (done.result) {
        add(done.result)
        ask()
      } else {
        child.kill()
        reject(new Error(done.error))
      }
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      if (code) reject(new Error(`A worker ended with code ${code}`))
    })
    ask()
  })

/** In this process: one batch, for a closer look. */
export const runOne = (
  options: Pick<RunOptions, 'seed' | 'desks' | 'weather' | 'break'>,
  handoff: number
): Promise<BatchResult> => runBatch({ ...batchOptions(options, firstOf(handoff)), trace: handoff })
