/**
 * Parses the Hours field, a desk's weekly hours:
 *
 *     Mon-Fri 09:00-12:30, 13:30-17:00; Sat 10:00-14:00
 *     Sat-Mon all day; Fri 22:00-02:00
 *     24/7
 *
 * Day names may be abbreviated, in any case. Several entries for a day add up; overlapping periods are an error.
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
  if (/^24\s*\/\s*7/.test(times.text)) return { problems: [`${quote(times)}: write 24/7 alone, without days`] }
  if (days.text.trim() === '') {
    return {
      problems: [`${quote(piece)} has no days: write for example Mon-Sun ${piece.text}`],
    }
  }
  const dayNumbers = _parseDays(days)
  const periods: Parsed<Period[]> =
    times.text === ''
      ? { problems: [`${quote(piece)} has no hours: write for example ${piece.text} 09:00-17:00`] }
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
        `${quote(unknown)} isn't a day; write Mon, Tue, Wed, Thu, Fri, Sat or Sun, or a range such as Mon-Fri`
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

/** Limits the list, since every pair of entries in a long text may overlap. */
const MAX_OVERLAPS = 20

/** The week is a circle: a period past midnight on Sunday may overlap one on Monday. */
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
      if (problems.length === MAX_OVERLAPS) return problems
      problems.push(
        `${_name(one.entry)} and ${_name(other.entry)} overlap at ${quote(other.entry.piece)}; join them or move one`
      )
    }
  }
  return problems
}

const _name = (entry: Entry): string => `${(DAY_NAMES[entry.day] ?? '').slice(0, 3)} ${formatPeriod(entry)}`
