/**
 * Which start repeats another one. The plugin gives a start no key, so only what happened since tells a repetition from
 * a new handoff with the same content, such as one from the customer's second window.
 *
 * A start is repeated when its answer was lost: Botpress's client calls again one, two and three seconds after a lost
 * answer. Until then the plugin knows nothing of the session. Whatever shows that it does, or comes later, is a handoff
 * of its own: two tickets are better than one that two windows share.
 */
import type { Call } from '../botpress/call'
import { describeError } from '../botpress/errors'
import { retry, TooSlow } from '../botpress/retry'
import {
  ACTIVATION_MS,
  HANDLING_MS,
  LONGEST_REPETITION_SLACK_MS,
  REPETITION_PAUSE_MS,
  REPETITION_SLACK_MS,
} from '../botpress/timing'
import { deliveredAt, type StoredMessage } from '../session/progress'
import { writeTags, type Session, type Tags } from '../session/session'
import { answerableAt, sendUnheard } from './unheard'

/** The plugin waits for the answer before it listens, so what answers slowly is asked again. */
export const QUICKLY = {
  tries: 4,
  timeoutMs: 1_500,
  pauseMs: 0,
  isRetried: (error: unknown): boolean => error instanceof TooSlow,
}

const PAUSE_MS = 300

/** A session whose start may be repeated. */
export interface RepeatedSession {
  session: Session
  /** How many repetitions were answered before. */
  answers: number
  /** Agents have written, and the bot got it before it can have heard of the session. */
  hasUnheard: boolean
  /** What the bot got before was dealt with by an earlier repetition. Milliseconds since the epoch. */
  since: number
}

/** The plugin's tag on the desk's conversation, where the Cloud shows other integrations' tags. */
const PLUGINS_LINK = /#upstream$/

/**
 * What this start repeats, if its answer can have been lost. `arrivedAt` in milliseconds since the epoch, by this
 * machine's clock. Throws as Botpress does.
 */
export const repetitionOf = async (
  call: Call,
  session: Session,
  tags: Tags,
  arrivedAt: number
): Promise<RepeatedSession | undefined> => {
  if (session.botEndedAt !== undefined || Object.keys(tags).some((name) => PLUGINS_LINK.test(name))) return undefined
  const { answers, at, since } = _readRepeats(tags.repeats) ?? { answers: 0, at: session.openedAt ?? 0, since: 0 }
  // The nth repetition comes n seconds after the answer before it.
  const now = call.clock.at(arrivedAt)
  const lateMs = now - at - (answers + 1) * REPETITION_PAUSE_MS
  if (lateMs > LONGEST_REPETITION_SLACK_MS) return undefined
  // The plugin passes messages on only after it has received the answer. What an agent writes meanwhile waits for it.
  const { conversationId } = session
  const { messages } = await retry(call, QUICKLY, () => call.client.listMessages({ conversationId }))
  const own = messages.filter((message) => message.conversationId === conversationId)
  // What an agent has written waits for the plugin to listen: nobody has seen it.
  const isSaid = (message: StoredMessage): boolean => lateMs > REPETITION_SLACK_MS && deliveredAt(message) <= now
  const shows = own.filter((message) => message.direction === 'outgoing' || isSaid(message))
  const hasUnheard = own.some((message) => message.direction === 'incoming' && deliveredAt(message) <= now)
  return shows.length > 0 ? undefined : { session, answers, hasUnheard, since }
}

/** `<answers>@<when the last one is given>@<until when what agents wrote was dealt with>` */
const _readRepeats = (tag: string | undefined): { answers: number; at: number; since: number } | undefined => {
  const [count, iso, since] = (tag ?? '').split('@')
  const at = Date.parse(iso ?? '')
  return Number.isNaN(at) ? undefined : { answers: Number(count), at, since: Date.parse(since ?? '') || 0 }
}

const _repeatsTag = (answers: number, at: number, since: number): string =>
  [answers, new Date(at).toISOString(), ...(since > 0 ? [new Date(since).toISOString()] : [])].join('@')

/**
 * Returns the conversation of a start that has already succeeded. The plugin may have missed the first answer. It then
 * listens only after this one, so its time to listen starts again, and what it may have missed is sent again.
 */
export const repeatedStart = async (
  call: Call,
  { session, answers, hasUnheard, since }: RepeatedSession
): Promise<{ conversationId: string }> => {
  const { conversationId } = session
  const { now } = call.clock
  const answersAt = (at: number, dealtUntil: number): Promise<void> => {
    const repeats = _repeatsTag(answers + 1, at, dealtUntil)
    const tags = { repeats, ...(session.status === 'open' ? { openedAt: new Date(at).toISOString() } : {}) }
    return retry(call, QUICKLY, () => writeTags(call, conversationId, tags))
  }
  const { sleep } = call.environment
  let until = now()
  let heardAt: number | undefined
  try {
    for (let isFirst = true; ; isFirst = false) {
      until = answerableAt(session, now())
      await answersAt(until, since)
      await sleep(Math.max(0, until - now()))
      // What is on its way may have arrived during a slow write.
      if (!isFirst || now() <= until + REPETITION_PAUSE_MS) break
    }
    const isUnheard = hasUnheard || session.scheduled.some(({ at }) => at > since && at <= until)
    if (isUnheard) {
      heardAt = await retry(call, { tries: 3, pauseMs: PAUSE_MS }, () => sendUnheard(call, session, { since, until }))
      await answersAt(now(), until)
    }
  } catch (error) {
    // The session exists and works without this.
    call.log.warn('Could not prepare a repeated start', { conversationId, error: describeError(error) })
  }
  const wasMissed = (session.endedAt ?? 0) < until + HANDLING_MS
  if (session.status === 'closed' && session.botEndedAt === undefined && wasMissed) {
    const delay = heardAt === undefined ? ACTIVATION_MS : heardAt + HANDLING_MS - now()
    await retry(call, { tries: 3, pauseMs: PAUSE_MS }, () =>
      call.client.createEvent({ type: 'hitlStopped', payload: { conversationId }, schedule: { delay } })
    )
  }
  return { conversationId }
}
