/** What an answer of Botpress says about the time. */
import type { AxiosResponse } from 'axios'

/** Milliseconds since the epoch, by Botpress's clock. Without `until`, the stamp may be of any time before. */
export interface Stamp {
  from: number
  until?: number
}

const EVENTS = /\/v1\/chat\/events$/
const STATE = /\/v1\/chat\/states\/[^/]+\/[^/]+\/[^/]+$/
const LOCK = /\/v1\/chat\/states\/[^/]+\/[^/]+\/[^/]+\/get-or-set$/

/**
 * Whether such a call changes its row each time: an event is new, and what is written into a state has a new moment or
 * id in it. Other writes may change nothing, and leave the row's time as it was.
 */
export const changesItsRow = (method: string, path: string): boolean =>
  method === 'post' && [EVENTS, STATE, LOCK].some((pattern) => pattern.test(path))

const SECOND_MS = 1_000

/**
 * The time at which the answer was made, in whole seconds. Every server with a clock sends it; an answer with an `Age`
 * comes from a cache. https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1
 */
export const dateIn = ({ headers }: AxiosResponse): Stamp | undefined => {
  const at = headers['age'] === undefined ? Date.parse(String(headers['date'] ?? '')) : Number.NaN
  return Number.isNaN(at) ? undefined : { from: at, until: at + SECOND_MS }
}

interface Row {
  createdAt?: unknown
  updatedAt?: unknown
  payload?: { holder?: unknown; at?: unknown } | null
}

/** The time of the row in the answer. Exact when this call has changed the row. */
export const rowTimeIn = ({ data, config }: AxiosResponse): Stamp | undefined => {
  const answer = (typeof data === 'object' ? (data ?? {}) : {}) as Record<string, Row | undefined>
  const row = answer['state'] ?? answer['event'] ?? answer['conversation'] ?? answer['message'] ?? answer['user']
  const path = (config.url ?? '').split('?')[0] ?? ''
  const isPost = config.method?.toLowerCase() === 'post'
  const at = Date.parse(String((EVENTS.test(path) ? row?.createdAt : row?.updatedAt) ?? ''))
  if (Number.isNaN(at)) return undefined
  const isWritten =
    isPost && (EVENTS.test(path) || (STATE.test(path) && row?.payload != null) || _isTaken(path, row, config.data))
  return { from: at, ...(isWritten ? { until: at } : {}) }
}

/** Whether this call has taken a lock: the state has what the call has offered. */
const _isTaken = (path: string, row: Row | undefined, body: unknown): boolean => {
  if (!LOCK.test(path) || row?.payload?.holder === undefined || typeof body !== 'string') return false
  const { payload } = JSON.parse(body) as Row
  return payload?.holder === row.payload.holder && payload.at === row.payload.at
}
