import { RuntimeError } from '@botpress/sdk'
import type { Call } from '../botpress/call'
import { connectDesk, type Limits } from '../botpress/desk'
import { endByAgent } from '../session/ending'
import { describeError } from '../botpress/errors'
import { LockBusy } from '../session/lock'
import { flush, isDeliverable } from './outbox'
import { createAuthors } from './authors'
import { toEntry, type Entry } from './entries'
import type { Problem } from './posting'
import { readSession, type Session, type Tags } from '../session/session'

/** How long a message is offered to a desk that is limited or does not answer; Botpress gives a delivery 60 s. */
const PATIENCE_MS = 40_000
/** For the answer to the last try. */
const LAST_ANSWER_MS = 8_000
const END_PATIENCE_MS = 5_000
/** Whoever has begun to end the session and has not written it down by then has died. */
const ENDING_MS = 30_000

export interface ChannelMessage {
  type: string
  payload: unknown
  conversation: { id: string; tags: Tags }
  message: { id: string; tags: Tags; createdAt?: string }
}

/**
 * One message from the bot's side to the desk, of whatever type. With `payload.userId` a customer speaks, without it the bot. What was said before it and is not there yet goes with it. Throws a RuntimeError when it did not
 * arrive.
 */
export const deliverToDesk = async (call: Call, props: ChannelMessage): Promise<void> => {
  const { id: conversationId } = props.conversation
  const { now } = call.environment
  const own = toEntry({
    ...props.message,
    type: props.type,
    payload: props.payload,
    createdAt: props.message.createdAt ?? new Date(now()).toISOString(),
  })
  if (_isDone(own)) return
  const session = readSession(props.conversation)
  if (!session) {
    throw new RuntimeError(
      `Conversation ${conversationId} has no ticket: it was not opened by Start HITL, or opening it failed`
    )
  }
  if (!isDeliverable(session, own)) {
    throw new RuntimeError(`The session of conversation ${conversationId} has ended: the message was not delivered`)
  }
  const until = now() + PATIENCE_MS
  const limits: Limits = { deadline: until, timeoutMs: LAST_ANSWER_MS }
  const desk = connectDesk(call, session.provider, limits)
  if (!desk) {
    throw new RuntimeError(
      `The desk “${session.provider}” owns this session and is missing in the configuration: put its credentials back to end its open sessions`
    )
  }
  const authors = createAuthors(call, desk, session)
  // Who speaks is asked for while the lane is; what fails is asked for again.
  authors(own.userId).catch(() => undefined)
  const flushed = await flush(call, { session, desk, limits, authors, until, own })
  const { endingAt = Number.POSITIVE_INFINITY } = session
  if (session.status === 'open' && endingAt + ENDING_MS < now()) await _end(call, session)
  const after = flushed.entries.find(({ id }) => id === own.id)
  if (after && _isDone(after)) return
  const { problem } = flushed
  if (problem?.isOver) {
    await _end(call, session)
    throw new RuntimeError(`The ticket takes no more messages, the session was ended: ${describeError(problem.error)}`)
  }
  throw new RuntimeError(
    `A message has not reached the desk yet, and goes out with the next message or event of its session: ${_why(problem)}`
  )
}

const _why = (problem: Problem | undefined): string =>
  problem === undefined || problem.error instanceof LockBusy
    ? 'there was no time left behind others'
    : describeError(problem.error)

/** Throws a RuntimeError when it never will be. */
const _isDone = ({ deskMessageIds, refused }: Entry): boolean => {
  if (deskMessageIds === undefined && refused !== undefined) {
    throw new RuntimeError(`A message did not reach the desk: ${refused}`)
  }
  return deskMessageIds !== undefined
}

/** The customer hears that the agent has gone. */
const _end = async (call: Call, session: Session): Promise<void> => {
  try {
    await endByAgent(call, session, { patienceMs: END_PATIENCE_MS })
  } catch (error) {
    const { conversationId } = session
    call.log.warn('A session could not be ended', { conversationId, error: describeError(error) })
  }
}
