/**
 * A small desk in memory: a model for new providers, and a test of the conformance suite and of the core. It delivers
 * each webhook once, signs over the address, and has fields, files, fates, edits and deletions.
 */
import { z } from '@botpress/sdk'
import { isProviderError, ProviderError } from '../../providers/errors'
import { createHttp, type Http } from '../../providers/kit/http'
import { isFresh, isSigned } from '../../providers/kit/signature'
import {
  defineProvider,
  type Driver,
  type SessionEvent,
  type Subscription,
  type SubscriptionTarget,
  type WebhookRequest,
} from '../../providers/provider'
import { closeTicket, openTicket, postMessage } from './tickets'
import { entrySchema, eventOf, webhookSchema } from './events'

const HOST = 'memory-desk.example'
const FILES_HOST = 'files.memory-desk.example'
const FRESH_MS = 300_000
export const MAX_FILE_BYTES = 200_000

const config = z.object({
  token: z.string().min(1).secret().title('Token').describe('The token of the desk.'),
  signingSecret: z.string().min(1).secret().title('Signing secret').describe('Signs the webhooks of the desk.'),
})

/** A channel takes a moment to be set up. Its key goes with every call from then on. */
const subscribe = async (http: Http, { installation, url }: SubscriptionTarget): Promise<Subscription> => {
  const path = `/channels/${encodeURIComponent(installation)}`
  const schema = z.object({ ready: z.boolean(), key: z.string(), url: z.string() })
  const read = { method: 'GET', path, schema: schema.nullable(), purpose: 'read the channel' } as const
  const { data: known } = await http.request(read)
  const put = { method: 'PUT', path, json: { url }, schema, purpose: 'set the channel up', repeatable: true } as const
  const data = known?.url === url ? known : (await http.request(put)).data
  if (!data.ready) throw new ProviderError('memory-desk', 'pending', 'The channel is being set up')
  return { key: data.key, url }
}

const catchUp: (
  http: Http,
  ...args: Parameters<NonNullable<Driver['catchUp']>>
) => ReturnType<NonNullable<Driver['catchUp']>> = async (http, { id, conversationId }, cursor) => {
  const key = { ticketId: id, conversationId }
  try {
    const { data } = await http.request({
      method: 'GET',
      path: `/tickets/${encodeURIComponent(id)}/log`,
      query: { after: cursor ?? '0' },
      schema: z.object({
        status: z.string(),
        last: z.number(),
        entries: z.array(entrySchema),
        removed: z.array(z.string()),
      }),
      purpose: 'read a ticket',
    })
    const events = data.entries.flatMap((entry): SessionEvent[] => eventOf(key, entry))
    if (data.status === 'solved' && data.last > Number(cursor ?? 0)) {
      events.push({ type: 'ticket-closed', ticket: key, reason: 'solved' })
    }
    const removed = data.removed.length > 0 ? { removed: data.removed } : {}
    return { events, cursor: events.length === 0 ? cursor : String(data.last), ...removed }
  } catch (error) {
    if (!isProviderError(error) || error.code !== 'not-found') throw error
    return { events: [{ type: 'ticket-closed', ticket: key, reason: 'deleted' }], cursor }
  }
}

const verify = (
  { headers, body, url = '' }: WebhookRequest,
  { now, secret, subscription }: { now: number; secret: string; subscription: Subscription | undefined }
): boolean => {
  const timestamp = headers['x-timestamp'] ?? ''
  if (subscription === undefined || (url !== '' && subscription['url'] !== url)) return false
  return (
    isFresh(Number(timestamp || Number.NaN), now, FRESH_MS) &&
    isSigned({
      algorithm: 'sha256',
      encoding: 'hex',
      secret,
      message: `${timestamp}.${url}.${body}`,
      signature: headers['x-signature'],
    })
  )
}

export const memoryDesk = defineProvider({
  name: 'memory-desk',
  title: 'Memory desk',
  config,
  retryReply: { status: 503 },
  answerWithinMs: 4_000,
  redelivers: false,
  connectsWithSubscription: true,
  connect: ({ token, signingSecret }, tools, subscription): Driver => {
    const http = createHttp(tools, {
      provider: 'memory-desk',
      baseUrl: `https://${HOST}`,
      isAllowedHost: (host) => host === HOST,
      headers: () => ({
        authorization: `Bearer ${token}`,
        ...(subscription?.['key'] ? { 'x-channel': subscription['key'] } : {}),
      }),
      classify: (_status, body) =>
        (body as { error?: unknown } | undefined)?.error === 'no agent is free' ? { code: 'busy' } : undefined,
    })
    return {
      checkCredentials: async () => {
        const { data } = await http.request({
          method: 'GET',
          path: '/me',
          schema: z.object({ name: z.string() }),
          purpose: 'log in',
        })
        if (data.name === '') throw new ProviderError('memory-desk', 'unauthorized', 'Could not log in')
        return { id: 'memory', description: data.name }
      },
      openTicket: (request) => openTicket(http, request),
      postMessage: (target, message) => postMessage({ http, tools, maxBytes: MAX_FILE_BYTES }, target, message),
      closeTicket: (target) => closeTicket(http, target),
      catchUp: (target, cursor) => catchUp(http, target, cursor),
      readFile: async (handle) => {
        const file = await http.download({
          url: `https://${HOST}/files/${encodeURIComponent(handle)}`,
          purpose: 'read a file',
          sendsCredentials: (host) => host === HOST,
          follows: (host) => host === FILES_HOST,
          maxBytes: 100 * 1024 * 1024,
        })
        return { name: 'file', ...file }
      },
      reportFate: async ({ id }, messageId, fate) => {
        try {
          await http.request({
            method: 'PUT',
            path: `/tickets/${encodeURIComponent(id)}/entries/${encodeURIComponent(messageId)}/fate`,
            json: fate,
            schema: z.unknown(),
            purpose: 'show the fate of a message',
            repeatable: true,
          })
        } catch {
          tools.log.debug('The fate of a message is not shown', { ticketId: id })
        }
      },
      subscribe: (target) => subscribe(http, target),
      unsubscribe: async ({ installation }) => {
        await http.request({
          method: 'DELETE',
          path: `/channels/${encodeURIComponent(installation)}`,
          schema: z.unknown(),
          purpose: 'remove the channel',
        })
      },
      verifyWebhook: (request, stored) =>
        verify(request, { now: tools.now(), secret: signingSecret, subscription: stored }),
      parseWebhook: ({ body }) => {
        let json: unknown
        try {
          json = JSON.parse(body)
        } catch {
          return { events: [], ignored: 'not JSON' }
        }
        const parsed = webhookSchema.safeParse(json)
        if (!parsed.success) return { events: [], ignored: 'of an unknown kind' }
        const { ticket: ticketId, conversation, ...entry } = parsed.data
        const key = { ticketId, ...(conversation ? { conversationId: conversation } : {}) }
        const events = eventOf(key, entry)
        return events.length > 0 ? { events } : { events, ignored: 'incomplete' }
      },
    }
  },
})
