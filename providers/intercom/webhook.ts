import { z } from '@botpress/sdk'
import { isSigned } from '../kit/signature'
import type { ParsedWebhook, SessionEvent, WebhookRequest } from '../provider'
import { contactListSchema, idSchema, partListSchema, partsIn } from './api'
import { customerOf } from './origin'
import { eventsOf } from './events'

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
  id: idSchema.nullish(),
  conversation_id: idSchema.nullish(),
  contacts: contactListSchema.catch(undefined),
  conversation_parts: partListSchema,
})

const TOPICS = new Set([
  'conversation.admin.replied',
  'conversation.admin.assigned',
  'conversation.admin.closed',
  'conversation.admin.opened',
  'conversation.deleted',
])

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

/** The topic gives the change of state; the parts give the messages. */
export const parseWebhook = (request: WebhookRequest): ParsedWebhook => {
  const parsed = notificationSchema.safeParse(_json(request.body))
  if (!parsed.success) return { events: [], ignored: 'not a notification' }
  const { topic, data } = parsed.data
  if (topic === 'ping') return { events: [], ignored: 'ping' }
  if (!TOPICS.has(topic)) return { events: [], ignored: `topic ${topic.slice(0, 80)}` }
  const item = itemSchema.safeParse(data?.item)
  const ticketId = item.success ? (item.data.id ?? item.data.conversation_id) : undefined
  if (!item.success || !ticketId) return { events: [], ignored: `${topic} without a conversation` }
  const events = _eventsOf(topic, ticketId, item.data)
  return events.length > 0
    ? { events }
    : { events, ignored: `${topic}: by a bot, a workflow or the customer, or internal` }
}

const _eventsOf = (topic: string, ticketId: string, item: z.infer<typeof itemSchema>): SessionEvent[] => {
  const ticket = { ticketId, ...(customerOf(item.contacts) ? { origin: 'possible' as const } : {}) }
  if (topic === 'conversation.deleted') return [{ type: 'ticket-closed', ticket, reason: 'deleted' }]
  const parts = partsIn(item.conversation_parts?.conversation_parts)
  const events = eventsOf(ticket, parts, {
    isClosed: topic === 'conversation.admin.closed',
    isReopened: topic === 'conversation.admin.opened' || topic === 'conversation.admin.assigned',
    isAssigned: topic === 'conversation.admin.assigned',
    isReply: topic === 'conversation.admin.replied',
  })
  const isEnded = events.some((event) => event.type === 'ticket-closed')
  if (topic === 'conversation.admin.closed' && !isEnded)
    events.push({ type: 'ticket-closed', ticket, reason: 'solved' })
  // The notification doesn't include the reply, so it has to be read.
  if (parts.length === 0 && topic === 'conversation.admin.replied') events.push({ type: 'ticket-changed', ticket })
  if (parts.length === 0 && topic === 'conversation.admin.opened') events.push({ type: 'ticket-reopened', ticket })
  return events
}

const _json = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
