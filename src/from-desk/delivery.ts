/**
 * Delivers one agent's message to the bot: once, after everything that was delivered before, and never across an end.
 *
 * A message that is due now is delivered without the lock (`_deliverNow`). Any other message is scheduled while holding
 * the lock (`_deliverScheduled`), so that no agent's end is decided at the same time.
 */
import type { BotpressMessage } from '../botpress/messages'
import { describeError } from '../botpress/errors'
import { retry } from '../botpress/retry'
import { activatedAt, FRESH_MS, LONGEST_WAIT_MS, SPACING_MS } from '../botpress/timing'
import { meaningOf, phaseOf } from '../session/life'
import { LeaseLost, withLock, type Lease } from '../session/lock'
import { deliveredAt, findDelivered, noteDelivered, type StoredMessage } from '../session/progress'
import { reconciledSession } from '../session/reconcile'
import { getSession, readSession, type Session } from '../session/session'
import { patienceOf, type Work } from './work'

const PAUSE_MS = 300

export interface AgentMessage {
  /** The agent's Botpress user. */
  userId: string
  message: BotpressMessage
  /** The message's `deskMessageId` tag: Botpress recognises a duplicate by it. */
  deskMessageId: string
  /** Where the ticket is read on when this is the newest message. Undefined: it was not read in the ticket. */
  cursor?: string | undefined
  /** Earliest moment at which the bot may receive it, in milliseconds since the epoch. */
  notBefore?: number
}

/**
 * - delivered: the bot receives the message at `at` (milliseconds since the epoch). `session`: as Botpress returned it
 *   with the delivery; undefined when it did not. The session may have ended before `at`.
 * - over: the session had ended before. Nothing was delivered by this call.
 */
export type Delivery = Delivered | { kind: 'over'; session: Session }

interface Delivered {
  kind: 'delivered'
  at: number
  session: Session | undefined
}

/**
 * Idempotent: for a duplicate it resolves to the first delivery. Throws LockBusy, LeaseLost, OutcomeUnknown, and as
 * Botpress does.
 */
export const deliver = async (work: Work, session: Session, message: AgentMessage): Promise<Delivery> => {
  const { call, desk } = work
  const delayMs = _momentOf(work, session, message) - call.clock.earliest()
  if (delayMs <= LONGEST_WAIT_MS && (await _isOpenFor(work, session, delayMs))) {
    const delivery = await _deliverNow(work, session, message, delayMs)
    if (delivery) return delivery
  }
  const { conversationId } = session
  const request = { conversationId, lock: 'toBot' as const, patienceMs: patienceOf(desk) }
  return withLock<Delivery>(call, request, async (lease) => {
    const current = (await reconciledSession(call, conversationId, lease)) ?? session
    const isOver = meaningOf('agent-message', phaseOf(current, call.clock.now())) === 'tell-agent'
    return isOver ? { kind: 'over', session: current } : deliverLocked(work, current, lease, message)
  })
}

/** The same for the holder of the lock to the bot, in a session that is open. */
export const deliverLocked = async (
  work: Work,
  session: Session,
  lease: Lease,
  message: AgentMessage
): Promise<Delivered> => {
  const { call } = work
  const delayMs = _momentOf(work, session, message) - call.clock.earliest()
  lease.assertHeld()
  const delivery = delayMs <= LONGEST_WAIT_MS ? await _deliverNow(work, session, message, delayMs) : undefined
  if (delivery) return delivery
  const isRetried = (error: unknown): boolean => !(error instanceof LeaseLost)
  return retry(call, { tries: 2, pauseMs: PAUSE_MS, isRetried }, () => _deliverScheduled(work, session, lease, message))
}

/** When the bot should receive the message, in milliseconds since the epoch. */
const _momentOf = ({ call, progress }: Work, session: Session, { notBefore = 0 }: AgentMessage): number =>
  Math.max(call.clock.earliest(), activatedAt(session), notBefore, progress.lastAt + SPACING_MS)

/**
 * Whether no end can come before a message that is due in `delayMs`. Reads the session again if it was read too long
 * ago.
 */
const _isOpenFor = async (work: Work, { conversationId }: Session, delayMs: number): Promise<boolean> => {
  const { now } = work.call.environment
  const readAt = now()
  if (readAt + delayMs <= work.readAt + FRESH_MS) return true
  const current = await getSession(work.call, conversationId)
  work.readAt = readAt
  return current?.status === 'open' && current.endingAt === undefined && now() + delayMs <= readAt + FRESH_MS
}

const _contentOf = ({ message, deskMessageId, cursor }: AgentMessage) => ({
  type: message.type,
  payload: message.payload,
  tags: { deskMessageId, ...(cursor ? { cursor } : {}) },
  discriminateByTags: ['deskMessageId'],
})

/** One call, whose answer also has the session's current tags. Undefined: it failed, and may have had an effect. */
const _deliverNow = async (
  work: Work,
  { conversationId }: Session,
  agentMessage: AgentMessage,
  delayMs: number
): Promise<Delivered | undefined> => {
  const { call, progress } = work
  if (delayMs > 0) await call.environment.sleep(delayMs)
  const readAt = call.environment.now()
  try {
    const { userId, deskMessageId } = agentMessage
    const message = _contentOf(agentMessage)
    const answer = await call.client.initializeIncomingMessage({ conversationId, userId, message } as never)
    const stored = answer.message as StoredMessage | undefined
    const at = stored ? deliveredAt(stored) : call.clock.now()
    noteDelivered(progress, deskMessageId, at)
    work.readAt = readAt
    return { kind: 'delivered', at, session: readSession(answer.conversation) }
  } catch (error) {
    call.log.warn('A message could not be delivered to the bot at once', {
      conversationId,
      error: describeError(error),
    })
    return undefined
  }
}

/** Looks for the message first: scheduling it a second time would overwrite the `delayMs` tag of the first one. */
const _deliverScheduled = async (
  work: Work,
  session: Session,
  lease: Lease,
  message: AgentMessage
): Promise<Delivered> => {
  const { call, progress } = work
  const { conversationId } = session
  const { deskMessageId } = message
  const known = await findDelivered(call, conversationId, deskMessageId)
  const at = deliveredAt(known ?? (await _schedule(work, session, lease, message)))
  noteDelivered(progress, deskMessageId, at)
  return { kind: 'delivered', at, session: undefined }
}

const _schedule = async (work: Work, session: Session, lease: Lease, message: AgentMessage): Promise<StoredMessage> => {
  const { call } = work
  const { conversationId } = session
  lease.assertHeld()
  const delay = _momentOf(work, session, message) - call.clock.earliest()
  const content = { ..._contentOf(message), conversationId, userId: message.userId }
  const isLater = delay > 0
  const tags = { ...content.tags, ...(isLater ? { delayMs: String(delay) } : {}) }
  const schedule = isLater ? { schedule: { delay } } : {}
  const answer = await call.client.getOrCreateMessage({ ...content, tags, ...schedule } as never)
  return answer.message
}
