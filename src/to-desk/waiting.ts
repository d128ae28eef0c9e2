/** Messages that wait for their desk: how any instance learns of them, and what the log says. */
import { isProviderError, isTransient, type ErrorSubject } from '../../providers/errors'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { instanceCache } from '../botpress/memory'
import { writeTags, type Session } from '../session/session'
import type { Problem } from './posting'

/** The session's `waiting` tag, by which an event at any instance learns that messages wait. */
export const createWaitingTag = (call: Call, { conversationId, isWaiting = false }: Session) => {
  let written = isWaiting
  return {
    write: async (value: boolean): Promise<void> => {
      if (value === written) return
      try {
        await writeTags(call, conversationId, { waiting: value ? 'yes' : '' })
        written = value
      } catch (error) {
        call.log.warn('It could not be written down whether messages wait', {
          conversationId,
          error: describeError(error),
        })
      }
    },
  }
}

const ADVICE: Record<ErrorSubject, string> = {
  account: 'check the desk’s credentials and permissions, and save the configuration',
  agent: 'the person in whose name the desk is used was removed or may not write; name another one',
  contact: 'the desk takes no message of this customer: look at their profile there, it may be suspended',
  ticket: 'look at the ticket at the desk: it refuses changes',
  message: 'look at the desk: it refuses what it should take',
}

/** What has been reported of a session, by cause. */
const _reported = instanceCache<true>('waiting-reported', { lifetimeMs: 60 * 60_000, size: 5_000 })

/** What doesn't pass is for people to mend: reported once per session and cause, with what to do. */
export const reportWaiting = (
  call: Call,
  { desk, session }: { desk: Desk; session: Session },
  messages: number,
  { error }: Problem
): void => {
  if (isProviderError(error) && !isTransient(error)) {
    const { code, about, status } = error
    const key = `${call.installation}/${session.conversationId}/${code}/${about}/${status}`
    if (_reported(call).get(key)) return
    _reported(call).set(key, true)
    call.log.error(`Messages wait for their desk until someone mends this: ${ADVICE[about]}`, {
      desk: desk.provider.name,
      conversationId: session.conversationId,
      error: describeError(error),
    })
    return
  }
  call.log.warn('Messages wait for their desk until the next message or event of their session', {
    desk: desk.provider.name,
    conversationId: session.conversationId,
    messages,
    status: isProviderError(error) ? error.status : undefined,
    retryAfterMs: isProviderError(error) ? error.retryAfterMs : undefined,
    error: describeError(error),
  })
}
