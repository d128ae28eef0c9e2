/** A network that only reads, and remembers what it learned on the way: who answered, and by which clock. */
import axios, { type AxiosAdapter } from 'axios'

export interface HostSeen {
  host: string
  /** Milliseconds that the quickest answer took. */
  ms: number
  /** By how much this machine's clock is ahead of the host's, in milliseconds. Undefined: it tells no time. */
  aheadMs: number | undefined
}

export interface ReadOnlyNetwork {
  transport: AxiosAdapter
  /** Every host that has answered, in the order of their first answers. */
  hosts(): HostSeen[]
}

/** Calls that are made by POST and change nothing: Zendesk's sign-in, and Slack's question who the token belongs to. */
const READS_BY_POST = ['/oauth/tokens', '/auth.test']

/** The `Date` header has whole seconds. */
const HALF_A_SECOND = 500

/**
 * Sends GET and HEAD, and the calls above. Anything else fails without being sent: no check changes anything, whatever
 * a driver does. `now` is the clock that is compared, in milliseconds since the epoch.
 */
export const readOnlyNetwork = (
  now: () => number,
  adapter: AxiosAdapter = axios.getAdapter('http')
): ReadOnlyNetwork => {
  const seen = new Map<string, HostSeen>()
  return {
    hosts: () => [...seen.values()],
    transport: async (config) => {
      const method = (config.method ?? 'get').toUpperCase()
      const path = config.url ?? ''
      if (method !== 'GET' && method !== 'HEAD' && !READS_BY_POST.some((allowed) => path.endsWith(allowed)))
        throw new Error('Only reading is allowed here')
      const { host } = new URL(path, config.baseURL)
      const sentAt = now()
      const response = await adapter(config)
      const answeredAt = now()
      const ms = answeredAt - sentAt
      const known = seen.get(host)
      const date = Date.parse(String((response.headers as Record<string, unknown>)['date'] ?? ''))
      if (!known || ms < known.ms) {
        const aheadMs = Number.isNaN(date) ? known?.aheadMs : (sentAt + answeredAt) / 2 - (date + HALF_A_SECOND)
        seen.set(host, { host, ms, aheadMs })
      }
      return response
    },
  }
}
