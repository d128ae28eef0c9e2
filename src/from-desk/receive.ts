import { isProviderError, isTransient } from '../../providers/errors'
import type { WebhookReply, WebhookRequest } from '../../providers/provider'
import type { Call } from '../botpress/call'
import { connectDesk, type Desk } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { loadSubscriptions, rememberedSubscriptions } from '../botpress/installation'
import { within } from '../botpress/retry'
import { applyEvents, SessionNotReady } from './apply'

/** Far above what any desk sends, far below what would hurt to verify. In characters. */
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
 * One webhook of a desk, from the raw request to the status that makes that desk do the right thing. The first segment of the path names the desk. Nothing of the body is read before
 * its signature has been verified. 2xx: its effect has happened.
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
    const reply = _replyTo(error, desk)
    call.log.error('A webhook could not be applied', { desk: name, status: reply.status, error: describeError(error) })
    return reply
  }
}

/** What another try cannot mend is not asked for again; everything else is. */
const _replyTo = (error: unknown, desk: Desk): WebhookReply => {
  if (error instanceof SessionNotReady) return desk.provider.retryReply
  if (isProviderError(error) && !isTransient(error)) return { status: 200 }
  return desk.provider.retryReply
}

const _isVerified = async (call: Call, desk: Desk, request: WebhookRequest): Promise<boolean> => {
  if (!desk.driver.subscribe) return desk.driver.verifyWebhook(request, undefined)
  const remembered = rememberedSubscriptions(call)?.[desk.provider.name]
  if (remembered && desk.driver.verifyWebhook(request, remembered)) return true
  // Not remembered, or saved anew since: the stored one decides.
  const stored = await loadSubscriptions(call)
  return desk.driver.verifyWebhook(request, stored[desk.provider.name])
}

const _lowerCased = (headers: Record<string, string | undefined>): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
