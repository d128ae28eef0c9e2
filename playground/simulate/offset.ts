/** Moments that were given with an offset from UTC. */
import { DAY_NAMES } from '../../src/routing/week-hours'

/** The offset at the end of an ISO 8601 time, in milliseconds. Undefined: it has none. */
export const offsetIn = (at: string): number | undefined => {
  const match = /(?:(Z)|([+-])(\d{2})(?::?(\d{2}))?)$/i.exec(at.trim().replace(/^\d{4}-\d{2}-\d{2}/, ''))
  if (!match) return undefined
  const [, zulu, sign, hours, minutes] = match
  if (zulu) return 0
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0)) * 60_000
}

/** `Monday 2026-12-21 04:00 UTC-05:00` */
export const describeOffsetMoment = (instant: number, offset: number): string => {
  const wall = new Date(instant + offset)
  const day = DAY_NAMES[(wall.getUTCDay() + 6) % 7] ?? ''
  const shown = wall.toISOString()
  const clock = new Date(Math.abs(offset)).toISOString().slice(11, 16)
  return `${day} ${shown.slice(0, 10)} ${shown.slice(11, 16)} UTC${offset === 0 ? '' : `${offset < 0 ? '-' : '+'}${clock}`}`
}
