/**
 * Which desk takes this handoff.
 *
 * 1. The language: what the session says, else what the customer writes, else the default.
 * 2. The first rule that fits names the desks to consider, and what the ticket gets there. Without one, all are considered.
 * 3. Filters take out desks: switched off, other language, closed, full, down.
 * 4. The rest is put in order: the desk asked for, the customer's last desk, then the strategy.
 * 5. If nobody is left, the configuration says what happens.
 *
 * Pure and total: the same situation gives the same ranking, every configured desk is in it, and nothing throws.
 */
import type { TicketOptions } from '../../providers/provider'
import { healthObstacle, notConsidered, obstacles, speaks, type Obstacle } from './filters'
import { chooseLanguage, languageName } from './language'
import { nobodyThere } from './nobody-there'
import { inOrder, needsTurn } from './order'
import type { RankedDesk, Ranking, Situation } from './ranking'
import { configuredLanguages, type Desk, type Rule } from './routing'
import { firstRule } from './rules'

export const rank = (situation: Situation): Ranking => {
  const { routing, handoff, instant } = situation
  const notes: string[] = []

  const language = chooseLanguage(handoff.language, handoff.detected, routing.defaultLanguage)
  const rule = firstRule(situation, language.language)

  const considered = routing.desks.filter((desk) => !notConsidered(desk, situation, rule))
  const spoken = _spoken(considered, language.language, situation, notes)

  const against = new Map(routing.desks.map((desk) => [desk, _against(desk, situation, rule, spoken)]))
  const able = considered.filter((desk) => against.get(desk)?.length === 0)
  const pool = considered.filter((desk) => _isInPool(desk, rule, spoken))

  const placed = inOrder(able, pool, situation, rule).map(({ desk, reason }, index): RankedDesk => ({
    ..._named(desk, rule),
    outcome: 'eligible',
    place: index + 1,
    reason: `${reason}${_probe(desk, situation)}`,
    causes: [],
  }))
  const out = routing.desks
    .filter((desk) => !able.includes(desk))
    .map((desk) => _out(desk, against.get(desk) ?? [], rule))
  const desks = [...placed, ...out]

  notes.push(..._askedForNotes(situation, desks))
  const [first] = placed
  const last = first
    ? { decision: { kind: 'assign' as const, provider: first.provider } }
    : nobodyThere(situation, desks)
  if (last.note) notes.push(last.note)
  return {
    instant,
    desks,
    decision: last.decision,
    language,
    ...(rule && { rule: rule.name }),
    notes,
    ...(needsTurn(able, situation) && { rotation: { key: pool.map(({ provider }) => provider).join('+') } }),
  }
}

/** Whether reading the customer's words could change the ranking. Detection costs time, and is done only then. */
export const needsDetection = ({ routing, handoff }: Pick<Situation, 'routing' | 'handoff'>): boolean =>
  configuredLanguages(routing).length > 0 && chooseLanguage(handoff.language, undefined, undefined).source !== 'session'

/**
 * The language that desks have to speak: the handoff's, where one of those considered does; else the default. A customer whom
 * no desk understands is not turned away for it.
 */
const _spoken = (
  considered: readonly Desk[],
  wanted: string | undefined,
  { routing }: Situation,
  notes: string[]
): string | undefined => {
  if (wanted === undefined || considered.some((desk) => speaks(desk, wanted))) return wanted
  const { defaultLanguage } = routing
  const why = `no desk considered serves ${languageName(wanted)}`
  if (defaultLanguage && considered.some((desk) => speaks(desk, defaultLanguage))) {
    notes.push(`${why}, so ${languageName(defaultLanguage)}, the default, counts`)
    return defaultLanguage
  }
  if (considered.length > 0) notes.push(`${why}, so any of them may take it`)
  return undefined
}

const _against = (desk: Desk, situation: Situation, rule: Rule | undefined, spoken: string | undefined): Obstacle[] => {
  const excluded = notConsidered(desk, situation, rule)
  return excluded
    ? [excluded, healthObstacle(desk, situation)].filter((obstacle) => obstacle !== undefined)
    : obstacles(desk, situation, spoken)
}

/** Who shares the turns: independent of hour, load and health, so that the rotation stays the same while they change. */
const _isInPool = (desk: Desk, rule: Rule | undefined, spoken: string | undefined): boolean => {
  const takesPart = rule ? rule.desks.includes(desk.provider) : !desk.afterHoursOnly
  return takesPart && (spoken === undefined || speaks(desk, spoken))
}

const _named = (desk: Desk, rule: Rule | undefined): Pick<RankedDesk, 'provider' | 'title' | 'options'> => ({
  provider: desk.provider,
  title: desk.title,
  options: _options(desk, rule),
})

/** Priority and tags hold everywhere; a queue belongs to the desk that the rule names. */
const _options = (desk: Desk, rule: Rule | undefined): TicketOptions => {
  if (!rule) return {}
  const { queue, ...everywhere } = rule.options
  return queue !== undefined && rule.desks.includes(desk.provider) ? rule.options : everywhere
}

const _out = (desk: Desk, against: readonly Obstacle[], rule: Rule | undefined): RankedDesk => {
  const opensAt = against.find((obstacle) => obstacle.opensAt !== undefined)?.opensAt
  return {
    ..._named(desk, rule),
    outcome: 'out',
    reason: against.map(({ reason }) => reason).join('; '),
    causes: against.map(({ cause }) => cause),
    ...(opensAt !== undefined && { opensAt }),
  }
}

const _probe = ({ provider }: Desk, { health }: Situation): string =>
  health?.[provider]?.state === 'half-open' ? '; was down, is tried again' : ''

const _askedForNotes = ({ handoff: { provider, strict } }: Situation, desks: readonly RankedDesk[]): string[] => {
  if (!provider) return []
  const asked = desks.find((desk) => desk.provider === provider)
  if (asked?.outcome === 'eligible') return []
  const why = asked
    ? `${asked.title}, which the session asks for, cannot take it (${asked.reason})`
    : `the session asks for "${provider}", which is no configured desk`
  return [strict ? `${why}; no other desk may` : `${why}, so another desk is looked for`]
}
