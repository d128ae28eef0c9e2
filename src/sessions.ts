import type { Ticket, TicketKey } from '../providers/provider'
import type { Client } from './bp'
import type { Call } from './call'
import { gone } from './errors'
import { isStatus, type Status } from './session-life'

export type Tags = Partial<Record<string, string>>

/** A conversation of the hitl channel, read as a session. The tags are the only place where a session is kept. */
export interface Session {
  conversationId: string
  provider: string
  /** Absent when no desk took it. */
  ticket: Ticket | undefined
  status: Status
  /** Milliseconds since the epoch. */
  openedAt: number | undefined
  customerId: string | undefined
  customerName: string | undefined
  agentId: string | undefined
  cursor: string | undefined
}

interface TaggedConversation {
  id: string
  tags: Tags
}

/** `undefined`: the conversation is no session (nobody has opened it at a desk). */
export const readSession = ({ id, tags }: TaggedConversation): Session | undefined => {
  if (!tags.provider) return undefined
  const ticket: Ticket | undefined = tags.ticketId ? { id: tags.ticketId, conversationId: id } : undefined
  if (ticket && tags.ticketMemo) ticket.memo = tags.ticketMemo
  if (ticket && tags.contactId) ticket.contactId = tags.contactId
  const openedAt = tags.openedAt ? Date.parse(tags.openedAt) : Number.NaN
  return {
    conversationId: id,
    provider: tags.provider,
    ticket,
    status: isStatus(tags.status) ? tags.status : 'failed',
    openedAt: Number.isNaN(openedAt) ? undefined : openedAt,
    customerId: tags.customerId || undefined,
    customerName: tags.customerName || undefined,
    agentId: tags.agentId || undefined,
    cursor: tags.cursor || undefined,
  }
}

/** A tag holds less than 500 characters; what is only for people is cut, anything else must fit. */
export const tagValue = (text: string): string => (text.length < 500 ? text : `${text.slice(0, 498)}…`)

type ConversationTags = NonNullable<Parameters<Client['updateConversation']>[0]['tags']>

export const writeTags = async (call: Call, conversationId: string, tags: Tags): Promise<void> => {
  await call.client.updateConversation({ id: conversationId, tags: tags as ConversationTags })
}

export const getSession = async (call: Call, conversationId: string): Promise<Session | undefined> => {
  const answer = await gone(call.client.getConversation({ id: conversationId }))
  return answer && readSession(answer.conversation)
}

const _ticketKey = (call: Call, provider: string, ticketId: string) => `${call.installation}/${provider}/${ticketId}`

/** Spares the look-up of the next webhook. Only an open session is worth it: the tags that it is read for later do not change any more. */
export const rememberSession = (call: Call, session: Session): void => {
  if (!session.ticket) return
  const key = _ticketKey(call, session.provider, session.ticket.id)
  if (session.status === 'open') call.memory.sessions.set(key, session)
  else call.memory.sessions.delete(key)
}

/**
 * The session that a desk's event is about. Looked up, never created: a ticket that we did not open has none. A conversation id in the event is believed only when the
 * conversation belongs to this desk and this ticket. What comes from memory may have an old status.
 */
export const findSession = async (call: Call, provider: string, key: TicketKey): Promise<Session | undefined> => {
  const known = call.memory.sessions.get(_ticketKey(call, provider, key.ticketId))
  if (known) return known
  if (key.conversationId) {
    const session = await getSession(call, key.conversationId)
    if (session?.provider === provider && (!session.ticket || session.ticket.id === key.ticketId)) {
      rememberSession(call, session)
      return { ...session, ticket: session.ticket ?? { id: key.ticketId, conversationId: session.conversationId } }
    }
  }
  const { conversations } = await call.client.listConversations({
    channel: 'hitl',
    tags: { provider, ticketId: key.ticketId },
  })
  for (const conversation of conversations) {
    const session = readSession(conversation)
    if (session?.provider === provider && session.ticket?.id === key.ticketId) {
      rememberSession(call, session)
      return session
    }
  }
  return undefined
}
