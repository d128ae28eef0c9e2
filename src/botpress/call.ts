import type { Subscription, SubscriptionTarget, Driver, Provider } from '../../providers/provider'
import type { Log, Tools } from '../../providers/kit/tools'
import type { Client, Context, Logger } from './bp'
import { createCache, createQueue, type Cache } from './cache'
import type { Environment } from './environment'
import { createLog } from './log'
import { providers } from '../definition/registry'
import type { Session } from '../session/session'

const MINUTE_MS = 60_000
/** What waits longer behind other work goes ahead: nothing that is right depends on this order. */
const LONGEST_QUEUE_MS = 15_000

/** An agent as this instance last saw him. */
export interface KnownAgent {
  userId: string
  name: string
}

/** What an instance knows to have been given to the bot in a session. Others may have given more. */
export interface Progress {
  /** Of agents' messages, as their tag has them. */
  ids: Set<string>
  /** When the last of them reaches the bot, milliseconds since the epoch. */
  last: number
  /** Everything that the desk has up to here is among them. */
  cursor: string | undefined
  /** This instance has not met the session before. */
  isNew: boolean
}

/** What one instance remembers, for all installations that it serves. */
export interface Memory {
  /** Ticket → its session. All but its conversation may be old. */
  sessions: Cache<Session>
  agents: Cache<KnownAgent>
  /** Agents known to be announced in a session; the value is when. */
  announced: Cache<number>
  /** Session → what has been given to the bot. */
  progress: Cache<Progress>
  subscriptions: Cache<Record<string, Subscription>>
  /** The newest turn of the rotation that this instance has seen. */
  rotation: Cache<{ conversationId: string; turn: number }>
  inOrder: ReturnType<typeof createQueue>
  /** The drivers’ own. */
  drivers: Map<string, unknown>
}

export const createMemory = (environment: Environment): Memory => ({
  sessions: createCache(environment.now, { lifetimeMs: 60 * MINUTE_MS, size: 5_000 }),
  agents: createCache(environment.now, { lifetimeMs: 60 * MINUTE_MS, size: 2_000 }),
  announced: createCache(environment.now, { lifetimeMs: 60 * MINUTE_MS, size: 5_000 }),
  progress: createCache(environment.now, { lifetimeMs: 60 * MINUTE_MS, size: 5_000 }),
  subscriptions: createCache(environment.now, { lifetimeMs: 5 * MINUTE_MS, size: 500 }),
  rotation: createCache(environment.now, { lifetimeMs: MINUTE_MS, size: 500 }),
  inOrder: createQueue(environment.setTimer, LONGEST_QUEUE_MS),
  drivers: new Map(),
})

/** One call from Botpress, with everything that its handling may use. */
export interface Call {
  environment: Environment
  memory: Memory
  client: Client
  context: Context
  log: Log
  /** Separates installations in the instance's memory. */
  installation: string
}

export const createCall = (
  environment: Environment,
  memory: Memory,
  props: { client: Client; ctx: Context; logger: Logger }
): Call => ({
  environment,
  memory,
  client: props.client,
  context: props.ctx,
  log: createLog(props.logger),
  installation: `${props.ctx.botId}/${props.ctx.integrationId}/${props.ctx.webhookId}`,
})

/** What one attempt may take. Read at every call, so that an attempt which has to be settled can be given more. */
export interface Limits {
  /** Nothing is begun after this moment, and nothing outlasts it. */
  deadline: number
  /** Longest wait for one answer, in milliseconds. */
  timeoutMs: number
}

/** A desk that can be talked to. */
export interface Desk {
  provider: Provider
  driver: Driver
}

/**
 * Connects a desk with the configuration of this call. `undefined` when the configuration has no such block or one that cannot work: the reason is for
 * `deskProblems` to tell.
 */
export const connectDesk = (call: Call, name: string, limits?: Limits): Desk | undefined => {
  const provider = Object.hasOwn(providers, name) ? providers[name] : undefined
  const block = (call.context.configuration as Record<string, unknown> | undefined)?.[name]
  if (!provider || block === undefined || block === null) return undefined
  const parsed = provider.config.safeParse(block)
  if (!parsed.success || (provider.checkConfig?.(parsed.data) ?? []).length > 0) return undefined
  const tools: Tools = {
    now: call.environment.now,
    sleep: call.environment.sleep,
    log: call.log,
    memory: call.memory.drivers,
    get timeoutMs() {
      return Math.min(call.environment.timeoutMs, limits?.timeoutMs ?? Number.POSITIVE_INFINITY)
    },
    get deadline() {
      return limits?.deadline
    },
    resolveOrigin: call.environment.resolveOrigin,
    transport: call.environment.transport,
  }
  return { provider, driver: provider.connect(parsed.data, tools) }
}

/** Where a desk's webhooks go, and the name that keeps two installations in one account apart. */
export const subscriptionTarget = (call: Call, name: string, webhookUrl: string): SubscriptionTarget => ({
  url: `${webhookUrl.replace(/\/+$/, '')}/${name}`,
  installation: call.context.webhookId,
  botId: call.context.botId,
})
