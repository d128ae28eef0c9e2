import type { SessionEvent, TicketKey } from '../../providers/provider'
import type { Call, Desk } from '../call'
import { endSession } from '../ending'
import { describeError, gone } from '../errors'
import { meaningOf } from '../session-life'
import { findSession, getSession, rememberSession, writeTags, type Session } from '../sessions'
import { tellAgent } from '../undelivered'
import { agentAssigned, agentWrote, messageTag, type OpenSession } from './agents'

/** Events that found no session although their ticket is ours: the session is being opened, or its opening died. The desk is asked to deliver again. */
export class SessionNotReady extends Error {
  public override readonly name = 'SessionNotReady'
}

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
        await agentWrote(call, desk, current, event)
        break
      case 'agent-assigned': {
        // An agent who writes in the same breath is announced by the plugin with his message.
        const writes = events
          .slice(index + 1)
          .some((later) => later.type === 'message-posted' && later.agent.id === event.agent.id)
        await agentAssigned(call, desk, current, event, writes)
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
    messages.filter((event) => event.type === 'message-posted' && !delivered.has(messageTag(desk, event.id)))
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
