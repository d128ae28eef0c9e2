import type { SessionEvent, Ticket, TicketKey } from '../../providers/provider'
import { announce, type Announcement } from '../announcements'
import type { Call, Desk } from '../call'
import { endSession } from '../ending'
import { describeError, gone } from '../errors'
import { fromParts } from '../messages'
import { agentUser } from '../people'
import { meaningOf } from '../session-life'
import { findSession, getSession, readSession, rememberSession, writeTags, type Session } from '../sessions'
import { tellAgent, tellThatOver } from '../undelivered'
import { activationDelay, HANDLING_MS, LONGEST_WAIT_MS, reserve } from '../timing'

/** Events that found no session although their ticket is ours: the session is being opened, or its opening died. The desk is asked to deliver again. */
export class SessionNotReady extends Error {
  public override readonly name = 'SessionNotReady'
}

type EventOf<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>
type OpenSession = Session & { ticket: Ticket }

/**
 * Makes a desk's events happen at Botpress, those of one ticket in order. Throws when an effect could not be had: the desk is then asked to deliver again, and what has happened already
 * does not happen twice.
 */
export const applyEvents = async (call: Call, desk: Desk, events: SessionEvent[]): Promise<void> => {
  const byTicket = new Map<string, SessionEvent[]>()
  for (const event of events) {
    const { ticketId } = event.ticket
    byTicket.set(ticketId, [...(byTicket.get(ticketId) ?? []), event])
  }
  await Promise.all(
    [...byTicket.values()].map((ofTicket) => {
      const key = ofTicket[0]?.ticket
      if (!key) return undefined
      return call.memory.inOrder(`${call.installation}/${desk.provider.name}/${key.ticketId}`, () =>
        _applyToTicket(call, desk, key, ofTicket)
      )
    })
  )
}

const _applyToTicket = async (call: Call, desk: Desk, key: TicketKey, events: SessionEvent[]): Promise<void> => {
  const session = await findSession(call, desk.provider.name, key)
  if (!session?.ticket) {
    if (events.some((event) => event.ticket.ours) && (await _mayBecomeReady(call, key)))
      throw new SessionNotReady('The session of this ticket is not there yet')
    call.log.debug('Ignored: the ticket belongs to no session', { desk: desk.provider.name, ticketId: key.ticketId })
    return
  }
  await _applyAll(call, desk, session as OpenSession, events)
}

/** A conversation that does not exist here belongs to another installation, or was deleted. */
const _mayBecomeReady = async (call: Call, { conversationId }: TicketKey): Promise<boolean> => {
  if (!conversationId) return true
  return (await gone(call.client.getConversation({ id: conversationId }))) !== undefined
}

const _applyAll = async (call: Call, desk: Desk, session: OpenSession, events: SessionEvent[]): Promise<void> => {
  let current = session
  for (const [index, event] of events.entries()) {
    switch (event.type) {
      case 'message-posted':
        await _message(call, desk, current, event)
        break
      case 'agent-assigned': {
        // An agent who writes in the same breath is announced by the plugin with his message.
        const writes = events
          .slice(index + 1)
          .some((later) => later.type === 'message-posted' && later.agent.id === event.agent.id)
        await _assigned(call, desk, current, event, writes)
        break
      }
      case 'ticket-closed':
        current = await _outstanding(call, desk, current)
        await _closed(call, desk, current)
        break
      case 'ticket-reopened':
        await _reopened(call, desk, current)
        break
      case 'ticket-changed':
        current = await _catchUp(call, desk, current)
        break
    }
  }
}

/** Reads what the hint is about, applies it, and only then moves the cursor. */
const _catchUp = async (call: Call, desk: Desk, session: OpenSession): Promise<OpenSession> => {
  if (!desk.driver.catchUp) return session
  const { events, cursor } = await desk.driver.catchUp(session.ticket, session.cursor)
  const news = events.filter((event) => event.type !== 'ticket-changed')
  const end = news.findIndex((event) => event.type === 'ticket-closed')
  await _applyAll(call, desk, session, end === -1 ? news : news.slice(0, end))
  if (end !== -1) await _closed(call, desk, session)
  if (cursor === undefined || cursor === session.cursor) return session
  await writeTags(call, session.conversationId, { cursor })
  const moved = { ...session, cursor }
  rememberSession(call, moved)
  return moved
}

/** What the desk knows and has not been delivered is delivered before the end. Reading again costs little: every message is delivered once. */
const _outstanding = async (call: Call, desk: Desk, session: OpenSession): Promise<OpenSession> => {
  if (!desk.driver.catchUp || meaningOf('ticket-closed', session.status) !== 'end') return session
  const { events, cursor } = await desk.driver.catchUp(session.ticket, session.cursor).catch((error: unknown) => {
    // A ticket that cannot be read any more must not keep the session open.
    call.log.warn('Could not read a ticket before its session ends', {
      conversationId: session.conversationId,
      error: describeError(error),
    })
    return { events: [], cursor: session.cursor }
  })
  const messages = events.filter((event) => event.type === 'message-posted')
  const delivered = messages.length > 0 ? await _deliveredIds(call, session) : new Set<string>()
  await _applyAll(
    call,
    desk,
    session,
    messages.filter((event) => event.type === 'message-posted' && !delivered.has(_messageTag(desk, event.id)))
  )
  return { ...session, cursor }
}

const _deliveredIds = async (call: Call, session: Session): Promise<Set<string>> => {
  const ids = new Set<string>()
  let nextToken: string | undefined
  do {
    const page = await call.client.listMessages({
      conversationId: session.conversationId,
      ...(nextToken ? { nextToken } : {}),
    })
    for (const message of page.messages) {
      const id = (message.tags as Partial<Record<string, string>>).deskMessageId
      if (id) ids.add(id)
    }
    nextToken = page.meta.nextToken
  } while (nextToken)
  return ids
}

const _messageTag = (desk: Desk, messageId: string) => `${desk.provider.name}:${messageId}`

const _message = async (
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
  const tags = { deskMessageId: _messageTag(desk, event.id) }
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
    call.client.listMessages({ conversationId, tags: { deskMessageId: _messageTag(desk, id) } }),
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

const _assigned = async (
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

const _closed = async (call: Call, desk: Desk, session: OpenSession): Promise<void> => {
  const ended = await _persistently(call, () => endSession(call, session, 'agent'))
  if (ended) await desk.driver.reflect?.(session.ticket, { type: 'closed', by: 'agent' })
}

const TRIES = 3
const PAUSE_MS = 300

/** Not every vendor sends an end again (a button is pressed once): a moment's failure of Botpress is waited out here. */
const _persistently = async <T>(call: Call, work: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (tries === TRIES) throw error
      await call.environment.sleep(PAUSE_MS)
    }
  }
}

const _reopened = async (call: Call, desk: Desk, session: OpenSession): Promise<void> => {
  const fresh = await getSession(call, session.conversationId)
  if (!fresh || meaningOf('ticket-reopened', fresh.status) !== 'tell-agent') return
  const { status, conversationId } = fresh
  call.log.info('A ticket was reopened after its session had ended', {
    desk: desk.provider.name,
    conversationId,
    status,
  })
  await tellAgent(
    call,
    desk,
    session.ticket,
    `reopened-${session.ticket.id}`,
    'The conversation with the customer has ended: replies here are not delivered. The customer can ask for an agent again.'
  )
}
