/** What keeps a desk from taking a handoff. */
import { describeTime, isOpen, nextOpening } from './hours'
import { languageName, serves } from './language'
import type { Cause, Situation } from './ranking'
import type { Desk, Rule } from './routing'

export interface Obstacle {
  cause: Cause
  /** Part of a sentence about the desk: `closed: opens Monday 09:00 Europe/Paris`. */
  reason: string
  opensAt?: number
}

/** Desks that are not considered at all, whatever the hour. Only the first reason counts. */
export const notConsidered = (desk: Desk, { handoff }: Situation, rule: Rule | undefined): Obstacle | undefined => {
  const isAskedFor = handoff.provider === desk.provider
  if (!desk.enabled) return { cause: 'disabled', reason: 'switched off' }
  if (isAskedFor) return undefined
  if (handoff.strict && handoff.provider)
    return { cause: 'not-asked-for', reason: 'the session asks for another desk only' }
  if (rule && !rule.desks.includes(desk.provider)) return { cause: 'rule', reason: `${rule.name} names other desks` }
  if (!rule && desk.afterHoursOnly) return { cause: 'after-hours-only', reason: 'kept for when nobody else is there' }
  return undefined
}

/** What keeps a considered desk from taking the handoff at this moment. */
export const obstacles = (desk: Desk, situation: Situation, language: string | undefined): Obstacle[] =>
  [
    _languageObstacle(desk, language),
    _hoursObstacle(desk, situation),
    _capacityObstacle(desk, situation),
    healthObstacle(desk, situation),
  ].filter((obstacle) => obstacle !== undefined)

export const speaks = (desk: Desk, language: string): boolean =>
  desk.languages.length === 0 || desk.languages.some((served) => serves(served, language))

const _languageObstacle = (desk: Desk, language: string | undefined): Obstacle | undefined =>
  language === undefined || speaks(desk, language)
    ? undefined
    : { cause: 'language', reason: `does not serve ${languageName(language)}` }

const _hoursObstacle = ({ calendar }: Desk, { instant }: Situation): Obstacle | undefined => {
  if (!calendar || isOpen(calendar, instant)) return undefined
  const opensAt = nextOpening(calendar, instant)
  if (opensAt === undefined) return { cause: 'hours', reason: 'closed: does not open within a year' }
  return { cause: 'hours', reason: `closed: opens ${describeTime(opensAt, calendar.timeZone, instant)}`, opensAt }
}

/** A desk whose load is unknown is not held to be full: a handoff too many is better than none. */
const _capacityObstacle = ({ provider, capacity }: Desk, { load }: Situation): Obstacle | undefined => {
  const open = load?.[provider]
  return capacity === undefined || open === undefined || open < capacity
    ? undefined
    : { cause: 'capacity', reason: `full: ${open} of ${capacity} sessions open` }
}

/** Known of every desk, considered or not: one that may have to stand in has to work. */
export const healthObstacle = ({ provider }: Desk, { health, instant }: Situation): Obstacle | undefined => {
  const state = health?.[provider]
  if (state?.state !== 'open') return undefined
  const seconds = state.until === undefined ? undefined : Math.max(0, Math.ceil((state.until - instant) / 1000))
  const again = seconds === undefined ? '' : `: is tried again in ${seconds} s`
  return { cause: 'health', reason: `down after repeated failures${again}` }
}
