import type { Call } from '../botpress/call'
import { describeError } from '../botpress/errors'
import { getSession, writeTags, type Session } from '../session/session'
import { ACTIVATION_MS, HANDLING_MS } from '../botpress/timing'

/** So much of the time that the plugin is given to listen may have passed before a repetition is answered. */
const SPARE_MS = ACTIVATION_MS - HANDLING_MS

/**
 * The answer to a start that has been made already: its conversation. The plugin may not have heard of the first answer, so it begins to listen only after this one: what is for the bot waits for that anew, and an end that it
 * cannot have heard is said again.
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
    // The session is there: its desk goes on with it.
    call.log.warn('Could not prepare a repeated start', { conversationId, error: describeError(error) })
  }
  return { conversationId }
}

/** The same for a start that has waited for another one of the same handoff. */
export const overlappingStart = async (call: Call, conversationId: string): Promise<{ conversationId: string }> => {
  const session = await getSession(call, conversationId)
  return session ? repeatedStart(call, session) : { conversationId }
}
