/** What an agent does reaches the customer: once, in order, after he has been introduced. */
import type { SessionEvent, Ticket } from '../../providers/provider'
import { announce, type Announcement } from '../announcements'
import type { Call, Desk } from '../call'
import { fromParts } from '../messages'
import { agentUser } from '../people'
import { meaningOf } from '../session-life'
import { getSession, readSession, rememberSession, writeTags, type Session } from '../sessions'
import { activationDelay, HANDLING_MS, LONGEST_WAIT_MS, reserve } from '../timing'
import { tellAgent, tellThatOver } from '../undelivered'

type EventOf<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>
export type OpenSession = Session & { ticket: Ticket }

/** What makes an agent's message one message, however often it is delivered. */
export const messageTag = (desk: Desk, messageId: string) => `${desk.provider.name}:${messageId}`

/** An agent wrote to the customer. */
export const agentWrote = async (
  call: Call,
  desk: Desk,
  session: OpenSession,
  event: EventOf<'message-posted'>
): Promise<void> => {
  const message = fromParts(event.parts)
  if (message) await _deliver(call, desk, session, event, message)
  if (event.undelivered) await tellAgent(call, desk, session.ticket, `files-${event.id}`, event.undelivered)
}

const _deliver = async (
  call: Call,
  desk: Desk,
  session: OpenSession,
  event: EventOf<'message-posted'>,
  message: NonNullable<ReturnType<typeof fromParts>>
): Promise<void> => {
  if (meaningOf('agent-message', session.status) === 'tell-agent')
    return _tellUnlessDelivered(call, desk, session, event)
  const [agent, announcement] = await Promise.all([
    agentUser(call, desk, event.agent),
    // Behind the activation guard others may be announced first: then the plugin would not introduce this agent by itself.
    announce(call, session, event.agent, activationDelay(call, session) > LONGEST_WAIT_MS ? 'assigned' : 'wrote'),
  ])
  let announcedAt: number | undefined
  if (announcement.emit) {
    const delay = reserve(call, session, { notBefore: 0 })
    await _emitAssigned(call, session, agent.userId, delay, announcement)
    announcedAt = call.environment.now() + delay
    await announcement.done(announcedAt)
  }
  const settledAt = announcedAt === undefined ? announcement.settledAt : announcedAt + HANDLING_MS
  const delay = reserve(call, session, { notBefore: settledAt })
  const tags = { deskMessageId: messageTag(desk, event.id) }
  const content = { type: message.type, payload: message.payload, tags, discriminateByTags: ['deskMessageId'] }
  const fresh =
    delay > LONGEST_WAIT_MS
      ? await _scheduled(call, session, agent.userId, content, delay)
      : await _atOnce(call, session, agent.userId, content, delay)
  if (fresh && meaningOf('agent-message', fresh.status) === 'tell-agent') {
    return _tellUnlessDelivered(call, desk, session, event)
  }
  if (announcement.isNew) {
    await desk.driver.reflect?.(session.ticket, { type: 'assigned', agent: { ...event.agent, name: agent.name } })
  }
}

/** A redelivery after the end may be of a message that was read long before: then there is nothing to tell. */
const _tellUnlessDelivered = async (
  call: Call,
  desk: Desk,
  { conversationId, ticket }: OpenSession,
  { id, parts }: EventOf<'message-posted'>
): Promise<void> => {
  const [before, answer] = await Promise.all([
    call.client.getConversation({ id: conversationId }),
    call.client.listMessages({ conversationId, tags: { deskMessageId: messageTag(desk, id) } }),
  ])
  const closedAt = Date.parse((before.conversation.tags as Partial<Record<string, string>>).closedAt ?? '')
  const wasDelivered = answer.messages.some(({ tags, createdAt }) => {
    const { deliverAt } = tags as Partial<Record<string, string>>
    return Date.parse(deliverAt ?? createdAt) < closedAt
  })
  if (!wasDelivered) await tellThatOver(call, desk, ticket, id, parts)
}

/** One call that also answers with the session's tags as they are now. */
const _atOnce = async (call: Call, session: OpenSession, userId: string, message: object, delay: number) => {
  if (delay > 0) await call.environment.sleep(delay)
  const { conversationId } = session
  const answer = await call.client.initializeIncomingMessage({ conversationId, userId, message } as never)
  return readSession(answer.conversation)
}

const _scheduled = async (
  call: Call,
  session: OpenSession,
  userId: string,
  message: { tags: Record<string, string> },
  delay: number
) => {
  const { conversationId } = session
  const deliverAt = new Date(call.environment.now() + delay).toISOString()
  const tags = { ...message.tags, deliverAt }
  const [fresh] = await Promise.all([
    getSession(call, conversationId),
    call.client.getOrCreateMessage({ ...message, tags, conversationId, userId, schedule: { delay } } as never),
  ])
  return fresh
}

const _emitAssigned = async (
  call: Call,
  { conversationId }: Session,
  userId: string,
  delay: number,
  announcement: Announcement
): Promise<void> => {
  try {
    await call.client.createEvent({
      type: 'hitlAssigned',
      payload: { conversationId, userId },
      ...(delay > 0 ? { schedule: { delay } } : {}),
    })
  } catch (error) {
    await announcement.release()
    throw error
  }
}

/** An agent took the ticket. `writes`: his message comes in the same breath. */
export const agentAssigned = async (
  call: Call,
  desk: Desk,
  session: OpenSession,
  event: EventOf<'agent-assigned'>,
  writes: boolean
): Promise<void> => {
  if (meaningOf('agent-assigned', session.status) === 'nothing' || (writes && !session.agentId)) return
  const [agent, announcement] = await Promise.all([
    agentUser(call, desk, event.agent),
    announce(call, session, event.agent, event.ifUnassigned ? 'claimed' : 'assigned'),
  ])
  if (!announcement.emit) return
  const delay = reserve(call, session, { notBefore: 0 })
  await _emitAssigned(call, session, agent.userId, delay, announcement)
  await Promise.all([
    announcement.done(call.environment.now() + delay),
    writeTags(call, session.conversationId, { agentId: event.agent.id }),
    desk.driver.reflect?.(session.ticket, { type: 'assigned', agent: { ...event.agent, name: agent.name } }),
  ])
  rememberSession(call, { ...session, agentId: event.agent.id })
  call.log.info('Agent announced', {
    conversationId: session.conversationId,
    desk: desk.provider.name,
    agentId: event.agent.id,
  })
}
