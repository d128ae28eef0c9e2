/**
 * A circuit breaker per desk, as a value: nothing while the desk is well, a few numbers while it fails.
 *
 *     closed --N failures in a row--> open --pause over--> half-open --probe fails--> open, for longer
 *                                                              `------probe succeeds--> closed
 */
import type { Health } from './ranking'

export interface Breaker {
  /** In a row. */
  failures: number
  /** While open: when it may be tried again. */
  openUntil?: number
  /** While a probe is under way: until when nobody else tries. */
  probeUntil?: number
}

export interface BreakerSettings {
  /** So many failures in a row open it. */
  threshold: number
  /** The first pause; each failed probe doubles it. */
  pauseMs: number
  longestPauseMs: number
  /** A probe whose outcome never comes is forgotten after this. */
  probeMs: number
}

/** A start of a session may take 25 s: a probe is given a little more. */
export const BREAKER_SETTINGS: BreakerSettings = {
  threshold: 3,
  pauseMs: 30_000,
  longestPauseMs: 600_000,
  probeMs: 30_000,
}

/** Undefined: nothing to remember, which is the normal case. */
export const healthOf = (breaker: Breaker | undefined, instant: number): Health => {
  if (breaker?.openUntil === undefined) return { state: 'closed' }
  const until = Math.max(breaker.openUntil, breaker.probeUntil ?? 0)
  return instant < until ? { state: 'open', until } : { state: 'half-open' }
}

/** The one who gets this stored first tries a half-open desk; to the others it stays open meanwhile. */
export const beginProbe = (breaker: Breaker, instant: number, settings = BREAKER_SETTINGS): Breaker => ({
  ...breaker,
  probeUntil: instant + settings.probeMs,
})

export const recordFailure = (breaker: Breaker | undefined, instant: number, settings = BREAKER_SETTINGS): Breaker => {
  // A failure of a call that was under way when the breaker opened says nothing new.
  if (breaker?.openUntil !== undefined && instant < breaker.openUntil) return breaker
  const failures = (breaker?.failures ?? 0) + 1
  if (failures < settings.threshold) return { failures }
  const pause = Math.min(settings.pauseMs * 2 ** Math.min(failures - settings.threshold, 30), settings.longestPauseMs)
  return { failures, openUntil: instant + pause }
}

/** A success leaves nothing to remember. */
export const recordSuccess = (): undefined => undefined

/** What a change means to those who watch: `went-down`, `came-back`, or nothing new. */
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

/** Undefined for what is not a breaker: a desk is held to be well until it proves otherwise. */
export const parseBreaker = (text: string | undefined): Breaker | undefined => {
  const [, failures, openUntil, probeUntil] = /^(\d+) (-|\d+)(?: (\d+))?$/.exec(text ?? '') ?? []
  if (failures === undefined) return undefined
  return {
    failures: Number(failures),
    ...(openUntil !== '-' && { openUntil: Number(openUntil) }),
    ...(probeUntil !== undefined && { probeUntil: Number(probeUntil) }),
  }
}
