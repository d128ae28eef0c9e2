/** The kinds of weather: how often each fault happens in it. */
import { ACCOUNT_FAULT_NAMES, CALL_FAULT_NAMES, callFault } from './call-faults'
import { DELETIONS, SAVES, VENDOR_MOVES } from './moves'
import { OUTAGES, type Outage } from './outages'

/** Ways to break the router on purpose. They prove that the judge notices. */
export const BREAKS = [
  'dedupe',
  'reading',
  'guard',
  'account',
  'contact',
  'parts',
  'moves',
  'clocks',
  'orphans',
  'outbox',
] as const
export type Break = (typeof BREAKS)[number]

/** How often faults happen. Numbers are probabilities unless a comment says otherwise. */
export interface Weather {
  /** The faults that calls to Botpress can have. */
  calls: readonly string[]
  /** The faults that calls to a vendor can have. */
  deskCalls: readonly string[]
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
  /** Per desk and possible outage, of which it may have three in a batch; of one of these kinds. */
  outage: number
  outages: readonly Outage[]
  /** Handoffs don't name their desk, so another one may take over. */
  anyDesk: boolean
  /** Per handoff: the vendor or somebody at the desk does something to its ticket, contact, agent or messages. */
  vendorMoves: number
  /** Per possible save: the configuration is saved anew. */
  saves: number
  /** Largest difference between the clocks of two instances, in milliseconds. */
  skew: number
  /** Whether batches differ in what the Cloud may do: show tags, activate late, list short pages. */
  variesPlatform: boolean
  /** Per batch: the Cloud lists scheduled messages only from their moment on. */
  hides: number
  /** Per handoff: Botpress forgets its customer, an agent or its conversation. */
  deletions: number
  /** Whether the bot builder configures the plugin, in some batches. */
  configuresPlugin: boolean
}

export const CALM: Weather = {
  calls: CALL_FAULT_NAMES,
  deskCalls: [...CALL_FAULT_NAMES, ...ACCOUNT_FAULT_NAMES],
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
  outage: 0,
  outages: OUTAGES,
  anyDesk: false,
  vendorMoves: 0,
  saves: 0,
  skew: 0,
  variesPlatform: false,
  hides: 0,
  deletions: 0,
  configuresPlugin: false,
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
  deskCalls: CALL_FAULT_NAMES.filter((name) => callFault(name).effect === 'after'),
  desk: 0.08,
}
/** What vendors, the Cloud and bot builders may do, beside the faults of rough weather. */
const FIELD: Weather = {
  ...ROUGH,
  outage: 0.3,
  vendorMoves: 0.8,
  saves: 0.6,
  skew: 2_000,
  variesPlatform: true,
  hides: 0.5,
  deletions: 0.18,
  configuresPlugin: true,
}
/** The same without a single fault: whatever is found here is not the work of chance. */
const ODD: Weather = { ...FIELD, desk: 0, api: 0, crash: 0, webhook: 0, repeat: 0, start: 0, restart: 0, outage: 0 }
/** The same where no Cloud lists scheduled messages. */
const HIDDEN: Weather = { ...ODD, hides: 1 }
/** What the router doesn't promise to stand (docs/RELIABILITY.md). `npm test` leaves it out. */
/** Clocks that nobody has set. */
const CLOCKS: Weather = { ...ODD, skew: 10_000 }
/** Desks are down, slow, lying or closed while handoffs look for one. */
const FAILOVER: Weather = { ...ROUGH, desk: 0.07, crash: 0.006, anyDesk: true, outage: 0.7 }

export const WEATHERS = {
  calm: CALM,
  rough: ROUGH,
  'lost-answers': LOST_ANSWERS,
  odd: ODD,
  field: FIELD,
  failover: FAILOVER,
  hidden: HIDDEN,
  clocks: CLOCKS,
}
export type WeatherName = keyof typeof WEATHERS
export const UNPROMISED: WeatherName[] = []

/** For real processes in real time. */
export const KILLING: Weather = { ...CALM, spread: 200, kill: 4_000 }

/** Every kind of fault in this weather. `desk-…`: calls to a vendor. `api-…`: calls to Botpress. */
export const faultsIn = (weather: Weather): string[] => [
  ...(weather.desk > 0 ? weather.deskCalls.map((name) => `desk-${name}`) : []),
  ...(weather.api > 0 ? weather.calls.map((name) => `api-${name}`) : []),
  ...(weather.crash > 0 ? ['crash'] : []),
  ...(weather.restart > 0 ? ['restart'] : []),
  ...(weather.webhook > 0 ? ['webhook-duplicated', 'webhook-delayed', 'webhook-lost', 'webhook-answer-lost'] : []),
  ...(weather.repeat > 0 ? ['message-repeated'] : []),
  ...(weather.start > 0 ? ['start-repeated'] : []),
  ...(weather.kill > 0 ? ['process-killed', 'request-cut-off'] : []),
  ...(weather.outage > 0 ? weather.outages.map((kind) => `outage-${kind}`) : []),
  ...(weather.saves > 0 ? SAVES.map((kind) => `save-${kind}`) : []),
  ...(weather.vendorMoves > 0 ? VENDOR_MOVES : []),
  ...(weather.deletions > 0 ? DELETIONS : []),
]
