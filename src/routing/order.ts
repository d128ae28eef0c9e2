/** Orders the desks that can take a handoff, with the reason for each place. */
import { rotate } from './rotation'
import type { Situation } from './ranking'
import type { Desk, Rule } from './routing'

export interface Placed {
  desk: Desk
  reason: string
}

const DAY_MS = 86_400_000

/** First the requested desk or the customer's last desk, then the order of the strategy. */
export const inOrder = (
  eligible: readonly Desk[],
  pool: readonly Desk[],
  situation: Situation,
  rule: Rule | undefined
): Placed[] => {
  const first = _preferred(eligible, situation)
  const others = _byStrategy(eligible, pool, situation, rule).filter(({ desk }) => desk !== first?.desk)
  return first ? [first, ...others] : others
}

/** The rotation decides when there is a choice and no preferred desk. */
export const needsTurn = (eligible: readonly Desk[], situation: Situation): boolean =>
  situation.routing.strategy === 'round-robin' && eligible.length > 1 && !_preferred(eligible, situation)

const _preferred = (
  eligible: readonly Desk[],
  { handoff, history, routing, instant }: Situation
): Placed | undefined => {
  const requested = eligible.find(({ provider }) => provider === handoff.provider)
  if (requested) return { desk: requested, reason: 'requested by the session' }
  if (!history || routing.stickyDays <= 0) return undefined
  const days = Math.max(0, instant - history.at) / DAY_MS
  const last = eligible.find(({ provider }) => provider === history.provider)
  if (!last || days > routing.stickyDays) return undefined
  return { desk: last, reason: `the customer's last session was here, ${_ago(days)}` }
}

const _ago = (days: number): string => {
  const whole = Math.floor(days)
  if (whole === 0) return 'less than a day ago'
  return whole === 1 ? 'a day ago' : `${whole} days ago`
}

const _byStrategy = (
  eligible: readonly Desk[],
  pool: readonly Desk[],
  situation: Situation,
  rule: Rule | undefined
): Placed[] => {
  const preferred = _byPreference(eligible, rule)
  switch (situation.routing.strategy) {
    case 'priority':
      return preferred.map((desk, index) => ({ desk, reason: _preference(index, rule) }))
    case 'round-robin':
      return _byTurn(preferred, pool, situation)
    case 'least-busy':
      return _byLoad(preferred, situation)
  }
}

/** The order of the rule's desks, or else the order of the configuration. */
const _byPreference = (eligible: readonly Desk[], rule: Rule | undefined): readonly Desk[] => {
  if (!rule) return eligible
  const place = ({ provider }: Desk): number =>
    rule.desks.includes(provider) ? rule.desks.indexOf(provider) : rule.desks.length
  return eligible.toSorted((one, other) => place(one) - place(other))
}

const _preference = (index: number, rule: Rule | undefined): string => {
  const where = rule ? `among the desks of ${rule.name}` : 'in the order'
  return index === 0 ? `first available ${where}` : `next ${where}`
}

/** The rotation runs over the whole pool, so a desk that is out for a while doesn't shift the turns of the others. */
const _byTurn = (eligible: readonly Desk[], pool: readonly Desk[], { turn }: Situation): Placed[] => {
  if (eligible.length < 2) return eligible.map((desk) => ({ desk, reason: 'the only desk available' }))
  if (turn === undefined || !Number.isSafeInteger(turn) || turn < 0) {
    return eligible.map((desk) => ({ desk, reason: 'in turn; the turn is claimed when a session opens' }))
  }
  const holders = rotate(pool, turn)
  const placed = holders.flatMap((provider) => eligible.filter((desk) => desk.provider === provider))
  const outside = eligible.filter((desk) => !placed.includes(desk))
  const [holder] = holders
  return [...placed, ...outside].map((desk, index) => {
    if (desk.provider === holder) return { desk, reason: `its turn (number ${turn + 1})` }
    return { desk, reason: index === 0 ? `takes over turn ${turn + 1}` : 'next in the rotation' }
  })
}

/** Sorts by open sessions per unit of weight. An unknown load counts as 0. */
const _byLoad = (eligible: readonly Desk[], { load }: Situation): Placed[] => {
  const busy = ({ provider, weight }: Desk): number => (load?.[provider] ?? 0) / weight
  return eligible
    .toSorted((one, other) => busy(one) - busy(other))
    .map((desk, index) => {
      const open = load?.[desk.provider]
      const known =
        open === undefined
          ? 'open sessions unknown, counted as 0'
          : `${open} open ${open === 1 ? 'session' : 'sessions'}`
      const weighed = desk.weight === 1 ? known : `${known} at weight ${desk.weight}`
      return { desk, reason: index === 0 ? `least busy: ${weighed}` : weighed }
    })
}
