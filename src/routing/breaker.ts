/**
 * A circuit breaker per desk, as a plain value. Undefined while the desk is healthy.
 *
 *     closed --N failures in a row--> open --pause over--> half-open --probe fails--> open, for longer
 *                                                              `------probe succeeds--> closed
 */
import type { Health } from './ranking'

export interface Breaker {
  /** Consecutive failures. */
  failures: number
  /** While open: the time of the next attempt. */
  openUntil?: number
  /** While a probe is in flight: other handoffs skip the desk until this time. */
  probeUntil?: number
}

export interface BreakerSettings {
  /** Number of consecutive failures that open the breaker. */
  threshold: number
  /** First pause. Each failed probe doubles it. */
  pauseMs: number
  longestPauseMs: number
  /** Time-out of a probe without an outcome. */
  probeMs: number
}

/** Opening a session may take 25 s, so a probe gets slightly more. */
export const BREAKER_SETTINGS: BreakerSettings = {
  threshold: 3,
  pauseMs: 30_000,
  longestPauseMs: 600_000,
  probeMs: 30_000,
}

/** The health of a desk. An undefined breaker is closed. */
export const healthOf = (breaker: Breaker | undefined, instant: number): Health => {
  if (breaker?.openUntil === undefined) return { state: 'closed' }
  const until = Math.max(breaker.openUntil, breaker.probeUntil ?? 0)
  return instant < until ? { state: 'open', until } : { state: 'half-open' }
}

/** Claims the probe of a half-open desk: the first caller to store this value tries the desk, others see it open. */
export const beginProbe = (breaker: Breaker, instant: number, settings = BREAKER_SETTINGS): Breaker => ({
  ...breaker,
  probeUntil: instant + settings.probeMs,
})

export const recordFailure = (breaker: Breaker | undefined, instant: number, settings = BREAKER_SETTINGS): Breaker => {
  // A call that was in flight when the breaker opened must not extend the pause.
  if (breaker?.openUntil !== undefined && instant < breaker.openUntil) return breaker
  const failures = (breaker?.failures ?? 0) + 1
  if (failures < settings.threshold) return { failures }
  const pause = Math.min(settings.pauseMs * 2 ** Math.min(failures - settings.threshold, 30), settings.longestPauseMs)
  return { failures, openUntil: instant + pause }
}

/** A success resets the breaker. */
export const recordSuccess = (): undefined => undefined

/** The event to report for a change of the breaker, if any. */
export const breakerEvent = (
  before: Breaker | undefined,
  now: Breaker | undefined
): 'went-down' | 'came-back' | undefined => {
  const [wasDown, isDown] = [before?.openUntil !== undefined, now?.openUntil !== undefined]
  if (wasDown === isDown) return undefined
  return isDown ? 'went-down' : 'came-back'
}

/** `4 1767225600000 1767225630000`: failures, open until, probe until. */
export const formatBreaker = ({ failures, openUntil, probeUntil }: Breaker): string =>
  [failures, openUntil ?? '-', ...(probeUntil === undefined ? [] : [probeUntil])].join(' ')

/** Parses `formatBreaker`'s text. Undefined for any other text: the desk then counts as healthy. */
export const parseBreaker = (text: string | undefined): Breaker | undefined => {
  const [, failures, openUntil, probeUntil] = /^(\d+) (-|\d+)(?: (\d+))?$/.exec(text ?? '') ?? []
  if (failures === undefined) return undefined
  return {
    failures: Number(failures),
    ...(openUntil !== '-' && { openUntil: Number(openUntil) }),
    ...(probeUntil !== undefined && { probeUntil: Number(probeUntil) }),
  }
}
