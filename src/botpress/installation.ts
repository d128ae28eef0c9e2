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

export const readInstallation = async (call: Call): Promise<Installation> =>
  (await readStoredInstallation(call)) ?? { ...EMPTY }

/** The same. Undefined before the first save. */
export const readStoredInstallation = async (call: Call): Promise<Installation | undefined> =>
  (await gone(call.client.getState(_key(call))))?.state.payload

/** The first write, in one call. Another instance may be faster: then its fields are changed. */
export const createInstallation = async (call: Call, fields: Partial<Installation>): Promise<void> => {
  const payload = { ...EMPTY, ...fields }
  const { state } = await call.client.getOrSetState({ ..._key(call), payload })
  if (JSON.stringify(state.payload) !== JSON.stringify(payload)) await patchInstallation(call, fields)
}

/** What was read for this call. */
const _readings = new WeakMap<Call, Promise<Installation>>()

const _readFor = (call: Call): Promise<Installation> => {
  const reading = readInstallation(call)
  _readings.set(call, reading)
  // A failure isn't kept.
  reading.catch(() => _readings.delete(call))
  return reading
}

/** The installation, read once for a call from Botpress. Throws as Botpress does. */
export const installationOf = (call: Call): Promise<Installation> => _readings.get(call) ?? _readFor(call)

/** Changes some fields. A concurrent change of other fields is kept. Throws what Botpress throws. */
export const patchInstallation = async (call: Call, change: Partial<Installation>): Promise<void> => {
  const patched = await gone(call.client.patchState({ ..._key(call), payload: change }))
  if (patched) return
  // This is the first write. Another instance may race to be first.
  await call.client.getOrSetState({ ..._key(call), payload: EMPTY })
  await call.client.patchState({ ..._key(call), payload: change })
}

type Subscriptions = Installation['subscriptions']

/** What an instance knows about one installation's subscriptions. A save replaces it. */
interface Knowledge {
  subscriptions?: Subscriptions
  /** The webhook address that the last save was given. */
  webhookUrl?: string | undefined
  /** The reading under way: many requests at once need one. */
  reading?: Promise<Subscriptions>
  /** By desk: until when (milliseconds since the epoch) a request that what is stored can't verify costs no reading. */
  refusedUntil: Map<string, number>
}

const _knowledge = instanceCache<Knowledge>('subscriptions', { lifetimeMs: 5 * 60_000, size: 500 })

/**
 * How long a refused request stands for others. Meanwhile a save at another instance may not have reached this one: the
 * first request after this time finds it, and what a desk announced before that is in its ticket.
 */
const REFUSED_FOR_MS = 10_000

/**
 * Whether one of the desk's subscriptions verifies a request: the one that this instance remembers, or else the one
 * that the last save stored. Forged requests cost one call in `REFUSED_FOR_MS` and desk, not one each. Throws what
 * Botpress throws.
 */
export const isVerifiedBy = async (
  call: Call,
  desk: string,
  verify: (subscription: Subscriptions[string] | undefined, webhookUrl: string | undefined) => boolean
): Promise<boolean> => {
  const known = _knowledgeOf(call)
  if (known.subscriptions && verify(known.subscriptions[desk], known.webhookUrl)) return true
  if (call.environment.now() < (known.refusedUntil.get(desk) ?? 0)) return false
  // It may have been saved again since this instance read it.
  const stored = await _read(call, known)
  if (verify(stored[desk], known.webhookUrl)) return true
  known.refusedUntil.set(desk, call.environment.now() + REFUSED_FOR_MS)
  return false
}

/** What `subscribe` of a desk returned at the last save, read once per instance. Throws what Botpress throws. */
export const subscriptionOf = async (call: Call, desk: string): Promise<Subscriptions[string] | undefined> => {
  const known = _knowledgeOf(call)
  return (known.subscriptions ?? (await _read(call, known)))[desk]
}

/** After a save: what it stored is read again, and what was refused before doesn't count. */
export const forgetSubscriptions = (call: Call): void => _knowledge(call).delete(call.installation)

const _knowledgeOf = (call: Call): Knowledge => {
  const known = _knowledge(call).get(call.installation)
  if (known) return known
  const made: Knowledge = { refusedUntil: new Map() }
  _knowledge(call).set(call.installation, made)
  return made
}

const _read = async (call: Call, known: Knowledge): Promise<Subscriptions> => {
  known.reading ??= _readFor(call)
    .then(({ subscriptions, webhookUrl }) => {
      known.subscriptions = subscriptions
      known.webhookUrl = webhookUrl
      // What was read is as old as the reading. A save that came meanwhile has dropped it already.
      if (_knowledge(call).get(call.installation) === known) _knowledge(call).set(call.installation, known)
      return subscriptions
    })
    .finally(() => {
      delete known.reading
    })
  return known.reading
}
