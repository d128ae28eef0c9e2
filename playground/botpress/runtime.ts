/** The local Cloud: the runtime API for one bot with one integration, in memory. */
import { isApiError } from '@botpress/client'
import type { AxiosAdapter } from 'axios'
import { CONTENT_ROOT, receiveContent, serveContent } from './api/files'
import { API_ROOT, matchRoute, perform } from './api/routes'
import { yieldToEventLoop, type Clock } from './clock'
import { createDispatcher, createQueues, type CompletedDelivery, type Queues } from './delivery'
import { createFaults, faultBody, type ApiFault } from './faults'
import {
  createGateway,
  invokeInProcess,
  UNREACHABLE,
  type Gateway,
  type Invoke,
  type RunnableIntegration,
} from './gateway'
import { errorReply, identify, json, parseBody } from './http'
import { createRuntimeServer, createTransport, UPLOAD_ROOT } from './server'
import type { RuntimeAnswer, RuntimeReply, RuntimeRequest } from './server'
import { createStore, type Event, type Message, type Store } from './store'
import type { Cloud } from './cloud'
import { DEFAULT_SWITCHES, type Call, type Caller, type Identity } from './types'
import type { RuntimeDefinition, Switches } from './types'

export interface RuntimeOptions {
  clock: Clock
  /** Tags, states, channels and events that the integration declares. Others are refused. */
  definition: RuntimeDefinition
  switches?: Partial<Switches>
  identity?: Partial<Identity>
  /** Rows are numbered from here on. Two bots of one Cloud share no ids. Default: 0. */
  firstId?: number
  /** The configuration that the bot builder saved. */
  configuration?: unknown
  /** Whether to record `calls`. Long simulations turn it off. */
  recordCalls?: boolean
  /** Sees every API call with its body and its answer, when it has been answered. */
  onCall?(call: Call, body: unknown, answer: RuntimeAnswer): void
}

/** Receives deliveries for the bot. A rejection becomes the bot's error reply. */
export interface BotReceiver {
  message(message: Message): Promise<void>
  event(event: Event): Promise<void>
}

export interface Runtime {
  readonly clock: Clock
  readonly identity: Identity
  /** May be changed while running. */
  readonly switches: Switches
  readonly store: Store
  readonly gateway: Gateway
  readonly queues: Queues
  /** All API calls and webhooks, in order. */
  readonly calls: Call[]
  /** Completed deliveries. */
  readonly deliveries: CompletedDelivery[]
  addFault(fault: ApiFault): void
  clearFaults(): void
  listen(port?: number): Promise<string>
  /** Origin of the API, the value for BP_API_URL. */
  readonly url: string
  readonly webhookUrl: string
  /** Handles a request without a socket: the API and `/webhooks/…`. */
  handle(request: RuntimeRequest): Promise<RuntimeAnswer>
  /** An axios adapter that calls `handle`. */
  readonly transport: AxiosAdapter
  /** Makes an API call as the bot. */
  botCall(method: string, path: string, body?: unknown): Promise<RuntimeAnswer>
  /** Performs an operation as the Cloud or another integration: not recorded, not delayed, without faults. */
  perform(caller: Caller, method: string, path: string, body?: unknown): Promise<unknown>
  /** Makes an instance of an integration in this process. With `sockets: false` its API calls stay in the process. */
  inProcess(integration: RunnableIntegration, options?: { sockets?: boolean }): Invoke
  receiveAsBot(receiver: BotReceiver): void
  /** Serves an action of another integration, by `alias:type`. */
  serveAction(name: string, serve: (input: unknown) => Record<string, unknown>): void
  close(): Promise<void>
}

/** Turns of the event loop between the check and the write of a get-or-create that isn't atomic. */
const RACE_WINDOW_TURNS = 30

const WEBHOOK_ROOT = '/webhooks/'
/** Where files lie while the runtime has no socket. */
const LOCAL_FILES = 'https://files.local.test'

export const createRuntime = (options: RuntimeOptions): Runtime => {
  const { clock, definition } = options
  const switches: Switches = { ...DEFAULT_SWITCHES, ...options.switches }
  const identity: Identity = {
    botId: 'bot_local',
    botUserId: 'user_BOT',
    integrationId: 'intver_local',
    alias: 'desk',
    webhookId: 'wh-local',
    token: 'bp_local_token',
    ...options.identity,
  }
  const store = createStore(() => clock.now(), options.firstId)
  const faults = createFaults()
  const gateway = createGateway(identity)
  gateway.configuration = options.configuration ?? {}
  const queues = createQueues(() => switches.delivery === 'serial')
  const dispatcher = createDispatcher(clock, switches, queues)
  const calls: Call[] = []
  const integration: Caller = { by: 'integration', alias: identity.alias, definition }
  const others = new Map<string, (input: unknown) => Record<string, unknown>>()
  let receiver: BotReceiver | undefined

  store.users.insert({ ...store.row('user', {}), id: identity.botUserId, owner: 'bot', name: 'Botpress' })

  const toBot = (
    kind: 'message' | 'event',
    id: string,
    conversationId: string | undefined,
    send: () => Promise<void>
  ) =>
    dispatcher.dispatch({ to: 'bot', kind, id, conversationId }, () =>
      send().then(
        () => 200,
        (error: unknown) => (isApiError(error) && error.type === 'Runtime' ? 400 : 500)
      )
    )

  const cloud: Cloud = {
    clock,
    switches,
    identity,
    store,
    filesOrigin: () => server.origin ?? LOCAL_FILES,
    raceWindow: async () => {
      for (let turns = 0; turns < RACE_WINDOW_TURNS; turns += 1) await yieldToEventLoop()
    },
    messageCreated: (message) => {
      const { id, conversationId } = message
      if (message.direction === 'incoming') {
        toBot('message', id, conversationId, async () => receiver?.message(message))
      } else if (store.conversations.get(conversationId)?.owner === identity.alias) {
        dispatcher.dispatch({ to: 'integration', kind: 'message', id, conversationId }, async () => {
          const reply = await gateway.messageCreated(cloud, integration, message)
          return reply === UNREACHABLE ? undefined : reply.status
        })
      }
    },
    eventCreated: (event) => {
      const inPayload = event.payload['conversationId']
      const conversationId = event.conversationId ?? (typeof inPayload === 'string' ? inPayload : undefined)
      toBot('event', event.id, conversationId, async () => {
        try {
          await receiver?.event(event)
          event.status = 'processed'
        } catch (error) {
          event.status = 'failed'
          event.failureReason = error instanceof Error ? error.message : String(error)
          throw error
        }
      })
    },
    callAction: async (type, input) => {
      const reply = await gateway.action(type, input)
      return { status: reply.status, body: JSON.parse(reply.body ?? '{}') as unknown }
    },
  }

  const faultAnswer = (fault: ApiFault): RuntimeAnswer => {
    if (fault.kind !== 'status') return { hangUp: fault.kind }
    const reply = json(fault.status ?? 500, faultBody(fault.status ?? 500))
    return { ...reply, headers: { ...reply.headers, ...fault.headers } }
  }

  const run: typeof underFaults = async (call, body, effect) => {
    const answer = await underFaults(call, body, effect)
    options.onCall?.(call, body, answer)
    return answer
  }

  const underFaults = async (
    call: Call,
    body: unknown,
    effect: () => Promise<RuntimeReply>
  ): Promise<RuntimeAnswer> => {
    if (options.recordCalls !== false) calls.push(call)
    const { latencyMs } = switches
    const latency = typeof latencyMs === 'function' ? latencyMs(call) : latencyMs
    if (latency > 0 && call.by !== 'vendor') await clock.sleep(latency)
    const fault = faults.take(call, body)
    if (fault && fault.effect !== 'after') return faultAnswer(fault)
    const reply = await effect()
    if (fault) return faultAnswer(fault)
    call.status = reply.status
    return reply
  }

  const api = (caller: Caller, request: RuntimeRequest, body: unknown): Promise<RuntimeAnswer> => {
    const { method, path } = request
    const isAction = caller.by === 'bot' && method === 'POST' && path === `${API_ROOT}actions`
    const match = matchRoute(method, path)
    const known = typeof match === 'object' ? match.route.name : 'unknown'
    const operation = isAction ? 'callAction' : known
    const traceId = request.headers['traceparent']?.split('-')[1] ?? ''
    const invocation = gateway.invocations.get(traceId)
    return run({ by: caller.by, operation, method, path, at: clock.now(), invocation }, body, async () => {
      try {
        if (isAction) return await action(body)
        return json(200, await perform(cloud, caller, match, { query: new URLSearchParams(request.query), body }))
      } catch (error) {
        return errorReply(error)
      }
    })
  }

  /** The bot calls an action by `alias:type`. */
  const action = async (body: unknown): Promise<RuntimeReply> => {
    const { type, input } = body as { type: string; input: unknown }
    const other = others.get(type)
    if (other) return json(200, { output: other(input) })
    const reply = await cloud.callAction(type.replace(`${identity.alias}:`, ''), input)
    return json(reply.status, reply.body)
  }

  const webhook = (request: RuntimeRequest): Promise<RuntimeAnswer> => {
    const { method, path, query, headers } = request
    const [webhookId, ...rest] = path.slice(WEBHOOK_ROOT.length).split('/')
    return run({ by: 'vendor', operation: 'webhook', method, path, at: clock.now() }, undefined, async () => {
      if (webhookId !== identity.webhookId) return json(404, { message: 'Unknown webhook' })
      const body = method === 'GET' || method === 'HEAD' ? undefined : request.body
      return gateway.webhook({ method, path: `/${rest.join('/')}`, query, headers, body })
    })
  }

  /** The bytes of a file come and go without the API. Faults reach them by these operations. */
  const content = (request: RuntimeRequest): Promise<RuntimeAnswer> => {
    const { method, path } = request
    const isUpload = path.startsWith(UPLOAD_ROOT)
    const call = isUpload
      ? ({ by: 'integration', operation: 'putContent' } as const)
      : ({ by: 'vendor', operation: 'getContent' } as const)
    return run({ ...call, method, path, at: clock.now() }, undefined, () =>
      Promise.resolve((isUpload ? receiveContent : serveContent)(cloud, { ...request, bytes: request.bytes }))
    )
  }
  /** Servers send their time with every answer. */
  const dated = async (work: Promise<RuntimeAnswer>): Promise<RuntimeAnswer> => {
    const answer = await work
    if ('hangUp' in answer) return answer
    return { ...answer, headers: { date: new Date(clock.now()).toUTCString(), ...answer.headers } }
  }

  const handle = (request: RuntimeRequest): Promise<RuntimeAnswer> => {
    if (request.path.startsWith(WEBHOOK_ROOT)) return clock.track(webhook(request))
    const { path } = request
    if (path.startsWith(UPLOAD_ROOT) || path.startsWith(CONTENT_ROOT)) return clock.track(content(request))
    try {
      return clock.track(dated(api(identify(identity, definition, request), request, parseBody(request))))
    } catch (error) {
      return Promise.resolve(errorReply(error))
    }
  }

  const server = createRuntimeServer(handle)
  const transport = createTransport(handle)
  const origin = (): string => server.origin ?? 'http://127.0.0.1:0'

  return {
    clock,
    identity,
    switches,
    store,
    gateway,
    queues,
    calls,
    deliveries: dispatcher.log,
    addFault: faults.add,
    clearFaults: faults.clear,
    listen: server.listen,
    get url() {
      return origin()
    },
    get webhookUrl() {
      return `${origin()}${WEBHOOK_ROOT}${identity.webhookId}`
    },
    handle,
    transport,
    botCall: async (method, path, body) => {
      // Copied as HTTP would: callers in this process must not share objects with the store.
      const copy = body === undefined ? {} : (JSON.parse(JSON.stringify(body)) as unknown)
      const [pathname = '', query = ''] = path.split('?')
      await yieldToEventLoop()
      return api({ by: 'bot' }, { method, path: pathname, query, headers: {}, body: '' }, copy)
    },
    perform: (caller, method, path, body) =>
      perform(cloud, caller, matchRoute(method, path), { query: new URLSearchParams(), body }),
    inProcess: (target, { sockets } = {}) =>
      invokeInProcess(target, {
        apiUrl: origin,
        token: identity.token,
        transport: sockets === false ? transport : undefined,
      }),
    receiveAsBot: (target) => {
      receiver = target
    },
    serveAction: (name, serve) => {
      others.set(name, serve)
    },
    close: server.close,
  }
}
