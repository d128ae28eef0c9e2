import type { z } from '@botpress/sdk'
import type { Call } from './call'
import { gone } from './errors'
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
