/** The reasons that keep a desk from taking a handoff. */
import { describeTime, isOpen, nextOpening } from './hours'
import { isSameLanguage, languageName, serves } from './language'
import type { Cause, Situation } from './ranking'
import type { Desk, Rule } from './routing'

export interface Obstacle {
  cause: Cause
  /** A phrase about the desk: `closed: opens Monday 09:00 Europe/Paris`. */
  reason: string
  opensAt?: number
}

/** Why a desk isn't considered at all, at any time. Returns only the first reason. */
export const notConsidered = (desk: Desk, { handoff }: Situation, rule: Rule | undefined): Obstacle | undefined => {
  const isRequested = handoff.provider === desk.provider
  if (!desk.enabled) return { cause: 'disabled', reason: 'switched off' }
  if (desk.notReady !== undefined) return { cause: 'not-ready', reason: `not ready: ${desk.notReady}` }
  if (isRequested) return undefined
  if (handoff.strict && handoff.provider)
    return { cause: 'not-asked-for', reason: 'the session allows only another desk' }
  if (rule && !rule.desks.includes(desk.provider)) return { cause: 'rule', reason: `${rule.name} names other desks` }
  if (!rule && desk.afterHoursOnly) return { cause: 'after-hours-only', reason: 'used only when nobody else is there' }
  return undefined
}

/**
 * Why a considered desk can't take the handoff now. `isNear`: its language is enough, even of another region than the
 * customer's.
 */
export const obstacles = (
  desk: Desk,
  situation: Situation,
  language: string | undefined,
  isNear: boolean
): Obstacle[] =>
  [
    _languageObstacle(desk, language, isNear),
    _hoursObstacle(desk, situation),
    _capacityObstacle(desk, situation),
    _presenceObstacle(desk, situation),
    healthObstacle(desk, situation),
  ].filter((obstacle) => obstacle !== undefined)

export const speaks = (desk: Desk, language: string, isNear = false): boolean =>
  desk.languages.length === 0 ||
  desk.languages.some((served) => (isNear ? isSameLanguage(served, language) : serves(served, language)))

const _languageObstacle = (desk: Desk, language: string | undefined, isNear: boolean): Obstacle | undefined =>
  language === undefined || speaks(desk, language, isNear)
    ? undefined
    : { cause: 'language', reason: `doesn't serve ${languageName(language)}` }

const _hoursObstacle = ({ calendar }: Desk, { instant }: Situation): Obstacle | undefined => {
  if (!calendar || isOpen(calendar, instant)) return undefined
  const opensAt = nextOpening(calendar, instant)
  if (opensAt === undefined) return { cause: 'hours', reason: "closed: doesn't open within a year" }
  return { cause: 'hours', reason: `closed: opens ${describeTime(opensAt, calendar.timeZone, instant)}`, opensAt }
}

/** A desk with an unknown load isn't full: exceeding the capacity is better than refusing a handoff. */
const _capacityObstacle = ({ provider, capacity }: Desk, { load }: Situation): Obstacle | undefined => {
  const open = load?.[provider]
  return capacity === undefined || open === undefined || open < capacity
    ? undefined
    : { cause: 'capacity', reason: `full: ${open} of ${capacity} sessions open` }
}

/** Where it isn't known who is online, somebody may be. */
const _presenceObstacle = ({ provider, onlyOnline }: Desk, { presence }: Situation): Obstacle | undefined =>
  onlyOnline && presence?.[provider] === false ? { cause: 'presence', reason: 'nobody is online there' } : undefined

/** Also checked for desks that aren't considered, since one of them may have to stand in. */
export const healthObstacle = ({ provider }: Desk, { health, instant }: Situation): Obstacle | undefined => {
  const state = health?.[provider]
  if (state?.state !== 'open') return undefined
  const seconds = state.until === undefined ? undefined : Math.max(0, Math.ceil((state.until - instant) / 1000))
  const retry = seconds === undefined ? '' : `: next attempt in ${seconds} s`
  return { cause: 'health', reason: `down after repeated failures${retry}` }
}
