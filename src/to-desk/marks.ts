/** What becomes of a message is written into its tags: whoever comes next reads it there. */
import type { Call } from '../botpress/call'
import { gone } from '../botpress/errors'
import { OutcomeUnknown } from '../session/lock'
import { tagValue } from '../session/session'
import { HELD_BACK, sentAsOne, type Entry } from './entries'

type Marks = Partial<Pick<Entry, 'deskMessageIds' | 'sentAs' | 'refused'>>

const TRIES = 3
const PAUSE_MS = 500

/** They are at the desk as one message, under these ids. Throws OutcomeUnknown when that could not be written down; so do all of these. */
export const markDelivered = async (call: Call, unit: Entry[], deskMessageIds: string): Promise<void> => {
  const sentAs = sentAsOne(unit)
  await Promise.all(
    unit.map((entry) => {
      // A mark of something else, which was never posted, must not be taken for what has become of this one.
      const isMarkedOtherwise = entry.sentAs !== undefined && entry.sentAs !== sentAs
      return _mark(call, entry, isMarkedOtherwise ? { deskMessageIds, sentAs } : { deskMessageIds })
    })
  )
}

/** From now on they are one message. Nothing may be posted as that before it is written down. */
export const markAsOne = async (call: Call, unit: Entry[]): Promise<void> => {
  const sentAs = sentAsOne(unit)
  await Promise.all(unit.map((entry) => _mark(call, entry, { sentAs })))
}

/** From now on each is a message of its own, which may be at the desk. */
export const markAsSingle = async (call: Call, entries: Entry[]): Promise<void> => {
  await Promise.all(entries.map((entry) => _mark(call, entry, { sentAs: sentAsOne([entry]) })))
}

/** They were kept from the desk: whoever comes next need not look for them there. */
export const markHeldBack = async (call: Call, entries: Entry[]): Promise<void> => {
  await Promise.all(entries.map((entry) => _mark(call, entry, { sentAs: HELD_BACK })))
}

/** The desk will never take them. */
export const markRefused = async (call: Call, entries: Entry[], reason: string): Promise<void> => {
  await Promise.all(entries.map((entry) => _mark(call, entry, { refused: tagValue(reason) })))
}

const _mark = async (call: Call, entry: Entry, marks: Marks): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      // A message that was deleted needs no mark.
      await gone(call.client.updateMessage({ id: entry.id, tags: marks as never }))
      Object.assign(entry, marks)
      return
    } catch (error) {
      if (tries === TRIES)
        throw new OutcomeUnknown('What became of a message could not be written down', { cause: error })
      await call.environment.sleep(PAUSE_MS)
    }
  }
}

/** As many ids as a tag holds; the first ones suffice to know that the message arrived. */
export const joinIds = (ids: string[]): string => {
  let joined = ''
  for (const id of ids) {
    const longer = joined ? `${joined},${id}` : id
    if (longer.length >= 500) break
    joined = longer
  }
  return joined || SENT
}

/** For a desk whose ids do not fit. */
const SENT = 'sent'

/** The ids that a tag holds. */
export const splitIds = (joined: string | undefined): string[] =>
  joined === undefined || joined === SENT ? [] : joined.split(',')
