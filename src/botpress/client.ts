import type { AxiosInstance } from 'axios'
import type { Client } from './bp'
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

/**
 * Sets the time-out of a request's client and stops it from retrying the requests above. The SDK creates the client and
 * has no setting for either. Its HTTP client is a property that the types hide.
 */
export const guardClient = (client: Client): void => {
  const { axiosInstance } = client._inner as unknown as { axiosInstance: AxiosInstance }
  axiosInstance.interceptors.request.use((config) => {
    config.timeout = API_TIMEOUT_MS
    const method = config.method?.toLowerCase() ?? 'get'
    const path = (config.url ?? '').split('?')[0] ?? ''
    if (ONCE.some(([verb, pattern]) => verb === method && pattern.test(path))) {
      Object.assign(config, { 'axios-retry': { retries: 0 } })
    }
    return config
  })
}
