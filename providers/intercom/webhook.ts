import { z } from '@botpress/sdk'
import { isSigned } from '../kit/signature'
import type { ParsedWebhook, SessionEvent, WebhookRequest } from '../provider'
import { eventsByPart, removalOf } from './events'
import { isMerge } from './merges'
import { customerOf } from './origin'
import { contactListSchema, idSchema, partListSchema, partsIn } from './schemas'

/**
 * The signature has no timestamp, so older notifications are refused as replays. Intercom stops redelivering long
 * before.
 */
const OLDEST_MS = 7 * 24 * 60 * 60_000

const notificationSchema = z.object({
  topic: z.string(),
  created_at: z.number().nullish(),
  data: z.object({ item: z.unknown() }).nullish(),
})

const itemSchema = z.object({
  id: idSchema.nullish().catch(undefined),
  conversation_id: idSchema.nullish().catch(undefined),
  contacts: contactListSchema,
  conversation_parts: partListSchema,
  custom_attributes: z.object({ Merged: z.unknown() }).nullish().catch(undefined),
  /** Of a ticket: the ticket itself, with the part that the topic is about. */
  ticket: z.object({ id: idSchema, contacts: contactListSchema }).nullish().catch(undefined),
  ticket_part: z.unknown(),
})

/** A topic that the app must be subscribed to, and the changes of state that it announces. */
interface Topic {
  isReply?: true
  isAssigned?: true
  isReopened?: true
  isClosed?: true
  isDeleted?: true
  isNoted?: true
  /** A teammate has deleted what a part says. */
  isRedacted?: true
  /** What happened has to be read. */
  isHint?: true
}

/**
 * An open conversation that is assigned has a topic of its own, and a conversation that was converted to a ticket comes
 * under the topics of tickets. https://developers.intercom.com/docs/references/webhooks/webhook-models
 */
const TOPIC_MEANINGS: Record<string, Topic> = {
  'conversation.admin.replied': { isReply: true },
  'conversation.admin.assigned': { isAssigned: true, isReopened: true },
  'conversation.admin.open.assigned': { isAssigned: true, isReopened: true },
  'conversation.admin.closed': { isClosed: true },
  'conversation.admin.opened': { isReopened: true },
  'conversation.deleted': { isDeleted: true },
  'conversation.admin.noted': { isNoted: true },
  'conversation_part.redacted': { isRedacted: true },
  'ticket.admin.replied': { isReply: true },
  'ticket.admin.assigned': { isAssigned: true, isHint: true },
  'ticket.closed': { isClosed: true },
  'ticket.resolved': { isClosed: true },
  'ticket.state.updated': { isHint: true },
  'ticket.note.created': { isNoted: true },
}

export const TOPICS = Object.keys(TOPIC_MEANINGS)

/**
 * `X-Hub-Signature: sha1=<hex>` over the raw body, keyed with the app's client secret.
 * https://developers.intercom.com/docs/webhooks/webhook-notifications
 */
export const verifyWebhook = (request: WebhookRequest, clientSecret: string, now: number): boolean => {
  const signature = /^sha1=([0-9a-f]{40})$/.exec(request.headers['x-hub-signature'] ?? '')?.[1]
  if (!isSigned({ algorithm: 'sha1', encoding: 'hex', secret: clientSecret, message: request.body, signature }))
    return false
  const createdAt = notificationSchema.safeParse(_json(request.body)).data?.created_at
  return !createdAt || createdAt * 1_000 > now - OLDEST_MS
}

/** How this desk is read. `linkTo` opens a conversation in the inbox. */
interface Reader {
  linkTo(conversationId: string): string
  handBack: string
}

/** The topic gives the change of state; the parts give the messages. */
export const parseWebhook = (request: WebhookRequest, reader: Reader): ParsedWebhook => {
  const parsed = notificationSchema.safeParse(_json(request.body))
  if (!parsed.success) return { events: [], ignored: 'not a notification' }
  const { topic, data } = parsed.data
  if (topic === 'ping') return { events: [], ignored: 'ping' }
  const meaning = Object.hasOwn(TOPIC_MEANINGS, topic) ? TOPIC_MEANINGS[topic] : undefined
  if (!meaning) return { events: [], ignored: `topic ${topic.slice(0, 80)}` }
  const item = itemSchema.safeParse(data?.item)
  const ofTicket = item.success && topic.startsWith('ticket.') ? item.data.ticket?.id : undefined
  const ticketId = item.success ? (ofTicket ?? item.data.id ?? item.data.conversation_id) : undefined
  if (!item.success || !ticketId) return { events: [], ignored: `${topic} without a conversation` }
  const events = _eventsOf(meaning, ticketId, item.data, reader)
  return events.length > 0
    ? { events }
    : { events, ignored: `${topic}: by a bot, a workflow or the customer, or internal` }
}

const _eventsOf = (
  topic: Topic,
  ticketId: string,
  item: z.infer<typeof itemSchema>,
  { linkTo, handBack }: Reader
): SessionEvent[] => {
  const contacts = item.contacts ?? item.ticket?.contacts
  const ticket = { ticketId, ...(customerOf(contacts) ? { origin: 'possible' as const } : {}) }
  if (topic.isDeleted) return [{ type: 'ticket-closed', ticket, reason: 'deleted' }]
  const parts = [
    ...partsIn(item.conversation_parts?.conversation_parts),
    ...partsIn(item.ticket_part === undefined ? [] : [item.ticket_part]),
  ]
  if (topic.isRedacted) return parts.flatMap((part) => removalOf(part, ticket) ?? [])
  // A merged conversation is closed, and goes on in another one: where, has to be read.
  const isMerged = topic.isClosed && (parts.some(isMerge) || _isTrue(item.custom_attributes?.Merged))
  const isClosed = topic.isClosed === true && !isMerged
  const events = eventsByPart(parts, {
    ticket,
    link: linkTo(ticketId),
    handBack,
    isClosed,
    isReopened: topic.isReopened ?? false,
    isAssigned: topic.isAssigned ?? false,
    isReply: topic.isReply ?? false,
  }).flatMap((entry) => entry.events)
  const isEnded = events.some((event) => event.type === 'ticket-closed')
  if (isClosed && !isEnded) events.push({ type: 'ticket-closed', ticket, reason: 'solved' })
  // The notification doesn't include what it is about, so it has to be read.
  const isEmpty = parts.length === 0
  if (isMerged || topic.isHint || (isEmpty && topic.isReply)) events.push({ type: 'ticket-changed', ticket })
  if (isEmpty && topic.isReopened && !topic.isAssigned) events.push({ type: 'ticket-reopened', ticket })
  return events
}

const _isTrue = (value: unknown): boolean => value === true || value === 'true' || value === 'True'

const _json = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
