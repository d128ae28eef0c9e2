import { z } from '@botpress/sdk'
import { isSigned } from '../kit/signature'
import type { ParsedWebhook, Subscription, TicketKey, WebhookRequest } from '../provider'
import { originIn } from './identity'

/** The public secret that signs Zendesk's “Test webhook”. It proves nothing, so it is refused. */
const TEST_SECRET = 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=='

/**
 * Zendesk documents no window and may retry a delivery with its first timestamp for about six minutes.
 * A generous window is safe: a replayed hint only causes another read.
 */
const MAX_AGE_MS = 30 * 60_000
/** How far Zendesk's clock may be ahead. */
const CLOCK_SKEW_MS = 60_000

/**
 * Zendesk signs base64(HMAC-SHA256(secret, timestamp + raw body)). The secret is used as text, not decoded.
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
  if (!(age <= MAX_AGE_MS && age >= -CLOCK_SKEW_MS)) return false
  return isSigned({
    algorithm: 'sha256',
    encoding: 'base64',
    secret,
    message: timestamp + request.body,
    signature: request.headers['x-zendesk-webhook-signature'],
  })
}

/** What fired a trigger. */
const HINTS = ['replied', 'changed', 'noted'] as const
export type Hint = (typeof HINTS)[number]

/**
 * The body that the triggers send: only ids. Zendesk pastes placeholders into JSON unescaped, so a quotation mark in
 * a person's text would break it.
 */
export const hintBody = (what: Hint): string =>
  JSON.stringify({ hitl: what, ticketId: '{{ticket.id}}', externalId: '{{ticket.external_id}}' })

const hintSchema = z.object({
  hitl: z.enum(HINTS),
  ticketId: z.string().regex(/^\d{1,20}$/),
  externalId: z.string(),
})

/** A delivery is only a hint. The driver reads the ticket to learn what happened. */
export const parseWebhook = (request: WebhookRequest): ParsedWebhook => {
  const hint = hintSchema.safeParse(_parseJson(request.body))
  if (!hint.success) return { events: [], ignored: 'not a body that the router’s triggers send' }
  const { ticketId, externalId } = hint.data
  const origin = originIn(externalId)
  // Follow-up tickets and merged tickets inherit the tag, but never the external id. A session that was merged into one
  // is found by the ticket's id.
  const ticket: TicketKey = origin ? { ticketId, ...origin, origin: 'recent' } : { ticketId }
  return { events: [{ type: 'ticket-changed', ticket }] }
}

const _parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
