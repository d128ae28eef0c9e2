/** One run of the playground: a world, its people and what they have done. */
import type { Receiver } from '../../providers/kit/sandbox'
import type { WebhookRequest } from '../../providers/provider'
import { providers } from '../../src/definition/registry'
import { createWorld, type World } from '../world'
import { underCondition, type Condition } from './conditions'
import { createExchanges, type Exchange, type Exchanges } from './exchanges'
import { liveClock, machineClock, type LiveClock } from './live-clock'
import { createObserver } from './observer'

export const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const

export interface Profile {
  name: string
  /** A language tag. Empty: the router finds out. */
  language: string
  priority: (typeof PRIORITIES)[number]
  tags: string[]
}

/** `key` is stable over restarts, `conversationId` is not. */
export interface Customer extends Profile {
  key: string
  conversationId: string
  /** Why the last handoff did not begin. */
  refusal?: string
  /** The router's explanation of the last handoff, line by line. */
  explanation?: string[]
}

export interface Play {
  readonly world: World
  /** The desks are real ones: only the customers' side is played here. */
  readonly isLive: boolean
  readonly clock: LiveClock
  readonly exchanges: Exchanges
  readonly customers: Map<string, Customer>
  readonly conditions: Record<string, Condition>
  /** By desk: the webhooks that it has sent, first attempts only. */
  readonly webhooks: Record<string, WebhookRequest[]>
  /** By desk: receives its webhooks. */
  readonly receivers: Record<string, Receiver>
  /** The saved configuration. */
  configuration: Record<string, unknown>
  /** What the page's own server says, such as a state that could not be read. */
  notices: string[]
  /** Where the page's files are: `http://127.0.0.1:4400`. */
  origin: string
  scenario?: { id: string; customer?: string; isRunning: boolean }
  /** Resolves when the last saving has ended. */
  saving: Promise<unknown>
  /** A journal is played again: its entries say when time goes on. */
  isReplaying: boolean
  changed(): void
}

export interface PlayOptions {
  ports?: Record<string, number | undefined>
  /** Of the clock, in milliseconds since the epoch. */
  start: number
  seed: number
  /** Makes the world, with its configuration saved. Default: a sandbox for each desk. */
  createWorld?(): Promise<World>
  onChange(): void
}

/** Moves the clock ahead. Whatever is due on the way happens. */
export const jump = async ({ clock, isReplaying }: Play, ms: number): Promise<void> => {
  const arrived = clock.sleep(ms)
  // The move ends after whatever is due then, and this may be part of it.
  if (!isReplaying) void clock.move(ms)
  await arrived
}

export const titleOf = (desk: string): string => providers[desk]?.title ?? desk

/** A generator of numbers in [0, 1) that gives the same ones for the same seed. */
const _random = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Desks deliver again after this time, then after twice and three times as long. */
const REDELIVERY_MS = 3_000

export const createPlay = async (options: PlayOptions): Promise<Play> => {
  const { ports, start, seed, onChange } = options
  const real = await options.createWorld?.()
  const clock = real ? machineClock(real.clock) : liveClock(start)
  const exchanges = createExchanges(clock.now, onChange)
  const conditions: Record<string, Condition> = {}
  const webhooks: Record<string, WebhookRequest[]> = {}
  const receivers: Record<string, Receiver> = {}
  const observer = createObserver({
    exchanges,
    webhooks,
    toDesk: (desk, send) => underCondition(() => conditions[desk] ?? 'up', clock, send),
  })
  const filesAt = (): string | undefined => play?.origin
  let play: Play | undefined
  const world =
    real ??
    (await createWorld({
      clock,
      filesAt,
      ...(ports ? { ports } : {}),
      random: _random(seed),
      sockets: false,
      listen: true,
      observer: {
        ...observer,
        webhook: (desk, send) => (receivers[desk] = observer.webhook?.(desk, send) ?? send),
      },
    }))
  for (const name of Object.keys(world.sandboxes)) {
    conditions[name] = 'up'
    _deliverLikeVendors(world, name, exchanges)
  }
  play = {
    world,
    isLive: real !== undefined,
    clock,
    exchanges,
    customers: new Map(),
    conditions,
    webhooks,
    receivers,
    // The real one holds credentials, and is the file's.
    configuration: real ? {} : firstConfiguration(world),
    notices: [],
    origin: '',
    saving: Promise.resolve(),
    isReplaying: false,
    changed: onChange,
  }
  return play
}

/** Sends a desk's webhooks one after the other, and again after a pause. */
const _deliverLikeVendors = (world: World, desk: string, exchanges: Exchanges): void => {
  let last: Promise<unknown> = Promise.resolve()
  world.sandbox(desk).deliveries.schedule(({ attempt }, send) => {
    const deliver = () => exchanges.within({ attempt }, send)
    if (attempt === 1) last = world.clock.track(last.then(deliver, deliver))
    else world.clock.setTimer(deliver, (attempt - 1) * REDELIVERY_MS)
  })
}

/** Every desk with its sandbox's credentials, the first one preferred. */
export const firstConfiguration = (world: World): Record<string, unknown> => {
  const names = Object.keys(world.sandboxes)
  return {
    ...Object.fromEntries(names.map((name) => [name, { enabled: true, ...world.sandbox(name).config }])),
    routing: { preferredDesk: titleOf(PREFERRED.find((name) => names.includes(name)) ?? names[0] ?? '') },
  }
}
const PREFERRED = ['zendesk']

/** A configuration with the sandboxes' credentials in place of its own: nothing leaves this machine. */
export const withSandboxes = (world: World, configuration: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(configuration).map(([name, block]) => {
      const sandbox = Object.hasOwn(world.sandboxes, name) ? world.sandboxes[name] : undefined
      if (!sandbox || typeof block !== 'object' || block === null) return [name, block]
      const credentials = new Set([...Object.keys({ ...sandbox.config, ...sandbox.otherConfig }), ..._secrets(name)])
      const kept = Object.entries(block).filter(([field]) => !credentials.has(field))
      return [name, { ...Object.fromEntries(kept), ...sandbox.config }]
    })
  )

const _secrets = (desk: string): string[] => {
  const { properties = {} } = (providers[desk]?.config.toJSONSchema() ?? {}) as {
    properties?: Record<string, { 'x-zui'?: { secret?: boolean } }>
  }
  return Object.keys(properties).filter((field) => properties[field]?.['x-zui']?.secret)
}

/** Saves as Studio does. Rejects with the router's message. A refused configuration changes nothing. */
export const saveConfiguration = (play: Play, configuration: Record<string, unknown>): Promise<void> => {
  const save = async (): Promise<void> => {
    const { gateway } = play.world.botpress.runtime
    const before = gateway.configuration
    try {
      await play.world.save(configuration)
      play.configuration = configuration
    } catch (error) {
      gateway.configuration = before
      throw error
    } finally {
      play.changed()
    }
  }
  const result = play.saving.then(save, save)
  play.saving = result.catch(() => undefined)
  return result
}

/** The customer of an exchange: its own, its operation's, or whose conversation the operation has named. */
export const customerOf = (play: Play, exchange: Exchange): Customer | undefined => {
  const all = [...play.customers.values()]
  const byId = (id: string | undefined) =>
    all.find(({ key, conversationId }) => id !== undefined && (id === key || id === conversationId))
  const root = play.exchanges.list.find(({ id }) => id === exchange.root)
  const known = byId(exchange.customer) ?? byId(root?.customer)
  if (known) return known
  const mentioned = play.exchanges.mentions(exchange.root ?? exchange.id)
  const { bot } = play.world.botpress
  return all.find(
    ({ conversationId }) => mentioned.has(conversationId) || mentioned.has(bot.downstreamOf(conversationId) ?? '')
  )
}
