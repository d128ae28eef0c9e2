/**
 * Ranks the desks for a handoff.
 *
 * 1. The language is the one the session states, else the detected one, else the default.
 * 2. The first matching rule sets the desks to consider and options of the ticket. Without a rule, all desks are
 *    considered.
 * 3. Filters remove desks that are switched off, closed, full or down, or serve other languages.
 * 4. The other desks are ordered: the requested desk, the customer's last desk, then by strategy.
 * 5. If no desk remains, the configuration decides what happens.
 *
 * Pure and total: the same situation gives the same ranking, which includes every configured desk. It never throws.
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
  const effectiveLanguage = _effectiveLanguage(considered, language.language, situation, notes)

  const obstaclesOf = new Map(
    routing.desks.map((desk) => [desk, _obstaclesTo(desk, situation, rule, effectiveLanguage)])
  )
  const eligible = considered.filter((desk) => obstaclesOf.get(desk)?.length === 0)
  const pool = considered.filter((desk) => _isInPool(desk, rule, effectiveLanguage))

  const placed = inOrder(eligible, pool, situation, rule).map(({ desk, reason }, index): RankedDesk => ({
    ..._named(desk, rule),
    outcome: 'eligible',
    place: index + 1,
    reason: `${reason}${_probe(desk, situation)}`,
    causes: [],
  }))
  const out = routing.desks
    .filter((desk) => !eligible.includes(desk))
    .map((desk) => _out(desk, obstaclesOf.get(desk) ?? [], rule))
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
    ...(needsTurn(eligible, situation) && { rotation: { key: pool.map(({ provider }) => provider).join('+') } }),
  }
}

/** Whether language detection can change the ranking. If not, it is skipped to save time. */
export const needsDetection = ({ routing, handoff }: Pick<Situation, 'routing' | 'handoff'>): boolean =>
  configuredLanguages(routing).length > 0 && chooseLanguage(handoff.language, undefined, undefined).source !== 'session'

/**
 * The language that a desk must serve: the handoff's if a considered desk serves it, else the default. A language that
 * no desk serves doesn't lead to a refusal.
 */
const _effectiveLanguage = (
  considered: readonly Desk[],
  wanted: string | undefined,
  { routing }: Situation,
  notes: string[]
): string | undefined => {
  if (wanted === undefined || considered.some((desk) => speaks(desk, wanted))) return wanted
  const { defaultLanguage } = routing
  const why = `no considered desk serves ${languageName(wanted)}`
  if (defaultLanguage && considered.some((desk) => speaks(desk, defaultLanguage))) {
    notes.push(`${why}, so the default (${languageName(defaultLanguage)}) applies`)
    return defaultLanguage
  }
  if (considered.length > 0) notes.push(`${why}, so any of them may take it`)
  return undefined
}

const _obstaclesTo = (
  desk: Desk,
  situation: Situation,
  rule: Rule | undefined,
  effectiveLanguage: string | undefined
): Obstacle[] => {
  const excluded = notConsidered(desk, situation, rule)
  return excluded
    ? [excluded, healthObstacle(desk, situation)].filter((obstacle) => obstacle !== undefined)
    : obstacles(desk, situation, effectiveLanguage)
}

/**
 * The members of the rotation. They don't depend on hours, load or health, so the rotation stays stable while those
 * change.
 */
const _isInPool = (desk: Desk, rule: Rule | undefined, effectiveLanguage: string | undefined): boolean => {
  const takesPart = rule ? rule.desks.includes(desk.provider) : !desk.afterHoursOnly
  return takesPart && (effectiveLanguage === undefined || speaks(desk, effectiveLanguage))
}

const _named = (desk: Desk, rule: Rule | undefined): Pick<RankedDesk, 'provider' | 'title' | 'options'> => ({
  provider: desk.provider,
  title: desk.title,
  options: _options(desk, rule),
})

/** Priority and tags apply at every desk, a queue only at a desk that the rule names. */
const _options = (desk: Desk, rule: Rule | undefined): TicketOptions => {
  if (!rule) return {}
  const { queue, ...everywhere } = rule.options
  return queue !== undefined && rule.desks.includes(desk.provider) ? rule.options : everywhere
}

const _out = (desk: Desk, obstaclesOf: readonly Obstacle[], rule: Rule | undefined): RankedDesk => {
  const opensAt = obstaclesOf.find((obstacle) => obstacle.opensAt !== undefined)?.opensAt
  return {
    ..._named(desk, rule),
    outcome: 'out',
    reason: obstaclesOf.map(({ reason }) => reason).join('; '),
    causes: obstaclesOf.map(({ cause }) => cause),
    ...(opensAt !== undefined && { opensAt }),
  }
}

const _probe = ({ provider }: Desk, { health }: Situation): string =>
  health?.[provider]?.state === 'half-open' ? '; was down, now retried' : ''

const _askedForNotes = ({ handoff: { provider, strict } }: Situation, desks: readonly RankedDesk[]): string[] => {
  if (!provider) return []
  const requested = desks.find((desk) => desk.provider === provider)
  if (requested?.outcome === 'eligible') return []
  const why = requested
    ? `the session requests ${requested.title}, which can't take the handoff (${requested.reason})`
    : `the session requests "${provider}", which isn't a configured desk`
  return [strict ? `${why}; no other desk may take it` : `${why}, so the other desks are considered`]
}
