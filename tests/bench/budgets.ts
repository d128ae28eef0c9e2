/** What an operation may cost. `npm test` fails with the list of calls when one costs more. */
import type { Measured, Where } from './operations'

export interface Budget {
  /** To Botpress and to the vendor together. */
  calls: number
  /** The longest chain of calls. */
  chain: number
}

/** Kibibytes of the bundle as `npm run build` makes it. The SDK with what it brings along is 817 of them. */
export const BUNDLE_BUDGET_KIB = 1_850

/** Kibibytes of the bundle by package. What the SDK brings along counts as one package. */
const PACKAGE_BUDGETS_KIB: Record<string, number | undefined> = {
  'the SDK': 825,
  lande: 130,
  marked: 54,
  entities: 27,
  htmlparser2: 19,
  // Only loaded where a pattern is hidden: no smaller engine is linear in the text.
  re2js: 150,
  pino: 65,
  'providers/slack': 84,
  'providers/zendesk': 58,
  'providers/intercom': 50,
  'providers/kit': 48,
  'src/routing': 165,
  'src/actions': 46,
  'src/session': 32,
  'src/from-desk': 36,
  'src/to-desk': 28,
  'src/botpress': 32,
  other: 75,
}

/** What belongs to lande. */
const LANDE = new Set(['lande', 'toygrad'])

/** The packages of a bundle, with those of the bare SDK and the small ones put together. In kibibytes. */
export const packagesOf = (router: readonly Size[], sdk: readonly Size[]): Record<string, number> => {
  const bare = new Set(sdk.map(({ name }) => name))
  const sums: Record<string, number> = {}
  for (const { name, bytes } of router) {
    const own = LANDE.has(name) ? 'lande' : name
    const group = bare.has(name) ? 'the SDK' : PACKAGE_BUDGETS_KIB[own] === undefined ? 'other' : own
    sums[group] = (sums[group] ?? 0) + bytes / 1_024
  }
  return sums
}

interface Size {
  name: string
  bytes: number
}

/** A line for each package that is larger than it may be. */
export const exceededPackages = (packages: Record<string, number>): string[] =>
  Object.entries(packages).flatMap(([name, kib]) => {
    const budget = PACKAGE_BUDGETS_KIB[name] ?? 0
    return kib <= budget ? [] : [`${name}: ${kib.toFixed(1)} KiB (${budget})`]
  })

type Key = Pick<Measured, 'operation' | 'desk' | 'instance'>

/** By operation, and by desk and instance where that matters. */
const BUDGETS: Record<string, Budget | Record<Where, Budget> | undefined> = {
  'register, three desks': { calls: 17, chain: 5 },
  'register again': { calls: 9, chain: 2 },
  createUser: { calls: 1, chain: 1 },
  'first desk refuses, second takes': { calls: 14, chain: 6 },
  // Zendesk signs in first on a new instance. Intercom's ticket is read once more when its session is written down
  // (two of the chain): an answer that came before that is delivered, and the customer waits for it for 500 ms at most.
  'startHitl, new contact': { calls: 16, chain: 7 },
  'startHitl, known contact': { calls: 15, chain: 7 },
  // Lock, list, post, mark, release: none of them can go, nor stand beside another. A list before the lock misses what
  // another holder has just posted, and a release before the mark shows the next holder a message that isn't marked:
  // both post it twice (tests/outbox.test.ts, tests/chaos).
  'user message': {
    same: { calls: 5, chain: 5 },
    other: { calls: 5, chain: 5 },
    new: { calls: 7, chain: 6 },
  },
  'agent message': {
    same: { calls: 3, chain: 2 },
    other: { calls: 4, chain: 3 },
    new: { calls: 8, chain: 4 },
  },
  // The ticket and its comments are two calls. A new instance needs a token first, and the installation before that.
  'agent message zendesk': {
    same: { calls: 4, chain: 2 },
    other: { calls: 5, chain: 3 },
    new: { calls: 8, chain: 6 },
  },
  // Events for analytics are calls beside others: one for an agent, one for the end.
  'assigned, new agent': {
    same: { calls: 10, chain: 8 },
    other: { calls: 11, chain: 9 },
    new: { calls: 12, chain: 9 },
  },
  // Only the ticket names the agent.
  'assigned, new agent zendesk': {
    same: { calls: 11, chain: 8 },
    other: { calls: 12, chain: 9 },
    new: { calls: 14, chain: 11 },
  },
  solved: {
    same: { calls: 10, chain: 8 },
    other: { calls: 11, chain: 9 },
    new: { calls: 12, chain: 9 },
  },
  // The thread's header is changed under the lock to the desk.
  'solved slack': {
    same: { calls: 14, chain: 12 },
    other: { calls: 15, chain: 13 },
    new: { calls: 17, chain: 13 },
  },
  'solved zendesk': {
    same: { calls: 12, chain: 9 },
    other: { calls: 13, chain: 10 },
    new: { calls: 15, chain: 12 },
  },
  // The end is written before the messages are listed, so that a delivery either sees it or is listed. The ticket is
  // solved after both, under its lock (tests/regressions/crossings.test.ts). Slack's thread takes three calls for that.
  stopHitl: {
    same: { calls: 14, chain: 9 },
    other: { calls: 14, chain: 9 },
    new: { calls: 16, chain: 10 },
  },
}

/** Undefined: an operation without a budget. */
export const budgetOf = ({ operation, desk, instance }: Key): Budget | undefined => {
  const budget = BUDGETS[`${operation} ${desk}`] ?? BUDGETS[operation]
  return budget === undefined || 'calls' in budget ? budget : budget[instance]
}

export const isWithin = ({ cost, ...key }: Measured): boolean => {
  const budget = budgetOf(key)
  return budget === undefined || (cost.api + cost.desk <= budget.calls && cost.chain <= budget.chain)
}
