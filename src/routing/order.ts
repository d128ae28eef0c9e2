/** The order of the desks that can take a handoff, and the reason for each place. */
import { rotate } from './rotation'
import type { Situation } from './ranking'
import type { Desk, Rule } from './routing'

export interface Placed {
  desk: Desk
  reason: string
}

const DAY_MS = 86_400_000

/** The desk asked for, then the customer's last desk, then the strategy. */
export const inOrder = (
  able: readonly Desk[],
  pool: readonly Desk[],
  situation: Situation,
  rule: Rule | undefined
): Placed[] => {
  const first = _preferred(able, situation)
  const others = _byStrategy(able, pool, situation, rule).filter(({ desk }) => desk !== first?.desk)
  return first ? [first, ...others] : others
}

/** The rotation decides when nothing goes before it and there is a choice. */
export const needsTurn = (able: readonly Desk[], situation: Situation): boolean =>
  situation.routing.strategy === 'round-robin' && able.length > 1 && !_preferred(able, situation)

const _preferred = (able: readonly Desk[], { handoff, history, routing, instant }: Situation): Placed | undefined => {
  const asked = able.find(({ provider }) => provider === handoff.provider)
  if (asked) return { desk: asked, reason: 'asked for by the session' }
  if (!history || routing.stickyDays <= 0) return undefined
  const days = Math.max(0, instant - history.at) / DAY_MS
  const last = able.find(({ provider }) => provider === history.provider)
  if (!last || days > routing.stickyDays) return undefined
  return { desk: last, reason: `the customer's last session was here, ${_ago(days)}` }
}

const _ago = (days: number): string => {
  const whole = Math.floor(days)
  if (whole === 0) return 'less than a day ago'
  return whole === 1 ? 'a day ago' : `${whole} days ago`
}

const _byStrategy = (
  able: readonly Desk[],
  pool: readonly Desk[],
  situation: Situation,
  rule: Rule | undefined
): Placed[] => {
  const preferred = _byPreference(able, rule)
  switch (situation.routing.strategy) {
    case 'priority':
      return preferred.map((desk, index) => ({ desk, reason: _preference(index, rule) }))
    case 'round-robin':
      return _byTurn(preferred, pool, situation)
    case 'least-busy':
      return _byLoad(preferred, situation)
  }
}

/** A rule names its desks in the order of preference; else the configuration's order counts. */
const _byPreference = (able: readonly Desk[], rule: Rule | undefined): readonly Desk[] => {
  if (!rule) return able
  const place = ({ provider }: Desk): number =>
    rule.desks.includes(provider) ? rule.desks.indexOf(provider) : rule.desks.length
  return able.toSorted((one, other) => place(one) - place(other))
}

const _preference = (index: number, rule: Rule | undefined): string => {
  const where = rule ? `among the desks of ${rule.name}` : 'in the order'
  return index === 0 ? `the first able ${where}` : `next ${where}`
}

/** The rotation runs over the whole pool, so that a desk that is out for a while neither loses nor shifts anybody's turns. */
const _byTurn = (able: readonly Desk[], pool: readonly Desk[], { turn }: Situation): Placed[] => {
  if (able.length < 2) return able.map((desk) => ({ desk, reason: 'the only one able' }))
  if (turn === undefined || !Number.isSafeInteger(turn) || turn < 0) {
    return able.map((desk) => ({ desk, reason: 'in turn; whose turn it is shows when a session is opened' }))
  }
  const holders = rotate(pool, turn)
  const placed = holders.flatMap((provider) => able.filter((desk) => desk.provider === provider))
  const outside = able.filter((desk) => !placed.includes(desk))
  const [holder] = holders
  return [...placed, ...outside].map((desk, index) => {
    if (desk.provider === holder) return { desk, reason: `its turn (number ${turn + 1})` }
    return { desk, reason: index === 0 ? `takes over turn ${turn + 1}` : 'next in the rotation' }
  })
}

/** Open sessions for each unit of weight. An unknown load counts as none. */
const _byLoad = (able: readonly Desk[], { load }: Situation): Placed[] => {
  const busy = ({ provider, weight }: Desk): number => (load?.[provider] ?? 0) / weight
  return able
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
