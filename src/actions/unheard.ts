/**
 * What agents wrote before the plugin can have heard of the session. The plugin drops it, so it is sent again: under an
 * id of its own, since Botpress knows the first one's.
 */
import { toParts, type BotpressMessage } from '../botpress/messages'
import type { Call } from '../botpress/call'
import { connectDesk, type Desk } from '../botpress/desk'
import { ACTIVATION_MS, HANDLING_MS, STARTING_MS, UNSURE_MS } from '../botpress/timing'
import type { AgentMessage } from '../from-desk/agent-message'
import { deliverLocked } from '../from-desk/scheduling'
import type { Work } from '../from-desk/work'
import { LockBusy, withLock, type Lease } from '../session/lock'
import { tellNotDelivered } from '../session/notes'
import { deliveredAt, deskMessageIdOf, listMessages, progressOf, type StoredMessage } from '../session/progress'
import { reconciledSession } from '../session/reconcile'
import type { Session } from '../session/session'

/** The bot waits for the start. A dead holder keeps the lock for longer: then the agents are told instead. */
const PATIENCE_MS = 5_000
/** Stands between a message's id and the number of its copy. */
const COPY = '~again'

/**
 * When a repeated start may be answered, in milliseconds since the epoch: not while a message is on its way that may
 * arrive before or after the plugin listens. What arrives before is known to be dropped.
 */
export const answerableAt = (session: Session, now: number): number =>
  session.scheduled
    .map(({ at }) => at)
    .toSorted((a, b) => a - b)
    .reduce((answerAt, at) => (at < answerAt + STARTING_MS ? Math.max(answerAt, at + HANDLING_MS) : answerAt), now)

/** Milliseconds since the epoch. */
interface Deaf {
  since: number
  until: number
}

/**
 * Sends what the bot got between `since` and `until` again: the plugin must not have listened by then. Where others
 * hold the lock, or the session ends meanwhile, the agents are told instead. Resolves to when the last of it arrives,
 * in milliseconds since the epoch, or undefined if nothing was sent. Idempotent. Throws as Botpress and a desk do.
 */
export const sendUnheard = async (call: Call, session: Session, deaf: Deaf): Promise<number | undefined> => {
  const desk = connectDesk(call, session.provider)
  if (!desk) return undefined
  const { conversationId } = session
  const request = { conversationId, lock: 'toBot' as const, patienceMs: PATIENCE_MS }
  try {
    return await withLock(call, request, (lease) => _sendAgain(call, desk, session, { lease, deaf }))
  } catch (error) {
    if (!(error instanceof LockBusy)) throw error
    const { messages } = await listMessages(call, conversationId)
    return _tell(call, desk, session, _unheard(messages, deaf))
  }
}

const _tell = async (call: Call, desk: Desk, { ticket }: Session, unheard: Unheard[]): Promise<undefined> => {
  for (const { message } of unheard) {
    const tag = deskMessageIdOf(message) ?? ''
    const parts = toParts(message.type, message.payload)
    await tellNotDelivered(call, desk, ticket, { id: tag.slice(tag.indexOf(':') + 1), parts, why: 'not heard' })
  }
}

const _sendAgain = async (
  call: Call,
  desk: Desk,
  { conversationId }: Session,
  { lease, deaf }: { lease: Lease; deaf: Deaf }
): Promise<number | undefined> => {
  const [session, { messages }] = await Promise.all([
    reconciledSession(call, conversationId, lease),
    listMessages(call, conversationId),
  ])
  if (!session) return undefined
  const heardAt = Math.max(deaf.until, call.clock.now())
  const unheard = _unheard(messages, { ...deaf, until: heardAt })
  // An agent's end is on its way to the bot: nothing would arrive before it.
  if ((session.endedAt ?? 0) > heardAt) return _tell(call, desk, session, unheard)
  // The plugin announces the author of the first one before it takes another.
  const [first, ...others] = unheard.map(({ copyId, message }, index): AgentMessage => ({
    userId: (message as StoredMessage & { userId: string }).userId,
    message: { type: message.type, payload: message.payload } as BotpressMessage,
    deskMessageId: copyId,
    notBefore: heardAt + ACTIVATION_MS + (index > 0 ? HANDLING_MS : 0),
  }))
  if (!first) return undefined
  const readAt = call.environment.now()
  const work: Work = { call, desk, progress: await progressOf(call, session), readAt, cameAt: readAt }
  call.log.info('What agents wrote while the handoff was started is sent again', { conversationId })
  await deliverLocked(work, session, lease, [first, ...others])
  return work.progress.lastAt
}

interface Unheard {
  message: StoredMessage
  /** The `deskMessageId` tag of its next copy. */
  copyId: string
}

/** The newest copy of each message that the bot got meanwhile, oldest first. `messages`: newest first. */
const _unheard = (messages: StoredMessage[], { since, until }: Deaf): Unheard[] => {
  const latest = new Map<string, StoredMessage>()
  for (const message of messages) {
    const [original] = deskMessageIdOf(message)?.split(COPY) ?? []
    if (original !== undefined && !latest.has(original)) latest.set(original, message)
  }
  const unheard = [...latest].filter(([, message]) => {
    const at = deliveredAt(message)
    return at > since && at <= until - UNSURE_MS
  })
  return unheard.toReversed().map(([original, message]) => {
    const [, copies = '0'] = deskMessageIdOf(message)?.split(COPY) ?? []
    return { message, copyId: `${original}${COPY}${Number(copies) + 1}` }
  })
}
