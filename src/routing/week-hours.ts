/**
 * The line in Studio that says when a desk is open in an ordinary week:
 *
 *     Mon-Fri 09:00-12:30, 13:30-17:00; Sat 10:00-14:00
 *     Sat-Mon all day; Fri 22:00-02:00
 *     24/7
 *
 * Days may be named in full and in any case. Several entries for one day add up; where they overlap, that is a mistake.
 */
import { after, cut, quote, type Parsed, type Piece } from './parsed'
import { DAY_MINUTES, WHOLE_DAY, formatPeriod, parsePeriods, type Period } from './period'

/** Periods of each day of the week, Monday first. */
export type Week = Period[][]

export const DAY_NAMES = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

interface Entry extends Period {
  day: number
  piece: Piece
}

export const parseWeek = (text: string): Parsed<Week> => {
  if (/^\s*24\s*\/\s*7\s*$/.test(text)) return { value: DAY_NAMES.map(() => [WHOLE_DAY]) }
  const entries: Entry[] = []
  const problems: string[] = []
  for (const piece of cut({ text, at: 0 }, /[;\n]/)) {
    const parsed = _parseEntry(piece)
    if (parsed.problems) problems.push(...parsed.problems)
    else entries.push(...parsed.value)
  }
  if (problems.length === 0) problems.push(..._overlaps(entries))
  if (problems.length > 0) return { problems }
  return {
    value: DAY_NAMES.map((_name, day) =>
      entries
        .filter((entry) => entry.day === day)
        .map(({ start, end }) => ({ start, end }))
        .toSorted((one, other) => one.start - other.start)
    ),
  }
}

/** One entry, `Mon-Wed, Fri 09:00-12:30, 13:30-17:00`: days, then periods. */
const _parseEntry = (piece: Piece): Parsed<Entry[]> => {
  const days: Piece = { text: /^[^\d]*?(?=\d|all day|closed|$)/i.exec(piece.text)?.[0] ?? '', at: piece.at }
  const times = after(piece, days.text.length)
  if (/^24\s*\/\s*7/.test(times.text)) return { problems: [`${quote(times)}: 24/7 stands alone, without days`] }
  if (days.text.trim() === '') {
    return {
      problems: [`${quote(piece)} does not say on which days: write Mon-Sun ${piece.text}, or the days you mean`],
    }
  }
  const dayNumbers = _parseDays(days)
  const periods: Parsed<Period[]> =
    times.text === ''
      ? { problems: [`${quote(piece)} does not say when: write for example ${piece.text} 09:00-17:00`] }
      : parsePeriods(times)
  const problems = [...(dayNumbers.problems ?? []), ...(periods.problems ?? [])]
  if (!dayNumbers.value || !periods.value) return { problems }
  return { value: dayNumbers.value.flatMap((day) => periods.value.map((period) => ({ ...period, day, piece }))) }
}

const _parseDays = (piece: Piece): Parsed<number[]> => {
  const days: number[] = []
  const problems: string[] = []
  for (const range of cut(piece, /,/)) {
    const [first, last, ...rest] = cut(range, /-|–|—| to /)
    const from = _dayNumber(first)
    const to = last ? _dayNumber(last) : from
    if (from === undefined || to === undefined || rest.length > 0) {
      const unknown = rest.length > 0 ? range : from === undefined ? (first ?? range) : (last ?? range)
      problems.push(
        `${quote(unknown)} is no day; write Mon, Tue, Wed, Thu, Fri, Sat or Sun, or a range such as Mon-Fri`
      )
      continue
    }
    for (let day = from; ; day = (day + 1) % 7) {
      days.push(day)
      if (day === to) break
    }
  }
  return problems.length > 0 ? { problems } : { value: days }
}

const _dayNumber = (piece: Piece | undefined): number | undefined => {
  const name = piece?.text.toLowerCase().replace(/\.$/, '') ?? ''
  if (name.length < 2) return undefined
  const day = DAY_NAMES.findIndex((known) => known.toLowerCase().startsWith(name))
  return day < 0 ? undefined : day
}

/** As many as anybody reads: every pair can overlap, and a long text has millions of them. */
const MOST_OVERLAPS = 20

/** Overlaps are looked for on the circle of the week: what runs past midnight on Sunday meets Monday. */
const _overlaps = (entries: Entry[]): string[] => {
  const problems: string[] = []
  const spans = entries.map((entry) => ({
    entry,
    start: entry.day * DAY_MINUTES + entry.start,
    length: entry.end - entry.start,
  }))
  for (const [index, one] of spans.entries()) {
    for (const other of spans.slice(index + 1)) {
      const week = 7 * DAY_MINUTES
      const ahead = (((other.start - one.start) % week) + week) % week
      if (ahead >= one.length && week - ahead >= other.length) continue
      if (problems.length === MOST_OVERLAPS) return problems
      problems.push(
        `${_name(one.entry)} and ${_name(other.entry)} overlap at ${quote(other.entry.piece)}; join them or move one`
      )
    }
  }
  return problems
}

const _name = (entry: Entry): string => `${(DAY_NAMES[entry.day] ?? '').slice(0, 3)} ${formatPeriod(entry)}`
