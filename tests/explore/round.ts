/** One round of the search: a few seconds of random cases from one seed. */
import * as fc from 'fast-check'
import { nextAsByHand, openAsByHand } from '../../src/routing/hours.testing'
import { fuzz } from '../fuzz/fuzz'
import { checkSequences, describeFailure } from '../sequences/play'
import { runBatch } from '../chaos/batch'
import { describeShortest } from '../chaos/report'
import { againOf, batchOptions, BATCH, type BatchesOptions } from '../chaos/run'
import { shrink } from '../chaos/shrink'
import type { Break, WeatherName } from '../chaos/kinds'

export const KINDS = ['sequences', 'chaos', 'fuzz', 'hours'] as const
export type Kind = (typeof KINDS)[number]

export interface Round {
  kind: Kind
  seed: number
  /** All desks, or the one that the round is limited to. */
  desks: string[]
  weather: WeatherName
  break?: Break
  /** For sequences: the number of the failing run. */
  path?: string
  /** Titles of failures that were shrunk before. */
  isKnown?: string[]
}

export interface Failure {
  /** Failures with the same title count as one. */
  title: string
  /** Contains the shortest script that still fails. */
  report: string
  again: string
}

/** Called with a failure at once, before it is shrunk. */
type Notice = (failure: Failure) => void

export interface RoundResult {
  /** How many cases ran, by name. */
  counts: Record<string, number>
  failures: Failure[]
}

/** Messages of a worker: a failure as soon as it is known, then the result of the round. */
export type WorkerMessage = { noticed: Failure } | { result: RoundResult }

/** Sizes for rounds of a few seconds. */
const SEQUENCES = 15
const BATCHES = 4
const REQUESTS = 300
const CALENDARS = 150
const SCANS = 8
const LONGEST_REPORT = 6_000

const _explore = ({ kind, seed }: Round, others = ''): string =>
  `npm run explore -- --only ${kind} --seed ${seed}${others}`

const _sequences = async (round: Round, notice: Notice): Promise<RoundResult> => {
  const { seed, path, desks } = round
  const [desk = ''] = desks
  const failure = (report: string, run = '0'): Failure => ({
    title: `sequences at ${desk}`,
    report,
    again: _explore(round, `${run === '0' ? '' : ` --path ${run}`} --desk ${desk}`),
  })
  let sequences = 0
  const result = await checkSequences({
    desk,
    runs: SEQUENCES,
    seed,
    ...(path === undefined ? {} : { path }),
    onPlayed: () => {
      sequences += 1
    },
    onFailed: (what) => notice(failure(what)),
  })
  const counts = { sequences }
  if (!result.failed) return { counts, failures: [] }
  const [run] = (result.counterexamplePath ?? '0').split(':')
  return { counts, failures: [failure(await describeFailure(result), run)] }
}

const _chaos = async (round: Round, notice: Notice): Promise<RoundResult> => {
  const { seed, desks, weather, break: broken, isKnown } = round
  const options: BatchesOptions = { seed: String(seed), desks, weather, ...(broken ? { break: broken } : {}) }
  const counts: Record<string, number> = { handoffs: 0, faults: 0 }
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const result = await runBatch(batchOptions(options, batch * BATCH))
    counts['handoffs'] = (counts['handoffs'] ?? 0) + result.handoffs
    counts['faults'] = (counts['faults'] ?? 0) + result.injected.length
    const [violation] = result.violations
    if (!violation) continue
    const { handoff, kind, what } = violation
    const title = `chaos in ${weather} weather: ${kind}`
    const found = { title, report: `${kind}: ${what}`, again: againOf(options, handoff) }
    notice(found)
    const shortest = isKnown?.includes(title) ? undefined : await shrink(options, handoff, kind)
    const report = shortest ? describeShortest(shortest).join('\n') : found.report
    return { counts, failures: [{ ...found, report }] }
  }
  return { counts, failures: [] }
}

const _fuzz = async ({ seed, desks }: Round, notice: Notice): Promise<RoundResult> => {
  const failure = (attack: string, report: string): Failure => ({
    title: `fuzz: ${attack}`,
    report: report.slice(0, LONGEST_REPORT),
    again: `npm run fuzz -- --runs ${REQUESTS} --seed ${seed}`,
  })
  const { runs, failures } = await fuzz({
    runs: REQUESTS,
    seed,
    desks,
    onBreakthrough: (attack, what) => notice(failure(attack, what)),
  })
  return { counts: { requests: runs }, failures: failures.map(({ attack, report }) => failure(attack, report)) }
}

const _hours = async (round: Round): Promise<RoundResult> => {
  const { seed } = round
  const counts = { compared: 0, open: 0, found: 0 }
  const properties = [
    { title: 'hours: open or closed', property: openAsByHand(20, counts), runs: CALENDARS },
    { title: 'hours: next opening and closing', property: nextAsByHand(counts), runs: SCANS },
  ]
  const failures: Failure[] = []
  for (const { title, property, runs } of properties) {
    const result = fc.check(property, { seed, numRuns: runs })
    if (!result.failed) continue
    failures.push({ title, report: fc.defaultReportMessage(result) ?? 'failed', again: _explore(round) })
  }
  return { counts: { 'calendar cases': counts.compared + 2 * SCANS }, failures }
}

export const playRound = (round: Round, notice: Notice): Promise<RoundResult> => {
  switch (round.kind) {
    case 'sequences':
      return _sequences(round, notice)
    case 'chaos':
      return _chaos(round, notice)
    case 'fuzz':
      return _fuzz(round, notice)
    case 'hours':
      return _hours(round)
  }
}
