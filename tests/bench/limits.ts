/** The rate limits that Botpress Cloud and the vendors publish, switched on in the local Botpress and the sandboxes. */
import type { Stage } from '../support/simulated'

/** So many calls in each window, which begins anew when it has passed. */
export interface RateLimit {
  /** What is limited, for people. */
  name: string
  calls: number
  windowMs: number
  /** The group that a call counts in. Undefined: it isn't limited. */
  groupOf(method: string, path: string, body: string): string | undefined
}

const MINUTE_MS = 60_000

/** https://developer.zendesk.com/api-reference/introduction/rate-limits: Enterprise Plus, or the High Volume add-on. */
const ZENDESK: RateLimit[] = [
  { name: 'all calls', calls: 2_500, windowMs: MINUTE_MS, groupOf: () => 'all' },
  {
    name: 'ticket updates',
    calls: 300,
    windowMs: MINUTE_MS,
    groupOf: (method, path) => (method === 'PUT' && path.startsWith('/api/v2/tickets/') ? 'updates' : undefined),
  },
]

/** https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting: a private app, in parts of 10 s. */
const INTERCOM: RateLimit[] = [{ name: 'all calls', calls: 1_667, windowMs: 10_000, groupOf: () => 'all' }]

const _channelOf = (body: string): string =>
  /"channel":"(\w+)"/.exec(body)?.[1] ?? new URLSearchParams(body).get('channel') ?? ''

/** https://docs.slack.dev/apis/web-api/rate-limits: one post a second in a channel; tier 3 for the rest. */
const SLACK: RateLimit[] = [
  {
    name: 'posts in a channel',
    calls: 1,
    windowMs: 1_000,
    groupOf: (_method, path, body) => (path.endsWith('/chat.postMessage') ? _channelOf(body) : undefined),
  },
  {
    name: 'calls of a method',
    calls: 50,
    windowMs: MINUTE_MS,
    groupOf: (_method, path) => (path.endsWith('/chat.postMessage') ? undefined : path),
  },
]

export const DESK_LIMITS: Record<string, RateLimit[]> = { zendesk: ZENDESK, intercom: INTERCOM, slack: SLACK }

/** https://botpress.com/docs/cloud/getting-started/platform-limits: messages and events of a bot. */
export const BOTPRESS_LIMIT: RateLimit = {
  name: 'messages and events of a bot',
  calls: 600,
  windowMs: MINUTE_MS,
  groupOf: (method, path) =>
    method === 'POST' && /\/v1\/chat\/(?:messages|events)/.test(path) && !path.endsWith('/list') ? 'all' : undefined,
}

/** Refusals so far, by the limit's name. */
export type Refusals = Record<string, number>

const _counter = (limits: RateLimit[], now: () => number, refusals: Refusals) => {
  const windows = new Map<string, { start: number; count: number }>()
  /** The moment from which the call is accepted. Undefined: it is accepted now. */
  return (method: string, path: string, body: string): number | undefined => {
    for (const { name, calls, windowMs, groupOf } of limits) {
      const group = groupOf(method, path, body)
      if (group === undefined) continue
      const key = `${name} ${group}`
      const start = Math.floor(now() / windowMs) * windowMs
      const window = windows.get(key)?.start === start ? windows.get(key) : undefined
      const count = (window?.count ?? 0) + 1
      windows.set(key, { start, count })
      if (count > calls) {
        refusals[name] = (refusals[name] ?? 0) + 1
        return start + windowMs
      }
    }
    return undefined
  }
}

/** Switches the limits on. The refusals are counted in the result. */
export const limitRates = (stage: Stage, desks: readonly string[]): Refusals => {
  const refusals: Refusals = {}
  const { now } = stage.clock
  for (const desk of desks) {
    const refusedUntil = _counter(DESK_LIMITS[desk] ?? [], now, refusals)
    const headers: Record<string, string> = {}
    stage.sandbox(desk).server.addFault({
      kind: 'status',
      status: 429,
      headers,
      body: { ok: false, error: 'ratelimited' },
      times: Number.POSITIVE_INFINITY,
      matches: ({ method, path, body }) => {
        const until = refusedUntil(method, path, body.toString('utf8'))
        if (until === undefined) return false
        headers['retry-after'] = String(Math.ceil((until - now()) / 1_000))
        headers['x-ratelimit-reset'] = String(Math.ceil(until / 1_000))
        return true
      },
    })
  }
  const refusedUntil = _counter([BOTPRESS_LIMIT], now, refusals)
  const headers: Record<string, string> = {}
  stage.botpress.runtime.addFault({
    kind: 'status',
    status: 429,
    headers,
    times: Number.POSITIVE_INFINITY,
    matches: ({ method, path }) => {
      const until = refusedUntil(method, path, '')
      if (until !== undefined) headers['retry-after'] = String(Math.ceil((until - now()) / 1_000))
      return until !== undefined
    },
  })
  return refusals
}
