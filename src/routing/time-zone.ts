/**
 * Local time, computed from the offsets that @date-fns/tz reads from the runtime's IANA data. Between two clock
 * changes, local time is UTC plus a constant.
 */
import { tzOffset } from '@date-fns/tz/tzOffset'
import { meantZones, similarZones } from './zone-names'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** The offset of local time from UTC at an instant, in milliseconds. */
export const offsetAt = (timeZone: string, instant: number): number => tzOffset(timeZone, new Date(instant)) * MINUTE_MS

/**
 * The instant at which a clock shows a local time, given as if it were UTC. Of a repeated hour it is the first; a time
 * that the clock skips is as much later as the clock jumps.
 */
export const instantOf = (timeZone: string, wall: number): number => {
  const offsets = [offsetAt(timeZone, wall - DAY_MS), offsetAt(timeZone, wall + DAY_MS)]
  const shown = offsets.map((offset) => wall - offset).filter((instant) => wallTime(timeZone, instant) === wall)
  return shown.length > 0 ? Math.min(...shown) : wall - (offsets[0] ?? 0)
}

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

/** `+01:00`, `UTC+1`, `Etc/GMT+2`: never right where clocks change, and `Etc/GMT+2` is two hours west. */
const _offset = /^(?:etc\/)?(?:[+-]\d|(?:utc|gmt|z)\s*[+-]\s*\d)/i
/** UTC by any of its names. */
const _utc = /^(?:etc\/)?(?:utc|uct|universal|zulu)$/i
/** Names that are fixed offsets in disguise, or stand for different zones in different places. */
const _disguised = /^(?:[a-z]{2,5}|(?:etc\/)?(?:gmt[+-]?0?|greenwich)|systemv\/.*|etc\/.*)$/i
/** Countries whose name is a zone, shorter than an abbreviation may be. */
const _countries = /^(?:cuba|egypt|eire|iran|japan|libya)$/i

/** The problem with a time zone name, with a suggestion where one is sure. Undefined for a valid name. */
export const timeZoneProblem = (timeZone: string): string | undefined => {
  const name = timeZone.trim()
  if (_utc.test(name)) return undefined
  if (_offset.test(name) && !/^(?:etc\/)?gmt[+-]0$/i.test(name)) {
    return `"${timeZone}" is an offset, which is wrong for part of the year where clocks change; write a zone such as Europe/Paris`
  }
  if (_disguised.test(name) && !_countries.test(name)) {
    const meant = meantZones(name.replace(/^etc\//i, '')) ?? similarZones(name)
    const isKnown = _isZone(name)
    const why = isKnown ? 'is an abbreviation, not a place with its clock changes' : "isn't a time zone"
    return `"${timeZone}" ${why}; write ${meant ?? 'an IANA name such as Europe/Paris'}`
  }
  if (_isZone(name)) return undefined
  return `"${timeZone}" isn't a time zone; write ${meantZones(name) ?? similarZones(name) ?? 'an IANA name such as Europe/Paris'}`
}

/** Whether the runtime knows the name. */
const _isZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format(0)
    return true
  } catch {
    return false
  }
}

/** A valid name in its usual spelling: `europe/paris` is Europe/Paris. */
export const canonicalZone = (name: string): string => {
  const wanted = name.trim().toLowerCase()
  return Intl.supportedValuesOf('timeZone').find((zone) => zone.toLowerCase() === wanted) ?? name.trim()
}
