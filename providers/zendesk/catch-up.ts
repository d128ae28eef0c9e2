import { ProviderError } from '../errors'
import type { Tools } from '../kit/tools'
import type { Agent, CaughtUp, SessionEvent, Ticket } from '../provider'
import { hasCode, PROVIDER, type Api } from './api'
import { toAgent } from './contacts'
import { readCursor, writeCursor, type Cursor } from './cursor'
import { contactIn } from './memo'
import { findMergeTarget, isMergeLine, isMerged } from './merging'
import { isOver, readComments, readTicket } from './reading'
import type { Comment, TicketRecord, User } from './records'
import { agentBehind, contentOf, isReply } from './replies'

/**
 * Reads what happened since the cursor, in this order: reopening, assignment, agents' public comments by id, end.
 * Every comment written before the end comes before it. A ticket that was merged into another one of the same customer
 * has not ended: `movedTo` says where it continues.
 */
export const catchUp = async (
  api: Api,
  tools: Tools,
  ticket: Ticket,
  cursor: string | undefined
): Promise<CaughtUp> => {
  const seen = readCursor(cursor)
  let [read, fresh] = await Promise.all([readTicket(api, ticket.id), _readNewComments(api, ticket.id, seen)])
  const over = !read || isOver(read.ticket.status)
  // A last comment may have arrived between the two reads. Comments read after the end are complete.
  if (read && over && !seen.over) fresh = await _readNewComments(api, ticket.id, seen)
  if (read && !fresh) {
    throw new ProviderError(
      PROVIDER,
      'unavailable',
      'Could not read the ticket’s comments: the desk does not find them'
    )
  }
  const { comments, users } = fresh ?? { comments: [], users: [] }

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

  const colleagues = [seen.agentId, assignee ?? ''].filter(Boolean)
  for (const { comment, agent } of await _replies(api, tools, ticket, { comments, users, colleagues })) {
    const { parts, undelivered } = await contentOf(api, comment)
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

  if (read && over && !seen.over) {
    const isElsewhere = read.ticket.status === 'closed' && (isMerged(read.ticket) || comments.some(isMergeLine))
    const movedTo = isElsewhere ? await findMergeTarget(api, ticket, read.ticket) : undefined
    if (movedTo) {
      const reached = events.length === 0 ? cursor : writeCursor({ ...next, over: false })
      return { events, cursor: reached, movedTo }
    }
  }
  if (over && !seen.over) events.push({ type: 'ticket-closed', ticket: ticketKey, reason: _reason(read?.ticket) })
  return { events, cursor: events.length === 0 ? cursor : writeCursor(next) }
}

const _reason = (ticket: TicketRecord | undefined): 'solved' | 'deleted' | 'merged' => {
  if (!ticket) return 'deleted'
  return isMerged(ticket) ? 'merged' : 'solved'
}

/** Undefined if Zendesk doesn't find them: then the ticket is gone. */
const _readNewComments = async (
  api: Api,
  ticketId: string,
  seen: Cursor
): Promise<{ comments: Comment[]; users: User[] } | undefined> => {
  const isNew = (comment: Comment) => Number(comment.id) > seen.comment
  try {
    const { comments, users } = await readComments(api, ticketId, (page) => !page.every(isNew))
    const byId = new Map(comments.filter(isNew).map((comment) => [comment.id, comment]))
    return { comments: [...byId.values()].toSorted((a, b) => Number(a.id) - Number(b.id)), users }
  } catch (error) {
    if (hasCode(error, 'not-found')) return undefined
    throw error
  }
}

/** Keeps the public comments of agents. Drops notes, automatic comments, the customer's and the router's own. */
const _replies = async (
  api: Api,
  tools: Tools,
  ticket: Ticket,
  { comments, users, colleagues }: { comments: Comment[]; users: User[]; colleagues: readonly string[] }
): Promise<{ comment: Comment; agent: Agent }[]> => {
  const people = new Map(users.flatMap((user) => (user.id ? [[user.id, user] as const] : [])))
  const found: { comment: Comment; agent: Agent }[] = []
  for (const comment of comments) {
    const { author_id: author } = comment
    if (!author || !isReply(comment, contactIn(ticket))) continue
    const { agent, isUnknown } = await agentBehind(api, author, { people, colleagues })
    if (agent) found.push({ comment, agent })
    if (isUnknown) {
      tools.log.warn('A comment is not shown to the customer: Zendesk does not say who wrote it', {
        provider: PROVIDER,
        ticketId: ticket.id,
        commentId: comment.id,
      })
    }
  }
  return found
}
