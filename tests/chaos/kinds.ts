/** The kinds of faults by name, and how often each weather injects them. Reports use these names. */

/** A failing HTTP call. `before`: the request has no effect. `after`: it succeeds, but its answer is lost. */
export interface CallFault {
  kind: 'status' | 'timeout' | 'disconnect' | 'slow'
  effect: 'before' | 'after'
  status?: number
  /** Value of the Retry-After header in seconds. */
  retryAfter?: number
}

const CALL_FAULTS: Record<string, CallFault> = {
  '429': { kind: 'status', status: 429, effect: 'before', retryAfter: 1 },
  '429-long': { kind: 'status', status: 429, effect: 'before', retryAfter: 10 },
  '500-before': { kind: 'status', status: 500, effect: 'before' },
  '502-before': { kind: 'status', status: 502, effect: 'before' },
  '503-before': { kind: 'status', status: 503, effect: 'before', retryAfter: 1 },
  '500-after': { kind: 'status', status: 500, effect: 'after' },
  '502-after': { kind: 'status', status: 502, effect: 'after' },
  'timeout-before': { kind: 'timeout', effect: 'before' },
  'timeout-after': { kind: 'timeout', effect: 'after' },
  'disconnect-before': { kind: 'disconnect', effect: 'before' },
  'disconnect-after': { kind: 'disconnect', effect: 'after' },
  slow: { kind: 'slow', effect: 'before' },
}

export const CALL_FAULT_NAMES = Object.keys(CALL_FAULTS)

export const callFault = (name: string): CallFault => {
  const fault = CALL_FAULTS[name]
  if (!fault) throw new Error(`Unknown fault: ${name}`)
  return fault
}

/** Ways to break the router on purpose. They prove that the judge notices. */
export const BREAKS = ['dedupe', 'reading', 'guard'] as const
export type Break = (typeof BREAKS)[number]

/** How often faults happen. Numbers are probabilities unless a comment says otherwise. */
export interface Weather {
  /** The faults that calls can have. */
  calls: readonly string[]
  /** Per call to a vendor, for all kinds together. */
  desk: number
  /** Per call to Botpress, for all kinds together. */
  api: number
  /** Per call: the instance crashes before or after it. */
  crash: number
  /** Per webhook, for each of its four kinds of faults. */
  webhook: number
  /** Per message to the desk: Botpress delivers it twice. */
  repeat: number
  /** Per possible deployment: an instance is replaced. */
  restart: number
  /** Largest random delay of a webhook, in milliseconds. */
  spread: number
  /** Largest number of instances of the router. */
  instances: number
  /** Per startHitl: its answer is lost and Botpress retries. */
  start: number
  /** Longest time between two kills of real processes, in milliseconds. 0: no kills. */
  kill: number
}

export const CALM: Weather = {
  calls: CALL_FAULT_NAMES,
  desk: 0,
  api: 0,
  crash: 0,
  webhook: 0,
  repeat: 0,
  start: 0,
  restart: 0,
  spread: 0,
  instances: 1,
  kill: 0,
}
export const ROUGH: Weather = {
  ...CALM,
  desk: 0.05,
  api: 0.025,
  crash: 0.002,
  webhook: 0.06,
  repeat: 0.06,
  start: 0.1,
  restart: 0.5,
  spread: 200,
  instances: 3,
}
/** Calls to desks succeed, but some answers are lost. No other faults. */
const LOST_ANSWERS: Weather = {
  ...CALM,
  calls: CALL_FAULT_NAMES.filter((name) => callFault(name).effect === 'after'),
  desk: 0.08,
}

export const WEATHERS = { calm: CALM, rough: ROUGH, 'lost-answers': LOST_ANSWERS }
export type WeatherName = keyof typeof WEATHERS

/** For real processes in real time. */
export const KILLING: Weather = { ...CALM, spread: 200, kill: 4_000 }

/** Every kind of fault in this weather. `desk-…`: calls to a vendor. `api-…`: calls to Botpress. */
export const faultsIn = (weather: Weather): string[] => [
  ...(weather.desk > 0 ? weather.calls.map((name) => `desk-${name}`) : []),
  ...(weather.api > 0 ? weather.calls.map((name) => `api-${name}`) : []),
  ...(weather.crash > 0 ? ['crash'] : []),
  ...(weather.restart > 0 ? ['restart'] : []),
  ...(weather.webhook > 0 ? ['webhook-duplicated', 'webhook-delayed', 'webhook-lost', 'webhook-answer-lost'] : []),
  ...(weather.repeat > 0 ? ['message-repeated'] : []),
  ...(weather.start > 0 ? ['start-repeated'] : []),
  ...(weather.kill > 0 ? ['process-killed', 'request-cut-off'] : []),
]
