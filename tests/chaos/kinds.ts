/** What may go wrong, by name. Reports count by these names. */

/** An HTTP call that fails. `before`: nothing happens at the other end. `after`: it works, and only the answer is spoilt. */
export interface CallFault {
  kind: 'status' | 'timeout' | 'disconnect' | 'slow'
  effect: 'before' | 'after'
  status?: number
  /** Seconds, as the header says it. */
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
  if (!fault) throw new Error(`No fault is called ${name}`)
  return fault
}

/** What the router can be made to do wrong, to show that it is noticed. */
export const BREAKS = ['dedupe', 'reading', 'guard'] as const
export type Break = (typeof BREAKS)[number]

/** How often things go wrong. Each is a probability. */
export interface Weather {
  /** Which faults calls can have. */
  calls: readonly string[]
  /** Per call to a vendor, all kinds together. */
  desk: number
  /** Per call of the router to Botpress, all kinds together. */
  api: number
  /** Per call: the instance dies around it. */
  crash: number
  /** Per delivery: of each of the four kinds. */
  webhook: number
  /** Per message to the desk. */
  repeat: number
  /** Per opportunity for a deployment: an instance is replaced by a fresh one. */
  restart: number
  /** Per delivery: how much longer than the fastest it may take on its way, in milliseconds. */
  spread: number
  /** Most instances of the router. */
  instances: number
  /** Per startHitl: its answer is lost and the platform asks again. */
  start: number
  /** Processes of the router are really killed: how long at most until the next one, in milliseconds. 0: none ever. */
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
/** Desks do all that they are asked for, and do not always say so. Nothing else is wrong. */
const LOST_ANSWERS: Weather = {
  ...CALM,
  calls: CALL_FAULT_NAMES.filter((name) => callFault(name).effect === 'after'),
  desk: 0.08,
}

export const WEATHERS = { calm: CALM, rough: ROUGH, 'lost-answers': LOST_ANSWERS }
export type WeatherName = keyof typeof WEATHERS

/** For processes of their own, on the machine's time. */
export const KILLING: Weather = { ...CALM, spread: 200, kill: 4_000 }

/** Every kind of fault that this weather has. `desk`: calls to a vendor. `api`: calls of the router to Botpress. */
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
