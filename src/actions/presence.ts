import type { Call } from '../botpress/call'
import { connectDesk } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { instanceCache } from '../botpress/memory'
import { within } from '../botpress/retry'
import type { Routing } from '../routing/routing'

/** A start waits this long for the answer of a desk. */
const PATIENCE_MS = 1_500

/** Who is online changes slowly, and each look costs calls. */
const _seen = instanceCache<{ isOnline: boolean | undefined }>('presence', { lifetimeMs: 60_000, size: 500 })

/**
 * Whether an agent is online, for the desks that take handoffs only then. Cached for a minute. A desk that can't tell,
 * or not in time, is left out: that is no obstacle. Undefined: no desk asks for it.
 */
export const readPresence = async (
  call: Call,
  { desks }: Routing
): Promise<Record<string, boolean | undefined> | undefined> => {
  const asking = desks.filter(({ onlyOnline, enabled, notReady }) => onlyOnline && enabled && notReady === undefined)
  if (asking.length === 0) return undefined
  return Object.fromEntries(
    await Promise.all(asking.map(async ({ provider }) => [provider, await _isOnline(call, provider)] as const))
  )
}

const _isOnline = async (call: Call, provider: string): Promise<boolean | undefined> => {
  const key = `${call.installation}/${provider}`
  const seen = _seen(call).get(key)
  if (seen) return seen.isOnline
  const { agentsAvailable } = connectDesk(call, provider)?.driver ?? {}
  let isOnline: boolean | undefined
  try {
    isOnline = agentsAvailable && (await within(call, PATIENCE_MS, agentsAvailable()))
  } catch (error) {
    // Remembered, too: a desk that can't tell is asked once a minute.
    call.log.warn('Could not read whether agents are online: that is no obstacle', {
      desk: provider,
      error: describeError(error),
    })
  }
  _seen(call).set(key, { isOnline })
  return isOnline
}
