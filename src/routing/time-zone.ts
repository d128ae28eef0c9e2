/**
 * Local time, from the offsets that @date-fns/tz reads out of the runtime's own IANA data. Everything here rests on one fact:
 * between two changes of the clocks, local time is UTC plus a constant.
 */
import { tzOffset } from '@date-fns/tz/tzOffset'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** What has to be added to an instant to read it off the clock on the wall, in milliseconds. */
export const offsetAt = (timeZone: string, instant: number): number => tzOffset(timeZone, new Date(instant)) * MINUTE_MS

/** Local time as if it were UTC: good for arithmetic on days and minutes, not an instant. */
export const wallTime = (timeZone: string, instant: number): number => instant + offsetAt(timeZone, instant)

/** A stretch of time in which the clocks do not change: from `start` up to, not including, `end`. */
export interface SteadySpan {
  start: number
  end: number
  offset: number
}

/**
 * Cuts a stretch of time into steady spans of a day at most, in order. They touch: one that begins with another offset begins at
 * the very millisecond at which the clocks jump. (No zone changes its clocks twice within a day.)
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

/** The first millisecond with another offset than `before`, which holds at `start` and no longer at `end`. */
const _changeBetween = (timeZone: string, start: number, end: number, before: number): number => {
  let [steady, changed] = [start, end]
  while (changed - steady > 1) {
    const middle = Math.floor((steady + changed) / 2)
    if (offsetAt(timeZone, middle) === before) steady = middle
    else changed = middle
  }
  return changed
}

/** What is wrong with a time zone's name, with the name that was probably meant. */
export const timeZoneProblem = (timeZone: string): string | undefined => {
  if (/^[+-]|^(utc|gmt)[+-]\d/i.test(timeZone)) {
    return `"${timeZone}" is an offset, wrong for half the year where clocks change; name a place, such as Europe/Paris`
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone }).format(0)
    return undefined
  } catch {
    const meant = _similarZone(timeZone)
    return `"${timeZone}" is no time zone; write ${meant ? `${meant}` : 'a zone and a place, such as Europe/Paris'}`
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
