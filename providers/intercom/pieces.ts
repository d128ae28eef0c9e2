/** One post of a message, which may be too long for one. */
import { isProviderError, ProviderError } from '../errors'
import type { Post } from '../kit/posts'
import type { OutboundMessage } from '../provider'
import { settling, SKEW_MS, type Desk } from './desk'
import { saysThePost } from './format'
import { isMerge, mergedFrom } from './merges'
import { readOrEnded } from './participants'
import { byTime, isNote, partsOf, type Conversation, type Part } from './schemas'
import { sendReply } from './sending'

/**
 * How far back to look for an earlier attempt at a customer's message without `createdAt`. Customers repeat themselves,
 * so older matches don't count. The bot doesn't, so the whole conversation is searched for its notes.
 */
const RETRIED_WITHIN_MS = 10 * 60_000

export interface Author {
  isNote: boolean
  id: string
}

export interface Piece {
  ticketId: string
  author: Author
  post: Post
  /** Message id and index of the piece: the value that `desk.posted` holds for its part. */
  key: string
  /** Ids of parts that are known to be other messages. */
  others: readonly string[] | undefined
}

/** A posted part, and the conversation if it was read to find it. */
export interface Posted {
  part: Part
  conversation?: Conversation
}

/** The earliest time of an attempt, in milliseconds since the epoch. */
export const earliestOf = (desk: Desk, { author, createdAt }: OutboundMessage): number => {
  if (createdAt !== undefined) return createdAt - SKEW_MS
  return author.type === 'bot' ? 0 : desk.tools.now() - RETRIED_WITHIN_MS
}

/**
 * `earliest`: the earliest time of an attempt that may have succeeded. Undefined: this is the first attempt. `read`:
 * the conversation, if it has just been read.
 */
export const postPiece = async (
  desk: Desk,
  piece: Piece,
  earliest: number | undefined,
  read?: Conversation
): Promise<Posted> => {
  const start = desk.tools.now()
  const find = (since: number) => settling(() => _find(desk, piece, since))
  const earlier = earliest === undefined ? undefined : await settling(() => _find(desk, piece, earliest, read))
  if (earlier) return earlier
  try {
    return await _send(desk, piece, earliest !== undefined)
  } catch (error) {
    if (!isProviderError(error) || error.outcome !== 'unknown') throw error
    const found = await find(start - SKEW_MS)
    if (!found) return await settling(() => _send(desk, piece, true))
    // Without `others`, an older part with the same text can't be told from this message.
    if (piece.others === undefined && _timeOf(found.part) < Math.floor(start / 1_000) * 1_000) throw error
    return found
  }
}

const _send = async (desk: Desk, { ticketId, author, post }: Piece, isRepeated: boolean): Promise<Posted> => {
  const parts = await sendReply(desk, {
    conversationId: ticketId,
    fields: author.isNote
      ? { message_type: 'note', type: 'admin', admin_id: author.id }
      : { message_type: 'comment', type: 'user', intercom_user_id: author.id },
    post,
    isNote: author.isNote,
    isRepeated,
    purpose: author.isNote ? 'write the note' : 'post the message',
  })
  // The newest part by this author is the new one, even if the answer has older ones.
  const part = parts
    .toSorted(byTime)
    .findLast((candidate) => isNote(candidate) === author.isNote && _isBy(candidate, author))
  if (part) return { part }
  throw new ProviderError('intercom', 'unavailable', 'Could not post the message: the answer does not include it', {
    outcome: 'unknown',
  })
}

const _find = async (desk: Desk, piece: Piece, since: number, read?: Conversation): Promise<Posted | undefined> => {
  const conversation = read ?? (await readOrEnded(desk, piece.ticketId))
  const part = findPiece(desk, piece, since, conversation)
  if (part) return { part, conversation }
  // An attempt before a merge has reached the conversation that was merged into this one.
  for (const merged of await mergedFrom(desk, conversation)) {
    const earlier = findPiece(desk, piece, since, merged)
    const mark = partsOf(merged).findLast(isMerge)
    // What came after the merge is taken back.
    if (earlier && mark && byTime(earlier, mark) < 0)
      return { part: { ...earlier, part_type: 'comment' }, conversation }
  }
  return undefined
}

/** The part with this text and author, at or after `since`, that isn't known to be another message. */
export const findPiece = (desk: Desk, piece: Piece, since: number, conversation: Conversation): Part | undefined => {
  return partsOf(conversation).findLast((candidate) => {
    const key = desk.posted.get(candidate.id)
    return (
      (key === undefined || key === piece.key) &&
      !piece.others?.includes(candidate.id) &&
      isNote(candidate) === piece.author.isNote &&
      _isBy(candidate, piece.author) &&
      _timeOf(candidate) >= since &&
      saysThePost(candidate.body ?? '', piece.post, piece.author.isNote)
    )
  })
}

/** A note may have been written as a teammate who has left since, and a message as a contact that was merged since. */
const _isBy = ({ author }: Part, { isNote: isByTeammate, id }: Author): boolean =>
  isByTeammate ? author?.type === 'admin' : author?.id === id || CONTACTS.has(author?.type ?? '')

const CONTACTS = new Set(['user', 'lead', 'contact', 'visitor'])

const _timeOf = (part: Part): number => (part.created_at ?? 0) * 1_000
