import type { Call } from '../botpress/call'
import { isRefused } from '../botpress/errors'
import { retry } from '../botpress/retry'
import { LeaseLost, OutcomeUnknown, type Lease } from './lock'

/**
 * An event that the bot must receive once. The runtime can't recognise a duplicate, so emitting one requires the lock.
 */
export interface BotEvent {
  type: 'hitlAssigned' | 'hitlStopped'
  payload: Record<string, string>
}

/**
 * Enough for the events of a busy bot during a start and a session's first minutes. Older ones are never looked for.
 */
const MOST_PAGES = 10

/**
 * When this event was emitted for this session, in milliseconds since the epoch; undefined if it was not. It may be
 * scheduled or delivered. `since`: no older events are read. Throws as Botpress does.
 */
export const emittedAt = async (call: Call, event: BotEvent, since: number): Promise<number | undefined> => {
  let nextToken: string | undefined
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { events, meta } = await call.client.listEvents({ type: event.type, ...(nextToken ? { nextToken } : {}) })
    const found = events.find((other) => _isSame(other, event))
    if (found) return Date.parse(found.createdAt)
    nextToken = meta.nextToken
    const oldest = events.at(-1)
    if (!nextToken || !oldest || Date.parse(oldest.createdAt) < since) return undefined
  }
  return undefined
}

/** The type counts as well: the Cloud may not filter by it, and the payload of one event may contain another's. */
const _isSame = ({ type, payload }: { type: string; payload: unknown }, wanted: BotEvent): boolean => {
  // The bot sees the type after the integration's alias.
  if (type.slice(type.lastIndexOf(':') + 1) !== wanted.type) return false
  const fields = (payload ?? {}) as Record<string, unknown>
  return (
    Object.keys(fields).length === Object.keys(wanted.payload).length &&
    Object.entries(wanted.payload).every(([field, value]) => fields[field] === value)
  )
}

/**
 * Emits an event for the bot, `delayMs` from now. Resolves to the moment at which the bot receives it, in milliseconds
 * since the epoch. After an unknown outcome it looks for the event. Throws LeaseLost, OutcomeUnknown when looking
 * failed too, and as Botpress does when nothing has happened.
 */
export const emitOnce = (
  call: Call,
  lease: Lease,
  event: BotEvent,
  { delayMs, since }: { delayMs: number; since: number }
): Promise<number> => {
  const isRetried = (error: unknown): boolean =>
    !isRefused(error) && !(error instanceof OutcomeUnknown) && !(error instanceof LeaseLost)
  return retry(call, { tries: 2, pauseMs: 0, isRetried }, async () => {
    lease.assertHeld()
    try {
      const schedule = delayMs > 0 ? { schedule: { delay: delayMs } } : {}
      const answer = await call.client.createEvent({ type: event.type, payload: event.payload, ...schedule } as never)
      return Date.parse(answer.event.createdAt) + delayMs
    } catch (error) {
      if (isRefused(error)) throw error
      const at = await emittedAt(call, event, since).catch(() => {
        throw new OutcomeUnknown(`Whether ${event.type} was emitted is not known`)
      })
      if (at === undefined) throw error
      return at + delayMs
    }
  })
}
