import { asUnknown, isProviderError, withDetails } from '../errors'
import { isHandBack } from '../kit/hand-back'
import { quoteRest, underName } from '../kit/message-text'
import { postsOf, type Post } from '../kit/posts'
import type { Customer, MessagePart, OutboundMessage, PostedMessage, Ticket } from '../provider'
import { closeAgain } from './closing'
import { ensureContact } from './contacts'
import { remember, settling, type Desk } from './desk'
import { mayNameSomethingGone } from './failures'
import { writingOf } from './format'
import { isMerge, mergedFrom, mergedInto } from './merges'
import { asUnwritten, participantAfter, readOrEnded } from './participants'
import { earliestOf, findPiece, postPiece, type Author, type Piece } from './pieces'
import { byTime, partsOf, type Conversation, type Part } from './schemas'
import { MOST_FILES } from './sending'

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
  const known = message.mayExist ? await settling(() => readOrEnded(desk, ticket.id)) : undefined
  const merge = known && (await settling(() => mergedInto(desk, ticket, known)))
  if (known && merge?.movedTo) {
    const earlier = _piecesOf(desk, ticket, message).map((piece) =>
      findPiece(desk, piece, earliestOf(desk, message), known)
    )
    const found = earlier.filter((part) => part !== undefined)
    const misplaced = found.filter((part) => byTime(part, merge.part) > 0)
    // It was posted before the merge.
    if (found.length === earlier.length && misplaced.length === 0) {
      return { messageIds: found.map(({ id }) => id), movedTo: merge.movedTo }
    }
    return _follow(desk, ticket, message, merge.movedTo, misplaced)
  }
  const { parts, contactId, reopened } = await _postAt(desk, ticket, message, known)
  if (known) await settling(() => _takeBackFromMerged(desk, ticket, message, known))
  const posted = { messageIds: parts.map(({ id }) => id), ...(contactId === undefined ? {} : { contactId }) }
  if (!reopened) return posted
  // The message is posted. If something fails from here on, a retry finds it.
  const conversation = reopened.conversation ?? (await settling(() => desk.api.conversation(ticket.id)))
  const movedTo = (await settling(() => mergedInto(desk, ticket, conversation)))?.movedTo
  if (movedTo) {
    return settling(() =>
      _follow(desk, { ...ticket, contactId: contactId ?? ticket.contactId }, message, movedTo, parts)
    )
  }
  await closeAgain(desk, ticket, conversation)
  return posted
}

/** Posts where the conversation goes on, and takes back what has reached the merged one, which nobody reads. */
const _follow = async (
  desk: Desk,
  ticket: Ticket,
  message: OutboundMessage,
  movedTo: NonNullable<PostedMessage['movedTo']>,
  misplaced: Part[]
): Promise<PostedMessage> => {
  const { parts, contactId } = await _postAt(desk, { ...ticket, id: movedTo.id }, { ...message, mayExist: true })
  await _takeBack(desk, ticket, ticket.id, misplaced)
  const change = contactId === undefined ? {} : { contactId }
  return { messageIds: parts.map(({ id }) => id), ...change, movedTo }
}

/** What a customer writes reopens the merged conversation, so it is closed again. */
const _takeBack = async (desk: Desk, { memo }: Ticket, mergedId: string, misplaced: Part[]): Promise<void> => {
  for (const { id } of misplaced) await desk.api.redact(mergedId, id)
  if (misplaced.length > 0) await desk.acting.act(memo, (adminId) => desk.api.close(mergedId, adminId))
}

/** The ticket has moved on, and an attempt without an answer has reached the one that was merged into it. */
const _takeBackFromMerged = async (
  desk: Desk,
  ticket: Ticket,
  message: OutboundMessage,
  known: Conversation
): Promise<void> => {
  for (const merged of await mergedFrom(desk, known)) {
    const mark = partsOf(merged).findLast(isMerge)
    const misplaced = _piecesOf(desk, { ...ticket, id: merged.id }, message)
      .map((piece) => findPiece(desk, piece, earliestOf(desk, message), merged))
      .filter((part) => part !== undefined)
      .filter((part) => mark !== undefined && byTime(part, mark) > 0)
    await _takeBack(desk, ticket, merged.id, misplaced)
  }
}

/** The pieces as the ticket's own contact posts them. */
const _piecesOf = (desk: Desk, ticket: Ticket, message: OutboundMessage): Piece[] =>
  _postsOf(desk, message, _isSecondPerson(ticket, message) ? message.author.customer.name : undefined).map(
    (post, index) => ({
      ticketId: ticket.id,
      author: { isNote: message.author.type === 'bot', id: ticket.contactId ?? '' },
      post,
      key: `${message.id}#${index}`,
      others: message.others,
    })
  )

/** `name`: the message stands under it, since somebody else's contact posts it. */
const _postsOf = (desk: Desk, { parts, author }: OutboundMessage, name: string | undefined): Post[] => {
  const isNote = author.type === 'bot'
  const shown = name === undefined ? parts : _underName(name, parts)
  return postsOf(isNote ? _asNote(desk, shown) : shown, writingOf(isNote), MOST_FILES)
}

/** A note of the bot's that is the hand-back phrase would be taken for a teammate's. */
const _asNote = ({ handBack }: Desk, [first, ...rest]: MessagePart[]): MessagePart[] => {
  if (first?.type !== 'text' || rest.length > 0 || !isHandBack(first.text, handBack))
    return first ? [first, ...rest] : []
  return [{ ...first, text: `Bot: ${first.text}` }]
}

const _underName = (name: string, [first, ...rest]: MessagePart[]): MessagePart[] => {
  const quoted = rest.map((part) => (part.type === 'text' ? { ...part, text: `> ${quoteRest(part.text)}` } : part))
  if (first?.type === 'text') return [{ ...first, text: underName(name, first.text) }, ...quoted]
  return [{ type: 'text', text: `${name}:` }, ...(first ? [first] : []), ...quoted]
}

interface PostedAt {
  parts: Part[]
  /** The contact that wrote, if it isn't the ticket's. */
  contactId?: string
  /** The message has reopened the conversation. */
  reopened?: { conversation: Conversation | undefined }
}

/** `read`: the conversation, if it has just been read. */
const _postAt = async (
  desk: Desk,
  ticket: Ticket,
  message: OutboundMessage,
  read?: Conversation
): Promise<PostedAt> => {
  const earliest = message.mayExist ? earliestOf(desk, message) : undefined
  const post = async (author: Author, name?: string): Promise<PostedAt> => {
    const result: PostedAt = { parts: [] }
    for (const [index, post] of _postsOf(desk, message, name).entries()) {
      const piece: Piece = { ticketId: ticket.id, author, post, key: `${message.id}#${index}`, others: message.others }
      try {
        const { part, conversation } = await postPiece(desk, piece, earliest, read)
        remember(desk, part.id, piece.key)
        result.parts.push(part)
        if (part.part_type === 'open') result.reopened = { conversation }
      } catch (error) {
        // Earlier pieces are posted, so a retry has to look for them.
        throw index > 0 ? asUnknown(error) : error
      }
    }
    return result
  }
  if (message.author.type === 'bot') {
    return _explained(desk, ticket, () => desk.acting.act(ticket.memo, (id) => post({ isNote: true, id })))
  }
  const { customer } = message.author
  const { name } = customer
  const known = ticket.contactId ?? customer.contactId
  const id = known ?? (await ensureContact(desk, customer))
  try {
    const result = await post({ isNote: false, id }, _isSecondPerson(ticket, message) ? name : undefined)
    return known === undefined ? { ...result, contactId: id } : result
  } catch (error) {
    if (!mayNameSomethingGone(error)) throw error
    const participant = await _mended(desk, ticket, customer, id, error)
    const isNamed = participant.isUncertain || _isSecondPerson(ticket, message)
    const result = await post({ isNote: false, id: participant.id }, isNamed ? name : undefined)
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
