/** A world for a few handoffs in simulated time and without sockets, with the faults of a weather. */
import type { AxiosAdapter } from 'axios'
import { createWorld, type World } from '../../playground/world'
import type { PluginConfiguration, Switches } from '../../playground/botpress'
import { createChaos, type Chaos } from './chaos'
import { connectWebhooks, type WebhookLog } from './deliveries'
import { createInstances, type Interceptor } from './instances'
import type { Weather } from './kinds'
import { createRandom, type Random } from './random'
import { SAVES } from './moves'
import { createSaves } from './saves'
import { watchSecrets } from './console-capture'
import { simulatedTime, type StageTime } from './time'

export interface Stage {
  world: World
  clock: StageTime
  chaos: Chaos
  weather: Weather
  webhooks: WebhookLog
  /** How the bot builder configured the plugin. */
  plugin: PluginConfiguration
  /** The order in which desks are asked at first. */
  order: string[]
  /** Disturbs the router's instances while handoffs are played. */
  disturb(plays: Promise<unknown>): Promise<void>
  close(): Promise<void>
}

const TIMEOUT_MS = 8_000
/** Latency of a call of the bot, before scaling. A step of the plugin makes seven calls. */
const BOT_LATENCY_MS = [1, 5] as const

/** What the Cloud may do differently. */
const _platform = (random: Random): Partial<Switches> => ({
  tagsVisibleToIntegration: random.chance(0.5),
  pageSize: random.pick([5, 20, 50]),
  activationDelayMs: random.pick([0, 0, 500, 2_000]),
})

/** What a bot builder may have set. Texts that the judge reads stay as they are. */
const _pluginConfiguration = (random: Random): PluginConfiguration => ({
  ...(random.chance(0.3) ? { onHitlHandoffMessage: 'NULL' } : {}),
  ...(random.chance(0.3) ? { userHitlCloseCommand: 'Stop' } : {}),
  ...(random.chance(0.3) ? { onUserHitlCancelledMessage: 'They have left.' } : {}),
  ...(random.chance(0.3) ? { flowOnHitlStopped: false } : {}),
  ...(random.chance(0.2) ? { useHumanAgentInfo: false } : {}),
  ...(random.chance(0.3) ? { agentAssignedTimeoutSeconds: random.between(10, 90) } : {}),
})

export const createStage = async (options: {
  seed: string
  desks: string[]
  weather: Weather
  without?: ReadonlySet<string>
  intercept?: Interceptor
}): Promise<Stage> => {
  const { seed, desks, weather } = options
  const clock = simulatedTime()
  const uninstall = clock.install()
  const random = createRandom(`${seed}/world`)
  const chaos = createChaos({ seed, clock, weather, ...(options.without ? { without: options.without } : {}) })
  chaos.isActive = false
  const switches: Partial<Switches> = {
    delivery: random.chance(0.5) ? 'concurrent' : 'serial',
    getOrCreate: random.chance(0.5) ? 'exact' : 'contains',
    latencyMs: ({ by }) => (by === 'bot' ? 5 * chaos.random('bot latency').between(...BOT_LATENCY_MS) : 0),
    redeliver: () => chaos.happens('message-repeated', weather.repeat, 'message_created'),
    deliveryDelayMs: ({ attempt }) => (attempt === 1 ? 0 : chaos.random('repetition').between(0, 40) * 500),
    ...(weather.variesPlatform ? _platform(chaos.random('platform')) : {}),
    ...(chaos.random('hiding').chance(weather.hides) ? { scheduledMessages: 'hidden' as const } : {}),
  }
  const plugin = weather.configuresPlugin ? _pluginConfiguration(chaos.random('plugin')) : {}
  const world = await createWorld({ clock, sockets: false, desks, switches, plugin, random: random.next })
  const { runtime } = world.botpress
  for (const { config } of Object.values(world.sandboxes)) watchSecrets(config)
  const sandboxAt = (origin: string) => Object.values(world.sandboxes).find(({ origins }) => origins.includes(origin))
  const vendors: AxiosAdapter = (config) => {
    const { origin } = new URL(config.baseURL ?? config.url ?? '')
    const sandbox = sandboxAt(origin)
    if (!sandbox) throw new Error(`No sandbox stands in for ${origin}`)
    return sandbox.server.transport(config)
  }
  const instances = createInstances({
    clock,
    chaos,
    runtime,
    vendors,
    environment: {
      now: clock.now,
      sleep: clock.sleep,
      setTimer: clock.setTimer,
      random: random.next,
      timeoutMs: TIMEOUT_MS,
      web: world.web.web,
    },
    count: random.between(1, weather.instances),
    crashes: weather.crash,
    skew: weather.skew,
    deskAt: (origin) => sandboxAt(origin)?.name,
    ...(options.intercept ? { intercept: options.intercept } : {}),
  })
  const webhooks = connectWebhooks(world.sandboxes, { clock, chaos, runtime, weather })
  runtime.addFault({
    kind: 'status',
    status: 502,
    effect: 'after',
    by: 'bot',
    path: '/actions',
    times: Number.POSITIVE_INFINITY,
    matches: (_call, body) =>
      (body as { type?: string } | undefined)?.type === 'desk:startHitl' &&
      chaos.happens('start-repeated', weather.start, 'startHitl'),
  })
  // Where handoffs name no desk, each desk is the first one in some batches.
  const first = weather.anyDesk ? chaos.random('order').between(0, desks.length - 1) : 0
  const order = [...desks.slice(first), ...desks.slice(0, first)]
  await clock.run(world.save(world.configuration({ strategy: 'priority', order })))
  const saves = createSaves(world, order, chaos, clock)
  const deploy = async (): Promise<void> => {
    // Deployments replace healthy instances.
    for (let times = 0; times < 4; times += 1) {
      await clock.sleep(chaos.random('until restart').between(5, 30) * 1_000)
      if (chaos.happens('restart', weather.restart, 'deployment')) instances.restart()
    }
  }
  const configure = async (): Promise<void> => {
    for (let times = 0; weather.saves > 0 && times < 3; times += 1) {
      await clock.sleep(chaos.random('until save').between(5, 30) * 1_000)
      const kind = chaos.random('kind of save').pick(SAVES)
      if (chaos.happens(`save-${kind}`, weather.saves, kind)) await saves.save(kind)
    }
  }
  return {
    world,
    clock,
    chaos,
    weather,
    webhooks,
    plugin,
    order,
    disturb: async () => {
      await Promise.all([deploy(), configure()])
    },
    close: async () => {
      uninstall()
      await world.close()
    },
  }
}
