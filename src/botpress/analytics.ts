import type { Call } from './call'
import type { events } from '../definition/bot-facing'
import type { z } from '@botpress/sdk'
import { describeError } from './errors'

type Events = typeof events

/**
 * Emits an analytics event for the bot. The event has no conversation, since the HITL plugin swallows events of a
 * conversation during a session. Never throws.
 */
export const emit = async <Name extends keyof Events>(
  call: Call,
  type: Name,
  payload: z.infer<Events[Name]['schema']>
): Promise<void> => {
  try {
    await call.client.createEvent({ type, payload } as never)
  } catch (error) {
    call.log.warn('Could not emit an event', { type, error: describeError(error) })
  }
}
