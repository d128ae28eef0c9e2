/** The local Botpress: the runtime API, the Cloud's calls to the integration, and a bot with the hitl plugin. */
import { realClock, type Clock } from './clock'
import { invokeOverHttp, type Invoke, type InvokeReply, type RunnableIntegration } from './gateway'
import { createBot, type Bot, type BotOptions } from './plugin/bot'
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime'

export { manualClock, realClock, type Clock, type ManualClock } from './clock'
export type { ApiFault } from './faults'
export type { Invoke, InvokeReply, InvokeRequest, RunnableIntegration } from './gateway'
export type { Bot, BotOptions, PluginConfiguration, Seen } from './plugin/bot'
export type { Runtime, RuntimeOptions } from './runtime'
export type { Call, RuntimeDefinition, Switches } from './types'

export interface LocalBotpressOptions extends Omit<RuntimeOptions, 'clock'>, BotOptions {
  /** Default: the system clock. */
  clock?: Clock
  /** Instances of the integration, in this process or served at an origin (`http://127.0.0.1:8072`). */
  integrations?: (RunnableIntegration | string)[]
  /** Whether an integration in this process uses sockets for its API calls. Default: true. */
  sockets?: boolean
  /** Picks the instance for a request. By default the instances alternate. */
  choose?: (request: { headers: Record<string, string> }, count: number) => number
  /** Default: a free port. */
  port?: number
  /** Begins the webhook address that the integration gets at registration. Default: where this Botpress listens. */
  publicWebhookUrl?: string
}

export interface LocalBotpress {
  runtime: Runtime
  bot: Bot
  clock: Clock
  /** Value for BP_API_URL. */
  url: string
  /** Base address for the webhooks of vendors. */
  webhookUrl: string
  /** The webhook address that the integration gets at registration. */
  webhookAddress(): string
  /** Sets the instances of the integration. */
  connect(...integrations: (RunnableIntegration | string)[]): void
  /** Saves a configuration as Studio does: stores it and calls `register`. */
  save(configuration: unknown): Promise<InvokeReply>
  /** Resolves when no work is pending. */
  settle(): Promise<void>
  /** Stops the server without waiting for pending work. Call `settle` first. */
  close(): Promise<void>
}

/** Creates a local Botpress that listens already. */
export const createLocalBotpress = async (options: LocalBotpressOptions): Promise<LocalBotpress> => {
  const clock = options.clock ?? realClock()
  const runtime = createRuntime({ ...options, clock })
  const bot = createBot(runtime, options)
  const url = await runtime.listen(options.port)

  const instance = (integration: RunnableIntegration | string): Invoke =>
    typeof integration === 'string'
      ? invokeOverHttp(integration)
      : runtime.inProcess(integration, { sockets: options.sockets })
  /** A reinstallation gives it another id. */
  const webhookAddress = (): string =>
    options.publicWebhookUrl === undefined
      ? runtime.webhookUrl
      : `${options.publicWebhookUrl}/${runtime.identity.webhookId}`
  const connect: LocalBotpress['connect'] = (...integrations) =>
    runtime.gateway.connect(integrations.map(instance), options.choose)
  if (options.integrations) connect(...options.integrations)

  return {
    runtime,
    bot,
    clock,
    url,
    webhookUrl: runtime.webhookUrl,
    connect,
    webhookAddress,
    save: (configuration) => {
      runtime.gateway.configuration = configuration
      return clock.track(runtime.gateway.register(webhookAddress()))
    },
    settle: () => clock.settle(),
    close: runtime.close,
  }
}
