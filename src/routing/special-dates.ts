/**
 * The line in Studio that says which dates differ from the ordinary week:
 *
 *     2026-12-25 closed; 2026-12-24 09:00-12:00
 *     12-25 closed; 2026-12-27 to 2026-12-31 closed
 *
 * A date without a year counts every year; one with a year goes before it. What is written for a date replaces all that starts on
 * that day; what ran over midnight from the evening before goes on.
 */
import { after, cut, quote, type Parsed, type Piece } from './parsed'
import { DAY_MINUTES, formatPeriod, parsePeriods, type Period } from './period'

/** Dates as `2026-12-25`, or `12-25` for every year. A yearly range may run over New Year. */
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
    const twin = dates.slice(0, index).find((other) => _meet(one.value, other.value))
    if (twin)
      problems.push(
        `${quote(one.piece)} gives hours to a date that ${quote(twin.piece)} gives hours to; keep one of them`
      )
  }
  return problems.length > 0 ? { problems } : { value: dates.map(({ value }) => value) }
}

/** The periods that replace the ordinary ones on a date (`2026-12-25`), or undefined when it is an ordinary day. */
export const specialPeriods = (dates: readonly SpecialDates[], date: string): Period[] | undefined =>
  (
    dates.find((entry) => !_isYearly(entry) && _covers(entry, date)) ??
    dates.find((entry) => _isYearly(entry) && _covers(entry, date.slice(5)))
  )?.periods

const _isYearly = ({ from }: SpecialDates): boolean => from.length === 'MM-DD'.length

const _covers = ({ from, to }: SpecialDates, date: string): boolean =>
  from <= to ? from <= date && date <= to : date >= from || date <= to

const _meet = (one: SpecialDates, other: SpecialDates): boolean =>
  _isYearly(one) === _isYearly(other) && (_covers(one, other.from) || _covers(other, one.from))

const _parseEntry = (piece: Piece): Parsed<SpecialDates> => {
  const match = _entry.exec(piece.text)
  if (!match)
    return { problems: [`${quote(piece)} does not begin with a date: write 2026-12-25 closed, or 12-25 closed`] }
  const [whole, from = '', to = from] = match
  const times = after(piece, whole.length)
  const problems = [...new Set([from, to])].flatMap((date) => _dateProblem(date, piece))
  if (problems.length === 0 && from.length !== to.length) {
    problems.push(`${quote(piece)}: write both dates with their year, or both without`)
  }
  if (problems.length === 0 && from > to && from.length > 'MM-DD'.length) {
    problems.push(`${quote(piece)} ends before it begins; write ${to} to ${from}`)
  }
  const periods: Parsed<Period[]> =
    times.text === ''
      ? { problems: [`${quote(piece)} does not say when: add closed, all day, or periods such as 09:00-12:00`] }
      : parsePeriods(times)
  problems.push(...(periods.problems ?? []), ..._overlaps(periods.value ?? [], piece))
  return problems.length > 0 || !periods.value ? { problems } : { value: { from, to, periods: periods.value } }
}

const _MONTHS = 'January February March April May June July August September October November December'.split(' ')

const _dateProblem = (date: string, piece: Piece): string[] => {
  const [, year, month, day] = /^(?:(\d{4})-)?(\d{2})-(\d{2})$/.exec(date)?.map(Number) ?? []
  if (month === undefined || day === undefined) {
    return [`${quote(piece)}: "${date}" is no date; write 2026-12-25, or 12-25 for every year`]
  }
  if (month < 1 || month > 12)
    return [`${quote(piece)}: there is no month ${month}; write year, month, day, as in 2026-12-25`]
  const isYearly = year === undefined || Number.isNaN(year)
  // A leap year stands for every year: 02-29 is closed in the years that have it.
  const last = new Date(Date.UTC(isYearly ? 2024 : year, month, 0)).getUTCDate()
  if (day >= 1 && day <= last) return []
  const name = _MONTHS[month - 1]
  return [`${quote(piece)}: there is no ${day} ${name}; ${name}${isYearly ? '' : ` ${year}`} has ${last} days`]
}

const _overlaps = (periods: Period[], piece: Piece): string[] =>
  periods.flatMap((one, index) =>
    periods
      .slice(index + 1)
      .filter((other) => one.start < other.end && other.start < one.end)
      .map((other) => `${quote(piece)}: ${formatPeriod(one)} and ${formatPeriod(other)} overlap; join them or move one`)
  )

/** The date of a day counted from 1970-01-01. */
export const dateOf = (day: number): string => new Date(day * DAY_MINUTES * 60_000).toISOString().slice(0, 10)
