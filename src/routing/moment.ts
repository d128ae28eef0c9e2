/** Moments as people give them: ISO 8601, with or without an offset. */
import { instantOf, offsetAt, wallTime } from './time-zone'
import { DAY_NAMES } from './week-hours'

const _iso =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?$/i

/** How to write a moment, for messages. */
export const MOMENT_ADVICE =
  'write it like 2026-12-24T09:00, in the time zone of Routing, or like 2026-12-24T09:00+01:00'

/**
 * Milliseconds since the epoch. Without an offset it is local time in `timeZone`. Undefined for anything else than ISO
 * 8601, and for days that don't exist.
 */
export const parseMoment = (text: string, timeZone = 'UTC'): number | undefined => {
  const match = _iso.exec(text.trim())
  if (!match) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0))
  const milliseconds = Math.floor(Number(`0.${match[7] ?? '0'}`) * 1_000)
  const wall = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds)
  const isReal = new Date(wall).toISOString().slice(0, 10) === text.trim().slice(0, 10)
  if (!isReal || hour > 23 || minute > 59 || second > 59) return undefined
  const offset = match[8]
  return offset === undefined ? instantOf(timeZone, wall) : wall - _offset(offset)
}

/** `+01:00` in milliseconds. */
const _offset = (text: string): number => {
  if (/^z$/i.test(text)) return 0
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(3).replace(':', '') || 0)]
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

/** `Wednesday 2026-12-23 16:30 Europe/Paris (UTC+01:00)` */
export const describeMoment = (instant: number, timeZone = 'UTC'): string => {
  const offset = timeZone === 'UTC' ? '' : ` (${_named(offsetAt(timeZone, instant))})`
  return `${_onTheClock(wallTime(timeZone, instant))} ${timeZone}${offset}`
}

/**
 * A moment in the offset in which `text` gives it: `Monday 2026-12-21 04:00 UTC-05:00`. Undefined: that is the zone's
 * own, or none is given.
 */
export const describeAsGiven = (text: string, instant: number, timeZone = 'UTC'): string | undefined => {
  const given = _iso.exec(text.trim())?.[8]
  const offset = given === undefined ? undefined : _offset(given)
  if (offset === undefined || offset === offsetAt(timeZone, instant)) return undefined
  return `${_onTheClock(instant + offset)} ${_named(offset)}`
}

/** `wall`: what a clock shows, as if it were UTC. */
const _onTheClock = (wall: number): string => {
  const shown = new Date(wall).toISOString()
  const name = DAY_NAMES[(new Date(wall).getUTCDay() + 6) % 7] ?? ''
  return `${name} ${shown.slice(0, 10)} ${shown.slice(11, 16)}`
}

/** `UTC+01:00` */
const _named = (offset: number): string => {
  const minutes = Math.round(offset / 60_000)
  const clock = new Date(Math.abs(minutes) * 60_000).toISOString().slice(11, 16)
  return minutes === 0 ? 'UTC' : `UTC${minutes < 0 ? '-' : '+'}${clock}`
}
