import { cut, quote, type Parsed, type Piece } from './parsed'

/**
 * Part of a day, in minutes of local time. `start` is inclusive, `end` exclusive.
 * A period belongs to the day on which it starts. Past midnight, `end` exceeds 24:00 (`22:00-02:00` is 1320 to 1560).
 */
export interface Period {
  start: number
  end: number
}

export const DAY_MINUTES = 24 * 60
export const WHOLE_DAY: Period = { start: 0, end: DAY_MINUTES }

/** Longer periods past midnight are taken for swapped times: `13:30-12:30` doesn't mean 23 hours. */
const LONGEST_OVER_MIDNIGHT = 16 * 60

const _wholeDay = /^(all day|24 ?h(ours)?)$/i
const _closed = /^closed$/i
const _period = /^(\d{1,2}):(\d{2})\s*(?:-|–|—|to)\s*(\d{1,2}):(\d{2})$/i

/** Reads `09:00-12:30, 13:30-17:00`, `22:00-02:00`, `all day` or `closed`. */
export const parsePeriods = (piece: Piece): Parsed<Period[]> => {
  if (_closed.test(piece.text)) return { value: [] }
  if (_wholeDay.test(piece.text)) return { value: [WHOLE_DAY] }
  const periods: Period[] = []
  const problems: string[] = []
  for (const part of cut(piece, /,/)) {
    const period = _parsePeriod(part)
    if (period.problems) problems.push(...period.problems)
    else periods.push(period.value)
  }
  return problems.length > 0 ? { problems } : { value: periods }
}

const _parsePeriod = (piece: Piece): Parsed<Period> => {
  const match = _period.exec(piece.text)
  if (!match) return { problems: [`${quote(piece)} isn't a period: ${_hint(piece.text)}`] }
  const [, startHour, startMinute, endHour, endMinute] = match.map(Number) as [number, number, number, number, number]
  for (const [hour, minute] of [
    [startHour, startMinute],
    [endHour, endMinute],
  ] as const) {
    if (hour > 24 || minute > 59 || (hour === 24 && minute > 0)) {
      return {
        problems: [`${quote(piece)}: ${clock(hour * 60 + minute, minute)} isn't a time of day; write 00:00 to 24:00`],
      }
    }
  }
  return _checkOrder(piece, startHour * 60 + startMinute, endHour * 60 + endMinute)
}

const _checkOrder = (piece: Piece, start: number, end: number): Parsed<Period> => {
  if (start === DAY_MINUTES) {
    return { problems: [`${quote(piece)} starts at 24:00; write 00:00 on the next day`] }
  }
  if (start === end) {
    return { problems: [`${quote(piece)} starts and ends at the same time; for the whole day write 00:00-24:00`] }
  }
  if (end > start) return { value: { start, end } }
  const length = end + DAY_MINUTES - start
  if (length > LONGEST_OVER_MIDNIGHT) {
    return {
      problems: [
        `${quote(piece)} ends before it starts; write ${clock(end)}-${clock(start)}, or two periods split at midnight ` +
          `if it really lasts ${Math.floor(length / 60)} hours`,
      ],
    }
  }
  return { value: { start, end: end + DAY_MINUTES } }
}

const _hint = (text: string): string => {
  if (/[ap]\.?m/i.test(text)) return 'use the 24-hour clock, such as 09:00-17:00'
  if (/[a-z]{3}/i.test(text)) return 'put ";" before the next day, as in Mon 09:00-12:00; Tue 10:00-12:00'
  return 'write start and end, such as 09:00-17:00'
}

/** `09:00` for 540. Pass `minute` to format an invalid time (`10:75`). */
export const clock = (minutes: number, minute = minutes % 60): string =>
  `${String((minutes - minute) / 60).padStart(2, '0')}:${String(minute).padStart(2, '0')}`

export const formatPeriod = ({ start, end }: Period): string =>
  `${clock(start)}-${clock(end > DAY_MINUTES ? end - DAY_MINUTES : end)}`
