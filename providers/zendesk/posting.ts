/** Posts a message into a ticket, whatever has become of the ticket or of its contact. */
import { asUnknown, isProviderError, ProviderError, withDetails } from '../errors'
import { postsOf, type Post } from '../kit/posts'
import type { Tools } from '../kit/tools'
import type { Customer, OutboundMessage, PostedMessage, Ticket, TicketChange } from '../provider'
import { PROVIDER, type Api } from './api'
import { postComment, type Draft } from './comments'
import { ensureContact, findUser, isUsable } from './contacts'
import { sentence, toName, writingOf } from './format'
import { contactIn } from './memo'
import { findMergeTarget, isMerged } from './merging'
import { readTicket } from './reading'

/** Where and as whom a message is posted. Mending a refusal changes it. */
interface Place {
  ticketId: string
  /** Undefined: the credentials' own user. */
  authorId?: string
  /** A customer's message as an internal note that names them, since Zendesk accepts no comment of theirs. */
  asNote?: boolean
  /** An attempt at an earlier place may still arrive: look before posting here. */
  isInDoubt?: boolean
  movedTo?: TicketChange['movedTo']
}

/** One message on its way. */
interface Posting {
  api: Api
  tools: Tools
  ticket: Ticket
  message: OutboundMessage
  /** Absent for the bot's messages. */
  customer?: Customer
}

/** More than a message can need: some merges, the requester, a note. */
const MAX_MENDS = 8

/**
 * Posts the customer's message as a public comment, the bot's as an internal note. Splits long texts.
 *
 * A refusal is never taken for the ticket's or the message's without asking: Zendesk refuses a comment also because its
 * author was merged into another user, deleted or suspended. Then it is posted as the ticket's requester or, where that
 * is refused, too, as a note that names the customer. A ticket that was merged into another one is followed.
 */
export const postMessage = async (
  api: Api,
  tools: Tools,
  ticket: Ticket,
  message: OutboundMessage
): Promise<PostedMessage> => {
  const customer = message.author.type === 'customer' ? message.author.customer : undefined
  const posting: Posting = { api, tools, ticket, message, ...(customer && { customer }) }
  let place: Place = { ticketId: ticket.id, ...(customer && { authorId: await _authorOf(posting, customer) }) }
  const messageIds: string[] = []
  for (const [index, post] of postsOf(message.parts, writingOf(message.author.type)).entries()) {
    try {
      const posted = await _postPiece(posting, place, index === 0 ? message.id : `${message.id}/${index}`, post)
      messageIds.push(posted.id)
      place = posted.place
    } catch (error) {
      // Part of the message is at the desk, so a retry has to look first.
      throw messageIds.length === 0 ? error : asUnknown(error)
    }
  }
  const isOurs = customer?.contactId !== undefined && customer.contactId === ticket.contactId
  return {
    messageIds,
    ...(isOurs && !place.asNote && place.authorId !== ticket.contactId ? { contactId: place.authorId } : {}),
    ...(place.movedTo ? { movedTo: place.movedTo } : {}),
  }
}

const _authorOf = async ({ api, ticket }: Posting, customer: Customer): Promise<string> => {
  if (customer.contactId === undefined) return await ensureContact(api, customer)
  return customer.contactId === ticket.contactId ? contactIn(ticket) : customer.contactId
}

const _postPiece = async (posting: Posting, start: Place, marker: string, post: Post) => {
  let place = start
  for (let mends = 0; ; mends += 1) {
    try {
      return { id: await postComment(posting.api, posting.tools, _draft(posting, place, marker, post)), place }
    } catch (error) {
      const isRefusal =
        isProviderError(error) && (error.code === 'not-found' || (error.code === 'rejected' && error.status !== 409))
      if (!isRefusal || mends >= MAX_MENDS) throw error
      place = await _mend(posting, place, error)
    }
  }
}

const _draft = ({ message, customer }: Posting, place: Place, marker: string, post: Post): Draft => ({
  ticketId: place.ticketId,
  marker,
  post:
    customer && place.asNote
      ? [...sentence(`${toName(customer.name)} (Zendesk takes no comments of theirs):`), ...post]
      : post,
  writing: writingOf(message.author.type),
  isFormatted: message.author.type === 'bot',
  public: customer !== undefined && !place.asNote,
  ...(place.authorId === undefined || place.asNote ? {} : { authorId: place.authorId }),
  mayExist: message.mayExist || place.isInDoubt === true,
  ...(message.createdAt === undefined ? {} : { createdAt: message.createdAt }),
  ...(message.others === undefined ? {} : { others: message.others }),
})

/** Finds out what a refusal is about. Resolves to another place to post to, or throws the refusal, explained. */
const _mend = async (posting: Posting, from: Place, refusal: ProviderError): Promise<Place> => {
  const { api, ticket } = posting
  const place = refusal.outcome === 'none' ? from : { ...from, isInDoubt: true }
  // Where the ticket can't be asked, the refusal is nobody's fault yet.
  const unexplained = (): never => {
    throw withDetails(refusal, { about: 'account' })
  }
  const read = await readTicket(api, place.ticketId).catch(unexplained)
  if (!read) throw _ended(refusal, 'the ticket is deleted')
  if (read.ticket.status === 'closed') {
    // An orphan has no contact, and what its agents are told is no news for another ticket.
    const canFollow = ticket.contactId !== undefined && refusal.outcome === 'none'
    const movedTo = canFollow ? await findMergeTarget(api, ticket, read.ticket).catch(unexplained) : undefined
    if (movedTo) return { ...place, ticketId: movedTo.id, movedTo }
    throw _ended(refusal, isMerged(read.ticket) ? 'the ticket was merged into another one' : 'the ticket is closed')
  }
  // The ticket is there, so a 404 was about something else.
  if (refusal.code === 'not-found' || !posting.customer) throw refusal
  if (place.asNote) return _tellAgents(posting, place, refusal)
  const author = await findUser(api, place.authorId ?? '', read.users).catch(unexplained)
  if (refusal.about === 'message' && isUsable(author)) throw refusal
  // A suspended customer is still themselves, and another's name is not theirs.
  const isReplaced =
    author === undefined || author.active === false || (refusal.about === 'contact' && isUsable(author))
  const other = isReplaced ? await _otherAuthor(posting, place, read).catch(unexplained) : undefined
  return other === undefined ? { ...place, asNote: true } : { ...place, authorId: other }
}

const _ended = (refusal: ProviderError, why: string): ProviderError =>
  new ProviderError(PROVIDER, 'ended', `Could not add the message: ${why}`, {
    ...(refusal.status === undefined ? {} : { status: refusal.status }),
    outcome: refusal.outcome,
  })

/**
 * The user who took the refused author's place: for the session's customer the ticket's requester, who is the user that
 * they were merged into; for anybody else in the chat a contact that is found or made anew.
 */
const _otherAuthor = async (
  { api, ticket, customer }: Posting,
  place: Place,
  read: NonNullable<Awaited<ReturnType<typeof readTicket>>>
): Promise<string | undefined> => {
  if (!customer || place.authorId === undefined) return undefined
  const isOurs = customer.contactId !== undefined && customer.contactId === ticket.contactId
  const { contactId: _refused, ...person } = customer
  const other = isOurs ? read.ticket.requester_id : await ensureContact(api, person)
  if (!other || other === place.authorId) return undefined
  return isUsable(await findUser(api, other, read.users)) ? other : undefined
}

/**
 * Not even a note takes this text. If a note without it is taken, the text is at fault, and agents know that something
 * is missing here. Otherwise the ticket takes nothing for now, and the message waits.
 */
const _tellAgents = async (
  { api, tools, message }: Posting,
  { ticketId }: Place,
  refusal: ProviderError
): Promise<never> => {
  await postComment(api, tools, {
    ticketId,
    marker: `${message.id}/refused`,
    post: sentence('A message of the customer is missing here: Zendesk refuses its content.'),
    writing: writingOf('bot'),
    public: false,
    mayExist: message.mayExist,
    ...(message.createdAt === undefined ? {} : { createdAt: message.createdAt }),
  }).catch(() => {
    throw refusal.about === 'message' ? withDetails(refusal, { about: 'ticket' }) : refusal
  })
  throw withDetails(refusal, { about: 'message' })
}
