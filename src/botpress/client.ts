import type { AxiosInstance } from 'axios'
import type { Client } from './bp'
import { API_TIMEOUT_MS } from './timing'

/**
 * What must not be sent twice by itself: an event has no key by which a second one is recognised, a state that is written again later may overwrite what somebody else has written since, and an agent's
 * message would come later than planned, maybe after an end that was begun meanwhile. The client repeats any request after a broken connection and a 502, which may have been answered to something that has happened.
 */
const ONCE: [string, RegExp][] = [
  ['post', /\/v1\/chat\/events$/],
  ['post', /\/v1\/chat\/initialize-incoming-message$/],
  ['post', /\/v1\/chat\/messages\/get-or-create$/],
  ['post', /\/v1\/chat\/states\/[^/]+\/[^/]+\/[^/]+$/],
]

/**
 * Gives the client of one request our time-out and keeps it from repeating what must happen once. The SDK makes it and offers no setting for either; its HTTP client is reached as a property that the types hide.
 */
export const makeCareful = (client: Client): void => {
  const { axiosInstance } = client._inner as unknown as { axiosInstance: AxiosInstance }
  axiosInstance.interceptors.request.use((config) => {
    config.timeout = API_TIMEOUT_MS
    const method = config.method?.toLowerCase() ?? 'get'
    const path = (config.url ?? '').split('?')[0] ?? ''
    if (ONCE.some(([verb, place]) => verb === method && place.test(path))) {
      Object.assign(config, { 'axios-retry': { retries: 0 } })
    }
    return config
  })
}
