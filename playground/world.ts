/** The whole product in one process: a local Botpress with a bot, the router, and a sandbox per registered desk. */
import { Readable } from 'node:stream'
import axios, { AxiosError, type AxiosAdapter } from 'axios'
import definition from '../integration.definition'
import {
  createSandboxWeb,
  type Receiver,
  type Sandbox,
  type SandboxOptions,
  type SandboxWeb,
} from '../providers/kit/sandbox'
import { createWeb, isPublicAddress, type Web } from '../providers/kit/web'
import type { WebhookReply, WebhookRequest } from '../providers/provider'
import type { Environment } from '../src/botpress/environment'
import { createIntegration } from '../src/integration'
import { loadOperations } from '../src/operations'
import { providers } from '../src/definition/registry'
import {
  createLocalBotpress,
  realClock,
  type Clock,
  type LocalBotpress,
  type LocalBotpressOptions,
  type PluginConfiguration,
  type RunnableIntegration,
  type RuntimeOptions,
  type Switches,
} from './botpress'

export interface WorldOptions {
  /** The origin of another server on this machine at which customers’ files may lie. */
  filesAt?(): string | undefined
  /** Default: the system clock. */
  clock?: Clock
  switches?: Partial<Switches>
  /** How the bot builder configured the hitl plugin. */
  plugin?: PluginConfiguration
  /** Ids of the installation. Two worlds that share a sandbox need different ones. */
  identity?: LocalBotpressOptions['identity']
  /** Rows are numbered from here on. */
  firstId?: number
  /** Number of router instances. Default: 1. */
  instances?: number
  /** Desks to set up. Default: all registered desks. */
  desks?: string[]
  /** Sandboxes of desks that have no folder in providers/, and sandboxes that another world has, too. */
  others?: Record<string, (options: SandboxOptions) => Sandbox>
  /** Ports of `botpress` and of each sandbox by name. Default: free ports. */
  ports?: Record<string, number | undefined>
  random?: () => number
  timeoutMs?: number
  /** Whether calls use sockets. Default: true. Simulations turn it off, and all calls stay in the process. */
  sockets?: boolean
  /** Whether the sandboxes listen, even if the router doesn't use their sockets. Default: as `sockets` says. */
  listen?: boolean
  /** Sees what goes in and out of the router. Calls to desks only without sockets. */
  observer?: WorldObserver
}

/** Each method wraps one way in or out of the router, and may record, delay or change what passes. */
export interface WorldObserver {
  /** An instance of the router, as Botpress calls it. */
  router?(integration: RunnableIntegration): RunnableIntegration
  /** The router's calls to a desk. */
  call?(desk: string, send: AxiosAdapter): AxiosAdapter
  /** A desk's webhooks. */
  webhook?(desk: string, send: Receiver): Receiver
  /** A call of the local Botpress's API, with its answer. */
  api?: RuntimeOptions['onCall']
}

export interface World {
  botpress: LocalBotpress
  sandboxes: Record<string, Sandbox>
  /** What the router finds at public addresses. The local Botpress's own files are there, too. */
  web: SandboxWeb
  clock: Clock
  /** A configuration with every desk. Default routing: priority, in registry order. */
  configuration(routing?: Record<string, unknown>): Record<string, unknown>
  /** Saves a configuration. Throws the router's message when the router refuses it. */
  save(configuration: Record<string, unknown>): Promise<void>
  /** Delivers a vendor's webhook to this world's installation. */
  receive(request: WebhookRequest): Promise<WebhookReply>
  /** Returns the sandbox of a desk. Throws for an unknown desk. */
  sandbox(name: string): Sandbox
  /** Replaces all instances of the router with new ones, as a restart does. */
  restart(): void
  /** Resolves when no work is pending between desks, router and bot, or when all of it waits for time to pass. */
  settle(): Promise<void>
  close(): Promise<void>
}

export const loadSandbox = async (name: string, options: SandboxOptions): Promise<Sandbox> => {
  const module = (await import(`../providers/${name}/sandbox/index.ts`)) as {
    createSandbox(given: SandboxOptions): Sandbox
  }
  return module.createSandbox(options)
}

export const createWorld = async (options: WorldOptions = {}): Promise<World> => {
  const clock = options.clock ?? realClock()
  const sockets = options.sockets ?? true
  const names = options.desks ?? Object.keys(providers)
  const sandboxes: Record<string, Sandbox> = {}
  for (const name of names) {
    sandboxes[name] = options.others?.[name]?.({ now: clock.now }) ?? (await loadSandbox(name, { now: clock.now }))
  }
  const all = Object.values(sandboxes)

  const environment: Environment = {
    now: clock.now,
    sleep: clock.sleep,
    setTimer: clock.setTimer,
    random: options.random ?? Math.random,
    timeoutMs: options.timeoutMs ?? 8_000,
    web: (url, limits) => web.web(url, limits),
    ...(sockets
      ? { resolveOrigin: (origin: string) => all.find((sandbox) => sandbox.origins.includes(origin))?.server.origin }
      : { transport: _transport(all, clock, options.observer?.call) }),
  }
  const { observer } = options
  const routers = () =>
    Array.from({ length: options.instances ?? 1 }, () => {
      const integration = createIntegration(environment) as RunnableIntegration
      return observer?.router?.(integration) ?? integration
    })
  await loadOperations()
  const botpress = await createLocalBotpress({
    clock,
    definition,
    switches: options.switches,
    plugin: options.plugin,
    identity: options.identity,
    firstId: options.firstId,
    sockets,
    ...(observer?.api ? { onCall: observer.api } : {}),
    integrations: routers(),
    port: options.ports?.botpress,
    publicWebhookUrl: PUBLIC_WEBHOOK_URL,
  })
  const others = sockets ? localWeb(botpress) : _webInProcess(botpress)
  const web = createSandboxWeb((url, limits) =>
    url.origin === options.filesAt?.() ? createWeb({ allows: () => true })(url, limits) : others(url, limits)
  )
  const receive = sockets ? _overHttp(botpress.webhookUrl) : _inProcess(botpress)
  for (const [name, sandbox] of Object.entries(sandboxes)) {
    if (options.listen ?? sockets) await sandbox.server.listen(options.ports?.[name])
    const send: Receiver = (request) => clock.track(receive(request))
    sandbox.deliveries.connect(observer?.webhook?.(name, send) ?? send)
  }

  return {
    botpress,
    sandboxes,
    web,
    clock,
    configuration: (routing) => ({
      ...Object.fromEntries(
        Object.entries(sandboxes).map(([name, { config }]) => [name, { ...config, enabled: true }])
      ),
      routing: routing ?? { strategy: 'priority', order: names },
    }),
    save: async (configuration) => {
      const reply = await botpress.save(configuration)
      if (reply.status !== 200) throw new Error(_messageOf(reply.body))
    },
    receive: (request) => clock.track(receive(request)),
    sandbox: (name) => {
      const sandbox = sandboxes[name]
      if (!sandbox) throw new Error(`The world has no sandbox "${name}"`)
      return sandbox
    },
    restart: () => botpress.connect(...routers()),
    settle: () => botpress.settle(),
    close: async () => {
      await Promise.all(all.map((sandbox) => sandbox.server.close()))
      await botpress.close()
    },
  }
}

/** Looks like the Cloud's address, since some vendors accept only https. Their deliveries go to the local Botpress. */
const PUBLIC_WEBHOOK_URL = 'https://webhook.botpress.cloud'

const _messageOf = (body: string | undefined): string => {
  try {
    const { message } = JSON.parse(body ?? '') as { message?: string }
    return message ?? 'The configuration was refused'
  } catch {
    return 'The configuration was refused'
  }
}

/** Delivers a vendor's webhook to the local Botpress over HTTP. */
const _overHttp =
  (webhookUrl: string) =>
  async (request: WebhookRequest): Promise<WebhookReply> => {
    const query = request.query ? `?${request.query}` : ''
    const response = await axios.request<string>({
      url: `${webhookUrl}${request.path}${query}`,
      method: request.method,
      headers: request.headers,
      data: request.body,
      responseType: 'text',
      transformResponse: [],
      transformRequest: [],
      validateStatus: () => true,
      proxy: false,
    })
    const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]))
    return { status: response.status, headers, body: response.data }
  }

/** The public web, and the files of the local Botpress, which lie on this machine. */
export const localWeb = ({ url }: LocalBotpress): Web =>
  createWeb({ allows: (address, { origin }) => isPublicAddress(address) || origin === url })

/** The files of the local Botpress alone, without a socket. */
const _webInProcess =
  ({ runtime, url: origin }: LocalBotpress): Web =>
  async (url) => {
    const gone = Object.assign(new Error('No answer'), { code: 'ENOTFOUND' })
    if (url.origin !== origin) throw gone
    const { pathname: path, search } = url
    const answer = await runtime.handle({ method: 'GET', path, query: search.slice(1), headers: {}, body: '' })
    if ('hangUp' in answer) throw gone
    const bytes = answer.bytes ?? Buffer.from(answer.body ?? '')
    return { status: answer.status, headers: answer.headers ?? {}, bytes: Readable.from([bytes]), close: () => {} }
  }

const _inProcess =
  (botpress: LocalBotpress) =>
  async ({ method, path, query, headers, body }: WebhookRequest): Promise<WebhookReply> =>
    botpress.runtime.gateway.webhook({ method, path, query, headers, body })

/** Sends a call to the sandbox for its origin. A time-out takes its full duration, on the world's clock. */
const _transport =
  (sandboxes: Sandbox[], clock: Clock, wrap: WorldObserver['call']): AxiosAdapter =>
  async (config) => {
    const { origin } = new URL(config.baseURL ?? config.url ?? '')
    const sandbox = sandboxes.find(({ origins }) => origins.includes(origin))
    if (!sandbox) throw new Error(`No sandbox serves the origin ${origin}`)
    const { transport } = sandbox.server
    try {
      return await (wrap?.(sandbox.name, transport) ?? transport)(config)
    } catch (error) {
      if (error instanceof AxiosError && error.code === 'ECONNABORTED') await clock.sleep(config.timeout ?? 0)
      throw error
    }
  }
