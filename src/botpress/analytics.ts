import type { Call } from './call'
import type { events } from '../definition/bot-facing'
import type { z } from '@botpress/sdk'
import { describeError } from './errors'

type Events = typeof events

/**
 * Tells the bot what the router did, for analytics. Without a conversation on the event: the HITL plugin swallows those during a session. Never in the way of what it reports.
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
