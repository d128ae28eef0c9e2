/** The whole product in one process: a local Botpress with a bot, the router, and a sandbox for every desk of the registry. */
import axios, { AxiosError, type AxiosAdapter } from 'axios'
import definition from '../integration.definition'
import type { Sandbox, SandboxOptions } from '../providers/kit/sandbox'
import type { WebhookReply, WebhookRequest } from '../providers/provider'
import type { Environment } from '../src/botpress/environment'
import { createIntegration } from '../src/integration'
import { providers } from '../src/definition/registry'
import { createLocalBotpress, realClock, type Clock, type LocalBotpress, type Switches } from './botpress'

export interface WorldOptions {
  /** The machine's time unless given. */
  clock?: Clock
  switches?: Partial<Switches>
  /** How many instances of the router share the work; 1 unless told. */
  instances?: number
  /** Desks to set up; all of the registry unless told. */
  desks?: string[]
  /** Sandboxes of desks that are not in the registry's folders. */
  others?: Record<string, (options: SandboxOptions) => Sandbox>
  /** A free port unless given: of the local Botpress, and of each sandbox by its name. */
  ports?: Record<string, number | undefined>
  random?: () => number
  timeoutMs?: number
  /** Without sockets everything stays in the process: for simulations. */
  sockets?: boolean
}

export interface World {
  botpress: LocalBotpress
  sandboxes: Record<string, Sandbox>
  clock: Clock
  /** A configuration with every desk and, if given, this routing block. */
  configuration(routing?: Record<string, unknown>): Record<string, unknown>
  /** Saves; throws with the router's text when it refuses. */
  save(configuration: Record<string, unknown>): Promise<void>
  /** A sandbox; throws when there is none of that name. */
  sandbox(name: string): Sandbox
  /** Makes the router forget whatever its instances remember: as if all of them had been started anew. */
  restart(): void
  /** Resolves when nothing is under way between desks, router and bot, or all that is under way waits for time to pass. */
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
    ...(sockets
      ? { resolveOrigin: (origin: string) => all.find((sandbox) => sandbox.origins.includes(origin))?.server.origin }
      : { transport: _transport(all, clock) }),
  }
  const routers = () => Array.from({ length: options.instances ?? 1 }, () => createIntegration(environment))
  const botpress = await createLocalBotpress({
    clock,
    definition,
    switches: options.switches,
    sockets,
    integrations: routers(),
    port: options.ports?.botpress,
    // Vendors take https only; what they deliver there is brought to where the local Botpress listens.
    publicWebhookUrl: 'https://webhook.botpress.example/wh-local',
  })
  const receive = sockets ? _overHttp(botpress.webhookUrl) : _inProcess(botpress)
  for (const [name, sandbox] of Object.entries(sandboxes)) {
    if (sockets) await sandbox.server.listen(options.ports?.[name])
    sandbox.deliveries.connect((request) => clock.track(receive(request)))
  }

  return {
    botpress,
    sandboxes,
    clock,
    configuration: (routing) => ({
      ...Object.fromEntries(
        Object.entries(sandboxes).map(([name, { config }]) => [name, { ...config, enabled: true }])
      ),
      routing: routing ?? { strategy: 'priority', order: names },
    }),
    save: async (configuration) => {
      const { gateway, identity } = botpress.runtime
      gateway.configuration = configuration
      const reply = await clock.track(gateway.register(`${PUBLIC_URL}/${identity.webhookId}`))
      if (reply.status !== 200) throw new Error(_messageOf(reply.body))
    },
    sandbox: (name) => {
      const sandbox = sandboxes[name]
      if (!sandbox) throw new Error(`No sandbox is called ${name}`)
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

/** As the Cloud's address looks: there are vendors that deliver to https only. What they send arrives at the local Botpress. */
const PUBLIC_URL = 'https://webhook.botpress.cloud'

const _messageOf = (body: string | undefined): string => {
  try {
    const { message } = JSON.parse(body ?? '') as { message?: string }
    return message ?? 'The configuration was refused'
  } catch {
    return 'The configuration was refused'
  }
}

/** Each vendor's webhook goes to the installation's address, as it would over the internet. */
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

const _inProcess =
  (botpress: LocalBotpress) =>
  async ({ method, path, query, headers, body }: WebhookRequest): Promise<WebhookReply> =>
    botpress.runtime.gateway.webhook({ method, path, query, headers, body })

/** Sends a call to the sandbox that stands in for its host. A time-out takes as long as it would, of the world's own time. */
const _transport =
  (sandboxes: Sandbox[], clock: Clock): AxiosAdapter =>
  async (config) => {
    const { origin } = new URL(config.baseURL ?? config.url ?? '')
    const sandbox = sandboxes.find(({ origins }) => origins.includes(origin))
    if (!sandbox) throw new Error(`No sandbox stands in for ${origin}`)
    try {
      return await sandbox.server.transport(config)
    } catch (error) {
      if (error instanceof AxiosError && error.code === 'ECONNABORTED') await clock.sleep(config.timeout ?? 0)
      throw error
    }
  }
