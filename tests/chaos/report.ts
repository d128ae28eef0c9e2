/** What the command prints. */
import { faultsIn, type Weather } from './kinds'
import { VIOLATIONS } from './judge'
import type { Totals } from './run'
import { describeScript } from './script'
import type { Shortest } from './shrink'

const WIDTH = 30
const SHOWN = 20

/** A bar that moves where somebody looks, a line per tenth where nobody does. */
export const createProgress = (
  out: NodeJS.WriteStream,
  whole: number
): ((done: number, violations: number) => void) => {
  let told = 0
  return (done, violations) => {
    const share = Math.min(1, done / whole)
    const words = `${done} of ${whole} handoffs, ${violations} violations`
    if (out.isTTY) {
      const full = Math.round(share * WIDTH)
      out.write(`\r[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${words}${share === 1 ? '\n' : ''}`)
      return
    }
    const tenth = Math.floor(share * 10)
    if (tenth === told) return
    told = tenth
    out.write(`${tenth * 10} % ${words}\n`)
  }
}

const _countViolations = (totals: Totals): Record<string, number> =>
  Object.fromEntries(
    VIOLATIONS.map((kind) => [kind, totals.violations.filter((violation) => violation.kind === kind).length])
  )

/** Kinds of fault that this weather has and that never happened count as 0. */
export const countFaults = (totals: Totals, weather: Weather): Record<string, number> =>
  Object.fromEntries(faultsIn(weather).map((kind) => [kind, totals.faults[kind] ?? 0]))

/** A run proves little about a kind of fault that happens less often than this in so many handoffs. */
const OFTEN_ENOUGH = { faults: 500, handoffs: 10_000 }

/**
 * Kinds of fault that happened too rarely to prove anything. In a run shorter than the one for which the floor is given chance is allowed for: what is named there would stay below the floor in a long
 * one, too.
 */
export const tooRare = (totals: Totals, weather: Weather): string[] => {
  const floor = (OFTEN_ENOUGH.faults * totals.handoffs) / OFTEN_ENOUGH.handoffs
  const isLong = totals.handoffs >= OFTEN_ENOUGH.handoffs
  return Object.entries(countFaults(totals, weather))
    .filter(([, count]) => count + (isLong ? 0 : 3 * Math.sqrt(Math.max(1, count))) < floor)
    .map(([kind, count]) => `${kind}: ${count} in ${totals.handoffs} handoffs, ${Math.ceil(floor)} wanted`)
}

/** The same for programs. */
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
  const injected = faults.reduce((sum, [, count]) => sum + count, 0)
  const widest = Math.max(...[...faults.map(([kind]) => kind), ...VIOLATIONS].map((kind) => kind.length))
  return [
    `seed ${seed}: ${totals.handoffs} handoffs, ${totals.messages} messages, ${totals.refused} starts refused, in ${seconds.toFixed(0)} s (${(totals.handoffs / seconds).toFixed(1)} handoffs per second)`,
    `faults injected: ${injected}`,
    ...faults.map(([kind, count]) => `  ${kind.padEnd(widest)} ${count}`),
    ...tooRare(totals, weather).map((line) => `! too rare: ${line}`),
    'violations',
    ...Object.entries(_countViolations(totals)).map(([kind, count]) => `  ${kind.padEnd(widest)} ${count}`),
    `tickets per session, at most: ${totals.ticketsMost}`,
    `longest webhook answer: ${totals.longestAnswer.ms} ms of the run’s own time (${totals.longestAnswer.desk})`,
    `canaries printed: ${totals.leaks.length}`,
    ...totals.violations.slice(0, SHOWN).map(({ handoff, kind, what }) => `! handoff ${handoff}: ${kind}: ${what}`),
    ...(totals.violations.length > SHOWN ? [`! and ${totals.violations.length - SHOWN} more`] : []),
    ...totals.leaks.slice(0, SHOWN).map((line) => `! printed: ${line}`),
  ]
}

export const describeShortest = (shortest: Shortest): string[] => [
  `The shortest script that still fails (${shortest.tries} runs): ${shortest.kind}: ${shortest.what}`,
  `  ${describeScript(shortest.script)}`,
  ...shortest.others.map((script) => `  beside handoff ${script.handoff} ${describeScript(script)}`),
  `  faults: ${shortest.faults.map(({ kind, about }) => `${kind} (${about})`).join(', ') || 'none'}`,
  ...shortest.trace.map((line) => `    ${line}`),
]
