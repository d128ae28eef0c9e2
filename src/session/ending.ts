/** The two ends of a session. Each is written down with what it leaves to be done at the desk (finish.ts). */
import type { Call } from '../botpress/call'
import { withLock, OutcomeUnknown, type Lease } from './lock'
import { emitOnce } from './emit-once'
import { deliveredAt, deskMessageIdOf } from './progress'
import { meaningOf, phaseOf } from './life'
import { reconciledSession, untoldTag, writeClosed } from './reconcile'
import { writeTags, type Session } from './session'
import { activatedAt, HANDLING_MS, UNSURE_MS } from '../botpress/timing'

/**
 * The bot has ended the session at `at` (milliseconds since the epoch): the plugin shows nothing any more, whatever is written down here, and whoever gives it something sees that with the answer. So nobody has to be waited for.
 * Resolves to the session as it is then.
 */
export const endByBot = async (call: Call, session: Session, at: number): Promise<Session> => {
  const { conversationId, provider, status } = session
  const stoppedAt = new Date(at).toISOString()
  const isOpen = status === 'open'
  await writeTags(call, conversationId, {
    stoppedAt,
    unsolved: 'yes',
    ...(isOpen ? { status: 'closed', closedAt: stoppedAt, closedBy: 'bot' } : {}),
  })
  if (isOpen) call.log.info('Session ended', { conversationId, desk: provider, by: 'bot' })
  const closedAt = Math.min(at, session.closedAt ?? at)
  const closedBy = isOpen ? 'bot' : session.closedBy
  return { ...session, status: 'closed', closedAt, closedBy, isUnsolved: true, untoldSince: closedAt - UNSURE_MS }
}

export interface AgentsEnd {
  /** Up to where the ticket has been read. */
  cursor?: string | undefined
  /** Milliseconds to wait for others who are telling the bot something. */
  patienceMs: number
}

/**
 * An agent has ended the session: the bot is told once, however often this is asked for, after everything that was said before. Resolves to the session as it is then, and whether this call has ended it. Throws LockBusy, LeaseLost
 * or OutcomeUnknown when that has to wait for another delivery.
 */
export const endByAgent = (
  call: Call,
  session: Session,
  { cursor, patienceMs }: AgentsEnd
): Promise<{ ended: boolean; session: Session }> => {
  const { conversationId } = session
  const operation = { kind: 'end' as const }
  return withLock(call, { conversationId, lock: 'toBot', operation, patienceMs }, async (lease) => {
    const fresh = (await reconciledSession(call, conversationId, lease)) ?? session
    const meaning = meaningOf('ticket-closed', phaseOf(fresh, call.environment.now()))
    if (meaning !== 'end' && meaning !== 'wait') return { ended: false, session: fresh }
    return { ended: true, session: await _end(call, fresh, lease, cursor) }
  })
}

const _end = async (call: Call, session: Session, lease: Lease, cursor: string | undefined): Promise<Session> => {
  const { conversationId, provider } = session
  const { now } = call.environment
  // Whoever comes by after a death between the bot's hearing of it and the tag has to see that it was begun; and whoever has a message sees it and waits, or has given it to the bot before it is looked what the bot has.
  await writeTags(call, conversationId, { endingAt: new Date(now()).toISOString() })
  const { messages } = await call.client.listMessages({ conversationId })
  const last = messages.filter((message) => deskMessageIdOf(message) !== undefined).map(deliveredAt)
  const announced = session.agents.map(({ at }) => at)
  const listedAt = now()
  // The plugin drops what it is still handling when it hears of the end: the last message gets time.
  const moment = Math.max(activatedAt(session), Math.max(listedAt, ...last, ...announced) + HANDLING_MS)
  const event = { type: 'hitlStopped' as const, payload: { conversationId } }
  const closedAt = await emitOnce(call, lease, event, { delayMs: moment - listedAt, since: session.openedAt ?? 0 })
  const unsure = closedAt - UNSURE_MS
  // Who gives a message sees the end from the moment on at which it is written down; what came before that and too late nobody else tells of.
  const isLate = (): boolean => now() > unsure
  const wasLate = isLate()
  try {
    const written = { closedAt, untoldSince: wasLate ? unsure : undefined }
    const closed = await writeClosed(call, session, written, cursor ? { cursor } : {})
    const ended = { ...closed, cursor: cursor ?? session.cursor }
    call.log.info('Session ended', { conversationId, desk: provider, by: 'agent' })
    if (wasLate || !isLate()) return ended
    await writeTags(call, conversationId, untoldTag(unsure))
    return { ...ended, untoldSince: unsure }
  } catch (error) {
    throw new OutcomeUnknown('An end could not be written down', { cause: error })
  }
}
