import { isProviderError, isTransient } from '../../providers/errors'
import { savedAccount } from '../botpress/accounts'
import type { Call } from '../botpress/call'
import { connectDesk, type Desk, type Limits } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { retry, TooSlow, within } from '../botpress/retry'
import { FLUSH_BUDGET_MS, STOP_BUDGET_MS, STOP_WAIT_MS, VENDOR_TIMEOUT_MS } from '../botpress/timing'
import { isSolvedByRouter, needsCleanup, noteCleanedUp, solveTicket, tellAgents } from '../session/cleanup'
import { endByBot } from '../session/ending'
import { reportEnd } from '../session/metrics'
import type { MessagePage } from '../session/progress'
import { getSession, type Session } from '../session/session'
import { flushOutbox } from '../to-desk/outbox'
import { noteOwed } from '../to-desk/owed'

const PAUSE_MS = 1_000

/**
 * Ends a session for the bot and solves its ticket. Never throws when a desk or Botpress fails: the plugin would leave
 * the customer without a closing text and the bot's flow without its continuation. Ending a session that has ended or
 * never existed succeeds.
 *
 * The end is written down before the answer. The desk is waited for `STOP_WAIT_MS`: what it hasn't done by then is owed
 * (src/to-desk/owed.ts).
 */
export const stopHitl = async (call: Call, conversationId: string): Promise<Record<string, never>> => {
  const at = call.environment.now()
  try {
    const session = await _persistently(call, at, () => getSession(call, conversationId))
    // A repeated stop finishes what an earlier one left when it died.
    if (!session || (session.botEndedAt !== undefined && !needsCleanup(session))) return {}
    const limits: Limits = { deadline: at + STOP_BUDGET_MS, timeoutMs: VENDOR_TIMEOUT_MS, waitsForLimits: false }
    const desk = connectDesk(call, session.provider, limits)
    // Read beside the end: every call about the ticket needs it.
    savedAccount(call, session.provider).catch(() => undefined)
    // The customer's last messages go in before the ticket is solved. Later they would reopen it.
    const flushing = desk && flushOutbox(call, session, desk, { patienceMs: FLUSH_BUDGET_MS })
    const ended = await _persistently(call, at, () => _end(call, session, call.clock.at(at)))
    const report = _reporter(call, session, ended)
    if (!desk) {
      await report()
      call.log.warn('A session ended, but its ticket cannot be solved', { conversationId, desk: session.provider })
      return {}
    }
    const cleaning = _cleanUp(call, at, { ended, desk, flushing, report }).then(() => report())
    await within(call, Math.max(0, at + STOP_WAIT_MS - call.environment.now()), cleaning).catch((error: unknown) => {
      if (!(error instanceof TooSlow)) throw error
      noteOwed(call, session.provider)
      call.log.info('A session ended while its desk was slow: its ticket is solved later', {
        conversationId,
        desk: session.provider,
      })
    })
  } catch (error) {
    call.log.error('The end of a session could not be written down: the bot has ended it, and its ticket stays open', {
      conversationId,
      error: describeError(error),
    })
  }
  return {}
}

/** The plugin doesn't repeat a stop, so failures that may pass are retried. */
const _persistently = <T>(call: Call, at: number, work: () => Promise<T>): Promise<T> =>
  retry(call, { until: at + STOP_BUDGET_MS, pauseMs: PAUSE_MS, isRetried: _mayPass, retryAfterMs: _retryAfterMs }, work)

const _mayPass = (error: unknown): boolean => !isProviderError(error) || isTransient(error)

const _retryAfterMs = (error: unknown): number | undefined => (isProviderError(error) ? error.retryAfterMs : undefined)

const _end = async (call: Call, session: Session, at: number): Promise<Session> =>
  session.botEndedAt === undefined ? await endByBot(call, session, at) : session

type Report = (page?: MessagePage) => Promise<void>

/** The session's summary goes out with the earlier of its ends, once, however often it is called. Never throws. */
const _reporter = (call: Call, session: Session, ended: Session): Report => {
  const isDue = session.botEndedAt === undefined && ended.agentEndedAt === undefined
  let reported: Promise<void> | undefined
  return async (page) => {
    if (isDue) await (reported ??= reportEnd(call, ended, page))
  }
}

/**
 * What an end leaves to do at the desk. Never throws: it may go on after the answer, and what fails is owed. Agents are
 * told while the outbox is emptied.
 */
const _cleanUp = async (
  call: Call,
  at: number,
  {
    ended,
    desk,
    flushing,
    report,
  }: { ended: Session; desk: Desk; flushing: ReturnType<typeof flushOutbox> | undefined; report: Report }
): Promise<void> => {
  try {
    const telling = _persistently(call, at, () => tellAgents(call, desk, ended, (page) => void report(page)))
    const [told, flush] = await Promise.all([telling, flushing])
    // The customer's last words come first: solving the ticket waits for them.
    if (flush?.outcome === 'waits') return _warn(call, ended, 'messages wait for the desk')
    await _persistently(call, at, () => _solve(call, ended, desk, told))
  } catch (error) {
    _warn(call, ended, describeError(error))
  }
}

const _warn = (call: Call, { conversationId, provider }: Session, error: string): void => {
  noteOwed(call, provider)
  call.log.warn('A session ended, and its ticket is not solved yet: that is done as soon as the desk answers', {
    conversationId,
    desk: provider,
    error,
  })
}

/**
 * Reads the session again, beside taking the lock: meanwhile an agent may have ended it, or another caller may have
 * cleaned up.
 */
const _solve = async (call: Call, ended: Session, desk: Desk, told: string | undefined): Promise<void> => {
  const reading = getSession(call, ended.conversationId).then((session) => session ?? ended)
  reading.catch(() => undefined)
  const isWanted = async (): Promise<boolean> => {
    const { endedAt, isUnsolved, agentEndedAt } = await reading
    return isUnsolved && agentEndedAt === undefined && endedAt === ended.endedAt
  }
  const after = async (): Promise<void> => noteCleanedUp(call, await reading, told)
  if (isSolvedByRouter(ended) && (await solveTicket(call, desk, ended, { isWanted, after }))) return
  const current = await reading
  // An agent's end that takes effect earlier overtakes more of the agents' messages.
  const cursor = current.endedAt === ended.endedAt ? told : await tellAgents(call, desk, current)
  const noted = (): Promise<void> => noteCleanedUp(call, current, cursor)
  if (current.isUnsolved && isSolvedByRouter(current)) await solveTicket(call, desk, current, { after: noted })
  else await noted()
}
