/**
 * Ranks the desks for a handoff.
 *
 * 1. The language is the one the session states, else the detected one, else the default.
 * 2. The first matching rule sets the desks to consider and options of the ticket. Without a rule, all desks are
 *    considered.
 * 3. Filters remove desks that are switched off, not ready, closed, full or down, or serve other languages.
 * 4. The other desks are ordered: the requested desk, the customer's last desk, then by strategy.
 * 5. If none is left, other regions of the language are asked, then the desks that the configuration allows.
 * 6. If no desk remains, the configuration decides what happens.
 *
 * Pure and total: the same situation gives the same ranking, which includes every configured desk. It never throws.
 */
import type { TicketOptions } from '../../providers/provider'
import { circlesOf, type Circle } from './circles'
import { textForCustomer } from './customer-text'
import { healthObstacle, notConsidered, obstacles, speaks, type Obstacle } from './filters'
import { chooseLanguage } from './language'
import { nobodyThere } from './nobody-there'
import { inOrder, needsTurn } from './order'
import type { RankedDesk, Ranking, Situation } from './ranking'
import { configuredLanguages, type Desk, type Rule } from './routing'
import { firstRule, shareNotes } from './rules'

export const rank = (situation: Situation): Ranking => {
  const { routing, handoff, instant } = situation
  const language = chooseLanguage(handoff.language, handoff.detected, routing.defaultLanguage)
  const rule = firstRule(situation, language.language)
  const { circles, why } = circlesOf(situation, rule, language.language)
  const notes = [...shareNotes(situation, language.language), ...(why === undefined ? [] : [why])]

  const asked = circles.map((circle) => _ask(circle, situation, rule))
  const [first] = circles
  const deciding = asked.find(({ eligible }) => eligible.length > 0)
  if (deciding && deciding.circle !== first) {
    notes.push(`none of the ${first.name} can take it now: ${deciding.circle.name} take over`)
  }
  const placed = _placed(asked, situation, rule)
  const out = routing.desks
    .filter(({ provider }) => !placed.some((desk) => desk.provider === provider))
    .map((desk) => _out(desk, _obstaclesTo(desk, situation, rule, first), rule))
  const desks = [...placed, ...out]

  notes.push(..._askedForNotes(situation, desks))
  if (situation.isDryRun && routing.stickyDays > 0 && !situation.history) {
    notes.push('no last session of the customer is known, so Sticky days has no effect')
  }
  const [winner] = placed
  const last = winner
    ? { decision: { kind: 'assign' as const, provider: winner.provider } }
    : nobodyThere(situation, desks, language)
  if (last.note) notes.push(last.note)
  const turn = deciding && needsTurn(deciding.eligible, situation) ? deciding.pool : undefined
  return {
    instant,
    desks,
    decision: last.decision,
    language,
    ...(rule && { rule: rule.name }),
    messageForCustomer:
      last.decision.kind === 'assign'
        ? textForCustomer('available', { ...situation, language })
        : last.decision.messageForCustomer,
    notes,
    ...(turn && { rotation: { key: turn.map(({ provider }) => provider).join('+') } }),
  }
}

interface Asked {
  circle: Circle
  /** Its desks that can take the handoff now. */
  eligible: Desk[]
  /**
   * The members of its rotation. They don't depend on hours, load or health, so the rotation stays stable while those
   * change.
   */
  pool: Desk[]
}

const _ask = (circle: Circle, situation: Situation, rule: Rule | undefined): Asked => {
  const { desks, language, isNear = false, isOfRule } = circle
  const speaking = desks.filter((desk) => language === undefined || speaks(desk, language, isNear))
  return {
    circle,
    eligible: speaking.filter((desk) => obstacles(desk, situation, undefined, false).length === 0),
    pool: speaking.filter((desk) => (isOfRule ? rule?.desks.includes(desk.provider) : !desk.afterHoursOnly)),
  }
}

/** The desks of all circles, from the first one outwards. */
const _placed = (asked: readonly Asked[], situation: Situation, rule: Rule | undefined): RankedDesk[] => {
  const placed: RankedDesk[] = []
  for (const { circle, eligible, pool } of asked) {
    const isFirst = placed.length === 0
    const fresh = eligible.filter(({ provider }) => !placed.some((desk) => desk.provider === provider))
    const here = isFirst ? situation : { ...situation, turn: undefined }
    for (const { desk, reason } of inOrder(fresh, pool, here, circle.isOfRule ? rule : undefined)) {
      placed.push({
        ..._named(desk, rule),
        outcome: 'eligible',
        place: placed.length + 1,
        reason: `${isFirst ? reason : `after those: ${circle.name} take over`}${_probe(desk, situation)}`,
        causes: [],
      })
    }
  }
  return placed
}

/** Whether language detection can change the ranking. If not, it is skipped to save time. */
export const needsDetection = ({ routing, handoff }: Pick<Situation, 'routing' | 'handoff'>): boolean =>
  configuredLanguages(routing).length > 0 && chooseLanguage(handoff.language, undefined, undefined).source !== 'session'

const _obstaclesTo = (
  desk: Desk,
  situation: Situation,
  rule: Rule | undefined,
  { language, isNear = false }: Circle
): Obstacle[] => {
  const excluded = notConsidered(desk, situation, rule)
  return excluded
    ? [excluded, healthObstacle(desk, situation)].filter((obstacle) => obstacle !== undefined)
    : obstacles(desk, situation, language, isNear)
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
