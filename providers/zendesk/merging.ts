/**
 * Merged tickets. Agents merge a ticket into another: Zendesk closes it, tags it and writes one line into either. From
 * then on they answer in the other one.
 * https://support.zendesk.com/hc/en-us/articles/4408882445594
 */
import type { Ticket, TicketChange } from '../provider'
import type { Api } from './api'
import { writeCursor } from './cursor'
import { conversationIdOf } from './identity'
import { readComments, readTicket } from './reading'
import type { Comment, TicketRecord } from './records'

/** A merged ticket may be merged again. */
const MAX_HOPS = 5
/** More numbers than that in one line are no merge's. */
const MAX_CANDIDATES = 3

const LINES = [
  /^\W*this request (?:was|has been) closed and merged into request #\d+/i,
  /^\W*requests? #\d+.{0,300}\b(?:was|were|has been|have been) closed and merged into this request/is,
]

/** Whether a merge wrote this comment. Its text is a default that agents can change, so the channel is asked first. */
export const isMergeLine = ({ via, plain_body: plain, body }: Comment): boolean =>
  via?.source?.rel === 'merge' ||
  ['merge', '19'].includes(String(via?.channel)) ||
  LINES.some((line) => line.test(plain ?? body ?? ''))

export const isMerged = (ticket: TicketRecord): boolean => ticket.tags.includes('closed_by_merge')

/**
 * Where the ticket continues after a merge, and from which place it is read there. Undefined if it wasn't merged, or
 * into a ticket that isn't the session's: another customer's, that of another handoff, or one that is gone.
 */
export const findMergeTarget = async (
  api: Api,
  ticket: Ticket,
  closed: TicketRecord
): Promise<Required<TicketChange>['movedTo'] | undefined> => {
  let current = closed
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    // The newest page suffices: nothing is written into a closed ticket.
    const { comments } = await readComments(api, current.id, () => true)
    const line = comments.find(isMergeLine) ?? (isMerged(current) ? comments[0] : undefined)
    const next = line && (await _ticketNamed(api, ticket, closed, line, current.id))
    if (!line || !next) return undefined
    const mergedAt = Date.parse(line.created_at ?? '')
    // Whether it has ended there is for the reading there to tell.
    if (next.status !== 'closed' || !isMerged(next)) return _placeIn(api, ticket, next, { mergedAt, from: current.id })
    current = next
  }
  return undefined
}

/** The ticket that a merge's line names, if it is the same customer's and no other handoff's. */
const _ticketNamed = async (
  api: Api,
  ticket: Ticket,
  closed: TicketRecord,
  line: Comment,
  ownId: string
): Promise<TicketRecord | undefined> => {
  const customers = new Set([closed.requester_id, ticket.contactId].filter(Boolean))
  for (const id of _numbersIn(line)
    .filter((id) => id !== ownId)
    .slice(0, MAX_CANDIDATES)) {
    const read = await readTicket(api, id)
    if (!read) continue
    const handoff = conversationIdOf(read.ticket.external_id ?? '')
    const isOthers = handoff !== undefined && handoff !== ticket.conversationId
    if (!isOthers && customers.has(read.ticket.requester_id)) return read.ticket
  }
  return undefined
}

/** The tickets that a merge's line names. */
const _numbersIn = ({ via, plain_body: plain, body }: Comment): string[] => {
  const { from, to } = via?.source ?? {}
  const references = [to, from].flatMap((it) => [...(it?.ticket_id ? [it.ticket_id] : []), ...(it?.ticket_ids ?? [])])
  const inText = [...(plain ?? body ?? '').matchAll(/#(\d{1,20})\b/g)].map(([, id = '']) => id)
  return [...new Set([...references, ...inText])]
}

/**
 * The reading continues after the merge: what had been said in the other ticket before was not for this session. The
 * merge's own line marks the place. Without it, its time does.
 */
const _placeIn = async (
  api: Api,
  ticket: Ticket,
  target: TicketRecord,
  { mergedAt, from }: { mergedAt: number; from: string }
) => {
  const isEarlier = ({ created_at: at }: Comment): boolean => !(Date.parse(at ?? '') >= mergedAt)
  const { comments } = await readComments(api, target.id, (page) => page.some(isEarlier))
  const line = comments.find((comment) => isMergeLine(comment) && _numbersIn(comment).includes(from))
  const earlier = (line ? [line] : comments.filter(isEarlier)).map(({ id }) => Number(id))
  const cursor = writeCursor({ comment: Math.max(0, ...earlier), agentId: '', over: false })
  return { id: target.id, cursor, ...(ticket.memo === undefined ? {} : { memo: ticket.memo }) }
}

/**
 * The id of the line at which the session's ticket was merged into this one; 0 if none of these comments is that line.
 * A cursor of the former ticket may lie before it, and what was said here earlier is not the session's to show.
 */
export const mergedUpTo = async (
  api: Api,
  ticket: Ticket,
  target: TicketRecord,
  comments: Comment[]
): Promise<number> => {
  if (conversationIdOf(target.external_id ?? '') === ticket.conversationId) return 0
  for (const line of comments.filter(isMergeLine).toReversed()) {
    const ids = _numbersIn(line).filter((id) => id !== target.id)
    for (const id of ids.slice(0, MAX_CANDIDATES)) {
      const former = await readTicket(api, id)
      if (former && conversationIdOf(former.ticket.external_id ?? '') === ticket.conversationId) return Number(line.id)
    }
  }
  return 0
}
