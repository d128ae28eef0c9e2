/**
 * Places: what makes the most open sessions of a desk a promise, and its load known without counting sessions.
 *
 * A place has a number and is used again and again; each use is a helper conversation of its own, the record. A record
 * belongs to the session that `getOrSetState` has written into it first. Giving a place back makes the record of its
 * next use. Nothing is ever taken out of a record, so a late or repeated release can't free the place of another
 * session. The records' tags (free, taken, used) are hints by which they are found. A wrong hint is mended when it is
 * met.
 */
import type { Call } from '../botpress/call'
import { describeError } from '../botpress/errors'
import { writeTags, type Session } from './session'

/** One use of one place. */
export interface Place {
  /** The record's conversation. */
  recordId: string
  provider: string
  number: number
  /** How often the place was used before. */
  use: number
}

export const RECORD_STATUSES = ['free', 'taken', 'used'] as const
export type RecordStatus = (typeof RECORD_STATUSES)[number]

/** Identifies a record. */
export const claimTag = ({ provider, number, use }: Omit<Place, 'recordId'>): string =>
  `place ${provider} ${number} ${use}`

/** The record that a conversation is. Undefined for any other conversation. */
export const readRecord = ({ id, tags }: { id: string; tags: Partial<Record<string, string>> }): Place | undefined => {
  const [, provider, number, use] = /^place (\S+) (\d+) (\d+)$/.exec(tags['claim'] ?? '') ?? []
  return provider === undefined ? undefined : { recordId: id, provider, number: Number(number), use: Number(use) }
}

/** The tag of the session that holds the place. */
export const placeTag = ({ recordId, number, use }: Place): string => `${recordId} ${number} ${use}`

export const readPlace = (tag: string | undefined, provider: string): Place | undefined => {
  const [, recordId, number, use] = /^(\S+) (\d+) (\d+)$/.exec(tag ?? '') ?? []
  return recordId === undefined ? undefined : { recordId, provider, number: Number(number), use: Number(use) }
}

/** Finds or makes a record. Its tags stay as they are, unless they are given. */
export const recordOf = async (
  call: Call,
  place: Omit<Place, 'recordId'>,
  status?: RecordStatus
): Promise<{ place: Place; status: string | undefined }> => {
  const { conversation } = await call.client.getOrCreateConversation({
    channel: 'hitl',
    tags: { claim: claimTag(place), ...(status ? { provider: place.provider, status } : {}) },
    discriminateByTags: ['claim'],
  })
  return { place: { ...place, recordId: conversation.id }, status: conversation.tags['status'] }
}

/** Marks a record as taken. Never throws: the mark is a hint. */
export const markTaken = async (call: Call, { recordId, provider }: Place, holder: string): Promise<void> => {
  const tags = { provider, status: 'taken' satisfies RecordStatus, place: holder }
  await writeTags(call, recordId, tags).catch((error: unknown) => {
    call.log.warn('Could not mark a place as taken', { desk: provider, error: describeError(error) })
  })
}

/**
 * Gives a place back: resolves to the record of its next use. Idempotent. Throws what Botpress throws: the place then
 * stays taken, or is free without its old record saying so.
 */
export const renewPlace = async (call: Call, place: Place): Promise<Place> => {
  // First the next use: a place that is only marked as used would be lost.
  const { place: next } = await recordOf(call, { ...place, use: place.use + 1 }, 'free')
  await writeTags(call, place.recordId, { status: 'used' satisfies RecordStatus })
  return next
}

/**
 * Gives a place back. Idempotent, and never throws: a place that stays taken is found when its desk seems full
 * (actions/abandoned.ts).
 */
export const releasePlace = async (call: Call, place: Place): Promise<void> => {
  try {
    await renewPlace(call, place)
  } catch (error) {
    call.log.warn('Could not give a place back: it is found when its desk seems full', {
      desk: place.provider,
      error: describeError(error),
    })
  }
}

/** Gives the place of an ended session back, once its end is written down: until then the session counts. */
export const freePlace = async (call: Call, { place: tag, provider }: Session): Promise<void> => {
  const place = readPlace(tag, provider)
  if (place) await releasePlace(call, place)
}
