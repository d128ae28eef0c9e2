import { isProviderError, isTransient } from '../../providers/errors'
import type { Call } from '../botpress/call'
import { connectDesk, type Desk } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { retry } from '../botpress/retry'
import { FLUSH_BUDGET_MS, STOP_BUDGET_MS } from '../botpress/timing'
import { isSolvedByRouter, needsCleanup, noteCleanedUp, solveTicket, tellAgents } from '../session/cleanup'
import { endByBot } from '../session/ending'
import { getSession, type Session } from '../session/session'
import { flushOutbox } from '../to-desk/outbox'

const PAUSE_MS = 1_000

/**
 * Ends a session for the bot and solves its ticket. Never throws when a desk or Botpress fails: the plugin would leave
 * the customer without a closing text and the bot's flow without its continuation. Ending a session that has ended or
 * never existed succeeds.
 */
export const stopHitl = async (call: Call, conversationId: string): Promise<Record<string, never>> => {
  const at = call.environment.now()
  // The plugin doesn't repeat a stop, so failures that may pass are retried here.
  const persistently = <T>(work: () => Promise<T>): Promise<T> =>
    retry(
      call,
      { until: at + STOP_BUDGET_MS, pauseMs: PAUSE_MS, isRetried: _mayPass, retryAfterMs: _retryAfterMs },
      work
    )
  try {
    const session = await persistently(() => getSession(call, conversationId))
    // A repeated stop finishes what an earlier one left when it died.
    if (!session || (session.botEndedAt !== undefined && !needsCleanup(session))) return {}
    const desk = connectDesk(call, session.provider)
    const [ended] = await Promise.all([
      persistently(() => _end(call, session, desk, at)),
      // The customer's last messages go in before the ticket is solved. Later they would reopen it.
      desk ? flushOutbox(call, session, desk, { patienceMs: FLUSH_BUDGET_MS }) : undefined,
    ])
    if (desk) await persistently(() => _cleanUp(call, ended, desk))
    else call.log.warn('A session ended, but its ticket cannot be solved', { conversationId, desk: session.provider })
  } catch (error) {
    call.log.error(
      'A session ended, but its cleanup failed: the ticket’s next event repeats it, or an agent has to solve the ticket',
      { conversationId, error: describeError(error) }
    )
  }
  return {}
}

const _mayPass = (error: unknown): boolean => !isProviderError(error) || isTransient(error)

const _retryAfterMs = (error: unknown): number | undefined => (isProviderError(error) ? error.retryAfterMs : undefined)

const _end = async (call: Call, session: Session, desk: Desk | undefined, at: number): Promise<Session> => {
  const ended = session.botEndedAt === undefined ? await endByBot(call, session, at) : session
  // The end is written down: an agent's message is either found here or its delivery sees the end.
  if (desk) await tellAgents(call, desk, ended)
  return ended
}

/** Reads the session again: meanwhile an agent may have ended it, or another caller may have cleaned up. */
const _cleanUp = async (call: Call, ended: Session, desk: Desk): Promise<void> => {
  const current = (await getSession(call, ended.conversationId)) ?? ended
  // An agent's end that takes effect earlier overtakes more of the agents' messages.
  if (current.endedAt !== ended.endedAt) await tellAgents(call, desk, current)
  if (current.isUnsolved && isSolvedByRouter(current)) await solveTicket(call, desk, current.ticket)
  await noteCleanedUp(call, current)
}
