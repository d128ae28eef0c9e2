import { z } from '@botpress/sdk'
import { isSigned } from '../kit/signature'
import type { ParsedWebhook, Subscription, WebhookRequest } from '../provider'
import { conversationIdOf } from './identity'

/** Signs Zendesk's “Test webhook” before a webhook exists. Everybody knows it: it proves nothing. */
const TEST_SECRET = 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=='

/**
 * Zendesk names no window, and may repeat a delivery with its first timestamp: up to five times after time-outs of 12 seconds, or after waits of up to a
 * minute, six minutes in all. Five times that costs nothing, since a hint that is replayed only makes us read again.
 */
const OLDEST_MS = 30 * 60_000
/** Clocks differ by seconds; a delivery from the future is nobody's. */
const SKEW_MS = 60_000

/**
 * base64(HMAC-SHA256(secret, timestamp + raw body)), the secret used as it is written.
 * https://developer.zendesk.com/documentation/webhooks/verifying/
 */
export const verifyWebhook = (
  request: WebhookRequest,
  subscription: Subscription | undefined,
  now: number
): boolean => {
  const secret = subscription?.secret
  const timestamp = request.headers['x-zendesk-webhook-signature-timestamp']
  if (!secret || secret === TEST_SECRET || !timestamp) return false
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(timestamp)) return false
  const age = now - Date.parse(timestamp)
  if (!(age <= OLDEST_MS && age >= -SKEW_MS)) return false
  return isSigned({
    algorithm: 'sha256',
    encoding: 'base64',
    secret,
    message: timestamp + request.body,
    signature: request.headers['x-zendesk-webhook-signature'],
  })
}

/**
 * What our triggers send: ids and a word, nothing that anybody typed. Zendesk pastes placeholders into JSON as they are, so a quotation mark in a text
 * would break it.
 */
export const hintBody = (what: 'replied' | 'changed'): string =>
  JSON.stringify({ hitl: what, ticketId: '{{ticket.id}}', externalId: '{{ticket.external_id}}' })

const hintSchema = z.object({
  hitl: z.enum(['replied', 'changed']),
  ticketId: z.string().regex(/^\d{1,20}$/),
  externalId: z.string(),
})

/** Every delivery is a hint: what happened is read from the ticket. */
export const parseWebhook = (request: WebhookRequest): ParsedWebhook => {
  const hint = hintSchema.safeParse(_json(request.body))
  if (!hint.success) return { events: [], ignored: 'not a body that our triggers send' }
  const conversationId = conversationIdOf(hint.data.externalId)
  // Follow-up tickets and merges inherit the tag, never the external id.
  if (!conversationId) return { events: [], ignored: `ticket ${hint.data.ticketId} was not opened by a handoff` }
  return {
    events: [{ type: 'ticket-changed', ticket: { ticketId: hint.data.ticketId, conversationId, origin: 'recent' } }],
  }
}

const _json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
