/**
 * Instances of the router that may crash between any two calls. After a crash their calls get no answer, and their
 * pending requests fail.
 */
import { Readable } from 'node:stream'
import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import { AxiosError } from 'axios'
import type { Environment } from '../../src/botpress/environment'
import { createIntegration } from '../../src/integration'
import type { Invoke, Runtime } from '../../playground/botpress'
import { faultBody } from '../../playground/botpress/faults'
import { invokeInProcess } from '../../playground/botpress/gateway'
import type { Chaos } from './chaos'
import { accountRefusal, callFault, ERROR_PAGE, SLACK_ACCOUNT_WORDS, type CallFault } from './call-faults'
import type { SimulatedTime } from './time'

/** Wraps the transport of an instance and may change its calls. Used to break the router on purpose. */
export type Interceptor = (side: 'desk' | 'api', inner: AxiosAdapter) => AxiosAdapter

export interface InstancesOptions {
  clock: SimulatedTime
  chaos: Chaos
  runtime: Runtime
  /** Its transport is replaced. */
  environment: Environment
  /** The transport to the vendors. */
  vendors: AxiosAdapter
  /** The desk behind an origin. */
  deskAt(origin: string): string | undefined
  count: number
  crashes: number
  /** Largest difference between two clocks, in milliseconds. */
  skew: number
  intercept?: Interceptor
}

interface Instance {
  invoke: Invoke
  isAlive(): boolean
}

/** Latency of a slow call, which still succeeds. */
const SLOW_MS = [2_000, 5_000] as const
/** Usual latency of a call. */
const LATENCY_MS = [5, 60] as const

/** A new promise per caller: a shared one would keep every callback alive as long as the process. */
const _never = (): Promise<never> => new Promise(() => {})

export const createInstances = (options: InstancesOptions) => {
  const { clock, chaos, runtime } = options
  const instances: Instance[] = []
  const start = (): Instance => _start(options, () => replace())
  const connect = (): void =>
    runtime.gateway.connect(
      instances.map(({ invoke }) => invoke),
      (_request, count) => chaos.random('choose').between(0, count - 1)
    )
  /** The platform replaces each crashed instance. */
  const replace = (): void => {
    for (const [index, instance] of instances.entries()) if (!instance.isAlive()) instances[index] = start()
    connect()
  }
  for (let index = 0; index < options.count; index += 1) instances.push(start())
  connect()
  return {
    /** Replaces a healthy instance: its memory is lost, its work in flight continues. */
    restart: (): void => {
      const index = chaos.random('restarted').between(0, instances.length - 1)
      instances[index] = start()
      connect()
      clock.track(Promise.resolve())
    },
  }
}

const _start = (options: InstancesOptions, onDeath: () => void): Instance => {
  const { clock, chaos, runtime } = options
  const offset = options.skew === 0 ? 0 : chaos.random('skew').between(-options.skew / 2, options.skew / 2)
  const environment: Environment = { ...options.environment, now: () => options.environment.now() + offset }
  let isAlive = true
  let die: (error: Error) => void = () => {}
  const death = new Promise<never>((_resolve, reject) => {
    die = reject
  })
  death.catch(() => {})
  const crash = (): void => {
    if (!isAlive) return
    isAlive = false
    die(new Error('The instance has died'))
    onDeath()
  }

  /** Adds latency, faults and crashes to the calls of this instance. */
  const withFaults =
    (side: 'desk' | 'api', inner: AxiosAdapter): AxiosAdapter =>
    async (config) => {
      if (!isAlive) return _never()
      const lane = _isForAnalytics(config) ? 'analytics' : side
      const random = chaos.random(`${lane} latency`)
      const place = `${config.method?.toUpperCase() ?? 'GET'} ${_pathOf(config)}`
      const desk = side === 'desk' ? options.deskAt(_originOf(config)) : undefined
      const name = chaos.pickCallFault(side, place, desk, lane)
      const dies = chaos.happens('crash', options.crashes, place, lane === side ? 'crash' : `${lane} crash`)
      const diesBefore = dies && chaos.random('crash side').chance(0.5)
      if (diesBefore) crash()
      if (!isAlive) return _never()
      await clock.sleep(_rounded(random.between(...LATENCY_MS)))
      if (name && callFault(name).kind === 'slow') await clock.sleep(_rounded(random.between(...SLOW_MS)))
      if (!isAlive) return _never()
      try {
        if (!name || callFault(name).kind === 'slow') return await inner(config)
        return await _failedCall(options, side, callFault(name), config, inner)
      } finally {
        if (dies) crash()
        if (!isAlive) await _never()
      }
    }

  const intercept = options.intercept ?? ((_side, inner) => inner)
  const integration = createIntegration({
    ...environment,
    transport: intercept('desk', withFaults('desk', options.vendors)),
  })
  const invoke = invokeInProcess(integration, {
    apiUrl: () => runtime.url,
    token: runtime.identity.token,
    transport: intercept('api', withFaults('api', runtime.transport)),
  })
  return {
    isAlive: () => isAlive,
    // The platform sees a crash as a broken connection.
    invoke: (request) => Promise.race([invoke(request), death]),
  }
}

/** Rounding makes more calls coincide: that is cheaper to simulate and provokes more races. */
const _rounded = (ms: number): number => Math.ceil(ms / 5) * 5

const _pathOf = ({ url = '/' }: InternalAxiosRequestConfig): string =>
  (url.startsWith('http') ? new URL(url).pathname : url).replace(/\?.*$/s, '')

/** These have draws of their own, so that seeds stay what they were before there were such events. */
const _isForAnalytics = ({ data }: InternalAxiosRequestConfig): boolean =>
  typeof data === 'string' && /"type":"handoff(?:Assigned|Answered|Ended)"/.test(data)

const _originOf = ({ baseURL, url }: InternalAxiosRequestConfig): string => new URL(baseURL ?? url ?? '').origin

const _failedCall = async (
  { clock, chaos }: InstancesOptions,
  side: 'desk' | 'api',
  fault: CallFault,
  config: InternalAxiosRequestConfig,
  inner: AxiosAdapter
): Promise<AxiosResponse> => {
  if (fault.effect === 'after') await inner(config).catch(() => undefined)
  if (fault.kind === 'timeout') {
    await clock.sleep(config.timeout ?? 60_000)
    throw new AxiosError('No answer', AxiosError.ECONNABORTED, config)
  }
  if (fault.kind === 'disconnect') throw new AxiosError('No answer', 'ECONNRESET', config)
  const word = chaos.random('word').pick(SLACK_ACCOUNT_WORDS)
  const refusal = fault.body === 'account' ? accountRefusal(_originOf(config), word) : undefined
  const status = refusal?.status ?? fault.status ?? 500
  const page = fault.body === 'html' ? ERROR_PAGE : ''
  const text = side === 'api' ? JSON.stringify(faultBody(status)) : (refusal?.body ?? page)
  // What asks for a stream gets one, as over a socket.
  const data = config.responseType === 'stream' ? Readable.from([Buffer.from(String(text))]) : text
  const headers = { 'content-type': page === '' ? 'application/json' : 'text/html', ...fault.headers }
  const response: AxiosResponse = { data, status, statusText: '', headers, config }
  if (config.validateStatus?.(status) ?? true) return response
  throw new AxiosError(
    `Request failed with status code ${status}`,
    AxiosError.ERR_BAD_RESPONSE,
    config,
    undefined,
    response
  )
}
