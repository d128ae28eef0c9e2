/** Instances of the router that a test kills at a call of its choice, and among which it chooses who gets a message. */
import type { AxiosAdapter, InternalAxiosRequestConfig } from 'axios'
import { Integration } from '@botpress/sdk'
import type { HandlerProps } from '../../src/botpress/bp'
import { createCall, type Call } from '../../src/botpress/call'
import { createMemory } from '../../src/botpress/memory'
import type { Environment } from '../../src/botpress/environment'
import { createIntegration } from '../../src/integration'
import { invokeInProcess, type Invoke, type RunnableIntegration } from '../../playground/botpress/gateway'
import type { Stage } from './simulated'

/** What an instance asks for. */
export interface Asked {
  side: 'desk' | 'api'
  method: string
  /** Without its query. */
  path: string
  body: string
}

export interface Instance {
  /** From the first call on that fits it is dead: that one reaches its end (`after`) or does not, and nothing is answered any more. */
  dieAt(when: 'before' | 'after', fits: (asked: Asked) => boolean): void
  /** The first call that fits it is kept on its way for so many milliseconds. */
  delayAt(ms: number, fits: (asked: Asked) => boolean): void
  /** Everything that it has asked for, in order. */
  readonly asked: Asked[]
}

export interface Instances {
  all: Instance[]
  /** Which instance gets a message that holds these words; without such a choice they take turns. */
  choose(words: string, instance: number): void
  /** Which one has the next turn. */
  takeTurns(from: number): void
  /** Runs work of the router as an instance of its own, which starts with it. */
  run(work: (call: Call) => Promise<void>): Promise<void>
}

const NEVER = new Promise<never>(() => {})
/** Everyday time of a call. */
const LATENCY_MS = 20

/** Puts so many instances in the place of a stage's own. The stage must be one without sockets. */
export const connectInstances = (stage: Stage, count: number): Instances => {
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
  }

  const start = (make: (given: Environment) => RunnableIntegration): Instance & { invoke: Invoke } => {
    const asked: Asked[] = []
    let isAlive = true
    const delays: { ms: number; fits: (asked: Asked) => boolean }[] = []
    let fatal: { when: 'before' | 'after'; fits: (asked: Asked) => boolean } | undefined
    let die: (error: Error) => void = () => {}
    const death = new Promise<never>((_resolve, reject) => {
      die = reject
    })
    death.catch(() => {})
    const through =
      (side: Asked['side'], inner: AxiosAdapter): AxiosAdapter =>
      async (config) => {
        const call = _asked(side, config)
        await clock.sleep(LATENCY_MS)
        if (!isAlive) return NEVER
        asked.push(call)
        const delay = delays.findIndex(({ fits }) => fits(call))
        for (const { ms } of delay === -1 ? [] : delays.splice(delay, 1)) await clock.sleep(ms)
        if (!fatal?.fits(call)) return inner(config)
        if (fatal.when === 'after') await inner(config)
        isAlive = false
        die(new Error('The instance has died'))
        return NEVER
      }
    const invoke = invokeInProcess(make({ ...environment, transport: through('desk', desks) }), {
      apiUrl: () => runtime.url,
      token: runtime.identity.token,
      transport: through('api', runtime.transport),
    })
    return {
      asked,
      dieAt: (when, fits) => {
        fatal = { when, fits }
      },
      delayAt: (ms, fits) => {
        delays.push({ ms, fits })
      },
      invoke: (request) => Promise.race([invoke(request), death]),
    }
  }

  const all = Array.from({ length: count }, () => start(createIntegration))
  const connect = (): void =>
    runtime.gateway.connect(
      all.map(({ invoke }) => invoke),
      ({ body }) => {
        const choice = choices.find(([words]) => body.includes(words))
        return choice ? choice[1] : turns++ % count
      }
    )
  connect()
  return {
    all,
    choose: (words, instance) => {
      choices.unshift([words, instance])
    },
    takeTurns: (from) => {
      turns = from
    },
    run: async (work) => {
      const { invoke } = start((given) => _doing((props) => work(createCall(given, createMemory(given), props))))
      runtime.gateway.connect([invoke], () => 0)
      // Who gets a request is chosen at once.
      const reply = runtime.gateway.webhook({ method: 'POST', path: '/', query: '', headers: {}, body: '' })
      connect()
      await reply
    },
  }
}

const _asked = (side: Asked['side'], config: InternalAxiosRequestConfig): Asked => ({
  side,
  method: (config.method ?? 'get').toUpperCase(),
  path: new URL(config.url ?? '/', 'http://host').pathname,
  body: typeof config.data === 'string' ? config.data : '',
})

/** An integration that does nothing else. */
const _doing = (work: (props: HandlerProps) => Promise<void>): RunnableIntegration =>
  new Integration({
    register: () => Promise.resolve(),
    unregister: () => Promise.resolve(),
    handler: (props) => work(props as unknown as HandlerProps),
    actions: {},
    channels: {},
  })
