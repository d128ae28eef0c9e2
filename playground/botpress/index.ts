/** A Botpress of one's own: the runtime API, the Cloud's side toward the integration, and a bot with the official hitl plugin. */
import { realClock, type Clock } from './clock'
import { invokeOverHttp, type Invoke, type InvokeReply, type RunnableIntegration } from './gateway'
import { createBot, type Bot, type BotOptions } from './plugin/bot'
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime'

export { manualClock, realClock, type Clock, type ManualClock } from './clock'
export type { ApiFault } from './faults'
export type { Invoke, InvokeReply, InvokeRequest, RunnableIntegration } from './gateway'
export type { Bot, BotOptions, Seen } from './plugin/bot'
export type { Runtime } from './runtime'
export type { Call, RuntimeDefinition, Switches } from './types'

export interface LocalBotpressOptions extends Omit<RuntimeOptions, 'clock'>, BotOptions {
  /** The machine's time unless given. */
  clock?: Clock
  /** Instances of the integration: run in this process, or served at an origin (`http://127.0.0.1:8072`). */
  integrations?: (RunnableIntegration | string)[]
  /** Whether an integration of this process uses sockets for its API calls; yes unless told. */
  sockets?: boolean
  /** Which instance takes a request; in turns unless told. */
  choose?: (request: { headers: Record<string, string> }, count: number) => number
  /** A free one unless given. */
  port?: number
  /** The address that the integration is told for webhooks; where this Botpress really listens unless given. */
  publicWebhookUrl?: string
}

export interface LocalBotpress {
  runtime: Runtime
  bot: Bot
  clock: Clock
  /** For BP_API_URL. */
  url: string
  /** Vendors deliver to paths below it. */
  webhookUrl: string
  /** Adds or replaces the instances of the integration. */
  connect(...integrations: (RunnableIntegration | string)[]): void
  /** What Botpress does when the bot builder saves: keeps the configuration and registers. */
  save(configuration: unknown): Promise<InvokeReply>
  /** Resolves when nothing is under way. */
  settle(): Promise<void>
  /** Ends the server, whatever is under way: settle first. */
  close(): Promise<void>
}

/** Starts listening, too. */
export const createLocalBotpress = async (options: LocalBotpressOptions): Promise<LocalBotpress> => {
  const clock = options.clock ?? realClock()
  const runtime = createRuntime({ ...options, clock })
  const bot = createBot(runtime, options)
  const url = await runtime.listen(options.port)

  const instance = (integration: RunnableIntegration | string): Invoke =>
    typeof integration === 'string'
      ? invokeOverHttp(integration)
      : runtime.inProcess(integration, { sockets: options.sockets })
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
    save: (configuration) => {
      runtime.gateway.configuration = configuration
      return clock.track(runtime.gateway.register(options.publicWebhookUrl ?? runtime.webhookUrl))
    },
    settle: () => clock.settle(),
    close: runtime.close,
  }
}
