import { RuntimeError } from '@botpress/sdk'
import { isProviderError, isTransient } from '../../providers/errors'
import type { OutboundMessage, Ticket } from '../../providers/provider'
import { connectDesk, type Call, type Desk } from '../call'
import { endSession } from '../ending'
import { describeError } from '../errors'
import { toParts } from '../messages'
import { getCustomer, withContact } from '../people'
import { meaningOf } from '../session-life'
import { readSession, type Session, type Tags } from '../sessions'

/** A message that comes this long after it was written is probably delivered again: the desk is asked before it is posted. */
const LATE_MS = 10_000
/** How long a message is offered to a desk that is limited or does not answer; Botpress gives a delivery 60 s. */
const PATIENCE_MS = 40_000
const JUST_ENDED_MS = 10_000
/** For the answer to the last try. */
const LAST_ANSWER_MS = 8_000
const SHORTEST_WAIT_MS = 1_000

export interface ChannelMessage {
  type: string
  payload: unknown
  conversation: { id: string; tags: Tags }
  message: { id: string; tags: Tags; createdAt?: string }
  ack(props: { tags: { deskMessageIds: string } }): Promise<unknown>
}

/**
 * One message from the bot's side to the desk, of whatever type. With `payload.userId` a customer speaks, without it the bot. The ids that the desk gives it are kept on the message.
 * Throws a RuntimeError when it did not arrive.
 */
export const deliverToDesk = async (call: Call, props: ChannelMessage): Promise<void> => {
  if (props.message.tags.deskMessageIds) return
  const { id: conversationId } = props.conversation
  const session = readSession(props.conversation)
  if (!session?.ticket) {
    throw new RuntimeError(
      `Conversation ${conversationId} has no ticket: it was not opened by Start HITL, or opening it failed`
    )
  }
  const userId = _userIdOf(props.payload)
  const meaning = meaningOf(userId ? 'customer-message' : 'bot-message', session.status)
  if (meaning !== 'deliver' && !_justEnded(call, props.conversation.tags)) {
    throw new RuntimeError(`The session of conversation ${conversationId} has ended: the message was not delivered`)
  }
  const until = call.environment.now() + PATIENCE_MS
  const desk = connectDesk(call, session.provider, { deadline: until + LAST_ANSWER_MS, timeoutMs: LAST_ANSWER_MS })
  if (!desk) {
    throw new RuntimeError(
      `The desk “${session.provider}” owns this session and is missing in the configuration: put its credentials back to end its open sessions`
    )
  }
  const outbound: OutboundMessage = {
    id: props.message.id,
    author: await _author(call, desk, session, userId),
    parts: toParts(props.type, props.payload),
    mayExist: _isLate(call, props.message.createdAt),
  }
  const { ticket } = session
  // What waits for a limit keeps what comes after it waiting, too.
  const messageIds = await call.memory.inOrder(`${call.installation}/to/${conversationId}`, () =>
    _post(call, desk, session, ticket, outbound, until)
  )
  await props.ack({ tags: { deskMessageIds: _joined(messageIds) } })
}

/**
 * Posts until the desk takes it or patience ends. A desk that asks to wait (a rate limit) or does not answer is asked again; after an outcome that is unknown it is looked before it is posted.
 */
const _post = async (
  call: Call,
  desk: Desk,
  session: Session,
  ticket: Ticket,
  message: OutboundMessage,
  until: number
): Promise<string[]> => {
  let { mayExist } = message
  for (;;) {
    try {
      const posted = await desk.driver.postMessage(ticket, { ...message, mayExist })
      return posted.messageIds
    } catch (error) {
      if (isProviderError(error) && (error.code === 'ended' || error.code === 'not-found')) {
        // Nobody at the desk can read it any more: the customer hears that the agent has gone.
        await endSession(call, session, 'agent')
        throw new RuntimeError(`The ticket takes no more messages, the session was ended: ${error.message}`)
      }
      const wait = _waitAfter(error)
      if (wait === undefined || call.environment.now() + wait > until) {
        throw new RuntimeError(`A message did not reach the desk: ${describeError(error)}`)
      }
      mayExist ||= isProviderError(error) && error.outcome === 'unknown'
      call.log.warn('A message waits for its desk', {
        desk: desk.provider.name,
        conversationId: session.conversationId,
        waitMs: wait,
        error: describeError(error),
      })
      await call.environment.sleep(wait)
    }
  }
}

/** Milliseconds until it is worth trying again; undefined: never. */
const _waitAfter = (error: unknown): number | undefined => {
  if (!isProviderError(error) || !isTransient(error)) return undefined
  return Math.max(SHORTEST_WAIT_MS, error.retryAfterMs ?? 0)
}

const _author = async (
  call: Call,
  desk: Desk,
  session: Session,
  userId: string | undefined
): Promise<OutboundMessage['author']> => {
  if (!userId) return { type: 'bot' }
  const contactId = session.ticket?.contactId
  if (userId === session.customerId) {
    const name = session.customerName ?? 'Customer'
    return { type: 'customer', customer: { id: userId, name, ...(contactId ? { contactId } : {}) } }
  }
  const other = await getCustomer(call, userId)
  if (!other) throw new RuntimeError(`The user ${userId} who wrote the message does not exist any more`)
  return { type: 'customer', customer: await withContact(call, desk, other) }
}

const _userIdOf = (payload: unknown): string | undefined => {
  const userId = (payload as { userId?: unknown } | null | undefined)?.userId
  return typeof userId === 'string' && userId !== '' ? userId : undefined
}

/** The bot hears of an end a moment after it is written down: what the customer says meanwhile still goes into the ticket. */
const _justEnded = (call: Call, { status, closedAt }: Tags): boolean =>
  status === 'closed' && Date.parse(closedAt ?? '') + JUST_ENDED_MS > call.environment.now()

const _isLate = (call: Call, createdAt: string | undefined): boolean => {
  const at = createdAt === undefined ? Number.NaN : Date.parse(createdAt)
  return at + LATE_MS < call.environment.now()
}

/** As many ids as a tag holds; the first ones suffice to know that the message arrived. */
const _joined = (ids: string[]): string => {
  let joined = ''
  for (const id of ids) {
    const longer = joined ? `${joined},${id}` : id
    if (longer.length >= 500) break
    joined = longer
  }
  return joined || 'sent'
}
