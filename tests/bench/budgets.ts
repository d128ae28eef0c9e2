/** What an operation may cost. `npm test` fails with the list of calls when one costs more. */
import type { Measured, Where } from './operations'

export interface Budget {
  /** To Botpress and to the vendor together. */
  calls: number
  /** The longest chain of calls. */
  chain: number
}

/** Kibibytes of the bundle as `npm run build` makes it. */
export const BUNDLE_BUDGET_KIB = 1_620

type Key = Pick<Measured, 'operation' | 'desk' | 'instance'>

/** By operation, and by desk and instance where that matters. */
const BUDGETS: Record<string, Budget | Record<Where, Budget> | undefined> = {
  'register, three desks': { calls: 16, chain: 11 },
  'register again': { calls: 9, chain: 4 },
  createUser: { calls: 1, chain: 1 },
  'first desk refuses, second takes': { calls: 14, chain: 10 },
  'startHitl, new contact': { calls: 19, chain: 12 },
  'startHitl, known contact': { calls: 16, chain: 9 },
  'user message': {
    same: { calls: 5, chain: 5 },
    other: { calls: 5, chain: 5 },
    new: { calls: 7, chain: 7 },
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
  'assigned, new agent': {
    same: { calls: 9, chain: 8 },
    other: { calls: 10, chain: 9 },
    new: { calls: 11, chain: 9 },
  },
  // Only the ticket names the agent.
  'assigned, new agent zendesk': {
    same: { calls: 10, chain: 8 },
    other: { calls: 11, chain: 9 },
    new: { calls: 13, chain: 11 },
  },
  solved: {
    same: { calls: 9, chain: 8 },
    other: { calls: 10, chain: 9 },
    new: { calls: 11, chain: 9 },
  },
  // The thread's header is changed under the lock to the desk.
  'solved slack': {
    same: { calls: 13, chain: 12 },
    other: { calls: 14, chain: 13 },
    new: { calls: 16, chain: 13 },
  },
  'solved zendesk': {
    same: { calls: 11, chain: 9 },
    other: { calls: 12, chain: 10 },
    new: { calls: 14, chain: 12 },
  },
  stopHitl: {
    same: { calls: 13, chain: 12 },
    other: { calls: 13, chain: 12 },
    new: { calls: 15, chain: 13 },
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
