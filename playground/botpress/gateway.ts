/** How the Cloud calls an integration: the HTTP contract of a running bundle, sent to one of several instances. */
import { axios } from '@botpress/client'
import type { AxiosAdapter } from 'axios'
import { conversationView } from './api/conversations'
import { messageView } from './api/messages'
import { userView } from './api/users'
import type { Message } from './store'
import type { Cloud } from './cloud'
import type { Caller, Identity, Invocation } from './types'

export interface InvokeRequest {
  method: string
  path: string
  query: string
  headers: Record<string, string>
  body: string
}

export interface InvokeReply {
  status: number
  headers?: Record<string, string>
  body?: string
}

/** Calls one instance of the integration. Throws when the instance is unreachable. */
export type Invoke = (request: InvokeRequest) => Promise<InvokeReply>

/** The part of the SDK's `Integration` that runs it in this process. */
export interface RunnableIntegration {
  handler(request: InvokeRequest): Promise<{ status?: number; headers?: Record<string, string>; body?: string } | void>
}

/** A webhook as the Cloud receives it. `path` is the part after the webhook id. */
export interface IncomingWebhook {
  method: string
  path: string
  query: string
  headers: Record<string, string | undefined>
  body: string | undefined
}

/**
 * Runs an integration in this process. The SDK creates its client synchronously at the start of every request, from
 * environment variables. They are set only for that moment, so several runtimes can share a process.
 */
export const invokeInProcess =
  (integration: RunnableIntegration, target: { apiUrl(): string; token: string; transport?: AxiosAdapter }): Invoke =>
  async (request) => {
    const { BP_API_URL, BP_TOKEN } = process.env
    const defaults = axios.default.defaults
    const { adapter } = defaults
    process.env['BP_API_URL'] = target.apiUrl()
    process.env['BP_TOKEN'] = target.token
    if (target.transport) defaults.adapter = target.transport
    let reply: ReturnType<RunnableIntegration['handler']>
    try {
      reply = integration.handler(request)
    } finally {
      defaults.adapter = adapter
      _restore('BP_API_URL', BP_API_URL)
      _restore('BP_TOKEN', BP_TOKEN)
    }
    const response = (await reply) ?? {}
    return { ...response, status: response.status ?? 200 }
  }

const _restore = (name: string, value: string | undefined): void => {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}

/** Calls an integration that serves HTTP (`integration.start(port)`), in this or another process. */
export const invokeOverHttp =
  (origin: string): Invoke =>
  async (request) => {
    const response = await fetch(new URL(request.path, origin), {
      method: request.method,
      headers: request.headers,
      body: request.body,
      signal: AbortSignal.timeout(60_000),
    })
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    }
  }

export interface Gateway {
  /** Sets the instances. `choose` picks the instance for a request; by default they alternate. */
  connect(instances: Invoke | Invoke[], choose?: (request: InvokeRequest, count: number) => number): void
  /** The configuration that the bot builder saved, as it was at that time. Sent with every request. */
  configuration: unknown
  register(webhookUrl: string): Promise<InvokeReply>
  unregister(webhookUrl: string): Promise<InvokeReply>
  ping(): Promise<InvokeReply>
  webhook(request: IncomingWebhook): Promise<InvokeReply>
  action(type: string, input: unknown): Promise<InvokeReply>
  messageCreated(cloud: Cloud, caller: Caller, message: Message): Promise<InvokeReply>
  /** Sends any operation with any body. */
  deliver(operation: string, body: unknown, type?: string): Promise<InvokeReply>
  /** The latest invocations by trace id. */
  readonly invocations: Map<string, Invocation>
}

/** The reply of the Cloud when the integration is unreachable. */
export const UNREACHABLE: InvokeReply = {
  status: 502,
  body: JSON.stringify({ id: 'err_gateway', code: 500, type: 'Internal', message: 'The integration did not answer' }),
}

/** Traces of older requests are no longer resolved. */
const MAX_INVOCATIONS = 10_000

/** The trace header that the SDK's client repeats in every API call of the request. */
const _trace = (id: number): { id: string; header: string } => {
  const hex = id.toString(16).padStart(32, '0')
  return { id: hex, header: `00-${hex}-0000000000000001-01` }
}

export const createGateway = (identity: Identity): Gateway => {
  const invocations = new Map<string, Invocation>()
  let instances: Invoke[] = []
  let requestCount = 0
  let configuration: unknown
  let encodedConfiguration = ''
  let choose: (request: InvokeRequest, count: number) => number = (_request, count) => requestCount % count

  const send = async (operation: string, body: unknown, type?: string): Promise<InvokeReply> => {
    requestCount += 1
    const trace = _trace(requestCount)
    const request: InvokeRequest = {
      method: 'POST',
      path: '/',
      query: '',
      headers: {
        'content-type': 'application/json',
        'x-bot-id': identity.botId,
        'x-bot-user-id': identity.botUserId,
        'x-integration-id': identity.integrationId,
        'x-integration-alias': identity.alias,
        'x-webhook-id': identity.webhookId,
        'x-bp-operation': operation,
        'x-bp-configuration': encodedConfiguration,
        traceparent: trace.header,
      },
      body: JSON.stringify(body),
    }
    const instance = instances.length === 0 ? 0 : choose(request, instances.length)
    const invoke = instances[instance]
    if (!invoke) throw new Error('The runtime has no connected integration')
    invocations.set(trace.id, { id: trace.id, operation, type, instance })
    const [oldest] = invocations.keys()
    if (invocations.size > MAX_INVOCATIONS && oldest !== undefined) invocations.delete(oldest)
    return invoke(request).catch(() => UNREACHABLE)
  }

  const gateway: Gateway = {
    invocations,
    get configuration() {
      return configuration
    },
    set configuration(saved) {
      configuration = saved
      encodedConfiguration = Buffer.from(JSON.stringify(saved)).toString('base64')
    },
    connect: (targets, chooser) => {
      instances = Array.isArray(targets) ? targets : [targets]
      if (chooser) choose = chooser
    },
    deliver: send,
    register: (webhookUrl) => send('register', { webhookUrl }),
    unregister: (webhookUrl) => send('unregister', { webhookUrl }),
    ping: () => send('ping', {}),
    webhook: ({ method, path, query, headers, body }) =>
      send('webhook_received', { req: { path: path || '/', query, method, headers, body } }),
    action: (type, input) => send('action_triggered', { type, input }, type),
    messageCreated: (cloud, caller, message) => {
      const conversation = cloud.store.conversations.get(message.conversationId)
      const user = cloud.store.users.get(message.userId)
      const body = {
        type: message.type,
        payload: message.payload,
        conversation: conversation && conversationView(cloud, caller, conversation),
        message: messageView(cloud, caller, message),
        user: user && userView(cloud, caller, user),
      }
      return send('message_created', body, message.type)
    },
  }
  gateway.configuration = {}
  return gateway
}
