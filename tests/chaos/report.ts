/** What the command prints. */
import { faultsIn, type Weather } from './kinds'
import { VIOLATIONS } from './judge'
import type { Totals } from './run'
import { describeScript } from './script'
import type { Shortest } from './shrink'

const WIDTH = 30
const MAX_SHOWN = 20

/** `[####......] 40 of 100 handoffs, 0 violations` */
export const progressOf = ({ handoffs: done, violations }: Totals, total: number): string => {
  const full = Math.round(Math.min(1, done / total) * WIDTH)
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${done} of ${total} handoffs, ${violations.length} violations`
}

const _countViolations = (totals: Totals): Record<string, number> =>
  Object.fromEntries(
    VIOLATIONS.map((kind) => [kind, totals.violations.filter((violation) => violation.kind === kind).length])
  )

/** Counts every kind of fault in this weather, including those that never happened. */
export const countFaults = (totals: Totals, weather: Weather): Record<string, number> =>
  Object.fromEntries(faultsIn(weather).map((kind) => [kind, totals.faults[kind] ?? 0]))

/** A run proves little about a fault that happens less often than this. */
const REQUIRED_FAULTS = { faults: 300, handoffs: 10_000 }

/**
 * Kinds of faults that happened too rarely to prove anything. In a short run the count may be up to three standard
 * deviations below the floor.
 */
export const tooRare = (totals: Totals, weather: Weather): string[] => {
  const floor = (REQUIRED_FAULTS.faults * totals.handoffs) / REQUIRED_FAULTS.handoffs
  const isLong = totals.handoffs >= REQUIRED_FAULTS.handoffs
  return Object.entries(countFaults(totals, weather))
    .filter(([, count]) => count + (isLong ? 0 : 3 * Math.sqrt(Math.max(1, count))) < floor)
    .map(([kind, count]) => `${kind}: ${count} in ${totals.handoffs} handoffs, ${Math.ceil(floor)} wanted`)
}

/** The summary as JSON. */
export const asJson = (totals: Totals, weather: Weather, seed: string, seconds: number) => {
  const { violations, ...others } = totals
  return {
    seed,
    seconds,
    ...others,
    faults: countFaults(totals, weather),
    tooRare: tooRare(totals, weather),
    counts: _countViolations(totals),
    violations,
  }
}

export const summary = (totals: Totals, weather: Weather, seed: string, seconds: number): string[] => {
  const faults = Object.entries(countFaults(totals, weather))
  const duration = `in ${seconds.toFixed(0)} s (${(totals.handoffs / seconds).toFixed(1)} handoffs per second)`
  const injected = faults.reduce((sum, [, count]) => sum + count, 0)
  const widest = Math.max(...[...faults.map(([kind]) => kind), ...VIOLATIONS].map((kind) => kind.length))
  return [
    `seed ${seed}: ${totals.handoffs} handoffs, ${totals.messages} messages, ${totals.refused} starts refused, ${duration}`,
    `faults injected: ${injected}`,
    ...faults.map(([kind, count]) => `  ${kind.padEnd(widest)} ${count}`),
    ...tooRare(totals, weather).map((line) => `! too rare: ${line}`),
    'violations',
    ...Object.entries(_countViolations(totals)).map(([kind, count]) => `  ${kind.padEnd(widest)} ${count}`),
    `failed over: ${totals.failedOver}; orphans: ${totals.orphans}`,
    `tickets per session, at most: ${totals.ticketsMost}`,
    `slowest webhook answer: ${totals.longestAnswer.ms} ms in the run’s time (${totals.longestAnswer.desk})`,
    `canaries printed: ${totals.leaks.length}`,
    ...totals.violations.slice(0, MAX_SHOWN).map(({ handoff, kind, what }) => `! handoff ${handoff}: ${kind}: ${what}`),
    ...(totals.violations.length > MAX_SHOWN ? [`! and ${totals.violations.length - MAX_SHOWN} more`] : []),
    ...totals.leaks.slice(0, MAX_SHOWN).map((line) => `! printed: ${line}`),
  ]
}

export const describeShortest = (shortest: Shortest): string[] => [
  `The shortest script that still fails (${shortest.tries} runs): ${shortest.kind}: ${shortest.what}`,
  `  ${describeScript(shortest.script)}`,
  ...shortest.others.map((script) => `  with handoff ${script.handoff} ${describeScript(script)}`),
  `  faults: ${shortest.faults.map(({ kind, about }) => `${kind} (${about})`).join(', ') || 'none'}`,
  ...shortest.trace.map((line) => `    ${line}`),
]
