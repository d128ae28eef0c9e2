import type { Call } from '../botpress/call'
import type { Attempt } from './try-desks'
import { emit } from '../botpress/analytics'
import { describeError } from '../botpress/errors'
import { patchInstallation, readInstallation, type Installation } from '../botpress/installation'
import * as breaker from '../routing/breaker'
import type { Health } from '../routing/ranking'

/**
 * The health of each desk, from the state that all instances share. It is part of the installation: no further call.
 */
export const healthOfDesks = (call: Call, { health }: Installation): Record<string, Health> =>
  Object.fromEntries(
    Object.entries(health ?? {}).map(([desk, stored]) => [
      desk,
      breaker.healthOf(breaker.parseBreaker(stored), call.clock.now()),
    ])
  )

/** After a pause one handoff tries the desk again. The others leave it out meanwhile. */
export const beginProbe = async (call: Call, installation: Installation, desk: string): Promise<void> => {
  const stored = breaker.parseBreaker(installation.health?.[desk])
  if (stored) await _store(call, desk, () => breaker.beginProbe(stored, call.clock.now()))
}

/** Codes that concern the desk. The others concern one handoff only. */
const DESK_CODES = new Set(['unavailable', 'unauthorized', 'rate-limited'])

export const recordFailure = async (call: Call, attempt: Attempt): Promise<void> => {
  if (!DESK_CODES.has(attempt.code)) return
  await _store(call, attempt.provider, (before) => breaker.recordFailure(before, call.clock.now()))
}

/** Makes no call for a desk without recorded failures. */
export const recordSuccess = async (call: Call, installation: Installation, desk: string): Promise<void> => {
  if (installation.health?.[desk] === undefined) return
  await _store(call, desk, () => undefined)
}

/** Failures at the same moment may count as one: the breaker then opens one failure later. Never throws. */
const _store = async (
  call: Call,
  desk: string,
  change: (before: breaker.Breaker | undefined) => breaker.Breaker | undefined
): Promise<void> => {
  try {
    const { health = {} } = await readInstallation(call)
    const before = breaker.parseBreaker(health[desk])
    const after = change(before)
    const { [desk]: _changed, ...others } = health
    await patchInstallation(call, { health: after ? { ...others, [desk]: breaker.formatBreaker(after) } : others })
    const transition = breaker.breakerEvent(before, after)
    if (transition === 'went-down') {
      call.log.warn('A desk failed repeatedly and is left out for a while', { desk })
      await emit(call, 'deskDown', { desk, until: new Date(after?.openUntil ?? call.clock.now()).toISOString() })
    }
    if (transition === 'came-back') {
      call.log.info('A desk that was down has come back', { desk })
      await emit(call, 'deskUp', { desk })
    }
  } catch (error) {
    call.log.warn('Could not record the health of a desk', { desk, error: describeError(error) })
  }
}
