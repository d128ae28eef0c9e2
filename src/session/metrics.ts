/**
 * What the bot learns for analytics about a session. Nobody waits for these events: they go out beside other calls, and
 * one that Botpress refuses is lost.
 */
import type { Call } from '../botpress/call'
import { emit } from '../botpress/analytics'
import { describeError } from '../botpress/errors'
import { aboutTag } from './about'
import { deliveredAt, deskMessageIdOf, listMessages, type MessagePage, type StoredMessage } from './progress'
import { keyOf } from './scheduled'
import { writeTags, type Session } from './session'

/** A session that is longer is counted as far as this: an end costs the same at message 5,000 as at message 50. */
const MOST_PAGES = 3
/** A customer may wait for the end meanwhile, or a desk for the answer to its webhook. In milliseconds. */
const COUNTING_MS = 600
const MS_PER_SECOND = 1_000

const _sinceOpening = ({ openedAt }: Session, at: number): number =>
  Math.max(0, Math.round((at - (openedAt ?? at)) / MS_PER_SECOND))

/** An agent is announced. `at`: milliseconds since the epoch. Never throws. */
export const reportAssigned = (call: Call, session: Session, agentId: string, at: number): Promise<void> =>
  emit(call, 'handoffAssigned', {
    hitlConversationId: session.conversationId,
    desk: session.provider,
    agentId,
    afterSeconds: _sinceOpening(session, at),
    isFirst: session.agents.length === 0,
  })

/** An agent's first message reaches the bot. `at`: milliseconds since the epoch. Never throws. */
export const reportAnswered = (call: Call, session: Session, agentId: string, at: number): Promise<void> =>
  emit(call, 'handoffAnswered', {
    hitlConversationId: session.conversationId,
    desk: session.provider,
    agentId,
    afterSeconds: _sinceOpening(session, at),
  })

/** The same, unless agents have written before, as the session's record has it. Never throws. */
export const reportIfFirst = async (call: Call, session: Session, agentId: string, at: number): Promise<void> => {
  if (session.answeredAt !== undefined) return
  const { conversationId } = session
  const record = writeTags(call, conversationId, { about: aboutTag({ ...session, answeredAt: at }) })
  await Promise.all([
    reportAnswered(call, session, agentId, at),
    record.catch((error: unknown) => {
      call.log.debug('It could not be written down that an agent has answered', {
        conversationId,
        error: describeError(error),
      })
    }),
  ])
}

/** The id under which the router says something in an agent's place, at the end of an idle session. */
export const idleMessageId = ({ provider, conversationId }: Session): string => `${provider}:idle-${conversationId}`

/**
 * The session's summary, for whoever has ended it: the one whose end was written first. `page`: its newest messages, if
 * they were just listed. Never throws.
 */
export const reportEnd = async (call: Call, session: Session, page?: MessagePage): Promise<void> => {
  const { conversationId, provider, agents, endedAt, agentEndedAt, endReason } = session
  try {
    const { messages, isComplete } = await _allMessages(call, conversationId, page)
    const fromAgents = new Map(
      messages.flatMap((message) => {
        const id = deskMessageIdOf(message)
        return id === undefined ? [] : [[keyOf(id), deliveredAt(message)] as const]
      })
    )
    // A Cloud may list what is scheduled only from its moment on.
    for (const { key, at, isCertain } of session.scheduled)
      if (isCertain && !fromAgents.has(key)) fromAgents.set(key, at)
    fromAgents.delete(keyOf(idleMessageId(session)))
    const [first] = agents
    const oldestAt = fromAgents.size > 0 && isComplete ? Math.min(...fromAgents.values()) : undefined
    const answeredAt = session.answeredAt ?? oldestAt
    await emit(call, 'handoffEnded', {
      hitlConversationId: conversationId,
      desk: provider,
      endReason: agentEndedAt === undefined ? 'bot' : (endReason ?? 'agent'),
      durationSeconds: _sinceOpening(session, endedAt ?? call.clock.now()),
      ...(first ? { assignedAfterSeconds: _sinceOpening(session, first.at) } : {}),
      ...(answeredAt === undefined ? {} : { answeredAfterSeconds: _sinceOpening(session, answeredAt) }),
      messagesFromCustomer: messages.filter(_isFromCustomer).length,
      messagesFromAgents: fromAgents.size,
      agentIds: agents.map(({ agentId }) => agentId),
      isComplete,
    })
  } catch (error) {
    call.log.warn('A session ended without its summary', {
      conversationId,
      desk: provider,
      error: describeError(error),
    })
  }
}

const _isFromCustomer = ({ direction, payload }: StoredMessage): boolean =>
  direction === 'outgoing' && typeof (payload as { userId?: unknown } | null)?.userId === 'string'

const _allMessages = async (
  call: Call,
  conversationId: string,
  first: MessagePage | undefined
): Promise<{ messages: StoredMessage[]; isComplete: boolean }> => {
  const { now } = call.environment
  const until = now() + COUNTING_MS
  let page = first ?? (await listMessages(call, conversationId))
  const messages = [...page.messages]
  for (let pages = 1; page.nextToken !== undefined; pages += 1) {
    if (pages === MOST_PAGES || now() > until) return { messages, isComplete: false }
    page = await listMessages(call, conversationId, page.nextToken)
    messages.push(...page.messages)
  }
  return { messages, isComplete: true }
}
