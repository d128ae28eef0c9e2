/** What happens, a line each: when, who, does, what. */
import { stripVTControlCharacters } from 'node:util'
import type { Output } from '../console'

export interface Happening {
  at: number
  who: string
  does: string
  what: string
}

export interface Timeline {
  title(text: string): void
  /** In order of time; those of one moment as given. */
  show(happenings: readonly Happening[]): void
  /** A verdict: fine, or what is wrong. */
  verdict(fine: string, problems: readonly string[]): void
  line(text?: string): void
}

const LONGEST = 96
const WIDTHS = { who: 15, does: 8 }

const CODES = { dim: 2, bold: 1, green: 32, red: 31, cyan: 36 } as const

export const createTimeline = (output: Output, colors: boolean): Timeline => {
  const paint = (text: string, ...styles: (keyof typeof CODES)[]): string =>
    colors ? styles.reduce((painted, style) => `\u001B[${CODES[style]}m${painted}\u001B[0m`, text) : text
  const line = (text = '') => output.out(`${text}\n`)
  return {
    line,
    title: (text) => {
      line()
      line(paint(text, 'bold'))
    },
    show: (happenings) => {
      for (const { at, who, does, what } of happenings.toSorted((one, other) => one.at - other.at)) {
        const time = paint(new Date(at).toISOString().slice(11, 19), 'dim')
        line(`  ${time}  ${paint(who.padEnd(WIDTHS.who), 'cyan')} ${does.padEnd(WIDTHS.does)} ${_oneLine(what)}`)
      }
    },
    verdict: (fine, problems) => {
      if (problems.length === 0) line(`  ${paint(`✓ ${fine}`, 'green')}`)
      for (const problem of problems) line(`  ${paint(`✗ ${_oneLine(problem, 300)}`, 'red')}`)
    },
  }
}

const _oneLine = (text: string, longest = LONGEST): string => {
  const plain = stripVTControlCharacters(text).replace(/\s+/g, ' ').trim()
  return plain.length <= longest ? plain : `${plain.slice(0, longest - 1)}…`
}
