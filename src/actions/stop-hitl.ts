import { isProviderError, isTransient } from '../../providers/errors'
import type { Ticket } from '../../providers/provider'
import type { Call } from '../botpress/call'
import { connectDesk, type Desk } from '../botpress/desk'
import { endByBot } from '../session/ending'
import { describeError } from '../botpress/errors'
import { isUnfinished, noteFinished, solveTicket, tellAgents } from '../session/cleanup'
import { flushOutbox } from '../to-desk/outbox'
import { meaningOf, phaseOf } from '../session/life'
import { getSession, type Session } from '../session/session'

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
    // Said again: whoever heard it first may have died before he was done.
    if (session.stoppedAt !== undefined && !isUnfinished(session)) return {}
    const desk = connectDesk(call, session.provider)
    const { ticket } = session
    const [told, solved] = await Promise.allSettled([
      _persistently(call, until, () => _end(call, session, desk, at)),
      desk && ticket ? _persistently(call, until, () => _solve(call, { ...session, ticket }, desk)) : undefined,
    ])
    if (told.status === 'rejected') throw told.reason
    if (solved.status === 'rejected') throw solved.reason
    if (desk && ticket) await _persistently(call, until, () => noteFinished(call, { conversationId, isUnsolved: true }))
    else call.log.warn('A session ended whose ticket cannot be solved', { conversationId, desk: session.provider })
  } catch (error) {
    call.log.error(
      'A session was ended, but its ticket could not be solved or its agents not be told: the next event of the ticket does it, else an agent has to',
      { conversationId, error: describeError(error) }
    )
  }
  return {}
}

const _end = async (call: Call, session: Session, desk: Desk | undefined, at: number): Promise<void> => {
  const ended = session.stoppedAt === undefined ? await endByBot(call, session, at) : session
  // Only now: whoever had a message for the customer has either been seen by then or sees the end.
  if (desk) await tellAgents(call, desk, ended)
}

const _solve = async (call: Call, session: Session & { ticket: Ticket }, desk: Desk): Promise<void> => {
  // What the customer said goes in before: it would open the ticket again.
  await flushOutbox(call, session, desk, { patienceMs: FLUSH_PATIENCE_MS })
  if (session.closedBy !== 'agent') await solveTicket(call, desk, session.ticket)
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
