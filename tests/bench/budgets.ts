/** What an operation may cost. `npm test` fails with the list of calls when one costs more. */
import type { Measured } from './operations'

export interface Budget {
  /** To Botpress and to the vendor together. */
  calls: number
  /** The longest chain of calls. */
  chain: number
}

export const BUNDLE_BUDGET_KIB = 1_500

type Key = Pick<Measured, 'operation' | 'desk' | 'instance'>

/** By operation; by instance where it matters. */
const BUDGETS: Record<string, Budget | Record<string, Budget> | undefined> = {}

/** Undefined: an operation without a budget. */
export const budgetOf = ({ operation, instance }: Key): Budget | undefined => {
  const budget = BUDGETS[operation]
  if (budget === undefined || 'calls' in budget) return budget as Budget | undefined
  return budget[instance]
}

export const isWithin = ({ cost, ...key }: Measured): boolean => {
  const budget = budgetOf(key)
  return budget === undefined || (cost.api + cost.desk <= budget.calls && cost.chain <= budget.chain)
}
