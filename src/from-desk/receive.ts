import { isApiError } from '@botpress/client'
import { isProviderError, isTransient } from '../../providers/errors'
import type { WebhookReply, WebhookRequest } from '../../providers/provider'
import type { Call } from '../botpress/call'
import { connectDesk, type Desk } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { isVerifiedBy } from '../botpress/installation'
import { TooSlow, within } from '../botpress/retry'
import { LeaseLost, LockBusy, OutcomeUnknown } from '../session/lock'
import { ScheduleInDoubt } from '../session/scheduled'
import { applyEvents, SessionNotReady } from './apply'
import { OutboxWaits } from './flush'

/** In characters: more than any desk sends, and still quick to verify. */
const LARGEST_BODY = 1_000_000
const METHODS = new Set(['POST', 'HEAD', 'GET'])
const CONTENT_TYPES = ['application/json', 'application/x-www-form-urlencoded']

const answer = (status: number, error: string): WebhookReply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error }),
})

/** A request as Botpress passes it on. */
export interface IncomingRequest {
  method: string
  path: string
  query: string
  headers: Record<string, string | undefined>
  body?: string | undefined
}

/**
 * Handles one webhook of a desk, from the raw request to the reply. The first segment of the path names the desk. The
 * body is read only after its signature is verified. A 2xx means that the effect has happened, or that no retry can
 * bring it about; then the reason is logged. After any other failure the reply makes the desk deliver the webhook
 * again.
 *
 * An agent's message goes from here to apply.ts (which session, in which order), agents.ts (who is announced, what the
 * agent is told) and delivery.ts (to the bot).
 */
export const receiveWebhook = async (call: Call, incoming: IncomingRequest): Promise<WebhookReply> => {
  const method = incoming.method.toUpperCase()
  const name = incoming.path.split('/').find(Boolean) ?? ''
  const desk = connectDesk(call, name)
  if (!desk) return answer(404, 'No such desk is configured: the address ends with the name of a desk')
  if (!METHODS.has(method)) return { ...answer(405, 'Webhooks are sent by POST'), headers: { allow: 'POST, HEAD' } }
  const handshake = desk.driver.answerUnsigned?.({ method, path: incoming.path })
  if (handshake) return handshake
  if (method !== 'POST') return { ...answer(405, 'Webhooks are sent by POST'), headers: { allow: 'POST, HEAD' } }
  const body = incoming.body ?? ''
  if (body.length > LARGEST_BODY) return answer(413, 'The body is too large')
  const headers = _lowerCased(incoming.headers)
  const contentType = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (body !== '' && !CONTENT_TYPES.includes(contentType)) return answer(415, 'The body is neither JSON nor a form')
  const request: WebhookRequest = { method, path: incoming.path, query: incoming.query, headers, body }
  const until = call.environment.now() + desk.provider.answerWithinMs
  const inTime = <T>(work: Promise<T>): Promise<T> => within(call, Math.max(0, until - call.environment.now()), work)
  try {
    if (!(await inTime(_isVerified(call, desk, request)))) {
      call.log.warn('A webhook was refused: its signature is not the desk’s', { desk: name })
      return answer(401, 'The signature is missing or wrong')
    }
    const parsed = desk.driver.parseWebhook(request)
    if (parsed.ignored) call.log.debug('Ignored a webhook', { desk: name, why: parsed.ignored })
    await inTime(applyEvents(call, desk, parsed.events))
    return parsed.reply ?? { status: 200 }
  } catch (error) {
    // What isn't transient may be mended before the desk gives up.
    const reply = desk.provider.retryReply
    const { level, message } = _describe(error)
    call.log[level](message, { desk: name, status: reply.status, error: describeError(error) })
    return reply
  }
}

/** A failure that the desk's redelivery heals is not logged as an error: nobody has to act on it. */
const _describe = (error: unknown): { level: 'debug' | 'info' | 'warn' | 'error'; message: string } => {
  if (error instanceof SessionNotReady)
    return {
      level: 'debug',
      message: 'A webhook came before its session was open. The desk is asked to deliver it again',
    }
  if (error instanceof TooSlow)
    return { level: 'info', message: 'A webhook took too long. The desk is asked to deliver it again' }
  if (error instanceof LockBusy)
    return {
      level: 'info',
      message: 'A webhook waited too long for another one. The desk is asked to deliver it again',
    }
  if (_isTemporary(error))
    return { level: 'warn', message: 'A webhook could not be applied yet. The desk is asked to deliver it again' }
  if (isProviderError(error))
    return {
      level: 'error',
      message: 'A webhook waits until its desk is mended: check the credentials and permissions',
    }
  return { level: 'error', message: 'A webhook could not be applied' }
}

const _isTemporary = (error: unknown): boolean =>
  error instanceof OutboxWaits ||
  error instanceof LeaseLost ||
  error instanceof OutcomeUnknown ||
  error instanceof ScheduleInDoubt ||
  isTransient(error) ||
  (isApiError(error) && (error.code === 429 || error.code >= 500))

const _isVerified = async (call: Call, { provider, driver }: Desk, request: WebhookRequest): Promise<boolean> => {
  if (!driver.subscribe) return driver.verifyWebhook(request, undefined)
  return isVerifiedBy(call, provider.name, (subscription, webhookUrl) =>
    driver.verifyWebhook(webhookUrl ? { ...request, url: _addressOf(webhookUrl, request) } : request, subscription)
  )
}

/** The public address as the vendor called it: Botpress passes on what follows the address of the installation. */
const _addressOf = (webhookUrl: string, { path, query }: WebhookRequest): string =>
  `${webhookUrl.replace(/\/+$/, '')}${path}${query ? `?${query}` : ''}`

const _lowerCased = (headers: Record<string, string | undefined>): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
