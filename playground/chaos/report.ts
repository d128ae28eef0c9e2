/** What the command prints. */
import { FAULT_NAMES } from './kinds'
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

export const countViolations = (totals: Totals): Record<string, number> =>
  Object.fromEntries(
    VIOLATIONS.map((kind) => [kind, totals.violations.filter((violation) => violation.kind === kind).length])
  )

/** Kinds of fault that never happened count as 0. */
export const countFaults = (totals: Totals): Record<string, number> =>
  Object.fromEntries(FAULT_NAMES.map((kind) => [kind, totals.faults[kind] ?? 0]))

export const summary = (totals: Totals, seed: string, seconds: number): string[] => {
  const faults = Object.entries(countFaults(totals))
  const injected = faults.reduce((sum, [, count]) => sum + count, 0)
  const widest = Math.max(...faults.map(([kind]) => kind.length))
  return [
    `seed ${seed}: ${totals.handoffs} handoffs, ${totals.messages} messages, ${totals.refused} starts refused, in ${seconds.toFixed(0)} s`,
    `faults injected: ${injected}`,
    ...faults.map(([kind, count]) => `  ${kind.padEnd(widest)} ${count}`),
    'violations',
    ...Object.entries(countViolations(totals)).map(([kind, count]) => `  ${kind.padEnd(widest)} ${count}`),
    `tickets per session, at most: ${totals.ticketsMost}`,
    `longest webhook answer: ${totals.longestAnswer.ms} ms (${totals.longestAnswer.desk}, simulated)`,
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
