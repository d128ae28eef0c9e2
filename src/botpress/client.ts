import type { AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import type { Client } from './bp'
import type { Environment } from './environment'
import { instanceCache, type Memory } from './memory'
import { changesItsRow, dateIn, rowTimeIn } from './stamps'
import { API_TIMEOUT_MS } from './timing'

/**
 * Requests that the client must not retry by itself. It retries after a broken connection and a 502, when the request
 * may already have had its effect. A duplicate event can't be recognised. A late state overwrites a newer one. A late
 * message of an agent may arrive after the end of its session.
 */
const ONCE: [string, RegExp][] = [
  ['post', /\/v1\/chat\/events$/],
  ['post', /\/v1\/chat\/initialize-incoming-message$/],
  ['post', /\/v1\/chat\/messages\/get-or-create$/],
  ['post', /\/v1\/chat\/states\/[^/]+\/[^/]+\/[^/]+$/],
]

interface Sent extends InternalAxiosRequestConfig {
  /** By the machine's clock, in milliseconds since the epoch. */
  sentAt?: number
}

/** When this instance first sent a write that it may repeat: an answer that was lost may have had its effect then. */
const _firstSent = instanceCache<number>('first sent', { lifetimeMs: 60_000, size: 500 })

/**
 * Sets the time-out of a request's client and stops it from retrying the requests above. The SDK creates the client and
 * has no setting for either. Its HTTP client is a property that the types hide. The instance learns Botpress's time
 * from the answers (clock.ts).
 */
export const guardClient = (client: Client, instance: { environment: Environment; memory: Memory }): void => {
  const { axiosInstance } = client._inner as unknown as { axiosInstance: AxiosInstance }
  const { now } = instance.environment
  const { clock } = instance.memory
  axiosInstance.interceptors.request.use((config: Sent) => {
    config.timeout = API_TIMEOUT_MS
    const method = config.method?.toLowerCase() ?? 'get'
    const path = (config.url ?? '').split('?')[0] ?? ''
    if (ONCE.some(([verb, pattern]) => verb === method && pattern.test(path))) {
      Object.assign(config, { 'axios-retry': { retries: 0 } })
    }
    config.sentAt = now()
    if (changesItsRow(method, path)) {
      const data: unknown = config.data
      const key = `${path} ${typeof data === 'string' ? data : JSON.stringify(data)}`
      config.sentAt = _firstSent(instance).get(key) ?? config.sentAt
      _firstSent(instance).set(key, config.sentAt)
    }
    return config
  })
  const learn = (answer: AxiosResponse): void => {
    const { sentAt } = answer.config as Sent
    if (sentAt === undefined) return
    for (const stamp of [dateIn(answer), rowTimeIn(answer)]) {
      if (stamp) clock.learn({ sentAt, receivedAt: now(), ...stamp })
    }
  }
  axiosInstance.interceptors.response.use((answer) => {
    learn(answer)
    return answer
  })
}
