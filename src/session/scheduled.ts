/**
 * The session's record of messages that are scheduled for the bot.
 *
 * A Cloud may hide a scheduled message until its moment, so that neither a listing nor a get-or-create finds it. So the
 * holder of the lock to the bot writes down what it is about to schedule, and afterwards what it has scheduled. Whoever
 * finds a message in the record doesn't schedule it again.
 */
import { createHash } from 'node:crypto'
import { API_TIMEOUT_MS } from '../botpress/timing'
import { instanceCache } from '../botpress/memory'

export interface Scheduled {
  /** Stands for the message's `deskMessageId` tag. */
  key: string
  /** When the bot receives it, in milliseconds since the epoch. */
  at: number
  /** False: its holder was about to schedule it, and may have died. */
  isCertain: boolean
}

/** Whether a message was scheduled isn't known until its moment. The desk is asked to deliver its webhook again. */
export class ScheduleInDoubt extends Error {
  public override readonly name = 'ScheduleInDoubt'
}

const TAG_SIZE = 500
const KEY_LENGTH = 6

/** A message that was scheduled can be found this long after its moment, however slow the call was. */
const APPEARS_MS = API_TIMEOUT_MS + 1_000

/** An entry that is older says no more than a listing does. */
const KEPT_MS = 2_000

/** A message of this moment or a later one may still be out of sight. */
export const RECENT_MS = 1_000

export const keyOf = (deskMessageId: string): string =>
  createHash('sha256').update(deskMessageId).digest('base64url').slice(0, KEY_LENGTH)

/** Each moment but the first is counted from the one before: that is shorter. */
export const readScheduled = (tag: string | undefined): Scheduled[] => {
  let at = 0
  return (tag ?? '').split(' ').flatMap((entry): Scheduled[] => {
    const [, key, moment = '', doubt] = /^([\w-]+)@(-?[\da-z]+)(\?)?$/.exec(entry) ?? []
    if (!key) return []
    at += Number.parseInt(moment, 36)
    return [{ key, at, isCertain: doubt === undefined }]
  })
}

const _entries = (scheduled: Scheduled[]): string[] =>
  scheduled.map(({ key, at, isCertain }, index) => {
    const before = Math.round(scheduled[index - 1]?.at ?? 0)
    return `${key}@${(Math.round(at) - before).toString(36)}${isCertain ? '' : '?'}`
  })

/** The value of the tag. */
export const scheduledTag = (scheduled: Scheduled[]): string => _entries(scheduled).join(' ')

/** The longest beginning of `scheduled` that fits into the tag, with room for doubts. */
export const fitting = (scheduled: Scheduled[]): Scheduled[] => {
  let left = TAG_SIZE - 1
  const index = _entries(scheduled).findIndex((entry) => {
    left -= entry.length + 2
    return left < 0
  })
  return index === -1 ? scheduled : scheduled.slice(0, index)
}

/** Without entries that say no more than a listing does. `now` in milliseconds since the epoch. */
export const stillNeeded = (scheduled: Scheduled[], now: number): Scheduled[] =>
  scheduled.filter(({ at, isCertain }) => now < at + (isCertain ? KEPT_MS : APPEARS_MS))

type Recorded = { scheduled: Scheduled[] }

export const findScheduled = ({ scheduled }: Recorded, deskMessageId: string): Scheduled | undefined => {
  if (scheduled.length === 0) return undefined
  const key = keyOf(deskMessageId)
  return scheduled.find((one) => one.key === key)
}

/** When the bot receives a message that is certainly scheduled. */
export const scheduledAt = (session: Recorded, deskMessageId: string): number | undefined => {
  const found = findScheduled(session, deskMessageId)
  return found?.isCertain ? found.at : undefined
}

/** Throws ScheduleInDoubt when a message that can't be found may have been scheduled nevertheless. */
export const assertNotInDoubt = (session: Recorded, deskMessageId: string, now: number): void => {
  const found = findScheduled(session, deskMessageId)
  if (found && now < found.at + APPEARS_MS)
    throw new ScheduleInDoubt('Whether a message was scheduled for the bot is not known yet')
}

/**
 * Throws ScheduleInDoubt while a message that reaches the bot after `since` can't be seen. `seen`: the `deskMessageId`
 * tags of those that can. Moments in milliseconds since the epoch.
 */
export const assertInSight = (
  { scheduled }: Recorded,
  { seen, since, now }: { seen: (string | undefined)[]; since: number; now: number }
): void => {
  const late = scheduled.filter(({ at }) => at > since && now < at + APPEARS_MS)
  if (late.length === 0) return
  const keys = new Set(seen.map((id) => keyOf(id ?? '')))
  if (late.some(({ key }) => !keys.has(key)))
    throw new ScheduleInDoubt('A message that is scheduled for the bot cannot be seen yet')
}

/** Whether the Cloud lists scheduled messages before their time, as far as this instance has seen. */
const _lists = instanceCache<true>('lists-scheduled', { lifetimeMs: 60 * 60_000, size: 1 })

type Instance = Parameters<typeof _lists>[0]

export const listsScheduled = (instance: Instance): boolean => _lists(instance).get('') === true

/** Notes that a message was listed whose moment is `at`, in milliseconds since the epoch. */
export const noteListed = (instance: Instance, at: number): void => {
  // The clocks of the Cloud and of this instance may differ.
  if (at > instance.memory.clock.now() + RECENT_MS) _lists(instance).set('', true)
}
