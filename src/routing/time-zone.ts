/**
 * Local time, computed from the offsets that @date-fns/tz reads from the runtime's IANA data. Between two clock
 * changes, local time is UTC plus a constant.
 */
import { tzOffset } from '@date-fns/tz/tzOffset'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** The offset of local time from UTC at an instant, in milliseconds. */
export const offsetAt = (timeZone: string, instant: number): number => tzOffset(timeZone, new Date(instant)) * MINUTE_MS

/** Local time as if it were UTC. For arithmetic on days and minutes; it isn't an instant. */
export const wallTime = (timeZone: string, instant: number): number => instant + offsetAt(timeZone, instant)

/** A span of time without a clock change. `start` is inclusive, `end` exclusive. */
export interface SteadySpan {
  start: number
  end: number
  offset: number
}

/**
 * Splits a range of time into adjacent steady spans of at most a day, in order. A new offset starts at the exact
 * millisecond of the clock change. (No zone changes its clocks twice within a day.)
 */
export function* steadySpans(timeZone: string, from: number, until: number): Generator<SteadySpan> {
  for (let start = from; start < until; start += DAY_MS) {
    const end = Math.min(start + DAY_MS, until)
    const [before, afterwards] = [offsetAt(timeZone, start), offsetAt(timeZone, end)]
    const change = before === afterwards ? end : _changeBetween(timeZone, start, end, before)
    yield { start, end: change, offset: before }
    if (change < end) yield { start: change, end, offset: afterwards }
  }
}

/**
 * The first millisecond with an offset other than `before`. The offset is `before` at `start`, and another one at
 * `end`.
 */
const _changeBetween = (timeZone: string, start: number, end: number, before: number): number => {
  let [steady, changed] = [start, end]
  while (changed - steady > 1) {
    const middle = Math.floor((steady + changed) / 2)
    if (offsetAt(timeZone, middle) === before) steady = middle
    else changed = middle
  }
  return changed
}

/** The problem with a time zone name, with a suggestion. Undefined for a valid name. */
export const timeZoneProblem = (timeZone: string): string | undefined => {
  if (/^[+-]|^(utc|gmt)[+-]\d/i.test(timeZone)) {
    return `"${timeZone}" is an offset, which is wrong for part of the year where clocks change; write a zone such as Europe/Paris`
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone }).format(0)
    return undefined
  } catch {
    return `"${timeZone}" isn't a time zone; write ${_similarZone(timeZone) ?? 'an IANA name such as Europe/Paris'}`
  }
}

const _similarZone = (text: string): string | undefined => {
  const wanted = _letters(text.split('/').at(-1) ?? '')
  if (wanted.length < 3) return undefined
  const zones = Intl.supportedValuesOf('timeZone')
  const city = (zone: string): string => _letters(zone.split('/').at(-1) ?? '')
  return zones.find((zone) => city(zone) === wanted) ?? zones.find((zone) => city(zone).startsWith(wanted.slice(0, 4)))
}

const _letters = (text: string): string => text.toLowerCase().replace(/[^a-z]/g, '')
