import { htmlToParts } from '../kit/html-to-markdown'
import type { Agent, CaughtUp, MessagePart, SessionEvent, Ticket } from '../provider'
import { hasCode, type Api, type Comment, type TicketRecord, type User } from './api'
import { readComments, readTicket } from './comments'
import { isAgent, readUser, toAgent } from './contacts'
import { readCursor, writeCursor, type Cursor } from './cursor'
import { MESSAGE_KEY } from './identity'
import { isOver } from './tickets'

/**
 * What happened at the desk since the cursor: a reopening, who took it, the agents' public comments in the order of their ids, the end. The end
 * comes last, after every word that was said before it.
 */
export const catchUp = async (api: Api, ticket: Ticket, cursor: string | undefined): Promise<CaughtUp> => {
  const seen = readCursor(cursor)
  let [state, said] = await Promise.all([readTicket(api, ticket.id), _newComments(api, ticket.id, seen)])
  const over = !state || isOver(state.ticket.status)
  // Both were read at the same moment, so the last words may have come in between. Read after the end, they are complete.
  if (state && over && !seen.over) said = await _newComments(api, ticket.id, seen)

  const key = { ticketId: ticket.id, conversationId: ticket.conversationId }
  const events: SessionEvent[] = []
  const now: Cursor = { ...seen, over }
  if (seen.over && !over) events.push({ type: 'ticket-reopened', ticket: key })

  const assignee = state?.ticket.assignee_id
  if (state && assignee && !over && assignee !== seen.agentId) {
    const user = state.users.find((candidate) => candidate.id === assignee)
    events.push({ type: 'agent-assigned', ticket: key, agent: toAgent(assignee, user) })
    now.agentId = assignee
  }

  for (const { comment, agent } of await _agentComments(api, ticket, said)) {
    const { parts, undelivered } = await _contentOf(api, comment)
    now.comment = Math.max(now.comment, Number(comment.id))
    if (parts.length === 0 && undelivered === undefined) continue
    events.push({
      type: 'message-posted',
      ticket: key,
      id: comment.id,
      agent,
      parts,
      ...(undelivered && { undelivered }),
    })
  }

  if (over && !seen.over) events.push({ type: 'ticket-closed', ticket: key, reason: _reason(state?.ticket) })
  return { events, cursor: events.length === 0 ? cursor : writeCursor(now) }
}

const _reason = (ticket: TicketRecord | undefined): 'solved' | 'deleted' | 'merged' => {
  if (!ticket || ticket.status === 'deleted') return 'deleted'
  return ticket.tags?.includes('closed_by_merge') ? 'merged' : 'solved'
}

const _newComments = async (
  api: Api,
  ticketId: string,
  seen: Cursor
): Promise<{ comments: Comment[]; users: User[] }> => {
  const isNew = (comment: Comment) => Number(comment.id) > seen.comment
  try {
    const { comments, users } = await readComments(api, ticketId, (page) => !page.every(isNew))
    const found = new Map(comments.filter(isNew).map((comment) => [comment.id, comment]))
    return { comments: [...found.values()].toSorted((a, b) => Number(a.id) - Number(b.id)), users }
  } catch (error) {
    if (hasCode(error, 'not-found')) return { comments: [], users: [] }
    throw error
  }
}

/** Automatic lines: triggers and automations (`rule`), merges and the like (`system`). */
const AUTOMATIC = new Set(['rule', 'system'])

/** Only what a person at the desk said to the customer: no notes, no automations, nothing of the customer's own, nothing of ours. */
const _agentComments = async (
  api: Api,
  ticket: Ticket,
  said: { comments: Comment[]; users: User[] }
): Promise<{ comment: Comment; agent: Agent }[]> => {
  const people = new Map(said.users.map((user) => [user.id, user]))
  const spoken: { comment: Comment; agent: Agent }[] = []
  for (const comment of said.comments) {
    const author = comment.author_id
    if (comment.public !== true || !author || Number(author) <= 0 || author === ticket.contactId) continue
    if (comment.metadata?.custom?.[MESSAGE_KEY] !== undefined) continue
    if (AUTOMATIC.has(String(comment.via?.channel ?? ''))) continue
    if (!people.has(author)) people.set(author, await readUser(api, author))
    const user = people.get(author)
    if (isAgent(user)) spoken.push({ comment, agent: toAgent(author, user) })
  }
  return spoken
}

const _contentOf = async (api: Api, comment: Comment): Promise<{ parts: MessagePart[]; undelivered?: string }> => {
  const attachments = comment.attachments ?? []
  const addresses = new Set(attachments.flatMap((attachment) => attachment.content_url ?? []))
  const plain = (comment.plain_body ?? comment.body ?? '').trim()
  const parts: MessagePart[] = comment.html_body
    ? // An image within the text is among the attachments, too.
      htmlToParts(comment.html_body).filter((part) => part.type !== 'file' || !addresses.has(part.url))
    : plain === ''
      ? []
      : [{ type: 'text', text: plain }]
  const complaints: string[] = []
  for (const attachment of attachments) {
    const name = attachment.file_name || 'attachment'
    const url = attachment.content_url ?? ''
    if (attachment.malware_scan_result === 'malware_found') {
      complaints.push(`The file “${name}” was not delivered: Zendesk found malware in it.`)
    } else if (!url.startsWith('https://') || (await _isPrivate(api))) {
      complaints.push(
        `The file “${name}” was not delivered: this Zendesk shows attachments only to people who sign in.`
      )
    } else parts.push({ type: 'file', kind: _kindOf(attachment.content_type ?? ''), url, title: name })
  }
  return complaints.length > 0 ? { parts, undelivered: complaints.join(' ') } : { parts }
}

/** A link that the customer cannot open is worse than an agent who knows: what cannot be read counts as private. */
const _isPrivate = async (api: Api): Promise<boolean> => {
  try {
    return await api.attachmentsArePrivate()
  } catch (error) {
    if (hasCode(error, 'unauthorized', 'not-found', 'rejected')) return true
    throw error
  }
}

const _kindOf = (contentType: string): 'image' | 'audio' | 'video' | 'file' => {
  const kind = contentType.split('/')[0]
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'file'
}
