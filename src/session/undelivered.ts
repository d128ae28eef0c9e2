/** After an end: finds agents' messages that the customer did not see, and tells the agents. */
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { toParts } from '../botpress/messages'
import { LONGEST_SCHEDULE_MS, UNSURE_MS } from '../botpress/timing'
import { tellNotDelivered } from './notes'
import { deliveredAt, deliveriesOf, deskMessageIdOf, messageTag, type StoredMessage } from './progress'
import type { Session } from './session'

/** Botpress stops repeating a failed action within this time. */
const LONGEST_REPETITION_MS = 60_000

/**
 * The plugin writes its farewell into the ticket before it ends a session. When the call for the end was repeated, the
 * farewell shows when the session really ended. Milliseconds since the epoch.
 */
const _sinceFarewell = (messages: StoredMessage[], since: number): number => {
  const farewell = messages.find(
    ({ direction, payload }) =>
      direction === 'outgoing' && (payload as { userId?: unknown } | null)?.userId === undefined
  )
  const at = farewell ? Date.parse(farewell.createdAt) - UNSURE_MS / 2 : Number.NaN
  return at > since - LONGEST_REPETITION_MS ? at : since
}

/**
 * Tells agents of each message that reached the bot after `since` (milliseconds since the epoch): it was scheduled past
 * the end or in flight, and the plugin silently drops those. Reads only the newest page, since nothing older can be in
 * flight.
 */
export const tellOfUndelivered = async (call: Call, desk: Desk, session: Session, since: number): Promise<void> => {
  const { ticket, conversationId } = session
  const { messages } = await call.client.listMessages({ conversationId })
  const from = Math.min(since, _sinceFarewell(messages, since))
  const dropped = messages.filter(
    (message) =>
      deskMessageIdOf(message) !== undefined &&
      deliveredAt(message) > from &&
      // An older message with a later moment is a duplicate, not a late message.
      Date.parse(message.createdAt) > from - LONGEST_SCHEDULE_MS
  )
  for (const message of dropped.toReversed()) {
    const deskMessageId = deskMessageIdOf(message) ?? ''
    const id = deskMessageId.slice(deskMessageId.indexOf(':') + 1)
    await tellNotDelivered(call, desk, ticket, id, toParts(message.type, message.payload))
  }
}

/** Tells agents of each message in the ticket that was never delivered to the bot. */
export const tellOfUnread = async (call: Call, desk: Desk, session: Session): Promise<void> => {
  const { ticket, conversationId, cursor } = session
  if (!desk.driver.catchUp) return
  const [{ events }, { messages }] = await Promise.all([
    desk.driver.catchUp(ticket, cursor),
    call.client.listMessages({ conversationId }),
  ])
  const delivered = new Set(messages.map(deskMessageIdOf))
  for (const event of events) {
    if (event.type !== 'message-posted') continue
    const deskMessageId = messageTag(desk, event.id)
    if (delivered.has(deskMessageId)) continue
    const older = await deliveriesOf(call, { conversationId, deskMessageId })
    if (older.length === 0) await tellNotDelivered(call, desk, ticket, event.id, event.parts)
  }
}
