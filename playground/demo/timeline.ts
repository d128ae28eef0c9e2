/** Prints events, one per line: time, actor, action, detail. */
import { stripVTControlCharacters } from 'node:util'
import { painter, type Output } from '../terminal/output'

export interface TimelineEvent {
  at: number
  actor: string
  action: string
  detail: string
}

export interface Timeline {
  title(text: string): void
  /** Prints events sorted by time. Events of the same time keep their order. */
  show(events: readonly TimelineEvent[]): void
  /** Prints the problems, or `success` when there are none. */
  verdict(success: string, problems: readonly string[]): void
  line(text?: string): void
}

const MAX_LENGTH = 96
const WIDTHS = { actor: 15, action: 8 }

export const createTimeline = (output: Output, colors: boolean): Timeline => {
  const paint = painter(colors)
  const line = (text = '') => output.out(`${text}\n`)
  return {
    line,
    title: (text) => {
      line()
      line(paint(text, 'bold'))
    },
    show: (events) => {
      for (const { at, actor, action, detail } of events.toSorted((one, other) => one.at - other.at)) {
        const time = paint(new Date(at).toISOString().slice(11, 19), 'dim')
        const columns = [time, ` ${paint(actor.padEnd(WIDTHS.actor), 'cyan')}`, action.padEnd(WIDTHS.action)]
        line(`  ${columns.join(' ')} ${_oneLine(detail)}`)
      }
    },
    verdict: (success, problems) => {
      if (problems.length === 0) line(`  ${paint(`✓ ${success}`, 'green')}`)
      for (const problem of problems) line(`  ${paint(`✗ ${_oneLine(problem, 300)}`, 'red')}`)
    },
  }
}

const _oneLine = (text: string, maxLength = MAX_LENGTH): string => {
  const plain = stripVTControlCharacters(text).replace(/\s+/g, ' ').trim()
  return plain.length <= maxLength ? plain : `${plain.slice(0, maxLength - 1)}…`
}
