import { fileKey } from '../kit/addresses'
import { htmlToParts } from '../kit/html-to-markdown'
import type { Agent, CaughtUp, MessagePart, SessionEvent, Ticket } from '../provider'
import { hasCode, type Api, type Comment, type TicketRecord, type User } from './api'
import { readComments, readTicket } from './comments'
import { isAgent, readUser, toAgent } from './contacts'
import { readCursor, writeCursor, type Cursor } from './cursor'
import { MESSAGE_KEY } from './identity'
import { isOver } from './tickets'

/**
 * Reads what happened since the cursor, in this order: reopening, assignment, agents' public comments by id, end.
 * Every comment written before the end comes before it.
 */
export const catchUp = async (api: Api, ticket: Ticket, cursor: string | undefined): Promise<CaughtUp> => {
  const seen = readCursor(cursor)
  let [read, newComments] = await Promise.all([readTicket(api, ticket.id), _readNewComments(api, ticket.id, seen)])
  const over = !read || isOver(read.ticket.status)
  // A last comment may have arrived between the two reads. Comments read after the end are complete.
  if (read && over && !seen.over) newComments = await _readNewComments(api, ticket.id, seen)

  const ticketKey = { ticketId: ticket.id, conversationId: ticket.conversationId }
  const events: SessionEvent[] = []
  const next: Cursor = { ...seen, over }
  if (seen.over && !over) events.push({ type: 'ticket-reopened', ticket: ticketKey })

  const assignee = read?.ticket.assignee_id
  if (read && assignee && !over && assignee !== seen.agentId) {
    const user = read.users.find((candidate) => candidate.id === assignee)
    events.push({ type: 'agent-assigned', ticket: ticketKey, agent: toAgent(assignee, user) })
    next.agentId = assignee
  }

  for (const { comment, agent } of await _agentComments(api, ticket, newComments)) {
    const { parts, undelivered } = await _contentOf(api, comment)
    next.comment = Math.max(next.comment, Number(comment.id))
    if (parts.length === 0 && undelivered === undefined) continue
    events.push({
      type: 'message-posted',
      ticket: ticketKey,
      id: comment.id,
      agent,
      parts,
      ...(undelivered && { undelivered }),
    })
  }

  if (over && !seen.over) events.push({ type: 'ticket-closed', ticket: ticketKey, reason: _reason(read?.ticket) })
  return { events, cursor: events.length === 0 ? cursor : writeCursor(next) }
}

const _reason = (ticket: TicketRecord | undefined): 'solved' | 'deleted' | 'merged' => {
  if (!ticket || ticket.status === 'deleted') return 'deleted'
  return ticket.tags?.includes('closed_by_merge') ? 'merged' : 'solved'
}

const _readNewComments = async (
  api: Api,
  ticketId: string,
  seen: Cursor
): Promise<{ comments: Comment[]; users: User[] }> => {
  const isNew = (comment: Comment) => Number(comment.id) > seen.comment
  try {
    const { comments, users } = await readComments(api, ticketId, (page) => !page.every(isNew))
    const byId = new Map(comments.filter(isNew).map((comment) => [comment.id, comment]))
    return { comments: [...byId.values()].toSorted((a, b) => Number(a.id) - Number(b.id)), users }
  } catch (error) {
    if (hasCode(error, 'not-found')) return { comments: [], users: [] }
    throw error
  }
}

/** Channels of automatic comments: triggers and automations (`rule`), merges and the like (`system`). */
const AUTOMATIC_CHANNELS = new Set(['rule', 'system'])

/** Keeps the public comments of agents. Drops notes, automatic comments, the customer's and the router's own. */
const _agentComments = async (
  api: Api,
  ticket: Ticket,
  { comments, users }: { comments: Comment[]; users: User[] }
): Promise<{ comment: Comment; agent: Agent }[]> => {
  const people = new Map(users.map((user) => [user.id, user]))
  const found: { comment: Comment; agent: Agent }[] = []
  for (const comment of comments) {
    const author = comment.author_id
    if (comment.public !== true || !author || Number(author) <= 0 || author === ticket.contactId) continue
    if (comment.metadata?.custom?.[MESSAGE_KEY] !== undefined) continue
    if (AUTOMATIC_CHANNELS.has(String(comment.via?.channel ?? ''))) continue
    if (!people.has(author)) people.set(author, await readUser(api, author))
    const user = people.get(author)
    if (isAgent(user)) found.push({ comment, agent: toAgent(author, user) })
  }
  return found
}

const _contentOf = async (api: Api, comment: Comment): Promise<{ parts: MessagePart[]; undelivered?: string }> => {
  const attachments = comment.attachments ?? []
  const attachmentKeys = new Set(attachments.flatMap(({ content_url: url }) => (url ? [fileKey(url)] : [])))
  const plain = (comment.plain_body ?? comment.body ?? '').trim()
  const parts: MessagePart[] = comment.html_body
    ? // Zendesk also lists inline images as attachments.
      htmlToParts(comment.html_body).filter((part) => part.type !== 'file' || !attachmentKeys.has(fileKey(part.url)))
    : plain === ''
      ? []
      : [{ type: 'text', text: plain }]
  const problems: string[] = []
  for (const attachment of attachments) {
    const name = attachment.file_name || 'attachment'
    const url = attachment.content_url ?? ''
    if (attachment.malware_scan_result === 'malware_found') {
      problems.push(`The file “${name}” was not delivered: Zendesk found malware in it.`)
    } else if (!url.startsWith('https://') || (await _isPrivate(api))) {
      problems.push(
        `The file “${name}” was not delivered: this Zendesk account shows attachments only to signed-in users.`
      )
    } else parts.push({ type: 'file', kind: _kindOf(attachment.content_type ?? ''), url, title: name })
  }
  return problems.length > 0 ? { parts, undelivered: problems.join(' ') } : { parts }
}

/** Counts an unreadable setting as private: telling the agent beats sending the customer a link that fails. */
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
