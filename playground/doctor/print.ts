/** The report, line by line. */
import type { Finding } from '../../providers/provider'
import type { Paint } from '../terminal/output'
import type { DeskReport } from './examine'

const SIGNS = { right: '✓', look: '!', wrong: '✗' } as const
const COLORS = { right: 'green', look: 'yellow', wrong: 'red' } as const

export interface Counts {
  right: number
  look: number
  wrong: number
}

export const countsOf = (reports: DeskReport[]): Counts => {
  const all = reports.flatMap(({ findings }) => findings)
  const count = (state: Finding['state']): number => all.filter((finding) => finding.state === state).length
  return { right: count('right'), look: count('look'), wrong: count('wrong') }
}

export const printReport = (reports: DeskReport[], paint: Paint): string => {
  const width = Math.max(...reports.flatMap(({ findings }) => findings.map(({ about }) => about.length)), 0)
  const indent = ' '.repeat(width + 6)
  const lines = reports.flatMap(({ title, findings }) => [
    paint(title, 'bold'),
    ...findings.flatMap(({ state, about, found, advice }) => [
      `  ${paint(SIGNS[state], COLORS[state])} ${about.padEnd(width)}  ${found}`,
      ...(advice === undefined ? [] : [`${indent}${paint(`→ ${advice}`, 'dim')}`]),
    ]),
    '',
  ])
  return `${[...lines, _summary(countsOf(reports))].join('\n')}\n`
}

const _summary = ({ right, look, wrong }: Counts): string => {
  const counted = `${right} right, ${look} to look at, ${wrong} wrong`
  return wrong === 0 ? `Ready: ${counted}. Nothing was changed.` : `Not ready: ${counted}. Nothing was changed.`
}
