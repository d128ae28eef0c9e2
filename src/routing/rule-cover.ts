/** Finds rules that can never apply, since an earlier one takes all of their handoffs. */
import type { Calendar } from './hours'
import { primaryLanguage, serves } from './language'
import type { Rule } from './routing'

/** Whether every handoff that fits `rule` fits the conditions of `earlier` as well. */
export const covers = (earlier: Rule, rule: Rule): boolean =>
  _holds(earlier.languages, rule.languages, _includes) &&
  _holds(earlier.priorities, rule.priorities, (one, other) => one === other) &&
  _holds(earlier.tags, rule.tags, (one, other) => one.toLowerCase() === other.toLowerCase()) &&
  _isOpenThroughout(earlier.calendar, rule.calendar)

/** `fr` includes `fr-CA`, but `fr-CA` not all of `fr`. */
const _includes = (earlier: string, own: string): boolean =>
  earlier === own || (serves(earlier, own) && (earlier === primaryLanguage(earlier) || /-\d{3}$/.test(earlier)))

const _holds = <Value>(
  earlier: readonly Value[] | undefined,
  own: readonly Value[] | undefined,
  includes: (earlier: Value, own: Value) => boolean
): boolean =>
  earlier === undefined ||
  ((own ?? []).length > 0 && (own ?? []).every((value) => earlier.some((one) => includes(one, value))))

const _isOpenThroughout = (earlier: Calendar | undefined, own: Calendar | undefined): boolean => {
  if (earlier === undefined) return true
  const isAlways =
    earlier.dates.length === 0 && earlier.week.every((day) => day.some(({ start, end }) => start === 0 && end >= 1440))
  if (isAlways) return true
  if (own === undefined) return false
  if (JSON.stringify(earlier) === JSON.stringify(own)) return true
  if (earlier.timeZone !== own.timeZone || earlier.dates.length > 0 || own.dates.length > 0) return false
  return own.week.every((periods, day) =>
    periods.every(({ start, end }) => (earlier.week[day] ?? []).some((wide) => wide.start <= start && end <= wide.end))
  )
}
