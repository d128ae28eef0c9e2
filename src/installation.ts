import type { Call } from './call'
import { gone } from './errors'
import type { Subscription } from '../providers/provider'

/** What is kept per installation, in one versioned state. */
export interface Installation {
  version: 1
  /** What each driver wants back for verifying webhooks. */
  subscriptions: Record<string, Subscription>
  /** The newest turn of each rotation that somebody wrote down: where to look first, never the truth. */
  tails?: Record<string, string>
  /** Circuit breaker of each desk that is not well, serialised. */
  health?: Record<string, string>
}

const EMPTY: Installation = { version: 1, subscriptions: {} }

const _key = (call: Call) => ({
  type: 'integration' as const,
  id: call.context.integrationId,
  name: 'installation' as const,
})

export const readInstallation = async (call: Call): Promise<Installation> => {
  const answer = await gone(call.client.getState(_key(call)))
  return answer ? (answer.state.payload as Installation) : EMPTY
}

/** Changes some fields and leaves the others to whoever writes them at the same time. */
export const patchInstallation = async (call: Call, change: Partial<Installation>): Promise<void> => {
  const patched = await gone(call.client.patchState({ ..._key(call), payload: change }))
  if (!patched) await call.client.setState({ ..._key(call), payload: { ...EMPTY, ...change } })
}
