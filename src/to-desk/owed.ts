/**
 * What ended sessions still owe to their desk: the customer's last words, notes to agents, a solved ticket. It is
 * recorded in the session's tags with the end (src/session/cleanup.ts). The ticket's next event pays it. When a desk
 * was down at the end, that event may never come, so any sign of life of the desk pays a few of these debts: an event,
 * a delivered message, the next handoff that it takes.
 */
import type { Call } from '../botpress/call'
import { connectDesk, type Desk, type Limits } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { instanceCache } from '../botpress/memory'
import { within } from '../botpress/retry'
import { STOP_BUDGET_MS, VENDOR_TIMEOUT_MS } from '../botpress/timing'
import { cleanUp, needsCleanup } from '../session/cleanup'
import { getSession, readSession, type Session } from '../session/session'
import { flushOutbox } from './outbox'

/** One instance looks this often. */
const PAUSE_MS = 60_000
const MOST_AT_ONCE = 3
/** One session is tried again after this time. */
const AGAIN_MS = 10 * 60_000
const FLUSH_MS = 5_000

/** When this instance looks next, per desk. `isOwn`: it has left something undone. Milliseconds since the epoch. */
const _nextLook = instanceCache<{ at: number; isOwn: boolean }>('owed', { lifetimeMs: 60 * 60_000, size: 500 })
const _tried = instanceCache<true>('owed-tried', { lifetimeMs: AGAIN_MS, size: 2_000 })

const _key = (call: Call, provider: string) => `${call.installation}/${provider}`

/** This instance has left something undone: it looks at the desk's next sign of life, once the stop has given up. */
export const noteOwed = (call: Call, provider: string): void => {
  _nextLook(call).set(_key(call, provider), { at: call.environment.now() + STOP_BUDGET_MS, isOwn: true })
}

/**
 * Pays a few debts at a desk that has just answered, for `patienceMs` at most; more takes place while the instance
 * lives. Costs one list, at most once a minute and instance. An instance that owes nothing itself looks only at a rare
 * moment, so that the usual message costs no call more; in its first minute it looks only at a start. Never throws.
 */
export const payOwed = async (
  call: Call,
  desk: Desk,
  {
    patienceMs,
    isRareMoment = false,
    isStart = false,
  }: { patienceMs: number; isRareMoment?: boolean; isStart?: boolean }
): Promise<void> => {
  const { now } = call.environment
  const key = _key(call, desk.provider.name)
  const next = _nextLook(call).get(key)
  if (next && (next.at > now() || !(next.isOwn || isRareMoment || isStart))) return
  _nextLook(call).set(key, { at: now() + PAUSE_MS, isOwn: false })
  if (!next && !isStart) return
  await within(call, patienceMs, _payAll(call, desk)).catch((error: unknown) => {
    call.log.debug('Tickets of ended sessions wait longer', { desk: desk.provider.name, error: describeError(error) })
  })
}

const _payAll = async (call: Call, desk: Desk): Promise<void> => {
  const tags = { provider: desk.provider.name, unsolved: 'yes' }
  const { conversations } = await call.client.listConversations({ channel: 'hitl', tags })
  const sessions = conversations
    .filter(({ tags: own }) => own['provider'] === tags.provider && own['unsolved'] === tags.unsolved)
    .flatMap((conversation) => readSession(conversation) ?? [])
    .filter((session) => _isDue(call, session))
    .slice(0, MOST_AT_ONCE)
  for (const session of sessions) {
    _tried(call).set(session.conversationId, true)
    await _pay(call, desk, session)
  }
}

/** The stop that ended a session may still be at it. */
const _isDue = (call: Call, session: Session): boolean =>
  needsCleanup(session) &&
  (session.botEndedAt ?? 0) + STOP_BUDGET_MS < call.clock.now() &&
  _tried(call).get(session.conversationId) === undefined

const _pay = async (call: Call, desk: Desk, session: Session): Promise<void> => {
  const { conversationId, provider } = session
  const deadline = call.environment.now() + STOP_BUDGET_MS
  const limits: Limits = { deadline, timeoutMs: VENDOR_TIMEOUT_MS, waitsForLimits: false }
  const limited = connectDesk(call, provider, limits) ?? desk
  try {
    const { outcome } = await flushOutbox(call, session, limited, { patienceMs: FLUSH_MS })
    if (outcome === 'waits') return
    const current = await getSession(call, conversationId)
    if (!current || !needsCleanup(current)) return
    await cleanUp(call, limited, current)
    call.log.info('The ticket of an ended session was solved later', { conversationId, desk: provider })
  } catch (error) {
    call.log.warn('The ticket of an ended session could not be solved yet', {
      conversationId,
      desk: provider,
      error: describeError(error),
    })
  }
}
