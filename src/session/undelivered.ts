/** After an end: finds agents' messages that the customer did not see, and tells the agents. */
import type { Driver, SessionEvent } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { toParts } from '../botpress/messages'
import { LONGEST_SCHEDULE_MS, UNSURE_MS } from '../botpress/timing'
import { tellNotDelivered, whyOver } from './notes'
import {
  cursorOf,
  deliveredAt,
  deskMessageIdOf,
  findDelivered,
  listMessages,
  messageTag,
  type MessagePage,
  type StoredMessage,
} from './progress'
import { assertInSight, assertNotInDoubt, scheduledAt } from './scheduled'
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
 * Tells agents of each message that the customer did not see: it reached the bot after `since` (milliseconds since the
 * epoch), or never. Reads one page of messages and what is new in the ticket. Resolves to the place up to which the
 * ticket was read. Throws ScheduleInDoubt while such a message is out of sight. `onListed` gets that page.
 */
export const tellOfUndelivered = async (
  call: Call,
  desk: Desk,
  session: Session,
  since: number,
  onListed?: (page: MessagePage) => void
): Promise<string | undefined> => {
  // The tag is a few messages behind the newest one, and saves waiting for it.
  const reading = desk.driver.catchUp?.(session.ticket, session.cursor)
  reading?.catch(() => undefined)
  const page = await listMessages(call, session.conversationId)
  onListed?.(page)
  const { messages } = page
  const from = Math.min(since, _sinceFarewell(messages, since))
  await _tellOfLate(call, desk, session, messages, from)
  return _tellOfUnread(call, desk, session, { messages, reading, since, from })
}

/**
 * Messages that were scheduled past the end or in flight: the plugin silently drops those. Nothing older than the
 * newest page can be in flight.
 */
const _tellOfLate = async (
  call: Call,
  desk: Desk,
  session: Session,
  messages: StoredMessage[],
  from: number
): Promise<void> => {
  const late = messages.filter(
    (message) =>
      deskMessageIdOf(message) !== undefined &&
      deliveredAt(message) > from &&
      // An older message with a later moment is a duplicate, not a late message.
      Date.parse(message.createdAt) > from - LONGEST_SCHEDULE_MS
  )
  for (const message of late.toReversed()) {
    const deskMessageId = deskMessageIdOf(message) ?? ''
    const id = deskMessageId.slice(deskMessageId.indexOf(':') + 1)
    const parts = toParts(message.type, message.payload)
    await tellNotDelivered(call, desk, session.ticket, { id, parts, why: whyOver(session) })
  }
}

/** Messages in the ticket that the bot has not got, or got after the list. Resolves to the place behind them. */
const _tellOfUnread = async (
  call: Call,
  desk: Desk,
  session: Session,
  {
    messages,
    reading,
    since,
    from,
  }: {
    messages: StoredMessage[]
    reading: ReturnType<NonNullable<Driver['catchUp']>> | undefined
    since: number
    from: number
  }
): Promise<string | undefined> => {
  const { ticket, conversationId } = session
  if (!reading) return undefined
  const { events, cursor } = await reading
  const listed = new Map(messages.map((message) => [deskMessageIdOf(message), message]))
  const unread: Extract<SessionEvent, { type: 'message-posted' }>[] = []
  // From the newest on: what lies before a message that was read and delivered was delivered before it.
  for (const event of events.toReversed()) {
    if (event.type !== 'message-posted') continue
    const deskMessageId = messageTag(desk, event.id)
    const scheduled = scheduledAt(session, deskMessageId)
    if (scheduled !== undefined && scheduled <= since) continue
    const known = listed.get(deskMessageId)
    const found = known ?? (await findDelivered(call, conversationId, deskMessageId))
    const isLate = found !== undefined && found !== known && deliveredAt(found) > from
    if (found && !isLate && cursorOf(found) !== undefined) break
    if (found && !isLate) continue
    if (!found && scheduled === undefined) assertNotInDoubt(session, deskMessageId, call.clock.earliest())
    unread.unshift(event)
  }
  for (const { id, parts } of unread) {
    await tellNotDelivered(call, desk, ticket, { id, parts, why: whyOver(session) })
  }
  const seen = [...listed.keys(), ...unread.map(({ id }) => messageTag(desk, id))]
  assertInSight(session, { seen, since, now: call.clock.earliest() })
  // An end or a reopening is still to be handled by the ticket's next event.
  return events.every(({ type }) => type === 'message-posted') ? cursor : undefined
}
