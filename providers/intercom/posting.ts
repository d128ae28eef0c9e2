import { asUnknown, isProviderError, ProviderError, withDetails } from '../errors'
import { partsToText } from '../kit/message-text'
import type { Customer, OutboundMessage, PostedMessage, Ticket } from '../provider'
import { closeAgain } from './closing'
import { ensureContact } from './contacts'
import { remember, settling, SKEW_MS, type Desk } from './desk'
import { mayNameSomethingGone } from './failures'
import { saysTheSame, splitText, toHtml, toPlainBody } from './format'
import { mergedInto } from './merges'
import { asUnwritten, participantAfter, readOrEnded } from './participants'
import { byTime, isNote, partsOf, type Conversation, type Part } from './schemas'

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

/**
 * Posts a customer's message as the contact, and a bot's message as a note. A conversation that was merged into another
 * one is followed there.
 */
export const postMessage = async (desk: Desk, ticket: Ticket, message: OutboundMessage): Promise<PostedMessage> => {
  const posted = await _postAt(desk, ticket, message)
  const { messageIds, contactId, reopened } = posted
  const change = contactId === undefined ? {} : { contactId }
  if (!reopened) return { messageIds, ...change }
  try {
    const conversation = reopened.conversation ?? (await desk.api.conversation(ticket.id))
    const movedTo = (await mergedInto(desk, ticket, conversation))?.movedTo
    if (!movedTo) {
      await closeAgain(desk, ticket, conversation)
      return { messageIds, ...change }
    }
    // Nobody reads the merged conversation any more.
    const there = { ...ticket, id: movedTo.id, contactId: contactId ?? ticket.contactId }
    const again = await _postAt(desk, there, { ...message, mayExist: true })
    await desk.acting.act(ticket.memo, (adminId) => desk.api.close(ticket.id, adminId))
    const contact = again.contactId ?? contactId
    return {
      messageIds: [...again.messageIds, ...messageIds],
      ...(contact === undefined ? {} : { contactId: contact }),
      movedTo,
    }
  } catch (error) {
    // The message is posted. A retry finds it and goes on here.
    throw asUnknown(error)
  }
}

interface PostedAt {
  messageIds: string[]
  /** The contact that wrote, if it isn't the ticket's. */
  contactId?: string
  /** The message has reopened the conversation. */
  reopened?: { conversation: Conversation | undefined }
}

const _postAt = async (desk: Desk, ticket: Ticket, message: OutboundMessage): Promise<PostedAt> => {
  const post = async (author: Author, namePrefix: string, mayExist: boolean): Promise<PostedAt> => {
    const result: PostedAt = { messageIds: [] }
    for (const [index, text] of splitText(namePrefix + partsToText(message.parts)).entries()) {
      const piece: Piece = { ticketId: ticket.id, author, text, key: `${message.id}#${index}`, others: message.others }
      try {
        const { part, conversation } = await _postPiece(desk, piece, mayExist ? _earliest(desk, message) : undefined)
        remember(desk, part.id, piece.key)
        result.messageIds.push(part.id)
        if (part.part_type === 'open') result.reopened = { conversation }
      } catch (error) {
        // Earlier pieces are posted, so a retry has to look for them.
        throw index > 0 ? asUnknown(error) : error
      }
    }
    return result
  }
  if (message.author.type === 'bot') {
    return _explained(desk, ticket, () =>
      desk.acting.act(ticket.memo, (id) => post({ isNote: true, id }, '', message.mayExist))
    )
  }
  const { customer } = message.author
  const name = `${customer.name}: `
  const known = ticket.contactId ?? customer.contactId
  const id = known ?? (await ensureContact(desk, customer))
  try {
    const result = await post({ isNote: false, id }, _isSecondPerson(ticket, message) ? name : '', message.mayExist)
    return known === undefined ? { ...result, contactId: id } : result
  } catch (error) {
    if (!mayNameSomethingGone(error)) throw error
    const participant = await _mended(desk, ticket, customer, id, error)
    const isNamed = participant.isUncertain || _isSecondPerson(ticket, message)
    const result = await post({ isNote: false, id: participant.id }, isNamed ? name : '', message.mayExist)
    return participant.id === ticket.contactId ? result : { ...result, contactId: participant.id }
  }
}

/** The contact to write as after a refusal. Throws the refusal when contact and conversation are as they should be. */
const _mended = async (desk: Desk, ticket: Ticket, customer: Customer, id: string, refusal: unknown) => {
  let participant
  try {
    participant = await participantAfter(desk, ticket, customer, id, refusal)
  } catch (error) {
    throw asUnwritten(error, refusal)
  }
  if (participant) return participant
  // A 403 names the contact when it was blocked. That is for people to decide.
  throw refusal
}

/** A refused note: `ended` when the conversation is gone. */
const _explained = async <T>(desk: Desk, ticket: Ticket, post: () => Promise<T>): Promise<T> => {
  try {
    return await post()
  } catch (error) {
    if (!mayNameSomethingGone(error)) throw error
    try {
      await readOrEnded(desk, ticket.id)
    } catch (reason) {
      throw asUnwritten(reason, error)
    }
    throw isProviderError(error) && error.code === 'not-found' ? withDetails(error, { about: 'account' }) : error
  }
}

interface Author {
  isNote: boolean
  id: string
}

interface Piece {
  ticketId: string
  author: Author
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
  const part = parts
    .toSorted(byTime)
    .findLast((candidate) => isNote(candidate) === author.isNote && _isBy(candidate, author))
  if (part) return { part }
  throw new ProviderError('intercom', 'unavailable', 'Could not post the message: the answer does not include it', {
    outcome: 'unknown',
  })
}

/** The part with this text and author, at or after `since`, that isn't known to be another message. */
const _find = async (desk: Desk, piece: Piece, since: number): Promise<Posted | undefined> => {
  const conversation = await readOrEnded(desk, piece.ticketId)
  const sent = piece.author.isNote ? piece.text : toPlainBody(piece.text)
  const part = partsOf(conversation).findLast((candidate) => {
    const key = desk.posted.get(candidate.id)
    return (
      (key === undefined || key === piece.key) &&
      !piece.others?.includes(candidate.id) &&
      isNote(candidate) === piece.author.isNote &&
      _isBy(candidate, piece.author) &&
      _timeOf(candidate) >= since &&
      saysTheSame(candidate.body ?? '', sent)
    )
  })
  return part && { part, conversation }
}

/** A note may have been written as a teammate who has left since, and a message as a contact that was merged since. */
const _isBy = ({ author }: Part, { isNote: isByTeammate, id }: Author): boolean =>
  isByTeammate ? author?.type === 'admin' : author?.id === id || CONTACTS.has(author?.type ?? '')

const CONTACTS = new Set(['user', 'lead', 'contact', 'visitor'])

const _timeOf = (part: Part): number => (part.created_at ?? 0) * 1_000
