/**
 * What goes to the desk as one message: a single message under its own id, or several under the id of the last one. A
 * single message carries `sentAs` only after a post with an unknown outcome.
 *
 * The members of a merged unit carry `sentAs` before the unit is posted, and the oldest one gets it last. So when the
 * oldest member carries the mark, the unit is complete and may be at the desk. When it doesn't, nothing was posted
 * under the marks of the others.
 */
import { partsToText } from '../../providers/kit/message-text'
import { toParts } from '../botpress/messages'
import type { Entry } from './entries'

export interface Unit {
  /** The id under which the desk gets it. */
  id: string
  /** What its members carry as `sentAs`; undefined: a single message needs no mark. */
  mark: string | undefined
  /** In order, at least one. */
  members: Entry[]
}

/** A person can still read this many messages as one. */
export const MOST_MERGED = 25
/** Every desk shows this many characters as one post. */
const LONGEST_MERGED = 3_000

/** The unit that an earlier holder of the lock, or an earlier attempt, may have posted with this message. */
export const earlierUnit = (entries: Entry[], oldest: Entry): Unit => {
  const { sentAs: mark } = oldest
  if (mark === undefined) return _single(oldest)
  return { id: mark, mark, members: entries.filter((entry) => entry.sentAs === mark) }
}

/** The first messages of one author that are certain not to be at the desk, as many as fit into one message. */
export const newUnit = (
  waiting: [Entry, ...Entry[]],
  { mostMerged, isCertain }: { mostMerged: number; isCertain(entry: Entry): boolean }
): Unit => {
  const [oldest, ...others] = waiting
  const members = [oldest]
  let length = _lengthOf(oldest)
  for (const entry of others) {
    length += _lengthOf(entry)
    const isFull = members.length >= mostMerged || length > LONGEST_MERGED
    if (isFull || entry.userId !== oldest.userId || !isCertain(entry)) break
    members.push(entry)
  }
  if (members.length === 1) return _single(oldest)
  const mark = members.at(-1)?.id ?? oldest.id
  return { id: mark, mark, members }
}

const _single = (entry: Entry): Unit => ({ id: entry.id, mark: undefined, members: [entry] })

/** A message that can't be read counts as infinitely long: it is posted alone, so its failure hits no other message. */
const _lengthOf = ({ type, payload }: Entry): number => {
  try {
    return partsToText(toParts(type, payload)).length
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
