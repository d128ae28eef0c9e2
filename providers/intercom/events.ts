import { htmlToParts } from '../kit/html-to-markdown'
import type { Agent, CaughtUp, MessagePart, SessionEvent, Ticket, TicketKey } from '../provider'
import { partsIn, type Part } from './api'
import { isGone, whileNew, type Desk } from './desk'

/** Which doings of a list of parts count. */
export interface Reading {
  isClosed: boolean
  isReopened: boolean
  isAssigned: boolean
  /** An assignment's text is a reply only where Intercom announces it as one; else it may be meant for colleagues. */
  isReply: boolean
}

/**
 * What parts mean, in the order in which they happened. Every part of a person that speaks to the customer is a message; of what happened to the
 * state of the conversation only the last counts, since older parts may come along.
 */
export const eventsOf = (ticket: TicketKey, parts: Part[], reading: Reading): SessionEvent[] =>
  _told(ticket, parts, reading).flatMap(({ events }) => events)

const _told = (ticket: TicketKey, parts: Part[], reading: Reading): { part: Part; events: SessionEvent[] }[] => {
  const ordered = parts.toSorted(byTime)
  const closing = reading.isClosed ? ordered.findLast((part) => part.part_type === 'close') : undefined
  const reopening = reading.isReopened ? ordered.findLast((part) => isReopening(part)) : undefined
  const assignment = reading.isAssigned ? ordered.findLast((part) => part.part_type?.startsWith('assign')) : undefined
  return ordered.map((part) => {
    const events: SessionEvent[] = []
    if (part === reopening) events.push({ type: 'ticket-reopened', ticket })
    const assigned = part === assignment ? _assignedAgent(part) : undefined
    if (assigned) events.push({ type: 'agent-assigned', ticket, agent: assigned })
    const message = _message(ticket, part, reading.isReply)
    if (message) events.push(message)
    if (part === closing) events.push({ type: 'ticket-closed', ticket, reason: 'solved' })
    return { part, events }
  })
}

/** Order in which parts happened: Intercom's times are whole seconds, its ids grow. */
export const byTime = (a: Part, b: Part): number => (a.created_at ?? 0) - (b.created_at ?? 0) || _compareIds(a.id, b.id)

const _compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

export const isNote = (part: Part): boolean => part.part_type?.startsWith('note') ?? false

/** Opened again by a person, with or without assigning it. The customer's own answer opens it too, and is no news. */
export const isReopening = (part: Part): boolean =>
  part.author?.type === 'admin' && (part.part_type === 'open' || part.part_type === 'assign_and_reopen')

/** Whom a person gave the conversation to. A team, nobody, and what workflows do are left out. */
const _assignedAgent = (part: Part): Agent | undefined => {
  const { author, assigned_to: to } = part
  if (author?.type !== 'admin' || to?.type !== 'admin' || !to.id || to.id === '0') return undefined
  const name = to.name ?? (author.id === to.id ? author.name : undefined)
  return { id: to.id, ...(name ? { name } : {}) }
}

const SPOKEN = new Set(['comment', 'open', 'close'])

const _message = (ticket: TicketKey, part: Part, isReply: boolean): SessionEvent | undefined => {
  const { author } = part
  // Fin, bots and workflows are authors of type 'bot', customers of type 'user' or 'lead'.
  if (author?.type !== 'admin' || !author.id || part.redacted) return undefined
  const type = part.part_type ?? ''
  if (!SPOKEN.has(type) && !(isReply && type.startsWith('assign'))) return undefined
  const said = htmlToParts(part.body ?? '')
  const inline = new Set(said.map((piece) => (piece.type === 'file' ? piece.url : '')))
  const lost: string[] = []
  const files = (part.attachments ?? []).flatMap((attachment): MessagePart[] => {
    const { name, url, content_type: contentType } = attachment
    if (!url || !/^https:\/\//i.test(url)) {
      lost.push(name ?? 'a file')
      return []
    }
    if (inline.has(url)) return []
    return [{ type: 'file', kind: _kind(contentType ?? '', name ?? url), url, ...(name ? { title: name } : {}) }]
  })
  const parts = [...said, ...files]
  if (parts.length === 0 && lost.length === 0) return undefined
  return {
    type: 'message-posted',
    ticket,
    id: part.id,
    agent: { id: author.id, ...(author.name ? { name: author.name } : {}) },
    parts,
    ...(lost.length === 0
      ? {}
      : {
          undelivered: `Intercom gave no address for ${lost.map((name) => `“${name}”`).join(', ')}: the customer did not get it.`,
        }),
  }
}

const EXTENSIONS: [RegExp, 'image' | 'audio' | 'video'][] = [
  [/\.(?:png|jpe?g|gif|webp|avif|heic|bmp|svg)$/i, 'image'],
  [/\.(?:mp3|m4a|aac|ogg|oga|opus|wav|flac)$/i, 'audio'],
  [/\.(?:mp4|m4v|mov|webm|mkv|avi)$/i, 'video'],
]

/** The content type, unless it says only that it is to be downloaded. */
const _kind = (contentType: string, name: string): 'image' | 'audio' | 'video' | 'file' => {
  const main = /^(image|audio|video)\//i.exec(contentType)?.[1]?.toLowerCase()
  if (main === 'image' || main === 'audio' || main === 'video') return main
  const isTelling =
    contentType !== '' && !/^(?:application\/(?:octet-stream|force-download)|binary\/)/i.test(contentType)
  if (isTelling) return 'file'
  const path = name.replace(/[?#].*$/, '')
  return EXTENSIONS.find(([extension]) => extension.test(path))?.[1] ?? 'file'
}

// -------------------------------------------------------------------------------------------------------------- reading

/**
 * The parts after the cursor: `created_at:id` of the last one that was told. Intercom keeps the newest 500.
 * https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/conversations/retrieveconversation
 */
export const catchUp = async (desk: Desk, ticket: Ticket, cursor: string | undefined): Promise<CaughtUp> => {
  const key = { ticketId: ticket.id, conversationId: ticket.conversationId }
  const read = () => desk.api.conversation(ticket.id)
  let conversation
  try {
    // What has never been read may have just been made.
    conversation = cursor === undefined ? await whileNew(desk, read) : await read()
  } catch (error) {
    if (!isGone(error)) throw error
    return { events: [{ type: 'ticket-closed', ticket: key, reason: 'deleted' }], cursor }
  }
  const news = partsIn(conversation.conversation_parts?.conversation_parts).filter((part) => _isAfter(part, cursor))
  const isClosed = conversation.state === 'closed'
  const told = _told(key, news, { isClosed, isReopened: !isClosed, isAssigned: true, isReply: false })
  const last = told.findLast(({ events }) => events.length > 0)?.part
  return {
    events: told.flatMap(({ events }) => events),
    cursor: last ? `${last.created_at ?? 0}:${last.id}` : cursor,
  }
}

const _isAfter = (part: Part, cursor: string | undefined): boolean => {
  const [time = '', id = ''] = cursor?.split(':') ?? []
  if (!/^\d+$/.test(time)) return true
  return ((part.created_at ?? 0) - Number(time) || _compareIds(part.id, id)) > 0
}
