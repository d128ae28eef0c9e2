/**
 * Parses the Special dates field, the dates that differ from the weekly hours:
 *
 *     2026-12-25 closed; 2026-12-24 09:00-12:00
 *     12-25 closed; 2026-12-27 to 2026-12-31 closed
 *
 * A date without a year applies every year; a date with a year takes precedence. An entry replaces all periods that
 * start on its date. A period that runs past midnight from the day before still applies.
 */
import { after, cut, quote, type Parsed, type Piece } from './parsed'
import { DAY_MINUTES, formatPeriod, parsePeriods, type Period } from './period'

/** Dates are `2026-12-25`, or `12-25` for every year. A yearly range may span New Year. */
export interface SpecialDates {
  from: string
  to: string
  periods: Period[]
}

const _entry = /^(\d[\d.\-/]*)(?:\s+(?:to|-|–|—)\s+(\d[\d.\-/]*))?(?=\s|$)/i

export const parseSpecialDates = (text: string): Parsed<SpecialDates[]> => {
  const dates: { value: SpecialDates; piece: Piece }[] = []
  const problems: string[] = []
  for (const piece of cut({ text, at: 0 }, /[;\n]/)) {
    const parsed = _parseEntry(piece)
    if (parsed.problems) problems.push(...parsed.problems)
    else dates.push({ value: parsed.value, piece })
  }
  for (const [index, one] of dates.entries()) {
    const earlier = dates.slice(0, index).find((other) => _overlap(one.value, other.value))
    if (earlier)
      problems.push(`${quote(one.piece)} and ${quote(earlier.piece)} set hours for the same date; keep one of them`)
  }
  return problems.length > 0 ? { problems } : { value: dates.map(({ value }) => value) }
}

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

const _parseEntry = (piece: Piece): Parsed<SpecialDates> => {
  const match = _entry.exec(piece.text)
  if (!match)
    return { problems: [`${quote(piece)} doesn't start with a date: write 2026-12-25 closed, or 12-25 closed`] }
  const [whole, from = '', to = from] = match
  const times = after(piece, whole.length)
  const problems = [...new Set([from, to])].flatMap((date) => _dateProblem(date, piece))
  if (problems.length === 0 && from.length !== to.length) {
    problems.push(`${quote(piece)}: write both dates with a year, or both without`)
  }
  if (problems.length === 0 && from > to && from.length > 'MM-DD'.length) {
    problems.push(`${quote(piece)} ends before it starts; write ${to} to ${from}`)
  }
  const periods: Parsed<Period[]> =
    times.text === ''
      ? { problems: [`${quote(piece)} has no hours: add closed, all day, or periods such as 09:00-12:00`] }
      : parsePeriods(times)
  problems.push(...(periods.problems ?? []), ..._overlaps(periods.value ?? [], piece))
  return problems.length > 0 || !periods.value ? { problems } : { value: { from, to, periods: periods.value } }
}

const _MONTHS = 'January February March April May June July August September October November December'.split(' ')

const _dateProblem = (date: string, piece: Piece): string[] => {
  const [, year, month, day] = /^(?:(\d{4})-)?(\d{2})-(\d{2})$/.exec(date)?.map(Number) ?? []
  if (month === undefined || day === undefined) {
    return [`${quote(piece)}: "${date}" isn't a date; write 2026-12-25, or 12-25 for every year`]
  }
  if (month < 1 || month > 12)
    return [`${quote(piece)}: ${month} isn't a month; write year-month-day, such as 2026-12-25`]
  const isYearly = year === undefined || Number.isNaN(year)
  // A yearly date may be 02-29, which applies in leap years.
  const last = new Date(Date.UTC(isYearly ? 2024 : year, month, 0)).getUTCDate()
  if (day >= 1 && day <= last) return []
  const name = _MONTHS[month - 1]
  return [`${quote(piece)}: ${day} ${name} isn't a date; ${name}${isYearly ? '' : ` ${year}`} has ${last} days`]
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
