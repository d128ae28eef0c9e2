import type { Tools } from '../../providers/kit/tools'
import type { ConfigProblem, Driver, Provider, Subscription } from '../../providers/provider'
import { providers } from '../definition/registry'
import { withinAccount } from './accounts'
import type { Call } from './call'
import { deskBlock } from './configuration'
import { messageSettings } from './message-settings'
import { withSubscription } from './subscribed'

/** Limits of one attempt. The driver reads them before each request, so they may change meanwhile. */
export interface Limits {
  /** No request starts or lasts beyond this moment, in milliseconds since the epoch. */
  deadline: number
  /** Longest wait for one answer, in milliseconds. */
  timeoutMs: number
  /** `false`: a rate limit is reported at once instead of being waited out (`Tools.waitsForLimits`). */
  waitsForLimits?: boolean
  /** A driver's own waits end at the deadline, too. */
  wakesAtDeadline?: boolean
  /** Called at each answer of the desk. */
  onAnswer?(): void
}

/** A connected desk. */
export interface Desk {
  provider: Provider
  driver: Driver
}

/**
 * Connects a desk with this call's configuration. Undefined when its block is missing, isn't valid or isn't ready:
 * `deskProblems` and `configuredDesks` say why.
 */
export const connectDesk = (call: Call, name: string, limits?: Limits): Desk | undefined =>
  _connect(call, name, () => false, limits)

/** The same for a desk that isn't ready. Its driver can do nothing but give instructions. */
export const connectUnready = (call: Call, name: string): Desk | undefined =>
  _connect(call, name, ({ notReady }) => notReady === true)

const _connect = (
  call: Call,
  name: string,
  isAccepted: (problem: ConfigProblem) => boolean,
  limits?: Limits
): Desk | undefined => {
  const provider = Object.hasOwn(providers, name) ? providers[name] : undefined
  const block = deskBlock(call.context.configuration, name)
  if (!provider || !block) return undefined
  const parsed = provider.config.safeParse(block)
  if (!parsed.success || !(provider.checkConfig?.(parsed.data) ?? []).every(isAccepted)) return undefined
  const tools: Tools = {
    now: call.environment.now,
    sleep: (ms) => {
      const left = limits?.wakesAtDeadline ? Math.max(0, limits.deadline - call.environment.now()) : ms
      return call.environment.sleep(Math.min(ms, left))
    },
    log: call.log,
    memory: call.memory.drivers,
    get timeoutMs() {
      return Math.min(call.environment.timeoutMs, limits?.timeoutMs ?? Number.POSITIVE_INFINITY)
    },
    get deadline() {
      return limits?.deadline
    },
    waitsForLimits: limits?.waitsForLimits,
    onAnswer: () => limits?.onAnswer?.(),
    resolveOrigin: call.environment.resolveOrigin,
    transport: call.environment.transport,
    handBack: messageSettings(call.context.configuration).handBack,
    web: call.environment.web,
  }
  const connected = (subscription?: Subscription): Driver => provider.connect(parsed.data, tools, subscription)
  const driver = provider.connectsWithSubscription ? withSubscription(call, name, connected) : connected()
  return { provider, driver: withinAccount(call, name, driver) }
}
