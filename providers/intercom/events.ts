import { fileKey } from '../kit/addresses'
import { htmlToParts } from '../kit/html-to-markdown'
import type { Agent, CaughtUp, MessagePart, SessionEvent, Ticket, TicketKey } from '../provider'
import { partsIn, type Part } from './api'
import { isGone, retryWhileNew, type Desk } from './desk'

/** Which changes in a list of parts to report. */
interface EventFilter {
  isClosed: boolean
  isReopened: boolean
  isAssigned: boolean
  /** Whether the text of an assignment is a reply. If Intercom doesn't announce it as one, it may be for colleagues. */
  isReply: boolean
}

/**
 * The events in a list of parts, in order. Each public part by a teammate is a message. For state changes only the last
 * part counts, because the list may include older ones.
 */
export const eventsOf = (ticket: TicketKey, parts: Part[], filter: EventFilter): SessionEvent[] =>
  _eventsByPart(ticket, parts, filter).flatMap(({ events }) => events)

const _eventsByPart = (
  ticket: TicketKey,
  parts: Part[],
  filter: EventFilter
): { part: Part; events: SessionEvent[] }[] => {
  const ordered = parts.toSorted(byTime)
  const closing = filter.isClosed ? ordered.findLast((part) => part.part_type === 'close') : undefined
  const reopening = filter.isReopened ? ordered.findLast((part) => isReopening(part)) : undefined
  const assignment = filter.isAssigned ? ordered.findLast((part) => part.part_type?.startsWith('assign')) : undefined
  return ordered.map((part) => {
    const events: SessionEvent[] = []
    if (part === reopening) events.push({ type: 'ticket-reopened', ticket })
    const assigned = part === assignment ? _assignedAgent(part) : undefined
    if (assigned) events.push({ type: 'agent-assigned', ticket, agent: assigned })
    const message = _message(ticket, part, filter.isReply)
    if (message) events.push(message)
    if (part === closing) events.push({ type: 'ticket-closed', ticket, reason: 'solved' })
    return { part, events }
  })
}

/** Chronological order. Times are whole seconds, so ids, which increase, break ties. */
export const byTime = (a: Part, b: Part): number => (a.created_at ?? 0) - (b.created_at ?? 0) || _compareIds(a.id, b.id)

const _compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

export const isNote = (part: Part): boolean => part.part_type?.startsWith('note') ?? false

/** Reopened by a teammate. A customer's reply also reopens, but isn't reported. */
export const isReopening = (part: Part): boolean =>
  part.author?.type === 'admin' && (part.part_type === 'open' || part.part_type === 'assign_and_reopen')

/** The teammate to whom another teammate assigned it. Ignores teams, unassignment and workflows. */
const _assignedAgent = (part: Part): Agent | undefined => {
  const { author, assigned_to: to } = part
  if (author?.type !== 'admin' || to?.type !== 'admin' || !to.id || to.id === '0') return undefined
  const name = to.name ?? (author.id === to.id ? author.name : undefined)
  return { id: to.id, ...(name ? { name } : {}) }
}

const MESSAGE_TYPES = new Set(['comment', 'open', 'close'])

const _message = (ticket: TicketKey, part: Part, isReply: boolean): SessionEvent | undefined => {
  const { author } = part
  // Fin, bots and workflows are of type 'bot', customers of type 'user' or 'lead'.
  if (author?.type !== 'admin' || !author.id || part.redacted) return undefined
  const type = part.part_type ?? ''
  if (!MESSAGE_TYPES.has(type) && !(isReply && type.startsWith('assign'))) return undefined
  const bodyParts = htmlToParts(part.body ?? '')
  const inline = new Set(bodyParts.map((piece) => (piece.type === 'file' ? fileKey(piece.url) : '')))
  const missing: string[] = []
  const files = (part.attachments ?? []).flatMap((attachment): MessagePart[] => {
    const { name, url, content_type: contentType } = attachment
    if (!url || !/^https:\/\//i.test(url)) {
      missing.push(name ?? 'a file')
      return []
    }
    if (inline.has(fileKey(url))) return []
    return [{ type: 'file', kind: _kind(contentType ?? '', name ?? url), url, ...(name ? { title: name } : {}) }]
  })
  const parts = [...bodyParts, ...files]
  if (parts.length === 0 && missing.length === 0) return undefined
  return {
    type: 'message-posted',
    ticket,
    id: part.id,
    agent: { id: author.id, ...(author.name ? { name: author.name } : {}) },
    parts,
    ...(missing.length === 0
      ? {}
      : {
          undelivered: `Intercom gave no link for ${_quoted(missing)}, so the customer did not receive it.`,
        }),
  }
}

const _quoted = (names: string[]): string => names.map((name) => `“${name}”`).join(', ')

const EXTENSIONS: [RegExp, 'image' | 'audio' | 'video'][] = [
  [/\.(?:png|jpe?g|gif|webp|avif|heic|bmp|svg)$/i, 'image'],
  [/\.(?:mp3|m4a|aac|ogg|oga|opus|wav|flac)$/i, 'audio'],
  [/\.(?:mp4|m4v|mov|webm|mkv|avi)$/i, 'video'],
]

/** By content type, or by extension when the content type is generic. */
const _kind = (contentType: string, name: string): 'image' | 'audio' | 'video' | 'file' => {
  const main = /^(image|audio|video)\//i.exec(contentType)?.[1]?.toLowerCase()
  if (main === 'image' || main === 'audio' || main === 'video') return main
  const isSpecific =
    contentType !== '' && !/^(?:application\/(?:octet-stream|force-download)|binary\/)/i.test(contentType)
  if (isSpecific) return 'file'
  const path = name.replace(/[?#].*$/, '')
  return EXTENSIONS.find(([extension]) => extension.test(path))?.[1] ?? 'file'
}

// ------------------------------------------------------------------------------------------------------------- reading

/**
 * Reads the parts after the cursor, which is `created_at:id` of the last reported part. Intercom returns the newest
 * 500.
 * https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/conversations/retrieveconversation
 */
export const catchUp = async (desk: Desk, ticket: Ticket, cursor: string | undefined): Promise<CaughtUp> => {
  const key = { ticketId: ticket.id, conversationId: ticket.conversationId }
  const fetchConversation = () => desk.api.conversation(ticket.id)
  let conversation
  try {
    // Without a cursor, the conversation may be new.
    conversation = cursor === undefined ? await retryWhileNew(desk, fetchConversation) : await fetchConversation()
  } catch (error) {
    if (!isGone(error)) throw error
    return { events: [{ type: 'ticket-closed', ticket: key, reason: 'deleted' }], cursor }
  }
  const newParts = partsIn(conversation.conversation_parts?.conversation_parts).filter((part) => _isAfter(part, cursor))
  const isClosed = conversation.state === 'closed'
  const eventsByPart = _eventsByPart(key, newParts, {
    isClosed,
    isReopened: !isClosed,
    isAssigned: true,
    isReply: false,
  })
  const last = eventsByPart.findLast(({ events }) => events.length > 0)?.part
  return {
    events: eventsByPart.flatMap(({ events }) => events),
    cursor: last ? `${last.created_at ?? 0}:${last.id}` : cursor,
  }
}

const _isAfter = (part: Part, cursor: string | undefined): boolean => {
  const [time = '', id = ''] = cursor?.split(':') ?? []
  if (!/^\d+$/.test(time)) return true
  return ((part.created_at ?? 0) - Number(time) || _compareIds(part.id, id)) > 0
}
