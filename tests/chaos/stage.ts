/** A world for a few handoffs in simulated time and without sockets, with the faults of a weather. */
import type { AxiosAdapter } from 'axios'
import { createWorld, type World } from '../../playground/world'
import type { Switches } from '../../playground/botpress'
import { createChaos, type Chaos } from './chaos'
import { connectWebhooks, type WebhookLog } from './deliveries'
import { createInstances, type Interceptor } from './instances'
import type { Weather } from './kinds'
import { createRandom } from './random'
import { watchSecrets } from './console-capture'
import { simulatedTime, type StageTime } from './time'

export interface Stage {
  world: World
  clock: StageTime
  chaos: Chaos
  weather: Weather
  webhooks: WebhookLog
  /** Disturbs the router's instances while handoffs are played. */
  disturb(plays: Promise<unknown>): Promise<void>
  close(): Promise<void>
}

const TIMEOUT_MS = 8_000
/** Latency of a call of the bot, before scaling. A step of the plugin makes seven calls. */
const BOT_LATENCY_MS = [1, 5] as const

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
  }
  const world = await createWorld({ clock, sockets: false, desks, switches, random: random.next })
  const { runtime } = world.botpress
  for (const { config } of Object.values(world.sandboxes)) watchSecrets(config)
  const vendors: AxiosAdapter = (config) => {
    const { origin } = new URL(config.baseURL ?? config.url ?? '')
    const sandbox = Object.values(world.sandboxes).find(({ origins }) => origins.includes(origin))
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
    },
    count: random.between(1, weather.instances),
    crashes: weather.crash,
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
  runtime.gateway.configuration = world.configuration({ strategy: 'priority', order: desks })
  const saved = await clock.run(runtime.gateway.register('https://webhooks.example/wh-local'))
  if (saved.status !== 200) throw new Error(`The configuration was refused: ${saved.body}`)
  return {
    world,
    clock,
    chaos,
    weather,
    webhooks,
    disturb: async () => {
      // Deployments replace healthy instances.
      for (let times = 0; times < 4; times += 1) {
        await clock.sleep(chaos.random('until restart').between(5, 30) * 1_000)
        if (chaos.happens('restart', weather.restart, 'deployment')) instances.restart()
      }
    },
    close: async () => {
      uninstall()
      await world.close()
    },
  }
}
