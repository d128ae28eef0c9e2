/** The smallest provider that the contract allows. A model for new providers and a test of the conformance suite. */
import { z } from '@botpress/sdk'
import { asUnknown, isProviderError, ProviderError } from '../../providers/errors'
import { createHttp, type Http } from '../../providers/kit/http'
import { partsToText, shorten, transcriptToText } from '../../providers/kit/message-text'
import { isFresh, isSigned } from '../../providers/kit/signature'
import {
  defineProvider,
  type Driver,
  type OutboundMessage,
  type ParsedWebhook,
  type Ticket,
  type TicketRequest,
  type WebhookRequest,
} from '../../providers/provider'

const HOST = 'memory-desk.example'
const FRESH_MS = 300_000

const config = z.object({
  token: z.string().min(1).secret().title('Token').describe('The token of the desk.'),
  signingSecret: z.string().min(1).secret().title('Signing secret').describe('Signs the webhooks of the desk.'),
})

const entry = z.object({ id: z.string(), mark: z.string().nullish() })
const ticket = z.object({ id: z.string(), entries: z.array(entry) })
const webhook = z.object({
  kind: z.enum(['message', 'assigned', 'closed', 'reopened']),
  ticket: z.string(),
  conversation: z.string().nullish(),
  id: z.string().nullish(),
  text: z.string().nullish(),
  agent: z.object({ id: z.string(), name: z.string() }).nullish(),
})

const openTicket = async (http: Http, request: TicketRequest) => {
  const find = async () => {
    const { data } = await http.request({
      method: 'GET',
      path: '/tickets',
      query: { conversation: request.conversationId },
      schema: z.array(ticket),
      purpose: 'look a ticket up',
    })
    return data[0]
  }
  const create = async () => {
    const { data } = await http.request({
      method: 'POST',
      path: '/tickets',
      json: {
        conversation: request.conversationId,
        title: shorten(request.title, 200),
        customer: request.customer.name,
        text: [request.title, request.description, transcriptToText(request.transcript)].filter(Boolean).join('\n\n'),
      },
      schema: ticket,
      purpose: 'open a ticket',
    })
    return data
  }
  const found = request.mayExist ? await find() : undefined
  return { id: (found ?? (await _createOnce(create, find))).id }
}

const postMessage = async (http: Http, { id }: Ticket, message: OutboundMessage) => {
  const path = `/tickets/${encodeURIComponent(id)}`
  const find = async () => {
    const { data } = await http.request({ method: 'GET', path, schema: ticket, purpose: 'read a ticket' })
    return data.entries.find(({ mark }) => mark === message.id)
  }
  const create = async () => {
    const { data } = await http.request({
      method: 'POST',
      path: `${path}/entries`,
      json: { mark: message.id, internal: message.author.type === 'bot', text: partsToText(message.parts) },
      schema: entry,
      purpose: 'post a message',
      about: 'message',
    })
    return data
  }
  /** Only the desk's word on the ticket itself ends it. */
  const explain = async (error: unknown): Promise<never> => {
    if (!isProviderError(error) || error.code !== 'not-found') throw error
    const isThere = await find().then(
      () => true,
      (failure: unknown) => !(isProviderError(failure) && failure.code === 'not-found')
    )
    throw isThere ? error : new ProviderError('memory-desk', 'ended', 'The ticket no longer exists')
  }
  const found = message.mayExist ? await find() : undefined
  return { messageIds: [(found ?? (await _createOnce(create, find).catch(explain))).id] }
}

/** After an unknown outcome, searches for the result before it writes again. */
const _createOnce = async <T>(create: () => Promise<T>, find: () => Promise<T | undefined>): Promise<T> => {
  try {
    return await create()
  } catch (error) {
    if (!isProviderError(error) || error.outcome !== 'unknown') throw error
    const found = await find().catch((failure: unknown) => {
      throw asUnknown(failure)
    })
    return found ?? create()
  }
}

const closeTicket = async (http: Http, { id }: Ticket) => {
  try {
    await http.request({
      method: 'PUT',
      path: `/tickets/${encodeURIComponent(id)}/solved`,
      json: {},
      schema: z.unknown(),
      purpose: 'solve a ticket',
      repeatable: true,
    })
  } catch (error) {
    if (!isProviderError(error) || error.code !== 'not-found') throw error
  }
}

const parseWebhook = ({ body }: WebhookRequest): ParsedWebhook => {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return { events: [], ignored: 'not JSON' }
  }
  const parsed = webhook.safeParse(json)
  if (!parsed.success) return { events: [], ignored: 'of an unknown kind' }
  const { kind, ticket: ticketId, conversation, id, text, agent } = parsed.data
  const key = { ticketId, ...(conversation ? { conversationId: conversation } : {}) }
  if (kind === 'closed') return { events: [{ type: 'ticket-closed', ticket: key, reason: 'solved' }] }
  if (kind === 'reopened') return { events: [{ type: 'ticket-reopened', ticket: key }] }
  if (!agent) return { events: [], ignored: 'without an agent' }
  if (kind === 'assigned') return { events: [{ type: 'agent-assigned', ticket: key, agent }] }
  if (!id || !text) return { events: [], ignored: 'an empty message' }
  return { events: [{ type: 'message-posted', ticket: key, id, agent, parts: [{ type: 'text', text }] }] }
}

export const memoryDesk = defineProvider({
  name: 'memory-desk',
  title: 'Memory desk',
  config,
  retryReply: { status: 503 },
  answerWithinMs: 4_000,
  redelivers: true,
  connect: ({ token, signingSecret }, tools): Driver => {
    const http = createHttp(tools, {
      provider: 'memory-desk',
      baseUrl: `https://${HOST}`,
      isAllowedHost: (host) => host === HOST,
      headers: () => ({ authorization: `Bearer ${token}` }),
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
      postMessage: (target, message) => postMessage(http, target, message),
      closeTicket: (target) => closeTicket(http, target),
      verifyWebhook: ({ headers, body }) => {
        const timestamp = headers['x-timestamp'] ?? ''
        return (
          isFresh(Number(timestamp || Number.NaN), tools.now(), FRESH_MS) &&
          isSigned({
            algorithm: 'sha256',
            encoding: 'hex',
            secret: signingSecret,
            message: `${timestamp}.${body}`,
            signature: headers['x-signature'],
          })
        )
      },
      parseWebhook,
    }
  },
})
