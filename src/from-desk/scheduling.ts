/**
 * Delivers messages to the bot while holding its lock. What isn't due yet is scheduled: written down as planned,
 * created in order, and written down as scheduled (src/session/scheduled.ts).
 */
import { describeError, isRefused } from '../botpress/errors'
import { activatedAt, LONGEST_WAIT_MS, SPACING_MS } from '../botpress/timing'
import type { Lease } from '../session/lock'
import { deliveredAt, deskMessageIdOf, findDelivered, listMessages, noteDelivered } from '../session/progress'
import type { StoredMessage } from '../session/progress'
import {
  assertNotInDoubt,
  findScheduled,
  fitting,
  keyOf,
  listsScheduled,
  RECENT_MS,
  ScheduleInDoubt,
  scheduledAt,
  scheduledTag,
  stillNeeded,
  type Scheduled,
} from '../session/scheduled'
import { writeTags, type Session } from '../session/session'
import {
  contentOf,
  deliverNow,
  momentOf,
  noteScheduled,
  type AgentMessage,
  type AgentMessages,
  type Delivered,
} from './agent-message'
import type { Work } from './work'

/** So many messages in a row are delivered without the lock. More would keep the desk waiting. */
export const MOST_ALONE = 2

/** Without the lock, a message is delivered within this time after its session was read. */
export const ALONE_MS = 500

/** A plan that is older than this was seen by everybody who delivers without the lock. */
const SEEN_MS = ALONE_MS + 100

const TRIES = 2
const PAUSE_MS = 300

/** What the holder of the lock works with. */
interface Batch {
  work: Work
  /** Its record is kept up to date: the holder's next batch goes on with it. */
  session: Session
  lease: Lease
}

/**
 * Delivers messages in a session that is open. A later one that fails is left for its own turn. Throws LeaseLost,
 * ScheduleInDoubt, and as Botpress does.
 */
export const deliverLocked = async (
  work: Work,
  session: Session,
  lease: Lease,
  messages: AgentMessages
): Promise<Delivered> => {
  const { earliest: now } = work.call.clock
  noteScheduled(work, session)
  const moments = new Map<AgentMessage, number>()
  const left = messages.filter((message) => {
    const at = scheduledAt(session, message.deskMessageId)
    if (at === undefined) return true
    noteDelivered(work.progress, message.deskMessageId, at)
    moments.set(message, at)
    return false
  })
  const delivered = (): Delivered => ({
    kind: 'delivered',
    at: moments.get(messages[0]) ?? now(),
    session: undefined,
  })
  const [first] = left
  if (!first) return delivered()
  lease.assertHeld()
  const isDue = momentOf(work, session, first) - now() <= LONGEST_WAIT_MS
  if (isDue && left.length <= MOST_ALONE && !left.some((message) => findScheduled(session, message.deskMessageId))) {
    const delivery = await deliverNow(work, session, first)
    if (delivery) return first === messages[0] ? delivery : delivered()
  }
  await _schedule({ work, session, lease }, left, moments)
  return delivered()
}

/** Fills `moments` with those of the messages that were scheduled or are found. */
const _schedule = async (batch: Batch, messages: AgentMessage[], moments: Map<AgentMessage, number>): Promise<void> => {
  const { work, session, lease } = batch
  const { call, progress } = work
  const { earliest: now } = call.clock
  const { sleep } = call.environment
  const inDoubt = messages.some(({ deskMessageId }) => findScheduled(session, deskMessageId) !== undefined)
  const early = inDoubt ? await _find(work, session, messages) : undefined
  for (const { deskMessageId } of early ? messages : [])
    if (!early?.has(deskMessageId)) assertNotInDoubt(session, deskMessageId, now())
  const keys = new Set(messages.map(({ deskMessageId }) => keyOf(deskMessageId)))
  const before = stillNeeded(session.scheduled, now()).filter(({ key }) => !keys.has(key))
  const planned = _plan(batch, messages, before)
  // The plan and the look-up don't depend on each other.
  const write = writeTags(call, session.conversationId, { scheduled: scheduledTag([...before, ...planned.entries]) })
  let [found] = await Promise.all([early ?? _find(work, session, messages), write])
  session.scheduled = [...before, ...planned.entries]
  // Whoever has read the session before the plan may still deliver without the lock.
  const seenAt = _isContended(batch, before, planned.entries) ? now() + SEEN_MS : 0
  let isSeen = seenAt === 0
  const settled: Scheduled[] = []
  let problem: unknown
  let doubtful: Scheduled[] = []
  for (const [index, message] of planned.messages.entries()) {
    const { deskMessageId } = message
    const key = keyOf(deskMessageId)
    try {
      let at = isSeen ? undefined : await _deliverDue(batch, message, seenAt)
      if (at === undefined) {
        if (!isSeen) {
          await sleep(Math.max(0, seenAt - now()))
          found = await _find(work, session, planned.messages.slice(index))
          isSeen = true
        }
        const known = found.get(deskMessageId)
        at = known ? deliveredAt(known) : await _createScheduled(batch, message, seenAt === 0 ? 0 : LONGEST_WAIT_MS)
      }
      noteDelivered(progress, deskMessageId, at)
      moments.set(message, at)
      settled.push({ key, at, isCertain: true })
    } catch (error) {
      problem = error
      if (!isRefused(error)) doubtful = planned.entries.filter((entry) => entry.key === key)
      break
    }
  }
  // Somebody else's record may be there by now.
  if (lease.isSafe()) await _settle(batch, [...before, ...settled, ...doubtful])
  const isLater = settled.length > 0 && isRefused(problem)
  if (problem !== undefined && !isLater) throw problem
}

/** When each message is to reach the bot: as many as the record has room for. */
const _plan = ({ work, session }: Batch, messages: AgentMessage[], before: Scheduled[]) => {
  let at = 0
  const entries = messages.map((message): Scheduled => {
    at = Math.max(momentOf(work, session, message), at + SPACING_MS)
    return { key: keyOf(message.deskMessageId), at, isCertain: false }
  })
  const fits = fitting([...before, ...entries]).length - before.length
  if (fits <= 0) throw new ScheduleInDoubt('Too many messages are scheduled for the bot')
  return { entries: entries.slice(0, fits), messages: messages.slice(0, fits) }
}

/**
 * Whether others may take the first message for due, and deliver it without the lock. Not while something is scheduled,
 * or was a moment ago, and not before the plugin listens.
 */
const _isContended = ({ work, session }: Batch, before: Scheduled[], [first]: Scheduled[]): boolean => {
  const now = work.call.clock.earliest()
  return (
    activatedAt(session) <= now &&
    (first?.at ?? 0) <= now + LONGEST_WAIT_MS &&
    !before.some(({ at, isCertain }) => isCertain && at > now - RECENT_MS)
  )
}

/** Delivers a message that is due, while others may do so, too. Undefined: it isn't due, or that failed. */
const _deliverDue = async (
  { work, session, lease }: Batch,
  message: AgentMessage,
  seenAt: number
): Promise<number | undefined> => {
  const { earliest: now } = work.call.clock
  if (now() >= seenAt || momentOf(work, session, message) > seenAt) return undefined
  lease.assertHeld()
  return (await deliverNow(work, session, message))?.at
}

const _createScheduled = async (batch: Batch, message: AgentMessage, leastMs: number): Promise<number> => {
  const { work, session, lease } = batch
  const { call } = work
  const { earliest: now } = call.clock
  const { sleep } = call.environment
  for (let attempt = 1; ; attempt += 1) {
    lease.assertHeld()
    const delay = Math.max(momentOf(work, session, message) - now(), leastMs)
    try {
      return deliveredAt(await _create(batch, message, delay))
    } catch (error) {
      if (!isRefused(error)) {
        const found = await findDelivered(call, session.conversationId, message.deskMessageId).catch(() => undefined)
        if (found) return deliveredAt(found)
        // The Cloud may hide it.
        if (delay > 0 && !listsScheduled(call))
          throw new ScheduleInDoubt('Whether a message was scheduled for the bot is not known', { cause: error })
      }
      if (attempt === TRIES) throw error
      await sleep(PAUSE_MS)
    }
  }
}

const _create = async ({ work, session }: Batch, message: AgentMessage, delay: number): Promise<StoredMessage> => {
  const content = { ...contentOf(message), conversationId: session.conversationId, userId: message.userId }
  const isLater = delay > 0
  const tags = { ...content.tags, ...(isLater ? { delayMs: String(delay) } : {}) }
  const schedule = isLater ? { schedule: { delay } } : {}
  const answer = await work.call.client.getOrCreateMessage({ ...content, tags, ...schedule } as never)
  return answer.message
}

/** Scheduling a message a second time would overwrite the `delayMs` tag of the first one. */
const _find = async (
  { call }: Work,
  { conversationId }: Session,
  messages: AgentMessage[]
): Promise<Map<string, StoredMessage>> => {
  const found = new Map<string, StoredMessage>()
  const add = (message: StoredMessage | undefined): void => {
    const id = message && deskMessageIdOf(message)
    if (message && id !== undefined) found.set(id, message)
  }
  let isComplete = false
  if (messages.length > 1) {
    const page = await listMessages(call, conversationId)
    for (const message of page.messages) add(message)
    isComplete = page.nextToken === undefined
  }
  if (isComplete) return found
  const others = messages.filter(({ deskMessageId }) => !found.has(deskMessageId))
  for (const one of await Promise.all(
    others.map(({ deskMessageId }) => findDelivered(call, conversationId, deskMessageId))
  ))
    add(one)
  return found
}

/** Without it, others find a message in doubt until its moment: that costs time, and doubles nothing. */
const _settle = async ({ work, session }: Batch, scheduled: Scheduled[]): Promise<void> => {
  const { call } = work
  session.scheduled = scheduled
  try {
    await writeTags(call, session.conversationId, { scheduled: scheduledTag(scheduled) })
  } catch (error) {
    call.log.warn('What is scheduled for the bot could not be written down', {
      conversationId: session.conversationId,
      error: describeError(error),
    })
  }
}
