/**
 * Dates that differ from the weekly hours:
 *
 *     2026-12-25 closed; 2026-12-24 09:00-12:00
 *     12-25, 12-26; 2026-12-27 to 2026-12-31 closed; Dec 24 9am-noon
 *
 * A date without a year applies every year; a date with a year takes precedence. A date alone is closed. An entry
 * replaces all periods that start on its date. A period that runs past midnight from the day before still applies.
 */
import { dateAtStart, dateProblem, dayAtStart, formatDate, type FoundDate } from './calendar-date'
import { after, entriesOf, quote, type Parsed, type Piece } from './parsed'
import { DAY_MINUTES, formatPeriod, parsePeriods, type Period } from './period'

/** Dates are `2026-12-25`, or `12-25` for every year. A yearly range may span New Year. */
export interface SpecialDates {
  from: string
  to: string
  periods: Period[]
}

/** What one entry says, with the entry for messages. */
export interface DateEntry {
  value: SpecialDates
  piece: Piece
}

export const parseSpecialDates = (text: string): Parsed<SpecialDates[]> => {
  const dates: DateEntry[] = []
  const problems: string[] = []
  const pieces = entriesOf(text)
  for (const piece of pieces) {
    const parsed = parseDateEntry(piece)
    if (parsed.problems) problems.push(...parsed.problems)
    else dates.push(...parsed.value)
  }
  if (pieces.length === 0 && text.trim() !== '') problems.push('says no dates; write for example 12-25 closed')
  problems.push(...clashes(dates))
  return problems.length > 0 ? { problems } : { value: dates.map(({ value }) => value) }
}

/** Two entries that set hours for the same date. */
export const clashes = (dates: readonly DateEntry[]): string[] =>
  dates.flatMap((one, index) => {
    const earlier = dates.slice(0, index).find((other) => _overlap(one.value, other.value))
    if (!earlier) return []
    return [
      one.piece.at === earlier.piece.at
        ? `${quote(one.piece)} names a date twice; keep one of them`
        : `${quote(one.piece)} and ${quote(earlier.piece)} set hours for the same date; keep one of them`,
    ]
  })

/** The periods that replace the weekly hours on a date (`2026-12-25`). Undefined for an ordinary day. */
export const specialPeriods = (dates: readonly SpecialDates[], date: string): Period[] | undefined =>
  (
    dates.find((entry) => !_isYearly(entry) && _covers(entry, date)) ??
    dates.find((entry) => _isYearly(entry) && _covers(entry, date.slice(5)))
  )?.periods

const _isYearly = ({ from }: SpecialDates): boolean => from.length === 'MM-DD'.length

const _covers = ({ from, to }: SpecialDates, date: string): boolean =>
  from <= to ? from <= date && date <= to : date >= from || date <= to

const _overlap = (one: SpecialDates, other: SpecialDates): boolean =>
  _isYearly(one) === _isYearly(other) && (_covers(one, other.from) || _covers(other, one.from))

const _weekday = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+/i
const _to = /^\s*(?:-|~|\.\.+|(?:to|until|till?|through|thru)\b)\s*/i
const _and = /^\s*(?:,|&|\+|and\b)\s*/i

/** Where the date of an entry begins: a weekday may come before a date with a month's name. */
const _dateStart = (text: string): number => {
  const weekday = _weekday.exec(text)?.[0].length ?? 0
  return weekday > 0 && /^(?:\d{1,2}(?:st|nd|rd|th|\.)?\s?(?:of\s)?[a-z]{3}|[a-z]{3}|\d{4}-)/i.test(text.slice(weekday))
    ? weekday
    : 0
}

/** `24/7` is no July. */
const _always = /^24\s*\/\s*7(?![\d/])/

/** Whether an entry begins with a date. */
export const beginsWithDate = ({ text }: Piece): boolean =>
  !_always.test(text) && dateAtStart(text.slice(_dateStart(text))) !== undefined

/** Whether an entry is nothing but `10-16`: a date, or hours without their days. */
export const mayBeHours = ({ text }: Piece): boolean => /^\d{2}-\d{2}(?:\s*(?:,|&|and)\s*\d{2}-\d{2})*$/.test(text)

interface Range {
  from: string
  to: string
}

/** One entry: dates and ranges of dates, then the hours on them. */
export const parseDateEntry = (piece: Piece): Parsed<DateEntry[]> => {
  const { ranges, problems, rest } = _readRanges(piece)
  if (ranges.length === 0) return { problems: [_noDate(piece)] }
  for (const range of ranges) problems.push(...(problems.length === 0 ? _rangeProblems(range, piece) : []))
  const times = after(rest, /^[:,]?\s*-?\s*/.exec(rest.text)?.[0].length ?? 0)
  const periods: Parsed<Period[]> = times.text === '' ? { value: [] } : parsePeriods(times)
  problems.push(...(periods.problems ?? []), ..._overlaps(periods.value ?? [], piece))
  return problems.length > 0 || !periods.value
    ? { problems: [...new Set(problems)] }
    : { value: ranges.map((range) => ({ value: { ...range, periods: periods.value ?? [] }, piece })) }
}

/** The dates at the beginning of an entry, and what follows them. */
const _readRanges = (piece: Piece): { ranges: Range[]; problems: string[]; rest: Piece } => {
  const ranges: Range[] = []
  const problems: string[] = []
  let rest = after(piece, _dateStart(piece.text))
  let first = dateAtStart(rest.text)
  while (first) {
    let { length } = first
    const to = first.to ? undefined : _to.exec(rest.text.slice(length))?.[0]
    const last = to === undefined ? undefined : dateAtStart(rest.text.slice(length + to.length))
    if (last) length += (to?.length ?? 0) + last.length
    problems.push(..._problems(first, last, piece))
    ranges.push({ from: formatDate(first.from), to: formatDate(last?.to ?? last?.from ?? first.to ?? first.from) })
    rest = after(rest, length)
    const and = _and.exec(rest.text)?.[0]
    const next = and === undefined ? undefined : after(rest, and.length)
    // `Dec 24, 25, 26`
    first = next && (dateAtStart(next.text) ?? dayAtStart(next.text, (last ?? first).to ?? (last ?? first).from))
    if (next && first) rest = next
  }
  return { ranges, problems, rest }
}

const _noDate = (piece: Piece): string => {
  const [, first, month, day] = /^((\d{1,2})[-/.](\d{1,2})(?:[-/.]\d+)?)(?=\s|$)/.exec(piece.text) ?? []
  if (first === undefined) {
    return `${quote(piece)} doesn't start with a date: write 2026-12-25 closed, or 12-25 closed`
  }
  const example = `${month?.padStart(2, '0')}-${day?.padStart(2, '0')}`
  return `${quote(piece)}: "${first}" isn't a date; write 2026-${example}, or ${example} for every year`
}

const _problems = (first: FoundDate, last: FoundDate | undefined, piece: Piece): string[] =>
  [first, ...(last ? [last] : [])].flatMap(({ from, to, isAmbiguous }) => {
    const problems = [from, ...(to ? [to] : [])].flatMap((date) => dateProblem(date) ?? [])
    const swapped = formatDate({ ...from, month: from.day, day: from.month })
    if (isAmbiguous && problems.length === 0) {
      problems.push(`which is the month? Write ${formatDate(from)} or ${swapped}, with the month first`)
    }
    return problems.map((problem) => `${quote(piece)}: ${problem}`)
  })

const _rangeProblems = ({ from, to }: Range, piece: Piece): string[] => {
  if (from.length !== to.length) return [`${quote(piece)}: write both dates with a year, or both without`]
  const isBackwards = from > to && from.length > 'MM-DD'.length
  return isBackwards ? [`${quote(piece)} ends before it starts; write ${to} to ${from}`] : []
}

const _overlaps = (periods: Period[], piece: Piece): string[] =>
  periods.flatMap((one, index) =>
    periods
      .slice(index + 1)
      .filter((other) => one.start < other.end && other.start < one.end)
      .map((other) => `${quote(piece)}: ${formatPeriod(one)} and ${formatPeriod(other)} overlap; join them or move one`)
  )

/** The date of a day number, counted from 1970-01-01. */
export const dateOf = (day: number): string => new Date(day * DAY_MINUTES * 60_000).toISOString().slice(0, 10)
