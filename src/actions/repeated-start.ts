import type { Call } from '../botpress/call'
import { describeError } from '../botpress/errors'
import { ACTIVATION_MS, HANDLING_MS } from '../botpress/timing'
import { writeTags, type Session } from '../session/session'

/** A repeated start that returns within this time still leaves the plugin enough time to listen. */
const SPARE_MS = ACTIVATION_MS - HANDLING_MS

/**
 * Returns the conversation of a start that has already succeeded. The plugin may have missed the first answer. It then
 * listens only after this one, so its time to listen starts again, and an end that it may have missed is sent again.
 */
export const repeatedStart = async (call: Call, session: Session): Promise<{ conversationId: string }> => {
  const { conversationId } = session
  const now = call.environment.now()
  try {
    if (session.status === 'open' && (session.openedAt ?? 0) + SPARE_MS < now) {
      await writeTags(call, conversationId, { openedAt: new Date(now).toISOString() })
    }
    if (session.status === 'closed' && session.botEndedAt === undefined && (session.endedAt ?? 0) < now + HANDLING_MS) {
      const schedule = { delay: ACTIVATION_MS }
      await call.client.createEvent({ type: 'hitlStopped', payload: { conversationId }, schedule })
    }
  } catch (error) {
    // The session exists and works without this.
    call.log.warn('Could not prepare a repeated start', { conversationId, error: describeError(error) })
  }
  return { conversationId }
}
