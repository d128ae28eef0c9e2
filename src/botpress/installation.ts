import type { z } from '@botpress/sdk'
import type { Call } from './call'
import { gone } from './errors'
import { instanceCache } from './memory'
import type { states } from '../definition/parts'

/** What is kept per installation, in one versioned state. Turns of rotations are where to look first, never the truth. */
export type Installation = z.infer<(typeof states)['installation']['schema']>

const EMPTY: Installation = { version: 1, subscriptions: {} }

const _key = (call: Call) => ({
  type: 'integration' as const,
  id: call.context.integrationId,
  name: 'installation' as const,
})

export const readInstallation = async (call: Call): Promise<Installation> => {
  const answer = await gone(call.client.getState(_key(call)))
  return answer?.state.payload ?? EMPTY
}

/** Changes some fields and leaves the others to whoever writes them at the same time. */
export const patchInstallation = async (call: Call, change: Partial<Installation>): Promise<void> => {
  const patched = await gone(call.client.patchState({ ..._key(call), payload: change }))
  if (patched) return
  // The first of all to write; somebody else may be it at the same moment.
  await call.client.getOrSetState({ ..._key(call), payload: EMPTY })
  await call.client.patchState({ ..._key(call), payload: change })
}

const _subscriptions = instanceCache<Installation['subscriptions']>('subscriptions', {
  lifetimeMs: 5 * 60_000,
  size: 500,
})

/** What the drivers need to verify webhooks, as this instance last read it: it may be out of date. */
export const rememberedSubscriptions = (call: Call): Installation['subscriptions'] | undefined =>
  _subscriptions(call).get(call.installation)

/** The same as the last save stored it. Throws as Botpress does. */
export const loadSubscriptions = async (call: Call): Promise<Installation['subscriptions']> => {
  const { subscriptions } = await readInstallation(call)
  _subscriptions(call).set(call.installation, subscriptions)
  return subscriptions
}

export const forgetSubscriptions = (call: Call): void => _subscriptions(call).delete(call.installation)
