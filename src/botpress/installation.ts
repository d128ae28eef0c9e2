import type { z } from '@botpress/sdk'
import type { Call } from './call'
import { gone } from './errors'
import { instanceCache } from './memory'
import type { states } from '../definition/parts'

/** One versioned state per installation. The rotations in it are hints and may be stale. */
export type Installation = z.infer<(typeof states)['installation']['schema']>

const EMPTY: Installation = { version: 1, subscriptions: {} }

const _key = (call: Call) => ({
  type: 'integration' as const,
  id: call.context.integrationId,
  name: 'installation' as const,
})

export const readInstallation = async (call: Call): Promise<Installation> => {
  const answer = await gone(call.client.getState(_key(call)))
  return answer?.state.payload ?? { ...EMPTY }
}

/** Changes some fields. A concurrent change of other fields is kept. Throws what Botpress throws. */
export const patchInstallation = async (call: Call, change: Partial<Installation>): Promise<void> => {
  const patched = await gone(call.client.patchState({ ..._key(call), payload: change }))
  if (patched) return
  // This is the first write. Another instance may race to be first.
  await call.client.getOrSetState({ ..._key(call), payload: EMPTY })
  await call.client.patchState({ ..._key(call), payload: change })
}

const _subscriptions = instanceCache<Installation['subscriptions']>('subscriptions', {
  lifetimeMs: 5 * 60_000,
  size: 500,
})

/** What the drivers need to verify webhooks, as this instance last read it. May be stale. */
export const rememberedSubscriptions = (call: Call): Installation['subscriptions'] | undefined =>
  _subscriptions(call).get(call.installation)

/** What the drivers need to verify webhooks, as the last save stored it. Throws what Botpress throws. */
export const loadSubscriptions = async (call: Call): Promise<Installation['subscriptions']> => {
  const { subscriptions } = await readInstallation(call)
  _subscriptions(call).set(call.installation, subscriptions)
  return subscriptions
}

export const forgetSubscriptions = (call: Call): void => _subscriptions(call).delete(call.installation)
