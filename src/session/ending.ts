/** The two ends of a session. Each is written down together with its cleanup (cleanup.ts). */
import type { Call } from '../botpress/call'
import { activatedAt, HANDLING_MS, UNSURE_MS } from '../botpress/timing'
import { aboutTag, type EndReason } from './about'
import { emitOnce } from './emit-once'
import { meaningOf, phaseOf } from './life'
import { withLock, OutcomeUnknown, type Lease } from './lock'
import { reportEnd } from './metrics'
import { deliveredAt, deskMessageIdOf, listMessages, type MessagePage } from './progress'
import { endingTag, reconciledSession, writeAgentEnd } from './reconcile'
import { freePlace } from './place'
import { writeAndRead, writeTags, type Session } from './session'

/**
 * Records that the bot has ended the session at `at` (milliseconds since the epoch). It takes no lock: the plugin shows
 * nothing any more, and a delivery in flight sees this end in its answer. Resolves to the session after the end.
 */
export const endByBot = async (call: Call, session: Session, at: number): Promise<Session> => {
  const { conversationId, provider, status } = session
  const botEndedAt = new Date(at).toISOString()
  const written = await writeAndRead(call, conversationId, { status: 'closed', botEndedAt, unsolved: 'yes' })
  await freePlace(call, session)
  if (status === 'open') call.log.info('Session ended', { conversationId, desk: provider, by: 'bot' })
  const { agentEndedAt, endReason } = written ?? session
  const endedAt = Math.min(at, session.endedAt ?? at)
  return { ...session, status: 'closed', endedAt, agentEndedAt, endReason, botEndedAt: at, isUnsolved: true }
}

export interface AgentEnd {
  /** Where the ticket has been read up to. */
  cursor?: string | undefined
  /** How long to wait for other holders of the lock, in milliseconds. */
  patienceMs: number
  /** It isn't the ticket's own end. The ticket of an idle session is solved by the router. */
  because?: EndReason
}

export interface Ending {
  /** Whether this call ended it. */
  ended: boolean
  session: Session
  /** Its newest messages, listed right before the end. */
  page?: MessagePage
}

/**
 * Ends the session for an agent. The bot receives the end once, after all earlier messages. Resolves to the session as
 * it is then, and whether this call ended it. Throws LockBusy, LeaseLost or OutcomeUnknown: then the event has to be
 * retried.
 */
export const endByAgent = async (
  call: Call,
  session: Session,
  { cursor, patienceMs, because }: AgentEnd
): Promise<Ending> => {
  const { conversationId } = session
  const operation = { kind: 'end' as const }
  let reported: Promise<void> | undefined
  const ending = await withLock(call, { conversationId, lock: 'toBot', operation, patienceMs }, async (lease) => {
    const current = (await reconciledSession(call, conversationId, lease)) ?? session
    const meaning = meaningOf('ticket-closed', phaseOf(current, call.clock.now()))
    if (meaning !== 'end' && meaning !== 'wait') return { ended: false, session: current }
    const end = await _end(call, current, lease, { cursor, because })
    // Beside the release of the lock. The earlier end reports.
    if (end.session.botEndedAt === undefined) reported = reportEnd(call, end.session, end.page)
    return { ended: true, ...end }
  })
  await reported
  return ending
}

const _end = async (
  call: Call,
  session: Session,
  lease: Lease,
  { cursor, because }: Pick<AgentEnd, 'cursor' | 'because'>
) => {
  const { conversationId, provider } = session
  const { now, earliest } = call.clock
  // Written before the messages are listed: a delivery either sees it and takes the lock, or is in the list. After a
  // crash it shows that the bot may have received the end.
  const endingAt = now()
  const isOurs = because === 'idle'
  const reason =
    because === undefined
      ? {}
      : { about: aboutTag({ ...session, endReason: because }), ...(isOurs ? { unsolved: 'yes' } : {}) }
  await writeTags(call, conversationId, { ...endingTag(endingAt), ...reason })
  const page = await listMessages(call, conversationId)
  const delivered = page.messages.filter((message) => deskMessageIdOf(message) !== undefined).map(deliveredAt)
  const announced = session.agents.map(({ at }) => at)
  const listedAt = earliest()
  // The plugin drops what it is still handling when it receives the end, so the last message gets time.
  // What is scheduled may not be listed.
  const scheduled = session.scheduled.map(({ at }) => at)
  const latest = Math.max(listedAt, ...delivered, ...scheduled, ...announced)
  const moment = Math.max(activatedAt(session), latest + HANDLING_MS)
  const event = { type: 'hitlStopped' as const, payload: { conversationId } }
  const endedAt = await emitOnce(call, lease, event, { delayMs: moment - listedAt, since: session.openedAt ?? 0 })
  // A delivery sees the end as soon as it is written down. Only when that is late, earlier messages may have been
  // dropped.
  const isLate = (): boolean => now() > endedAt - UNSURE_MS
  const wasLate = isLate()
  try {
    const end = { endedAt, endingAt: wasLate ? endingAt : undefined }
    const written = await writeAgentEnd(call, session, end, cursor ? { cursor } : {})
    await freePlace(call, session)
    const isUnsolved = isOurs || written.isUnsolved
    const ended = { ...written, cursor: cursor ?? session.cursor, endReason: because ?? session.endReason, isUnsolved }
    call.log.info('Session ended', { conversationId, desk: provider, by: because ?? 'agent' })
    if (wasLate || !isLate()) return { session: ended, page }
    await writeTags(call, conversationId, endingTag(endingAt))
    return { session: { ...ended, endingAt }, page }
  } catch (error) {
    throw new OutcomeUnknown('An end could not be written down', { cause: error })
  }
}
