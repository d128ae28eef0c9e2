/** Instances of the router. A test chooses which instance gets a message and at which call an instance crashes. */
import type { AxiosAdapter, InternalAxiosRequestConfig } from 'axios'
import { Integration } from '@botpress/sdk'
import type { HandlerProps } from '../../src/botpress/bp'
import { createCall, type Call } from '../../src/botpress/call'
import { createMemory } from '../../src/botpress/memory'
import type { Environment } from '../../src/botpress/environment'
import { createIntegration } from '../../src/integration'
import { invokeInProcess, type Invoke, type RunnableIntegration } from '../../playground/botpress/gateway'
import type { Stage } from './simulated'

/** An HTTP call of an instance. */
export interface Asked {
  side: 'desk' | 'api'
  method: string
  /** Without the query. */
  path: string
  body: string
}

/** Milliseconds since the epoch. */
export interface TimedCall extends Asked {
  startedAt: number
  endedAt: number
}

export interface Instance {
  /** Crashes before or after the first matching call takes effect. Later calls get no answer. */
  dieAt(when: 'before' | 'after', matches: (asked: Asked) => boolean): void
  /** Delays the first matching call by `ms` milliseconds, before it takes effect or `after` that. */
  delayAt(ms: number, matches: (asked: Asked) => boolean, when?: 'before' | 'after'): void
  /** All calls of the instance, in order. */
  readonly asked: TimedCall[]
}

export interface Instances {
  all: Instance[]
  /** Sends every request that contains `text` to this instance. For other requests the instances take turns. */
  choose(text: string, instance: number): void
  /** The instance `from` has the next turn. */
  takeTurns(from: number): void
  /** Runs code of the router in a new instance. */
  run(work: (call: Call) => Promise<void>, prepare?: (instance: Instance) => void): Promise<void>
}

const NEVER = new Promise<never>(() => {})
/** How long a call takes, in milliseconds. */
export type Latency = Record<Asked['side'], number>

const LATENCY: Latency = { api: 20, desk: 20 }

/**
 * Replaces the stage's instance by `count` instances. The stage must have no sockets. `clocksMs`: how far each one's
 * clock is ahead.
 */
export const connectInstances = (
  stage: Stage,
  count: number,
  { clocksMs = [], latency = LATENCY }: { clocksMs?: number[]; latency?: Latency } = {}
): Instances => {
  const { clock, botpress, sandboxes } = stage
  const { runtime } = botpress
  const choices: [string, number][] = []
  let turns = 0

  const desks: AxiosAdapter = (config) => {
    const { origin } = new URL(config.baseURL ?? config.url ?? '')
    const sandbox = Object.values(sandboxes).find(({ origins }) => origins.includes(origin))
    if (!sandbox) throw new Error(`No sandbox stands in for ${origin}`)
    return sandbox.server.transport(config)
  }

  const environment = {
    now: clock.now,
    sleep: clock.sleep,
    setTimer: clock.setTimer,
    random: Math.random,
    timeoutMs: 8_000,
    web: stage.web.web,
  }

  const start = (make: (environment: Environment) => RunnableIntegration): Instance & { invoke: Invoke } => {
    const asked: TimedCall[] = []
    let isAlive = true
    const delays: { ms: number; when: 'before' | 'after'; matches: (asked: Asked) => boolean }[] = []
    let fatal: { when: 'before' | 'after'; matches: (asked: Asked) => boolean } | undefined
    let die: (error: Error) => void = () => {}
    const death = new Promise<never>((_resolve, reject) => {
      die = reject
    })
    death.catch(() => {})
    const withCrashes =
      (side: Asked['side'], inner: AxiosAdapter): AxiosAdapter =>
      async (config) => {
        const call = _callOf(side, config, clock.now())
        await clock.sleep(latency[side])
        call.endedAt = clock.now()
        if (!isAlive) return NEVER
        asked.push(call)
        const delay = delays.findIndex(({ matches }) => matches(call))
        const [late] = delay === -1 ? [] : delays.splice(delay, 1)
        if (late?.when === 'before') await clock.sleep(late.ms)
        if (!fatal?.matches(call)) {
          const answer = await inner(config)
          if (late?.when === 'after') await clock.sleep(late.ms)
          return answer
        }
        if (fatal.when === 'after') await inner(config)
        isAlive = false
        die(new Error('The instance has died'))
        return NEVER
      }
    const invoke = invokeInProcess(make({ ...environment, transport: withCrashes('desk', desks) }), {
      apiUrl: () => runtime.url,
      token: runtime.identity.token,
      transport: withCrashes('api', runtime.transport),
    })
    return {
      asked,
      dieAt: (when, matches) => {
        fatal = { when, matches }
      },
      delayAt: (ms, matches, when = 'before') => {
        delays.push({ ms, when, matches })
      },
      invoke: (request) => Promise.race([invoke(request), death]),
    }
  }

  const all = Array.from({ length: count }, (_unused, index) => {
    const aheadMs = clocksMs[index] ?? 0
    return start((own) => createIntegration({ ...own, now: () => own.now() + aheadMs }))
  })
  const connect = (): void =>
    runtime.gateway.connect(
      all.map(({ invoke }) => invoke),
      ({ body }) => {
        const choice = choices.find(([text]) => body.includes(text))
        return choice ? choice[1] : turns++ % count
      }
    )
  connect()
  return {
    all,
    choose: (text, instance) => {
      choices.unshift([text, instance])
    },
    takeTurns: (from) => {
      turns = from
    },
    run: async (work, prepare = () => {}) => {
      const instance = start((own) => _integrationOf((props) => work(createCall(own, createMemory(own), props))))
      prepare(instance)
      runtime.gateway.connect([instance.invoke], () => 0)
      // The gateway chooses the instance synchronously.
      const reply = runtime.gateway.webhook({ method: 'POST', path: '/', query: '', headers: {}, body: '' })
      connect()
      await reply
    },
  }
}

const _callOf = (side: Asked['side'], config: InternalAxiosRequestConfig, startedAt: number): TimedCall => ({
  side,
  method: (config.method ?? 'get').toUpperCase(),
  path: new URL(config.url ?? '/', 'http://host').pathname,
  body: typeof config.data === 'string' ? config.data : '',
  startedAt,
  endedAt: startedAt,
})

/** An integration that only does this work. */
const _integrationOf = (work: (props: HandlerProps) => Promise<void>): RunnableIntegration =>
  new Integration({
    register: () => Promise.resolve(),
    unregister: () => Promise.resolve(),
    handler: (props) => work(props as unknown as HandlerProps),
    actions: {},
    channels: {},
  })
