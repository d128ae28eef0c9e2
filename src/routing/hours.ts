/**
 * When a desk is open.
 *
 * The clock on the wall decides: a desk is open at an instant if the local time of that instant lies in one of its periods.
 * What that means when the clocks change:
 *
 * - The skipped hour does not exist. A period that starts within it starts when the clocks jump.
 * - The doubled hour counts twice. A period that ends at 02:30 ends twice if 02:30 comes twice, and is open again in between.
 *
 * A period belongs to the day it starts on; over midnight it runs into the next day, even when that day is closed.
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
  /** Dates that differ from the ordinary week. */
  dates: SpecialDates[]
}

const MINUTE_MS = 60_000
const DAY_MS = DAY_MINUTES * MINUTE_MS

/** A year and a bit: a desk that opens once a year is still found. */
const HORIZON_MS = 400 * DAY_MS

export const isOpen = (calendar: Calendar, instant: number): boolean =>
  _isOpenAtWall(calendar, wallTime(calendar.timeZone, instant))

/** The first instant, from `instant` on, at which the desk is open (`instant` itself, if it is). Undefined: not within a year and a bit. */
export const nextOpening = (calendar: Calendar, instant: number): number | undefined => _next(calendar, instant, true)

/** The first instant, from `instant` on, at which the desk is closed (`instant` itself, if it is). Undefined: not within a year and a bit. */
export const nextClosing = (calendar: Calendar, instant: number): number | undefined => _next(calendar, instant, false)

/** Whether the desk is open can only change where a span of steady clocks begins and where a period starts or ends. */
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

/** Starts and ends of the periods that touch a stretch of local time, in order. */
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

/** `Monday 09:00 Europe/Paris`; with the date when the day's name alone could be misread. */
export const describeTime = (instant: number, timeZone: string, now: number): string => {
  const wall = wallTime(timeZone, instant)
  const day = Math.floor(wall / DAY_MS)
  const name = DAY_NAMES[_weekday(day)] ?? ''
  const time = new Date(wall).toISOString().slice(11, 16)
  const isNear = day - Math.floor(wallTime(timeZone, now) / DAY_MS) < 7
  return `${name}${isNear ? '' : ` ${dateOf(day)}`} ${time} ${timeZone}`
}
