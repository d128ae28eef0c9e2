import type { Ticket, TicketKey } from '../../providers/provider'
import type { Client } from '../botpress/bp'
import type { Call } from '../botpress/call'
import { gone } from '../botpress/errors'
import { instanceCache } from '../botpress/memory'
import { isStatus, type Status } from './life'
import { UNSURE_MS } from '../botpress/timing'

const TAG_SIZE = 500

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
  /** Who has been announced to the customer, the newest last. */
  agents: Announced[]
  /** When the session ends or ended for the customer, milliseconds since the epoch: the bot is told of an agent's end a moment later than it is decided. */
  closedAt: number | undefined
  closedBy: 'agent' | 'bot' | undefined
  /** When the bot ended it, which an agent may have done a moment before or after; milliseconds since the epoch. */
  stoppedAt: number | undefined
  /** The bot has ended it, maybe a moment after an agent, and not everything has been done yet that this leaves to be done at the desk (finish.ts). */
  isUnsolved: boolean
  /** From this moment on (milliseconds since the epoch) agents' messages may not have been shown before the end, and nobody has told their agents yet. Absent: there is nothing to tell. */
  untoldSince: number | undefined
  /** When an end was begun that may not be written down yet, milliseconds since the epoch. */
  endingAt: number | undefined
  cursor: string | undefined
}

export interface Announced {
  agentId: string
  /** When the bot gets the announcement, milliseconds since the epoch. */
  at: number
}

interface TaggedConversation {
  id: string
  tags: Tags
}

/** `undefined`: the conversation is no session (nobody has opened it at a desk). */
export const readSession = ({ id, tags }: TaggedConversation): Session | undefined => {
  if (!tags.provider) return undefined
  const isUnsolved = tags.unsolved === 'yes'
  // Both sides may end it at the same moment. The plugin shows nothing after the first of the two ends.
  const closedAt = _earliest(tags.closedAt, _moment(tags.stoppedAt))
  const ticket: Ticket | undefined = tags.ticketId ? { id: tags.ticketId, conversationId: id } : undefined
  if (ticket && tags.ticketMemo) ticket.memo = tags.ticketMemo
  if (ticket && tags.contactId) ticket.contactId = tags.contactId
  return {
    conversationId: id,
    provider: tags.provider,
    ticket,
    status: _statusOf(tags, closedAt),
    openedAt: _moment(tags.openedAt),
    customerId: tags.customerId || undefined,
    customerName: tags.customerName || undefined,
    agents: readAgents(tags.agents),
    closedAt,
    stoppedAt: _moment(tags.stoppedAt),
    closedBy: tags.closedBy === 'agent' || tags.closedBy === 'bot' ? tags.closedBy : undefined,
    isUnsolved,
    untoldSince: _earliest(tags.untoldSince, isUnsolved && closedAt !== undefined ? closedAt - UNSURE_MS : undefined),
    endingAt: _moment(tags.endingAt),
    cursor: tags.cursor || undefined,
  }
}

/** A start that was slow to write down that the session is open may do so after its end. */
const _statusOf = ({ status }: Tags, closedAt: number | undefined): Status => {
  if (closedAt !== undefined) return 'closed'
  return isStatus(status) ? status : 'failed'
}

const _moment = (iso: string | undefined): number | undefined => {
  const at = Date.parse(iso ?? '')
  return Number.isNaN(at) ? undefined : at
}

const _earliest = (iso: string | undefined, other: number | undefined): number | undefined => {
  const moments = [_moment(iso), other].filter((moment) => moment !== undefined)
  return moments.length > 0 ? Math.min(...moments) : undefined
}

const readAgents = (tag: string | undefined): Announced[] =>
  (tag ?? '').split(' ').flatMap((entry): Announced[] => {
    const [id, time] = entry.split('@')
    const at = Number.parseInt(time ?? '', 36)
    return id && !Number.isNaN(at) ? [{ agentId: decodeURIComponent(id), at }] : []
  })

/** As many as a tag holds, the newest ones: some twenty. */
export const agentsTag = (agents: Announced[]): string => {
  let tag = ''
  for (const { agentId, at } of agents.toReversed()) {
    const entry = `${encodeURIComponent(agentId)}@${Math.round(at).toString(36)}`
    if (tag.length + entry.length + 1 >= TAG_SIZE) break
    tag = tag ? `${entry} ${tag}` : entry
  }
  return tag
}

/** A tag holds less than 500 characters; what is only for people is cut, anything else must fit. */
export const tagValue = (text: string): string => (text.length < TAG_SIZE ? text : `${text.slice(0, TAG_SIZE - 2)}…`)

type ConversationTags = NonNullable<Parameters<Client['updateConversation']>[0]['tags']>

export const writeTags = async (call: Call, conversationId: string, tags: Tags): Promise<void> => {
  await call.client.updateConversation({ id: conversationId, tags: tags as ConversationTags })
}

export const getSession = async (call: Call, conversationId: string): Promise<Session | undefined> => {
  const answer = await gone(call.client.getConversation({ id: conversationId }))
  return answer && readSession(answer.conversation)
}

/** Ticket → its session. All but its conversation may be out of date. */
const _remembered = instanceCache<Session>('sessions', { lifetimeMs: 60 * 60_000, size: 5_000 })

const _ticketKey = (call: Call, provider: string, ticketId: string) => `${call.installation}/${provider}/${ticketId}`

/** Spares the next webhook a search. Only which conversation it is may be believed later: everything else is read again. */
export const rememberSession = (call: Call, session: Session): void => {
  if (session.ticket) _remembered(call).set(_ticketKey(call, session.provider, session.ticket.id), session)
}

/**
 * The session that a desk's event is about, as it is now. Looked up, never created: a ticket that we did not open has none. A conversation id in the event is believed only when the conversation belongs to this desk and this
 * ticket.
 */
export const findSession = async (call: Call, provider: string, key: TicketKey): Promise<Session | undefined> => {
  const known = _remembered(call).get(_ticketKey(call, provider, key.ticketId))
  const conversationId = known?.conversationId ?? key.conversationId
  if (conversationId) {
    const session = await getSession(call, conversationId)
    if (session?.provider === provider && (!session.ticket || session.ticket.id === key.ticketId)) {
      rememberSession(call, session)
      return { ...session, ticket: session.ticket ?? { id: key.ticketId, conversationId } }
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

/** What an instance remembers of a session, to begin work on it beside reading how it is now. */
export const knownSession = (call: Call, provider: string, key: TicketKey): Session | undefined =>
  _remembered(call).get(_ticketKey(call, provider, key.ticketId))
