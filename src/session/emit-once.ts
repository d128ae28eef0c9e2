import { isApiError } from '@botpress/client'
import type { Call } from '../botpress/call'
import { OutcomeUnknown, type Lease } from './lock'

/** An event that the bot must get once. The runtime has no key by which a second one would be recognised: whoever emits one holds a lane. */
export interface BotEvent {
  type: 'hitlAssigned' | 'hitlStopped'
  payload: Record<string, string>
}

/** A busy bot makes some events in the time that a start and a session's first minutes take; nobody looks for older ones. */
const MOST_PAGES = 10

/** When this event was emitted for this session (milliseconds since the epoch; scheduled or delivered), if it was. Throws as Botpress does. */
export const emittedAt = async (call: Call, event: BotEvent, since: number): Promise<number | undefined> => {
  let nextToken: string | undefined
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { events, meta } = await call.client.listEvents({ type: event.type, ...(nextToken ? { nextToken } : {}) })
    const found = events.find(({ payload }) => _isSame(payload, event.payload))
    if (found) return Date.parse(found.createdAt)
    nextToken = meta.nextToken
    const oldest = events.at(-1)
    if (!nextToken || !oldest || Date.parse(oldest.createdAt) < since) return undefined
  }
  return undefined
}

const _isSame = (payload: unknown, wanted: Record<string, string>): boolean =>
  Object.entries(wanted).every(([field, value]) => (payload as Record<string, unknown> | null)?.[field] === value)

/** Botpress has refused it: nothing has happened. Anything else may have. */
const _isRefused = (error: unknown): boolean => isApiError(error) && error.code >= 400 && error.code < 500

const TRIES = 2

/**
 * Emits an event for the bot, `delayMs` from now. Resolves to the moment at which the bot gets it: a slow call makes it later. An unknown outcome is settled by looking for it. Throws OutcomeUnknown when that was not possible, as Botpress does when nothing has happened.
 */
export const emitOnce = async (
  call: Call,
  lease: Lease,
  event: BotEvent,
  { delayMs, since }: { delayMs: number; since: number }
): Promise<number> => {
  for (let tries = 1; ; tries += 1) {
    lease.assertHeld()
    try {
      const schedule = delayMs > 0 ? { schedule: { delay: delayMs } } : {}
      const answer = await call.client.createEvent({ type: event.type, payload: event.payload, ...schedule } as never)
      return Date.parse(answer.event.createdAt) + delayMs
    } catch (error) {
      if (_isRefused(error)) throw error
      const at = await emittedAt(call, event, since).catch(() => {
        throw new OutcomeUnknown(`Whether ${event.type} was emitted is not known`)
      })
      if (at !== undefined) return at + delayMs
      if (tries === TRIES) throw error
    }
  }
}
