/** An agent's message on its way to the bot. */
import type { BotpressMessage } from '../botpress/messages'
import { describeError } from '../botpress/errors'
import { activatedAt, SPACING_MS } from '../botpress/timing'
import { deliveredAt, noteDelivered, type StoredMessage } from '../session/progress'
import { readSession, type Session } from '../session/session'
import type { Work } from './work'

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

/** A message, and those that follow it in the ticket, by the same agent. */
export type AgentMessages = readonly [AgentMessage, ...AgentMessage[]]

/**
 * The bot receives the first message at `at` (milliseconds since the epoch). `session`: as Botpress returned it with
 * the delivery; undefined when it did not. The session may have ended before `at`.
 */
export interface Delivered {
  kind: 'delivered'
  at: number
  session: Session | undefined
}

/** When the bot should receive the message, in milliseconds since the epoch. */
export const momentOf = ({ call, progress }: Work, session: Session, { notBefore = 0 }: AgentMessage): number =>
  Math.max(call.clock.earliest(), activatedAt(session), notBefore, progress.lastAt + SPACING_MS)

/** What follows comes after everything that is scheduled, by whomever. */
export const noteScheduled = ({ progress }: Work, { scheduled }: Session): void => {
  progress.lastAt = Math.max(progress.lastAt, ...scheduled.map(({ at }) => at))
}

/** What both ways of creating it have in common. */
export const contentOf = ({ message, deskMessageId, cursor }: AgentMessage) => ({
  type: message.type,
  payload: message.payload,
  tags: { deskMessageId, ...(cursor ? { cursor } : {}) },
  discriminateByTags: ['deskMessageId'],
})

/**
 * Delivers a message at its moment, which is near. One call, whose answer also has the session's current tags.
 * Undefined: it failed, and may have had an effect.
 */
export const deliverNow = async (
  work: Work,
  session: Session,
  agentMessage: AgentMessage
): Promise<Delivered | undefined> => {
  const { call, progress } = work
  const { conversationId } = session
  const delayMs = momentOf(work, session, agentMessage) - call.clock.earliest()
  if (delayMs > 0) await call.environment.sleep(delayMs)
  const readAt = call.environment.now()
  try {
    const { userId, deskMessageId } = agentMessage
    const message = contentOf(agentMessage)
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
