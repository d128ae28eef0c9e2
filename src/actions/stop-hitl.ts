import { connectDesk, type Call } from '../call'
import { endSession, EndingUnderWay } from '../ending'
import { describeError } from '../errors'
import { meaningOf } from '../session-life'
import { getSession, type Session } from '../sessions'
import { tellOfUndelivered } from '../undelivered'

/**
 * The bot ends a session: its ticket is solved at the desk that the tag names. Never throws for a failure of a desk: the plugin would leave the customer without a closing text and the flow without
 * its continuation. Ending what has ended, or what never was, is a success.
 */
export const stopHitl = async (call: Call, conversationId: string): Promise<Record<string, never>> => {
  try {
    const session = await getSession(call, conversationId)
    if (!session || meaningOf('stop', session.status) !== 'end') return {}
    const endedAt = call.environment.now()
    const [ended, solved] = await Promise.allSettled([endSession(call, session, 'bot'), _solve(call, session)])
    // Only now: whoever had a message for the customer has either been seen by then or sees the end.
    await _tell(call, session, endedAt)
    if (solved.status === 'rejected') throw solved.reason
    if (ended.status === 'rejected' && !(ended.reason instanceof EndingUnderWay)) throw ended.reason
  } catch (error) {
    call.log.error('A session was ended, but its ticket could not be solved: an agent has to', {
      conversationId,
      error: describeError(error),
    })
  }
  return {}
}

const _solve = async (call: Call, session: Session): Promise<void> => {
  const desk = connectDesk(call, session.provider)
  if (!session.ticket || !desk) {
    call.log.warn('A session ended whose ticket cannot be solved', {
      conversationId: session.conversationId,
      desk: session.provider,
    })
    return
  }
  await desk.driver.closeTicket(session.ticket)
  await desk.driver.reflect?.(session.ticket, { type: 'closed', by: 'bot' })
}

const _tell = async (call: Call, session: Session, endedAt: number): Promise<void> => {
  const desk = connectDesk(call, session.provider)
  if (desk) await tellOfUndelivered(call, desk, session, endedAt)
}
