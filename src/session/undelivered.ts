import { partsToText, shorten } from '../../providers/kit/message-text'
import type { MessagePart, OutboundMessage, Ticket } from '../../providers/provider'
import { isProviderError } from '../../providers/errors'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { withLock } from './lock'
import { toParts } from '../botpress/messages'
import { deliveredAt, deskMessageIdOf, type Stored } from './progress'
import type { Session } from './session'
import { UNSURE_MS } from '../botpress/timing'

const EXCERPT = 60
/** Nothing is scheduled further ahead: an older message with a later moment was delivered again, not late. */
const LONGEST_SCHEDULE_MS = 15_000
/** Botpress has given up repeating a call by then. */
const LONGEST_REPETITION_MS = 60_000

/** Milliseconds to wait for others who do something to the ticket. */
const PATIENCE_MS = 25_000

/** What makes an agent's message one message, however often it is delivered. */
export const messageTag = (desk: Desk, messageId: string) => `${desk.provider.name}:${messageId}`

/** What is done to a ticket one after the other: a slow change to what agents see must not come after its end. */
export const atDesk = <T>(call: Call, { conversationId }: Ticket, work: () => Promise<T>): Promise<T> =>
  withLock(
    call,
    { conversationId, lock: 'toDesk', operation: { kind: 'post' as const }, patienceMs: PATIENCE_MS, keepsDoubt: true },
    work
  )

/** Tells the agent something in the ticket, once per `id`: two who find the same message undelivered look one after the other, and the second one finds the note. */
export const tellAgent = async (call: Call, desk: Desk, ticket: Ticket, id: string, text: string): Promise<void> => {
  const message: OutboundMessage = { id, author: { type: 'bot' }, parts: [{ type: 'text', text }], mayExist: true }
  try {
    await atDesk(call, ticket, () => desk.driver.postMessage(ticket, message))
  } catch (error) {
    // A ticket that takes no more notes has nobody who reads them.
    const isOver = isProviderError(error) && ['ended', 'not-found', 'rejected'].includes(error.code)
    if (!isOver) throw error
    call.log.warn('Could not tell the agent', { desk: desk.provider.name, ticketId: ticket.id, error: error.message })
  }
}

/**
 * Tells the agent that the customer had left before this message could be delivered. In the same words for one that was given to the bot in the moment of the end: at some desks a note is recognised by its words.
 */
export const tellThatOver = (
  call: Call,
  desk: Desk,
  ticket: Ticket,
  id: string,
  parts: MessagePart[]
): Promise<void> => {
  const excerpt = shorten(partsToText(parts).replaceAll(/\s+/g, ' '), EXCERPT)
  const text = `The customer has left this conversation, so this was not delivered: “${excerpt}”`
  return tellAgent(call, desk, ticket, `over-${id}`, text)
}

/** The plugin writes into the ticket before it ends a session; when its call for the end has been repeated, that tells how long ago this was. */
const _farewellAt = (messages: Stored[], since: number): number => {
  const farewell = messages.find(
    ({ direction, payload }) =>
      direction === 'outgoing' && (payload as { userId?: unknown } | null)?.userId === undefined
  )
  const at = farewell ? Date.parse(farewell.createdAt) - UNSURE_MS / 2 : Number.NaN
  return at > since - LONGEST_REPETITION_MS ? at : since
}

/**
 * A session has ended while messages of agents were on their way: scheduled for a moment past the end, or just handed over. The plugin drops them without a word, so the agent is told of each that reached the bot after
 * `since` (milliseconds since the epoch). Only the newest page is read: nothing older can still be on its way.
 */
export const tellOfUndelivered = async (call: Call, desk: Desk, session: Session, since: number): Promise<void> => {
  const { ticket, conversationId } = session
  if (!ticket) return
  const { messages } = await call.client.listMessages({ conversationId })
  const from = Math.min(since, _farewellAt(messages, since))
  const dropped = messages.filter(
    (message) =>
      deskMessageIdOf(message) !== undefined &&
      deliveredAt(message) > from &&
      Date.parse(message.createdAt) > from - LONGEST_SCHEDULE_MS
  )
  for (const message of dropped.toReversed()) {
    const deskMessageId = deskMessageIdOf(message) ?? ''
    const id = deskMessageId.slice(deskMessageId.indexOf(':') + 1)
    await tellThatOver(call, desk, ticket, id, toParts(message.type, message.payload))
  }
}

/** The session has ended: what agents had written by then and nobody had brought to the bot never will be. */
export const tellOfUnread = async (call: Call, desk: Desk, session: Session): Promise<void> => {
  const { ticket, conversationId, cursor } = session
  if (!ticket || !desk.driver.catchUp) return
  const [{ events }, { messages }] = await Promise.all([
    desk.driver.catchUp(ticket, cursor),
    call.client.listMessages({ conversationId }),
  ])
  const given = new Set(messages.map(deskMessageIdOf))
  for (const event of events) {
    if (event.type !== 'message-posted' || given.has(messageTag(desk, event.id))) continue
    const { messages: older } = await call.client.listMessages({
      conversationId,
      tags: { deskMessageId: messageTag(desk, event.id) },
    })
    if (older.length === 0) await tellThatOver(call, desk, ticket, event.id, event.parts)
  }
}
