import { asUnknown, isProviderError, ProviderError } from '../errors'
import { partsToText, underName } from '../kit/message-text'
import type { OutboundMessage, PostedMessage, Ticket } from '../provider'
import { partsIn, type Conversation, type Part } from './api'
import { closeAgain } from './closing'
import { ensureContact } from './contacts'
import { adminOf, isGone, remember, settling, SKEW_MS, type Desk } from './desk'
import { byTime, isNote } from './events'
import { saysTheSame, splitText, toHtml, toPlainBody } from './format'

/**
 * How far back to look for an earlier attempt at a customer's message without `createdAt`. Customers repeat themselves,
 * so older matches don't count. The bot doesn't, so the whole conversation is searched for its notes.
 */
const RETRIED_WITHIN_MS = 10 * 60_000

/** A customer other than the conversation's contact. Intercom accepts replies of that contact only. */
const _isSecondPerson = (
  { contactId }: Ticket,
  message: OutboundMessage
): message is OutboundMessage & { author: { type: 'customer' } } =>
  message.author.type === 'customer' &&
  contactId !== undefined &&
  message.author.customer.contactId !== undefined &&
  message.author.customer.contactId !== contactId

/** Posts a customer's message as the contact, and a bot's message as a note. */
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
  const body = partsToText(message.parts)
  const namedBody = _isSecondPerson(ticket, message) ? underName(message.author.customer.name, body) : body
  for (const [index, text] of splitText(namedBody).entries()) {
    const piece: Piece = { ticketId: ticket.id, author, text, key: `${message.id}#${index}`, others: message.others }
    try {
      const { part, conversation } = await _postPiece(
        desk,
        piece,
        message.mayExist ? _earliest(desk, message) : undefined
      )
      remember(desk, part.id, piece.key)
      messageIds.push(part.id)
      // The message has reopened the conversation.
      if (part.part_type === 'open') await closeAgain(desk, ticket, conversation)
    } catch (error) {
      const failure = isGone(error)
        ? new ProviderError('intercom', 'ended', 'The conversation no longer exists', { status: 404 })
        : error
      // Earlier pieces are posted, so a retry has to look for them.
      throw index > 0 ? asUnknown(failure) : failure
    }
  }
  return { messageIds }
}

interface Piece {
  ticketId: string
  author: { isNote: boolean; id: string }
  text: string
  /** Message id and index of the piece: the value that `desk.posted` holds for its part. */
  key: string
  /** Ids of parts that are known to be other messages. */
  others: readonly string[] | undefined
}

/** A posted part, and the conversation if it was read to find it. */
interface Posted {
  part: Part
  conversation?: Conversation
}

/** The earliest time of an attempt, in milliseconds since the epoch. */
const _earliest = (desk: Desk, { author, createdAt }: OutboundMessage): number => {
  if (createdAt !== undefined) return createdAt - SKEW_MS
  return author.type === 'bot' ? 0 : desk.tools.now() - RETRIED_WITHIN_MS
}

/** `earliest`: the earliest time of an attempt that may have succeeded. Undefined: this is the first attempt. */
const _postPiece = async (desk: Desk, piece: Piece, earliest: number | undefined): Promise<Posted> => {
  const start = desk.tools.now()
  const find = (since: number) => settling(() => _find(desk, piece, since))
  const earlier = earliest === undefined ? undefined : await find(earliest)
  if (earlier) return earlier
  try {
    return await _send(desk, piece)
  } catch (error) {
    if (!isProviderError(error) || error.outcome !== 'unknown') throw error
    const found = await find(start - SKEW_MS)
    if (!found) return await settling(() => _send(desk, piece))
    // Without `others`, an older part with the same text can't be told from this message.
    if (piece.others === undefined && _timeOf(found.part) < Math.floor(start / 1_000) * 1_000) throw error
    return found
  }
}

const _send = async (desk: Desk, { ticketId, author, text }: Piece): Promise<Posted> => {
  const parts = author.isNote
    ? await desk.api.note(ticketId, author.id, toHtml(text))
    : await desk.api.replyAsContact(ticketId, author.id, toPlainBody(text))
  // The newest part by this author is the new one, even if the answer has older ones.
  const part = parts.toSorted(byTime).findLast((candidate) => candidate.author?.id === author.id)
  if (part) return { part }
  throw new ProviderError('intercom', 'unavailable', 'Could not post the message: the answer does not include it', {
    outcome: 'unknown',
  })
}

/** The part with this text and author, at or after `since`, that isn't known to be another message. */
const _find = async (desk: Desk, piece: Piece, since: number): Promise<Posted | undefined> => {
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
