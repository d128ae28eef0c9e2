import { ProviderError } from '../errors'
import type { Tools } from '../kit/tools'
import { isHandBack } from '../kit/hand-back'
import type { CaughtUp, SessionEvent, Ticket, TicketKey } from '../provider'
import { hasCode, PROVIDER, type Api } from './api'
import { toAgent } from './contacts'
import { readCursor, writeCursor, type Cursor } from './cursor'
import { contactIn } from './memo'
import { findMergeTarget, isMergeLine, isMerged, mergedUpTo } from './merging'
import { isOver, readComments, readTicket } from './reading'
import type { Comment, TicketRecord, User } from './records'
import { agentOf, formsOf, MOST_REDACTED, redactionsIn, type Reader } from './redactions'
import { contentOf, isReply, isTypedNote, textOf } from './replies'

/**
 * Reads what happened since the cursor, in this order: reopening, assignment, agents' public comments and hand-backs by
 * id, redactions of earlier comments, end.
 * Every comment written before the end comes before it. A ticket that was merged into another one of the same customer
 * has not ended: `movedTo` says where it continues.
 */
export const catchUp = async (
  api: Api,
  tools: Tools,
  ticket: Ticket,
  cursor: string | undefined,
  handBack: string
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
  const { users } = fresh ?? { users: [] }
  const floor = read ? await mergedUpTo(api, ticket, read.ticket, fresh?.comments ?? []) : 0
  const comments = (fresh?.comments ?? []).filter(({ id }) => Number(id) > floor)

  const ticketKey = { ticketId: ticket.id, conversationId: ticket.conversationId }
  const events: SessionEvent[] = []
  const next: Cursor = { ...seen, comment: Math.max(seen.comment, floor), over }
  if (seen.over && !over) events.push({ type: 'ticket-reopened', ticket: ticketKey })

  const assignee = read?.ticket.assignee_id
  if (read && assignee && !over && assignee !== seen.agentId) {
    const user = read.users.find((candidate) => candidate.id === assignee)
    events.push({ type: 'agent-assigned', ticket: ticketKey, agent: toAgent(assignee, user) })
    next.agentId = assignee
  }

  const reader: Reader = {
    api,
    tools,
    ticket,
    people: new Map(users.flatMap((user) => (user.id ? [[user.id, user] as const] : []))),
    colleagues: [seen.agentId, assignee ?? ''].filter(Boolean),
    handBack,
  }
  for (const event of await _eventsOf(reader, comments, ticketKey)) {
    next.comment = Math.max(next.comment, Number(event.id))
    if (event.type !== 'message-posted' || event.parts.length > 0 || event.undelivered !== undefined) events.push(event)
  }
  const redactions = await redactionsIn(reader, fresh?.earlier ?? [], seen)
  events.push(...redactions.events.map((event) => ({ ...event, ticket: ticketKey })))
  next.redacted = new Map([...redactions.forms, ...formsOf(reader, comments)].slice(-MOST_REDACTED))

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
): Promise<{ comments: Comment[]; earlier: Comment[]; users: User[] } | undefined> => {
  const isNew = (comment: Comment) => Number(comment.id) > seen.comment
  try {
    const { comments, users } = await readComments(api, ticketId, (page) => !page.every(isNew))
    const byId = [...new Map(comments.map((comment) => [comment.id, comment])).values()]
    const inOrder = byId.toSorted((a, b) => Number(a.id) - Number(b.id))
    return { comments: inOrder.filter(isNew), earlier: inOrder.filter((comment) => !isNew(comment)), users }
  } catch (error) {
    if (hasCode(error, 'not-found')) return undefined
    throw error
  }
}

type CommentEvent = Extract<SessionEvent, { type: 'message-posted' | 'handed-back' }>

/**
 * The public comments of agents, and their notes that hand the conversation back. Drops other notes, automatic
 * comments, the customer's and the router's own.
 */
const _eventsOf = async (reader: Reader, comments: Comment[], ticketKey: TicketKey): Promise<CommentEvent[]> => {
  const events: CommentEvent[] = []
  for (const comment of comments) {
    const { id } = comment
    const isHint = isTypedNote(comment) && isHandBack(textOf(comment), reader.handBack)
    if (!isHint && !isReply(comment, contactIn(reader.ticket))) continue
    const agent = await agentOf(reader, comment)
    if (!agent) continue
    if (isHint) events.push({ type: 'handed-back', ticket: ticketKey, id, agent })
    else {
      const { parts, undelivered } = contentOf(reader.api, reader.ticket.id, comment)
      events.push({ type: 'message-posted', ticket: ticketKey, id, agent, parts, ...(undelivered && { undelivered }) })
    }
  }
  return events
}
