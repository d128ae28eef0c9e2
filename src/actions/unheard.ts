/**
 * What agents wrote before the plugin can have heard of the session. The plugin drops it, so it is sent again: under an
 * id of its own, since Botpress knows the first one's.
 */
import type { BotpressMessage } from '../botpress/messages'
import type { Call } from '../botpress/call'
import { connectDesk } from '../botpress/desk'
import { ACTIVATION_MS, HANDLING_MS, STARTING_MS } from '../botpress/timing'
import type { AgentMessage } from '../from-desk/agent-message'
import { deliverLocked } from '../from-desk/scheduling'
import type { Work } from '../from-desk/work'
import { withLock } from '../session/lock'
import { deliveredAt, deskMessageIdOf, listMessages, progressOf, type StoredMessage } from '../session/progress'
import { reconciledSession } from '../session/reconcile'
import type { Session } from '../session/session'

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

/**
 * Sends what the bot got before `until` again: the plugin must not have listened by then. Resolves to when the last of
 * it arrives, or undefined if there was none. Moments in milliseconds since the epoch. Idempotent. Throws as Botpress
 * does, and what `withLock` throws.
 */
export const sendUnheard = async (
  call: Call,
  { conversationId, provider }: Session,
  until: number
): Promise<number | undefined> => {
  const desk = connectDesk(call, provider)
  if (!desk) return undefined
  const request = { conversationId, lock: 'toBot' as const, patienceMs: PATIENCE_MS }
  return withLock(call, request, async (lease) => {
    const [session, { messages }] = await Promise.all([
      reconciledSession(call, conversationId, lease),
      listMessages(call, conversationId),
    ])
    if (!session) return undefined
    // The plugin announces the author of the first one before it takes another.
    const [first, ...others] = _unheard(messages, until).map((message, index) => ({
      ...message,
      notBefore: until + ACTIVATION_MS + (index > 0 ? HANDLING_MS : 0),
    }))
    if (!first) return undefined
    const readAt = call.environment.now()
    const work: Work = { call, desk, progress: await progressOf(call, session), readAt, cameAt: readAt }
    call.log.info('What agents wrote while the handoff was started is sent again', { conversationId })
    await deliverLocked(work, session, lease, [first, ...others])
    return work.progress.lastAt
  })
}

/** Oldest first. `messages`: newest first. */
const _unheard = (messages: StoredMessage[], until: number): AgentMessage[] => {
  const latest = new Map<string, StoredMessage>()
  for (const message of messages) {
    const [original] = deskMessageIdOf(message)?.split(COPY) ?? []
    if (original !== undefined && !latest.has(original)) latest.set(original, message)
  }
  return [...latest].toReversed().flatMap(([original, message]): AgentMessage[] => {
    if (deliveredAt(message) > until) return []
    const [, copies = '0'] = deskMessageIdOf(message)?.split(COPY) ?? []
    const { userId } = message as StoredMessage & { userId: string }
    const { type, payload } = message
    return [
      {
        userId,
        message: { type, payload } as BotpressMessage,
        deskMessageId: `${original}${COPY}${Number(copies) + 1}`,
      },
    ]
  })
}
