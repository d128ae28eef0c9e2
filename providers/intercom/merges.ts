/**
 * Conversations that teammates merge. The merged one is closed and linked to the one that stays.
 * https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/mergeconversation
 */
import type { Ticket, TicketChange } from '../provider'
import type { Desk } from './desk'
import { isNotFound } from './failures'
import { cursorAfter, partsOf, type Conversation, type Part } from './schemas'

const MERGED = 'merged_secondary_conversation'
const STAYS = 'merged_primary_conversation'

/** How long the two marks of one merge may be apart, in seconds. */
const APART_S = 10

export interface Merge {
  /** Marks the merge in the conversation that was merged. */
  part: Part
  /** Where the conversation goes on, if that is the same customer's. */
  movedTo: TicketChange['movedTo']
}

export const isMerge = (part: Part): boolean => part.part_type === MERGED

/** The one that stays may have been merged in turn. */
const LONGEST_CHAIN = 5

/** Undefined: the conversation was not merged into another one. Throws when the other one can't be read. */
export const mergedInto = async (
  desk: Desk,
  ticket: Ticket,
  conversation: Conversation,
  longest = LONGEST_CHAIN
): Promise<Merge | undefined> => {
  const part = partsOf(conversation).findLast(isMerge)
  if (!part) return undefined
  for (const id of _linkedIds(conversation)) {
    const other = await _read(desk, id)
    const mark = other && partsOf(other).findLast((candidate) => _isOtherHalf(candidate, part))
    if (!mark || !_haveContactInCommon(conversation, other)) continue
    const next = longest > 1 ? await mergedInto(desk, { ...ticket, id }, other, longest - 1) : undefined
    if (next) return { part, movedTo: next.movedTo }
    // What was said there before the merge was not said in this conversation.
    const memo = ticket.memo === undefined ? {} : { memo: ticket.memo }
    return { part, movedTo: { id, ...memo, cursor: cursorAfter(mark) } }
  }
  return { part, movedTo: undefined }
}

/** The conversations that were merged into this one. Makes no call when there are none. */
export const mergedFrom = async (desk: Desk, conversation: Conversation): Promise<Conversation[]> => {
  if (!partsOf(conversation).some(({ part_type: type }) => type === STAYS)) return []
  const others = await Promise.all(_linkedIds(conversation).map((id) => _read(desk, id)))
  return others.filter((other) => other !== undefined).filter((other) => partsOf(other).some(isMerge))
}

const _linkedIds = ({ id: own, linked_objects: linked }: Conversation): string[] => [
  ...new Set((linked?.data ?? []).flatMap(({ id }) => (id && id !== own ? [id] : []))),
]

const _read = async (desk: Desk, id: string): Promise<Conversation | undefined> => {
  try {
    return await desk.api.conversation(id)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

const _isOtherHalf = (candidate: Part, part: Part): boolean =>
  candidate.part_type === STAYS && Math.abs((candidate.created_at ?? 0) - (part.created_at ?? 0)) <= APART_S

/** Agents' words in another customer's conversation are not for this one. */
const _haveContactInCommon = (one: Conversation, other: Conversation): boolean => {
  const ids = new Set((one.contacts?.contacts ?? []).flatMap(({ id }) => (id ? [id] : [])))
  return (other.contacts?.contacts ?? []).some(({ id }) => Boolean(id) && ids.has(id ?? ''))
}
