import type { Tools } from '../../providers/kit/tools'
import type { Driver, Provider, SubscriptionTarget } from '../../providers/provider'
import { providers } from '../definition/registry'
import type { Call } from './call'

/** What one attempt may take. Read at every call, so that an attempt which has to be settled can be given more. */
export interface Limits {
  /** Nothing is begun after this moment, and nothing outlasts it. */
  deadline: number
  /** Longest wait for one answer, in milliseconds. */
  timeoutMs: number
  /** `false`: a rate limit is reported at once instead of being waited out (`Tools.waitsForLimits`). */
  waitsForLimits?: boolean
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
    waitsForLimits: limits?.waitsForLimits,
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
