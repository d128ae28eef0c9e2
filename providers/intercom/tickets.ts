import { isProviderError, ProviderError } from '../errors'
import { splitText, noteOf, openingOf, referenceIn, saysTheSame, titleOf, toHtml, toPlainBody } from './format'
import { partsToText } from '../kit/message-text'
import type { OpenedTicket, OutboundMessage, PostedMessage, Ticket, TicketRequest } from '../provider'
import { partsIn, type Conversation, type Part } from './api'
import { ensureContact } from './contacts'
import { asUnknown, remember, settling, whileNew, type Desk } from './desk'

/** The clocks of two machines, and Intercom's times in whole seconds. */
const SKEW_MS = 60_000
/** How far back an earlier attempt of the same message may lie. */
const RETRIED_WITHIN_MS = 10 * 60_000
const HANDOFF_WITHIN_MS = 24 * 60 * 60_000
/** How long a conversation without our note may have been waiting for it. */
const UNDRESSED_WITHIN_MS = 60 * 60_000
/** The search index lags: it is asked again after these waits before it is believed that there is nothing. */
const INDEX_WAITS_MS = [0, 1_000, 2_000, 3_000]
const MOST_CANDIDATES = 5

// ------------------------------------------------------------------------------------------------------------------ opening

/**
 * A conversation in the customer's name. Intercom takes no key that would make creating it idempotent and no field of ours in that call; a
 * note written right after it carries our conversation id.
 */
export const openTicket = async (desk: Desk, request: TicketRequest): Promise<OpenedTicket> => {
  const contactId = request.customer.contactId ?? (await ensureContact(desk, request.customer))
  // Asked for meanwhile, so that they cost no time of their own; what fails is asked for again where it is needed.
  desk.actingAdmin().catch(() => {})
  const tags = Promise.all(
    [...new Set(request.options.tags ?? [])].map((name) =>
      desk.api.tagId(name).catch((error: unknown) => _lacks(desk, 'tag', error))
    )
  )
  const found = request.mayExist ? await _find(desk, contactId, request, HANDOFF_WITHIN_MS) : undefined
  if (found?.isDressed) return { id: found.id, readBack: true, ..._memo(await _admin(desk)) }
  const id = found?.id ?? (await _create(desk, contactId, request))
  const adminId = await _admin(desk)
  await _dress(
    desk,
    id,
    adminId,
    request,
    (await tags).filter((tag) => tag !== undefined)
  )
  return { id, readBack: true, ..._memo(adminId) }
}

const _create = async (desk: Desk, contactId: string, request: TicketRequest): Promise<string> => {
  const start = desk.tools.now()
  const create = () => whileNew(desk, () => desk.api.createConversation(contactId, openingOf(request)))
  try {
    return await create()
  } catch (error) {
    if (!isProviderError(error) || error.outcome !== 'unknown') throw error
    const found = await _find(desk, contactId, request, desk.tools.now() - start + SKEW_MS)
    return found?.id ?? create()
  }
}

interface Found {
  id: string
  /** The note with title and transcript is there. */
  isDressed: boolean
}

/** The conversation of this handoff: by the reference in its note, or one that has no reference yet and opens with our words. */
const _find = (desk: Desk, contactId: string, request: TicketRequest, withinMs: number): Promise<Found | undefined> =>
  settling(async () => {
    const since = Math.floor((desk.tools.now() - withinMs) / 1_000)
    for (const wait of INDEX_WAITS_MS) {
      await desk.tools.sleep(wait)
      const candidates = await desk.api.searchConversations(contactId, since)
      for (const candidate of candidates.slice(0, MOST_CANDIDATES)) {
        const conversation = await desk.api.conversation(candidate.id).catch((error: unknown) => {
          // Deleted, and the index does not know yet.
          if (_isGone(error)) return undefined
          throw error
        })
        if (!conversation) continue
        const reference = _referenceOf(conversation)
        if (reference === request.conversationId) return { id: candidate.id, isDressed: true }
        if (reference === undefined && _isUndressed(desk, conversation, request)) {
          return { id: candidate.id, isDressed: false }
        }
      }
    }
    return undefined
  })

const _referenceOf = (conversation: Conversation): string | undefined => {
  for (const part of partsIn(conversation.conversation_parts?.conversation_parts)) {
    const reference = _isNote(part) && part.body ? referenceIn(part.body) : undefined
    if (reference) return reference
  }
  return undefined
}

const _isUndressed = (desk: Desk, conversation: Conversation, request: TicketRequest): boolean =>
  conversation.state !== 'closed' &&
  (conversation.created_at ?? 0) * 1_000 >= desk.tools.now() - UNDRESSED_WITHIN_MS &&
  saysTheSame(conversation.source?.body ?? '', openingOf(request))

/** Everything that the call which creates a conversation does not take. The ticket exists: what fails here is logged and does not undo it. */
const _dress = async (
  desk: Desk,
  id: string,
  adminId: string | undefined,
  request: TicketRequest,
  tags: string[]
): Promise<void> => {
  const { api } = desk
  const { queue } = request.options
  const attempt = (what: string, action: () => Promise<unknown>) =>
    whileNew(desk, action).catch((error: unknown) => _lacks(desk, what, error, id))
  await Promise.all([
    attempt('title', () => api.setTitle(id, titleOf(request))),
    ...(adminId === undefined
      ? []
      : [
          attempt('note', () => _note(desk, id, adminId, request)),
          ...(queue ? [attempt('team', () => api.assignTeam(id, adminId, queue))] : []),
          ...tags.map((tag) => attempt('tag', () => api.tag(id, adminId, tag))),
        ]),
  ])
}

const _note = async (desk: Desk, id: string, adminId: string, request: TicketRequest): Promise<void> => {
  const write = () => desk.api.note(id, adminId, noteOf(request))
  try {
    await write()
  } catch (error) {
    if (!isProviderError(error) || error.outcome !== 'unknown') throw error
    const conversation = await settling(() => desk.api.conversation(id))
    if (_referenceOf(conversation) !== request.conversationId) await write()
  }
}

const _admin = (desk: Desk): Promise<string | undefined> =>
  desk.actingAdmin().catch((error: unknown) => _lacks(desk, 'note', error))

const _memo = (adminId: string | undefined): { memo?: string } => (adminId === undefined ? {} : { memo: adminId })

const _lacks = (desk: Desk, what: string, error: unknown, id?: string): undefined => {
  desk.tools.log.warn(`A conversation at Intercom lacks its ${what}`, {
    ...(id === undefined ? {} : { ticketId: id }),
    error: isProviderError(error) ? error.message : 'unexpected error',
  })
}

// ----------------------------------------------------------------------------------------------------------------- messages

/** Somebody else than the conversation's contact: Intercom takes replies of that one only, so the name goes with the words. */
const _isSecondPerson = (
  { contactId }: Ticket,
  message: OutboundMessage
): message is OutboundMessage & { author: { type: 'customer' } } =>
  message.author.type === 'customer' &&
  contactId !== undefined &&
  message.author.customer.contactId !== undefined &&
  message.author.customer.contactId !== contactId

/** As the contact, or, for the bot's own words, as a note. */
export const postMessage = async (desk: Desk, ticket: Ticket, message: OutboundMessage): Promise<PostedMessage> => {
  const author =
    message.author.type === 'bot'
      ? { isNote: true, id: await _adminOf(desk, ticket) }
      : {
          isNote: false,
          id:
            ticket.contactId ??
            message.author.customer.contactId ??
            (await ensureContact(desk, message.author.customer)),
        }
  const messageIds: string[] = []
  const words = partsToText(message.parts)
  for (const [index, text] of splitText(
    _isSecondPerson(ticket, message) ? `${message.author.customer.name}: ${words}` : words
  ).entries()) {
    const piece = { ticketId: ticket.id, author, text, key: `${message.id}#${index}` }
    try {
      const id = await _postPiece(desk, piece, message.mayExist)
      remember(desk, id, piece.key)
      messageIds.push(id)
    } catch (error) {
      const final = _isGone(error)
        ? new ProviderError('intercom', 'ended', 'The conversation is gone', { status: 404 })
        : error
      // The pieces before it are there: whoever tries again has to look.
      throw index > 0 ? asUnknown(final) : final
    }
  }
  return { messageIds }
}

interface Piece {
  ticketId: string
  author: { isNote: boolean; id: string }
  text: string
  key: string
}

const _postPiece = async (desk: Desk, piece: Piece, mayExist: boolean): Promise<string> => {
  const start = desk.tools.now()
  const look = (since: number) => settling(() => _look(desk, piece, since))
  const earlier = mayExist ? await look(start - RETRIED_WITHIN_MS) : undefined
  if (earlier) return earlier
  try {
    return await _send(desk, piece)
  } catch (error) {
    if (!isProviderError(error) || error.outcome !== 'unknown') throw error
    return (await look(start - SKEW_MS)) ?? _send(desk, piece)
  }
}

const _send = async (desk: Desk, { ticketId, author, text }: Piece): Promise<string> => {
  const parts = author.isNote
    ? await desk.api.note(ticketId, author.id, toHtml(text))
    : await desk.api.replyAsContact(ticketId, author.id, toPlainBody(text))
  // The answer holds the new part; where it held older ones too, ours is the newest.
  const newest = parts.toSorted(byTime).findLast((part) => part.author?.id === author.id)
  if (newest) return newest.id
  throw new ProviderError('intercom', 'unavailable', 'Could not post the message: the answer does not name it', {
    outcome: 'unknown',
  })
}

/** The part that says this, by this author, at or after a time, unless it is known to be another message. */
const _look = async (desk: Desk, piece: Piece, since: number): Promise<string | undefined> => {
  const conversation = await desk.api.conversation(piece.ticketId)
  const sent = piece.author.isNote ? piece.text : toPlainBody(piece.text)
  return partsIn(conversation.conversation_parts?.conversation_parts).findLast((part) => {
    const key = desk.posted.get(part.id)
    return (
      (key === undefined || key === piece.key) &&
      part.author?.id === piece.author.id &&
      _isNote(part) === piece.author.isNote &&
      (part.created_at ?? 0) * 1_000 >= since &&
      saysTheSame(part.body ?? '', sent)
    )
  })?.id
}

const _isNote = (part: Part): boolean => part.part_type?.startsWith('note') ?? false

const _isGone = (error: unknown): boolean => isProviderError(error) && error.code === 'not-found'

/** Order in which parts happened: Intercom's times are whole seconds, its ids grow. */
export const byTime = (a: Part, b: Part): number => (a.created_at ?? 0) - (b.created_at ?? 0) || compareIds(a.id, b.id)

export const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

// ------------------------------------------------------------------------------------------------------------------ closing

export const closeTicket = async (desk: Desk, ticket: Ticket): Promise<void> => {
  const adminId = await _adminOf(desk, ticket)
  try {
    await desk.api.close(ticket.id, adminId)
  } catch (error) {
    if (_isGone(error)) return
    if (!isProviderError(error) || error.code !== 'rejected') throw error
    // Refused: for being closed already, perhaps.
    const conversation = await desk.api.conversation(ticket.id)
    if (conversation.state !== 'closed') throw error
  }
}

/** As configured; else as it was when the ticket was opened, which spares a call. */
const _adminOf = async (desk: Desk, ticket: Ticket): Promise<string> =>
  desk.configuredAdmin ?? ticket.memo ?? (await desk.actingAdmin())
