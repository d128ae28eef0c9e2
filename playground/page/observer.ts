/** Records what goes in and out of the router. */
import type { AxiosAdapter } from 'axios'
import type { Receiver } from '../../providers/kit/sandbox'
import type { WebhookRequest } from '../../providers/provider'
import type { RunnableIntegration } from '../botpress'
import type { WorldObserver } from '../world'
import type { Exchange, Exchanges, Payload } from './exchanges'

export interface Wrapped {
  exchanges: Exchanges
  /** The webhooks that each desk has sent, first attempts only. */
  webhooks: Record<string, WebhookRequest[]>
  /** Wraps the calls to a desk further. */
  toDesk(desk: string, send: AxiosAdapter): AxiosAdapter
}

const OPERATIONS: Record<string, string> = {
  register: 'Save the configuration',
  unregister: 'Remove the installation',
  message_created: 'message for the desk',
  ping: 'ping',
}

/** Calls of the router to Botpress that people care about. */
const MAJOR_API = new Set(['createMessage', 'getOrCreateMessage', 'createEvent'])

export const createObserver = ({ exchanges, webhooks, toDesk }: Wrapped): WorldObserver => ({
  router: (integration) => ({
    handler: (request) => _operation(exchanges, integration, request),
  }),

  call: (desk, send) => async (config) => {
    const url = new URL((config.baseURL ?? '') + (config.url ?? ''))
    for (const [name, value] of Object.entries((config.params ?? {}) as Record<string, unknown>))
      if (value !== undefined) url.searchParams.set(name, String(value))
    const method = (config.method ?? 'get').toUpperCase()
    const { end } = exchanges.begin({
      kind: 'call',
      from: 'router',
      to: desk,
      title: `${method} ${url.pathname}`,
      ...(method === 'GET' || exchanges.cause().root?.title === OPERATIONS['register'] ? { isMinor: true } : {}),
      request: {
        line: `${method} ${url.href}`,
        headers: _headers(config.headers as unknown as Record<string, unknown>),
        body: _text(config.data),
      },
    })
    try {
      const answer = await toDesk(desk, send)(config)
      const headers = _headers(answer.headers as Record<string, unknown>)
      end({ status: answer.status, response: { line: String(answer.status), headers, body: _text(answer.data) } })
      return answer
    } catch (error) {
      end({ failure: 'no answer in time' })
      throw error
    }
  },

  webhook: (desk, send) => _webhook(exchanges, webhooks, desk, send),

  api: (call, body, answer) => {
    if (call.by === 'vendor' || exchanges.cause().isMuted) return
    const response: Payload | undefined =
      'hangUp' in answer ? undefined : { line: String(answer.status), body: answer.body ?? '' }
    const request: Payload = { line: `${call.method} ${call.path}`, body: JSON.stringify(body ?? {}) }
    const status = 'hangUp' in answer ? { failure: answer.hangUp } : { status: answer.status }
    if (call.by === 'integration') {
      // Mentions tell whose session an operation is about.
      exchanges.mention(`${call.path} ${request.body} ${response?.body}`)
      const isMinor = !MAJOR_API.has(call.operation)
      const title = _apiTitle(call.operation, body)
      const { end } = exchanges.begin({ kind: 'api', from: 'router', to: 'bot', title, isMinor, request })
      end({ ...status, ...(response ? { response } : {}) })
    } else if (call.operation === 'createMessage') {
      const { payload, conversationId } = body as { payload?: { text?: string }; conversationId?: string }
      const about = { customer: conversationId ?? '' }
      const title = payload?.text ?? 'a file'
      const { end } = exchanges.begin({ kind: 'message', from: 'bot', to: 'customer', title, request, ...about })
      end({ ...status, ...(response ? { response } : {}) })
    }
  },
})

const _operation = async (
  exchanges: Exchanges,
  integration: RunnableIntegration,
  request: Parameters<RunnableIntegration['handler']>[0]
): ReturnType<RunnableIntegration['handler']> => {
  const operation = request.headers['x-bp-operation'] ?? ''
  if (operation === 'webhook_received' || exchanges.cause().isMuted) return integration.handler(request)
  const { type } = JSON.parse(request.body || '{}') as { type?: string }
  const { exchange, end } = exchanges.begin({
    kind: 'operation',
    from: 'bot',
    to: 'router',
    title: operation === 'action_triggered' ? (type ?? operation) : (OPERATIONS[operation] ?? operation),
    request: { line: operation, body: request.body },
  })
  const reply = await exchanges.within({ root: exchange }, () => integration.handler(request))
  const status = reply ? (reply.status ?? 200) : 200
  end({ status, response: { line: String(status), body: (reply ? reply.body : '') ?? '' } })
  return reply
}

const _webhook = (
  exchanges: Exchanges,
  webhooks: Record<string, WebhookRequest[]>,
  desk: string,
  send: Receiver
): Receiver => {
  const sent = (webhooks[desk] ??= [])
  return async (request) => {
    const { attempt = 1, origin } = exchanges.cause()
    if (attempt === 1 && origin === undefined) sent.push(request)
    const known = sent.findIndex((other) => other === request || other.body === request.body)
    const { exchange, end } = exchanges.begin({
      kind: 'webhook',
      from: desk,
      to: 'router',
      title: _eventOf(request),
      attempt,
      ...(origin ? { origin } : {}),
      ...(known >= 0 ? { webhook: known } : {}),
      request: { line: `${request.method} ${request.path}`, headers: _headers(request.headers), body: request.body },
    })
    const reply = await exchanges.within({ root: exchange }, () => send(request))
    const { status, headers = {}, body = '' } = reply
    end({ status, response: { line: String(status), headers, body } })
    return reply
  }
}

/** `createMessage`, or the type of an event. */
const _apiTitle = (operation: string, body: unknown): string => {
  const type = (body as { type?: unknown } | undefined)?.type
  return operation === 'createEvent' && typeof type === 'string' ? type : operation
}

/** What a desk calls its event: in the body, where it says so. */
const _eventOf = ({ body }: WebhookRequest): string => {
  const found = /"topic":\s*"([\w.]+)"/.exec(body) ?? /"event":\s*\{"type":\s*"(\w+)"(?:,"subtype":"(\w+)")?/.exec(body)
  if (found) return [found[1], found[2]].filter(Boolean).join(' · ')
  const action = /action_id%22%3A%22(\w+)/.exec(body)
  if (action) return `button ${action[1]}`
  return /"ticket/.test(body) ? 'ticket changed' : 'webhook'
}

const _headers = (headers: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([, value]) => value !== undefined && value !== null && typeof value !== 'object')
      .map(([name, value]) => [name.toLowerCase(), String(value)])
  )

const _text = (data: unknown): string => {
  if (typeof data === 'string') return data
  return data instanceof Uint8Array ? `(${data.byteLength} bytes)` : ''
}

/** An exchange without its contents, for the list. */
export const withoutContents = ({ request: _request, response: _response, ...rest }: Exchange) => rest
