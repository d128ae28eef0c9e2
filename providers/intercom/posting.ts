import { asUnknown, isProviderError, ProviderError } from '../errors'
import { partsToText } from '../kit/message-text'
import type { OutboundMessage, PostedMessage, Ticket } from '../provider'
import { partsIn, type Conversation, type Part } from './api'
import { closeAgain } from './closing'
import { ensureContact } from './contacts'
import { adminOf, isGone, remember, settling, SKEW_MS, type Desk } from './desk'
import { byTime, isNote } from './events'
import { saysTheSame, splitText, toHtml, toPlainBody } from './format'

/**
 * How far back an earlier attempt at a customer's message is looked for where nobody says when it was said: customers say the same again. The bot does not, so its notes are looked for in the whole
 * conversation.
 */
const RETRIED_WITHIN_MS = 10 * 60_000

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
      ? { isNote: true, id: await adminOf(desk, ticket) }
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
    const piece: Piece = { ticketId: ticket.id, author, text, key: `${message.id}#${index}`, others: message.others }
    try {
      const { part, conversation } = await _postPiece(
        desk,
        piece,
        message.mayExist ? _earliest(desk, message) : undefined
      )
      remember(desk, part.id, piece.key)
      messageIds.push(part.id)
      if (part.part_type === 'open') await closeAgain(desk, ticket, conversation)
    } catch (error) {
      const final = isGone(error)
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
  /** Parts that are known to be other messages. */
  others: readonly string[] | undefined
}

/** A part of ours, and the conversation as it was read with it, where it was read. */
interface Posted {
  part: Part
  conversation?: Conversation
}

/** Milliseconds since the epoch before which no attempt was made. */
const _earliest = (desk: Desk, { author, createdAt }: OutboundMessage): number => {
  if (createdAt !== undefined) return createdAt - SKEW_MS
  return author.type === 'bot' ? 0 : desk.tools.now() - RETRIED_WITHIN_MS
}

/** `earliest`: of an attempt that may have got through. */
const _postPiece = async (desk: Desk, piece: Piece, earliest: number | undefined): Promise<Posted> => {
  const start = desk.tools.now()
  const look = (since: number) => settling(() => _look(desk, piece, since))
  const earlier = earliest === undefined ? undefined : await look(earliest)
  if (earlier) return earlier
  try {
    return await _send(desk, piece)
  } catch (error) {
    if (!isProviderError(error) || error.outcome !== 'unknown') throw error
    const found = await look(start - SKEW_MS)
    if (!found) return await settling(() => _send(desk, piece))
    // Equal words from before may be another message: only who knows those can tell.
    if (piece.others === undefined && _timeOf(found.part) < Math.floor(start / 1_000) * 1_000) throw error
    return found
  }
}

const _send = async (desk: Desk, { ticketId, author, text }: Piece): Promise<Posted> => {
  const parts = author.isNote
    ? await desk.api.note(ticketId, author.id, toHtml(text))
    : await desk.api.replyAsContact(ticketId, author.id, toPlainBody(text))
  // The answer holds the new part; where it held older ones too, ours is the newest.
  const part = parts.toSorted(byTime).findLast((candidate) => candidate.author?.id === author.id)
  if (part) return { part }
  throw new ProviderError('intercom', 'unavailable', 'Could not post the message: the answer does not name it', {
    outcome: 'unknown',
  })
}

/** The part that says this, by this author, at or after a time, unless it is known to be another message. */
const _look = async (desk: Desk, piece: Piece, since: number): Promise<Posted | undefined> => {
  const conversation = await desk.api.conversation(piece.ticketId)
  const sent = piece.author.isNote ? piece.text : toPlainBody(piece.text)
  const part = partsIn(conversation.conversation_parts?.conversation_parts).findLast((candidate) => {
    const key = desk.posted.get(candidate.id)
    return (
      (key === undefined || key === piece.key) &&
      !piece.others?.includes(candidate.id) &&
      candidate.author?.id === piece.author.id &&
      isNote(candidate) === piece.author.isNote &&
      _timeOf(candidate) >= since &&
      saysTheSame(candidate.body ?? '', sent)
    )
  })
  return part && { part, conversation }
}

const _timeOf = (part: Part): number => (part.created_at ?? 0) * 1_000
