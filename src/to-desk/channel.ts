import { RuntimeError } from '@botpress/sdk'
import { savedAccount } from '../botpress/accounts'
import type { Call } from '../botpress/call'
import { connectDesk, type Limits } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { DELIVERY_BUDGET_MS, VENDOR_TIMEOUT_MS } from '../botpress/timing'
import { endByAgent } from '../session/ending'
import { LockBusy } from '../session/lock'
import { readSession, type Session, type Tags } from '../session/session'
import { createAuthors } from './authors'
import { toEntry, type Entry } from './entries'
import { emptyOutbox, isDeliverable } from './outbox'
import { payOwed } from './owed'
import type { Posting, Problem } from './posting'

/** How long a delivered message waits for what ended sessions owe to its desk. */
const PAYING_MS = 2_000
const END_PATIENCE_MS = 5_000
/** A caller that began to end the session and has not recorded the end by then has died. */
const ENDING_MS = 30_000

export interface ChannelMessage {
  type: string
  payload: unknown
  conversation: { id: string; tags: Tags }
  message: { id: string; tags: Tags; createdAt?: string }
}

/**
 * Delivers one message of the bot's side to the desk, after those that still wait before it. The author is the customer
 * `payload.userId`, without it the bot. `onMerged`: the ticket was merged into another one, and has to be read. Throws
 * a RuntimeError when the message has not arrived.
 */
export const deliverToDesk = async (
  call: Call,
  props: ChannelMessage,
  { onMerged }: Pick<Posting, 'onMerged'> = {}
): Promise<void> => {
  const { id: conversationId } = props.conversation
  const { now } = call.environment
  const requested = toEntry({
    ...props.message,
    type: props.type,
    payload: props.payload,
    createdAt: props.message.createdAt ?? new Date(call.clock.now()).toISOString(),
  })
  if (_isDelivered(requested)) return
  const session = readSession(props.conversation)
  if (!session) {
    throw new RuntimeError(
      `Conversation ${conversationId} has no ticket: it was not opened by Start HITL, or opening it failed`
    )
  }
  if (!isDeliverable(session, requested)) {
    throw new RuntimeError(`The session of conversation ${conversationId} has ended: the message was not delivered`)
  }
  const until = now() + DELIVERY_BUDGET_MS
  const limits: Limits = { deadline: until, timeoutMs: VENDOR_TIMEOUT_MS, waitsForLimits: false }
  const desk = connectDesk(call, session.provider, limits)
  if (!desk) {
    throw new RuntimeError(
      `The desk “${session.provider}” owns this session and is missing in the configuration: put its credentials back to end its open sessions`
    )
  }
  const authors = createAuthors(call, desk, session)
  // The author is looked up while the lock is taken. A failure is tried again.
  authors.of(requested.userId).catch(() => undefined)
  // So is the account, which the post needs.
  savedAccount(call, session.provider).catch(() => undefined)
  const { entries, problem } = await emptyOutbox(call, {
    session,
    desk,
    limits,
    authors,
    until,
    requested,
    ...(onMerged ? { onMerged } : {}),
  })
  const { endingAt = Number.POSITIVE_INFINITY } = session
  if (session.status === 'open' && endingAt + ENDING_MS < call.clock.now()) await _end(call, session)
  const after = entries.find(({ id }) => id === requested.id)
  if (after && _isDelivered(after)) return payOwed(call, desk, { patienceMs: PAYING_MS })
  if (problem?.isOver) {
    await _end(call, session)
    throw new RuntimeError(`The ticket takes no more messages, the session was ended: ${describeError(problem.error)}`)
  }
  throw new RuntimeError(
    `A message has not reached the desk yet, and goes out with the next message or event of its session: ${_reasonOf(problem)}`
  )
}

const _reasonOf = (problem: Problem | undefined): string =>
  problem === undefined || problem.error instanceof LockBusy
    ? 'earlier messages took all the time'
    : describeError(problem.error)

/** Throws a RuntimeError for a message that never will be. */
const _isDelivered = ({ deskMessageIds, refused }: Entry): boolean => {
  if (deskMessageIds === undefined && refused !== undefined) {
    throw new RuntimeError(`A message did not reach the desk: ${refused}`)
  }
  return deskMessageIds !== undefined
}

/** The customer is told that the agent has left. */
const _end = async (call: Call, session: Session): Promise<void> => {
  try {
    await endByAgent(call, session, { patienceMs: END_PATIENCE_MS })
  } catch (error) {
    const { conversationId } = session
    call.log.warn('A session could not be ended', { conversationId, error: describeError(error) })
  }
}
