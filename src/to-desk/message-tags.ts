/** The state of a message is kept in its tags, where the next holder of the lock reads it. */
import type { Call } from '../botpress/call'
import { gone } from '../botpress/errors'
import { retry } from '../botpress/retry'
import { OutcomeUnknown } from '../session/lock'
import { tagValue } from '../session/session'
import type { Entry } from './entries'
import type { Unit } from './units'

type Marks = Partial<Record<'deskMessageIds' | 'sentAs' | 'refused', string>>

const RETRIES = { tries: 3, pauseMs: 500 }

/** The members are at the desk as one message, under these ids. Throws OutcomeUnknown. */
export const markDelivered = async (call: Call, members: Entry[], deskMessageIds: string): Promise<void> => {
  await Promise.all(members.map((entry) => _mark(call, entry, { deskMessageIds })))
}

/** The desk will never take the members. Throws OutcomeUnknown. */
export const markRefused = async (call: Call, members: Entry[], reason: string): Promise<void> => {
  await Promise.all(members.map((entry) => _mark(call, entry, { refused: tagValue(reason) })))
}

/**
 * Marks a unit before it is posted, and clears marks that mean nothing any more. Meanwhile the oldest message carries
 * no mark, so a crash in between leaves nothing that looks posted. Throws OutcomeUnknown.
 */
export const markUnit = async (
  call: Call,
  { mark = '', members }: Unit,
  waiting: Entry[],
  isCertain: (entry: Entry) => boolean
): Promise<void> => {
  const [oldest, ...rest] = members
  if (!oldest) return
  // A message that may be at the desk keeps its mark: it is looked up under that.
  const others = waiting.filter((entry) => !members.includes(entry) && isCertain(entry))
  const wrong = [...rest.filter((entry) => entry.sentAs !== mark), ...others.filter(({ sentAs }) => sentAs)]
  const isMarked = (oldest.sentAs ?? '') === mark
  if (isMarked && wrong.length === 0) return
  if (oldest.sentAs !== undefined) await _mark(call, oldest, { sentAs: '' })
  await Promise.all(wrong.map((entry) => _mark(call, entry, { sentAs: members.includes(entry) ? mark : '' })))
  if (mark) await _mark(call, oldest, { sentAs: mark })
}

/** From now on each message says itself that it may be at the desk, as a unit of its own. Throws OutcomeUnknown. */
export const markInDoubt = async (call: Call, entries: Entry[]): Promise<void> => {
  await Promise.all(entries.map((entry) => _mark(call, entry, { sentAs: entry.id })))
}

const _mark = async (call: Call, entry: Entry, marks: Marks): Promise<void> => {
  try {
    // A deleted message needs no mark.
    await retry(call, RETRIES, () => gone(call.client.updateMessage({ id: entry.id, tags: marks as never })))
  } catch (error) {
    throw new OutcomeUnknown('The state of a message could not be written', { cause: error })
  }
  for (const [name, value] of Object.entries(marks)) Object.assign(entry, { [name]: value || undefined })
}

/** A tag's longest value. The first ids suffice to know that the message arrived. */
const LONGEST_TAG = 500
/** Stands for ids that don't fit into a tag. */
const SENT = 'sent'

/** As many ids as a tag holds. */
export const joinIds = (ids: string[]): string => {
  let joined = ''
  for (const id of ids) {
    const longer = joined ? `${joined},${id}` : id
    if (longer.length >= LONGEST_TAG) break
    joined = longer
  }
  return joined || SENT
}

/** The ids that a tag holds. */
export const splitIds = (joined: string | undefined): string[] =>
  joined === undefined || joined === SENT ? [] : joined.split(',')
