import { cleanText, shorten } from '../../providers/kit/text'
import type { Ticket, TicketKey } from '../../providers/provider'
import type { Client } from '../botpress/bp'
import type { Call } from '../botpress/call'
import { gone } from '../botpress/errors'
import { instanceCache } from '../botpress/memory'
import { readAbout, type About } from './about'
import { isStatus, type Status } from './life'
import { readScheduled, type Scheduled } from './scheduled'

const TAG_SIZE = 500

export type Tags = Partial<Record<string, string>>

export interface SessionTicket extends Ticket {
  /** The account in which it was opened, if that is known. Another account's ticket may have the same id. */
  account?: string
}

/**
 * A conversation of the hitl channel that has a ticket. Its tags are the only record of a session; moments in
 * milliseconds since the epoch.
 */
export interface Session extends About {
  conversationId: string
  /** Registry key of the desk. */
  provider: string
  ticket: SessionTicket
  status: Status
  /** Opens the ticket in the desk. */
  ticketUrl?: string | undefined
  openedAt: number | undefined
  customerId: string | undefined
  customerName: string | undefined
  /** Agents that were announced to the customer, newest last. */
  agents: AnnouncedAgent[]
  /**
   * When the session ends for the customer: the earlier of the agent's end and the bot's end. The agent's end may lie a
   * moment ahead, since it is scheduled after the last message.
   */
  endedAt: number | undefined
  /** When an agent's end takes effect. */
  agentEndedAt: number | undefined
  /** When the bot ended it. An agent may have ended it a moment before or after. */
  botEndedAt: number | undefined
  /** The bot has ended it, and the cleanup of that end isn't done (cleanup.ts). */
  isUnsolved: boolean
  /**
   * When an agent's end began that isn't finished. Open session: the bot may or may not have received it. Closed
   * session: its cleanup isn't done (cleanup.ts).
   */
  endingAt: number | undefined
  /**
   * Where the ticket has been read up to, as the driver writes it: a few messages behind. The newest message has it
   * exactly (progress.ts).
   */
  cursor: string | undefined
  /** Messages of the bot's side wait for the desk, as far as is known. */
  isWaiting?: boolean
  /** Messages of the bot's side that are older than this don't wait. */
  settledAt?: number | undefined
  /** The place that it holds at its desk (place.ts). */
  place: string | undefined
  /** Messages that are scheduled for the bot, in the order of their moments (scheduled.ts). */
  scheduled: Scheduled[]
}

export interface AnnouncedAgent {
  agentId: string
  /** When the bot receives the announcement, in milliseconds since the epoch. */
  at: number
}

interface TaggedConversation {
  id: string
  tags: Tags
}

/** Undefined: the conversation isn't a session. Its start is under way or has failed, or it is something else. */
export const readSession = ({ id, tags }: TaggedConversation): Session | undefined => {
  // Both sides may end a session at the same moment. The plugin shows nothing after the first of the two ends.
  const botEndedAt = _moment(tags.botEndedAt)
  const agentEndedAt = _moment(tags.agentEndedAt)
  const endedAt = _earliest(agentEndedAt, botEndedAt)
  // A slow start may write the status “open” after the end.
  const status = endedAt === undefined ? tags.status : 'closed'
  if (!tags.provider || !tags.ticketId || !isStatus(status)) return undefined
  const ticket: SessionTicket = { id: tags.ticketId, conversationId: id }
  if (tags.ticketMemo) ticket.memo = tags.ticketMemo
  if (tags.account) ticket.account = tags.account
  if (tags.contactId) ticket.contactId = tags.contactId
  return {
    conversationId: id,
    provider: tags.provider,
    ticket,
    status,
    ticketUrl: tags.ticketUrl || undefined,
    openedAt: _moment(tags.openedAt),
    customerId: tags.customerId || undefined,
    customerName: tags.customerName || undefined,
    agents: _readAgents(tags.agents),
    endedAt,
    agentEndedAt,
    botEndedAt,
    isUnsolved: tags.unsolved === 'yes',
    endingAt: _moment(tags.endingAt),
    cursor: tags.cursor || undefined,
    isWaiting: tags.waiting === 'yes',
    settledAt: _moment(tags.settledAt),
    ...readAbout(tags.about),
    place: tags.place || undefined,
    scheduled: readScheduled(tags.scheduled),
  }
}

const _moment = (iso: string | undefined): number | undefined => {
  const at = Date.parse(iso ?? '')
  return Number.isNaN(at) ? undefined : at
}

const _earliest = (...moments: (number | undefined)[]): number | undefined => {
  const known = moments.filter((moment) => moment !== undefined)
  return known.length > 0 ? Math.min(...known) : undefined
}

const _readAgents = (tag: string | undefined): AnnouncedAgent[] =>
  (tag ?? '').split(' ').flatMap((entry): AnnouncedAgent[] => {
    const [id, time] = entry.split('@')
    const at = Number.parseInt(time ?? '', 36)
    return id && !Number.isNaN(at) ? [{ agentId: decodeURIComponent(id), at }] : []
  })

/** The newest agents that fit into a tag: about twenty. */
export const agentsTag = (agents: AnnouncedAgent[]): string => {
  let tag = ''
  for (const { agentId, at } of agents.toReversed()) {
    const entry = `${encodeURIComponent(agentId)}@${Math.round(at).toString(36)}`
    if (tag.length + entry.length + 1 >= TAG_SIZE) break
    tag = tag ? `${entry} ${tag}` : entry
  }
  return tag
}

/** Cuts text for people to the size of a tag, which is less than 500 characters. */
export const tagValue = (text: string): string => shorten(cleanText(text), TAG_SIZE - 1)

type ConversationTags = NonNullable<Parameters<Client['updateConversation']>[0]['tags']>

export const writeTags = async (call: Call, conversationId: string, tags: Tags): Promise<void> => {
  await call.client.updateConversation({ id: conversationId, tags: tags as ConversationTags })
}

/** The same. Resolves to the session as it is then, which shows what others have written before. */
export const writeAndRead = async (call: Call, conversationId: string, tags: Tags): Promise<Session | undefined> => {
  const { conversation } = await call.client.updateConversation({ id: conversationId, tags: tags as ConversationTags })
  return readSession(conversation)
}

export const getSession = async (call: Call, conversationId: string): Promise<Session | undefined> => {
  const answer = await gone(call.client.getConversation({ id: conversationId }))
  return answer && readSession(answer.conversation)
}

/** Sessions by ticket. Everything but the conversation's id may be stale. */
const _remembered = instanceCache<Session>('sessions', { lifetimeMs: 60 * 60_000, size: 5_000 })

const _ticketKey = (call: Call, provider: string, ticketId: string) => `${call.installation}/${provider}/${ticketId}`

/** Saves the next webhook of this ticket a search. */
export const rememberSession = (call: Call, session: Session): void => {
  _remembered(call).set(_ticketKey(call, session.provider, session.ticket.id), session)
}

/** The session of a ticket as this instance last saw it. It may be stale. */
export const rememberedSession = (call: Call, provider: string, key: TicketKey): Session | undefined =>
  _remembered(call).get(_ticketKey(call, provider, key.ticketId))

/**
 * The session that a desk's event is about, as it is now. It is never created: a ticket that the router did not open
 * has none. The conversation id in an event counts only when that conversation belongs to this desk and this ticket, in
 * this account if that is known (`readAccount`). Throws as Botpress does.
 */
export const findSession = async (
  call: Call,
  provider: string,
  key: TicketKey,
  readAccount: Promise<string | undefined>
): Promise<Session | undefined> => {
  const search = async (): Promise<(Session | undefined)[]> => {
    const tags = { provider, ticketId: key.ticketId }
    const { conversations } = await call.client.listConversations({ channel: 'hitl', tags })
    return conversations.map(readSession)
  }
  const conversationId = rememberedSession(call, provider, key)?.conversationId ?? key.conversationId
  const [account, candidates] = await Promise.all([
    readAccount,
    conversationId ? getSession(call, conversationId).then((found) => [found]) : search(),
  ])
  const isMatch = (session: Session | undefined): session is Session =>
    session?.provider === provider &&
    session.ticket.id === key.ticketId &&
    (account === undefined || session.ticket.account === undefined || session.ticket.account === account)
  let session = candidates.find(isMatch)
  if (!session && conversationId) session = (await search()).find(isMatch)
  if (session) rememberSession(call, session)
  return session
}
