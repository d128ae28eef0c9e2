import { isProviderError, isTransient } from '../../providers/errors'
import { connectDesk, type Call, type Desk } from '../call'
import { endSession } from '../ending'
import { describeError } from '../errors'
import { flushOutbox } from '../outbox'
import { meaningOf, phaseOf } from '../session-life'
import { getSession, writeTags, type Session } from '../sessions'
import { atDesk, tellOfUndelivered, tellOfUnread } from '../undelivered'

/** Botpress gives an action 60 s; the customer waits for the closing text meanwhile. */
const PATIENCE_MS = 30_000
const PAUSE_MS = 1_000
const FLUSH_PATIENCE_MS = 22_000

/**
 * The bot ends a session: its ticket is solved at the desk that the tag names. Never throws for a failure of a desk: the plugin would leave the customer without a closing text and the flow without
 * its continuation. Ending what has ended, or what never was, is a success.
 */
export const stopHitl = async (call: Call, conversationId: string): Promise<Record<string, never>> => {
  const at = call.environment.now()
  const until = at + PATIENCE_MS
  try {
    const session = await _persistently(call, until, () => getSession(call, conversationId))
    const meaning = meaningOf('stop', phaseOf(session, at))
    if (!session || meaning === 'nothing') return {}
    const desk = connectDesk(call, session.provider)
    // Whoever asks again may have died before the ticket was solved.
    const isOurs = meaning === 'end' || session.closedBy === 'bot'
    const [ended, solved] = await Promise.allSettled([
      _persistently(call, until, () => _end(call, session, desk, at, until)),
      isOurs ? _persistently(call, until, () => _solve(call, session, desk)) : undefined,
    ])
    // Until the tag is gone, whoever comes by tries again.
    if (solved.status === 'rejected') throw solved.reason
    if (ended.status === 'rejected') throw ended.reason
    if (isOurs) await _persistently(call, until, () => writeTags(call, conversationId, { unsolved: '' }))
  } catch (error) {
    call.log.error('A session was ended, but its ticket could not be solved: an agent has to', {
      conversationId,
      error: describeError(error),
    })
  }
  return {}
}

const _end = async (call: Call, session: Session, desk: Desk | undefined, at: number, until: number): Promise<void> => {
  const patienceMs = Math.max(0, until - call.environment.now())
  const ending = await endSession(call, session, { by: 'bot', at, patienceMs })
  // Only now: whoever had a message for the customer has either been seen by then or sees the end.
  if (!desk) return
  const ended = { ...ending.session, ticket: session.ticket }
  if (ending.unshownSince !== undefined) await tellOfUndelivered(call, desk, ended, ending.unshownSince)
  await tellOfUnread(call, desk, ended)
}

const _solve = async (call: Call, session: Session, desk: Desk | undefined): Promise<void> => {
  if (!session.ticket || !desk) {
    call.log.warn('A session ended whose ticket cannot be solved', {
      conversationId: session.conversationId,
      desk: session.provider,
    })
    return
  }
  // What the customer said goes in before: it would open the ticket again.
  await flushOutbox(call, session, desk, { patienceMs: FLUSH_PATIENCE_MS })
  const { ticket } = session
  await atDesk(call, ticket, async () => {
    await desk.driver.closeTicket(ticket)
    await desk.driver.reflect?.(ticket, { type: 'closed', by: 'bot' })
  })
}

/** Nobody asks for an end a second time: a failure that may pass is waited out. */
const _persistently = async <T>(call: Call, until: number, work: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const wait = Math.max(PAUSE_MS, (isProviderError(error) && error.retryAfterMs) || 0)
      const isFinal = isProviderError(error) && !isTransient(error)
      if (isFinal || call.environment.now() + wait > until) throw error
      await call.environment.sleep(wait)
    }
  }
}
