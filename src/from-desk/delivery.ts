/**
 * Delivers an agent's messages to the bot: each once, after everything that was delivered before, and never across an
 * end.
 *
 * A message that is due now is delivered without the lock. Everything else is scheduled while holding the lock
 * (scheduling.ts), so that no agent's end is decided at the same time.
 */
import { activatedAt, FRESH_MS, LONGEST_WAIT_MS } from '../botpress/timing'
import { meaningOf, phaseOf } from '../session/life'
import { LockBusy, withLock } from '../session/lock'
import { noteDelivered } from '../session/progress'
import { reconciledSession } from '../session/reconcile'
import { findScheduled, RECENT_MS, scheduledAt } from '../session/scheduled'
import { getSession, type Session } from '../session/session'
import { deliverNow, momentOf, noteScheduled } from './agent-message'
import type { AgentMessage, AgentMessages, Delivered } from './agent-message'
import { ALONE_MS, deliverLocked, MOST_ALONE } from './scheduling'
import { patienceLeft, type Work } from './work'

/** `over`: the session had ended before. Nothing was delivered by this call. */
export type Delivery = Delivered | { kind: 'over'; session: Session }

/**
 * Delivers the first message, and the others if that is better done at once. Idempotent: for a duplicate it resolves to
 * the first delivery. Throws LockBusy, LeaseLost, OutcomeUnknown, ScheduleInDoubt, and as Botpress does.
 */
export const deliver = async (work: Work, session: Session, messages: AgentMessages): Promise<Delivery> => {
  const { call } = work
  const { conversationId } = session
  const known = _knownDelivery(work, session, messages)
  if (known) return known
  noteScheduled(work, session)
  if (messages.length <= MOST_ALONE && (await _isAlone(work, session, messages[0]))) {
    const delivery = await deliverNow(work, session, messages[0])
    if (delivery) return delivery
  }
  let seen: Session | undefined
  const isObsolete = async (): Promise<boolean> => {
    seen = await getSession(call, conversationId)
    return seen !== undefined && (_isOver(work, seen) || _areScheduled(seen, messages))
  }
  const request = { conversationId, lock: 'toBot' as const, patienceMs: patienceLeft(work), isObsolete }
  try {
    return await withLock<Delivery>(call, request, async (lease) => {
      const current = (await reconciledSession(call, conversationId, lease)) ?? session
      if (_isOver(work, current)) return { kind: 'over', session: current }
      return deliverLocked(work, current, lease, messages)
    })
  } catch (error) {
    if (!(error instanceof LockBusy) || !seen) throw error
    // While this call waited, another one has delivered the message, or ended the session.
    if (_isOver(work, seen)) return { kind: 'over', session: seen }
    const delivery = _areScheduled(seen, messages) ? _knownDelivery(work, seen, messages) : undefined
    if (delivery) return delivery
    throw error
  }
}

const _isOver = ({ call }: Work, session: Session): boolean =>
  meaningOf('agent-message', phaseOf(session, call.clock.now())) === 'tell-agent'

const _areScheduled = (session: Session, messages: AgentMessages): boolean =>
  messages.every(({ deskMessageId }) => scheduledAt(session, deskMessageId) !== undefined)

/** The delivery of the first message, if the session's record has it. */
const _knownDelivery = ({ progress }: Work, session: Session, messages: AgentMessages): Delivered | undefined => {
  const at = scheduledAt(session, messages[0].deskMessageId)
  if (at === undefined) return undefined
  for (const { deskMessageId } of messages) {
    const moment = scheduledAt(session, deskMessageId)
    if (moment !== undefined) noteDelivered(progress, deskMessageId, moment)
  }
  return { kind: 'delivered', at, session }
}

/**
 * Whether the message can be delivered without the lock: no end can come before it, and nobody schedules it meanwhile,
 * out of sight. Reads the session again if it was read too long ago.
 */
const _isAlone = async (work: Work, session: Session, message: AgentMessage): Promise<boolean> => {
  const { call } = work
  const { now } = call.environment
  const delayMs = momentOf(work, session, message) - call.clock.earliest()
  if (delayMs > LONGEST_WAIT_MS) return false
  let current: Session | undefined = session
  if (now() + delayMs > work.readAt + ALONE_MS) {
    const readAt = now()
    current = await getSession(call, session.conversationId)
    work.readAt = readAt
    if (current?.status !== 'open' || current.endingAt !== undefined) return false
  }
  // Others' moments are compared with Botpress's time.
  const readAt = call.clock.earliest() - (now() - work.readAt)
  return (
    now() + delayMs <= work.readAt + FRESH_MS &&
    // Until the plugin listens, everything is scheduled.
    activatedAt(current) <= readAt &&
    findScheduled(current, message.deskMessageId) === undefined &&
    current.scheduled.every(({ at }) => at < readAt - RECENT_MS)
  )
}
