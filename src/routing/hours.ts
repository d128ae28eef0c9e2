/**
 * Business hours. A desk is open at an instant if the local time of that instant lies in one of its periods. At clock
 * changes:
 *
 * - A period that starts within the skipped hour starts when the clocks jump.
 * - The repeated hour counts twice: a period that ends at 02:30 ends twice, and is open again in between.
 *
 * A period belongs to the day on which it starts. It may run into the next day, even if that day is closed.
 */
import { DAY_MINUTES, type Period } from './period'
import { dateOf, specialPeriods, type SpecialDates } from './special-dates'
import { steadySpans, wallTime } from './time-zone'
import { DAY_NAMES, type Week } from './week-hours'

export interface Calendar {
  /** IANA name, such as Europe/Paris. */
  timeZone: string
  /** Periods of each day of the week, Monday first. */
  week: Week
  /** Dates that differ from the weekly hours. */
  dates: SpecialDates[]
}

const MINUTE_MS = 60_000
const DAY_MS = DAY_MINUTES * MINUTE_MS

/** More than a year, to find a desk that opens once a year. */
const HORIZON_MS = 400 * DAY_MS

export const isOpen = (calendar: Calendar, instant: number): boolean =>
  _isOpenAtWall(calendar, wallTime(calendar.timeZone, instant))

/** The first open instant at or after `instant`. Undefined: none within 400 days. */
export const nextOpening = (calendar: Calendar, instant: number): number | undefined => _next(calendar, instant, true)

/** The first closed instant at or after `instant`. Undefined: none within 400 days. */
export const nextClosing = (calendar: Calendar, instant: number): number | undefined => _next(calendar, instant, false)

/** The state can only change at the start of a steady span and at the start or end of a period. */
const _next = (calendar: Calendar, instant: number, open: boolean): number | undefined => {
  for (const span of steadySpans(calendar.timeZone, instant, instant + HORIZON_MS)) {
    const [first, last] = [span.start + span.offset, span.end + span.offset]
    const edges = _edges(calendar, first, last).filter((wall) => wall > first && wall < last)
    const found = [first, ...edges].find((wall) => _isOpenAtWall(calendar, wall) === open)
    if (found !== undefined) return found - span.offset
  }
  return undefined
}

const _isOpenAtWall = (calendar: Calendar, wall: number): boolean => {
  const today = Math.floor(wall / DAY_MS)
  const minutes = (wall - today * DAY_MS) / MINUTE_MS
  const isWithin = (time: number) => (period: Period) => period.start <= time && time < period.end
  return (
    _periodsOn(calendar, today).some(isWithin(minutes)) ||
    _periodsOn(calendar, today - 1).some(isWithin(minutes + DAY_MINUTES))
  )
}

/** Starts and ends of the periods around a range of local time, sorted. */
const _edges = (calendar: Calendar, first: number, last: number): number[] => {
  const edges: number[] = []
  for (let day = Math.floor(first / DAY_MS) - 1; day * DAY_MS < last; day += 1) {
    for (const { start, end } of _periodsOn(calendar, day))
      edges.push(day * DAY_MS + start * MINUTE_MS, day * DAY_MS + end * MINUTE_MS)
  }
  return edges.toSorted((one, other) => one - other)
}

/** Day 0 is 1970-01-01, a Thursday. */
const _periodsOn = (calendar: Calendar, day: number): Period[] =>
  specialPeriods(calendar.dates, dateOf(day)) ?? calendar.week[_weekday(day)] ?? []

const _weekday = (day: number): number => (((day + 3) % 7) + 7) % 7

/** `Monday 09:00 Europe/Paris`. A week or more ahead it includes the date, since the weekday alone is ambiguous. */
export const describeTime = (instant: number, timeZone: string, now: number): string => {
  const wall = wallTime(timeZone, instant)
  const day = Math.floor(wall / DAY_MS)
  const name = DAY_NAMES[_weekday(day)] ?? ''
  const time = new Date(wall).toISOString().slice(11, 16)
  const isNear = day - Math.floor(wallTime(timeZone, now) / DAY_MS) < 7
  return `${name}${isNear ? '' : ` ${dateOf(day)}`} ${time} ${timeZone}`
}
