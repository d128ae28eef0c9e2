/** What happens when no desk can take a handoff now. */
import { describeTime } from './hours'
import type { Decision, Opening, RankedDesk, Situation } from './ranking'
import type { NobodyThere } from './routing'

export const nobodyThere = (
  situation: Situation,
  ranked: readonly RankedDesk[]
): { decision: Decision; note?: string } => {
  const policy = _policy(situation)
  const opening = _firstOpening(situation, ranked)
  if (policy === 'refuse') return { decision: _refusal(ranked, opening) }
  const desk = _standIn(policy, situation, ranked)
  if (!desk) return { decision: _refusal(ranked, opening), note: 'no desk is able to stand in, so it is refused' }
  return { decision: _standInDecision(policy, desk, policy === 'after-hours' ? opening : _openingOf(desk, situation)) }
}

/** The session's word goes before the configuration's. A session that wants one desk only is not sent elsewhere unless it says so. */
const _policy = ({ routing, handoff }: Situation): NobodyThere =>
  handoff.nobodyThere ?? (handoff.strict && handoff.provider ? 'refuse' : routing.nobodyThere)

/** A desk that works; that it is closed, full or speaks another language does not matter now. */
const _standIn = (
  policy: 'open-anyway' | 'after-hours',
  { routing, handoff }: Situation,
  ranked: readonly RankedDesk[]
): RankedDesk | undefined => {
  const working = ranked.filter(({ causes }) => !causes.includes('disabled') && !causes.includes('health'))
  const named = working.find(({ provider }) => provider === routing.afterHoursDesk)
  if (policy === 'after-hours') return named
  const asked = working.find(({ provider }) => provider === handoff.provider)
  if (handoff.strict && handoff.provider) return asked
  const considered = working.filter(({ causes }) => !causes.includes('rule') && !causes.includes('after-hours-only'))
  const understanding = considered.filter(({ causes }) => !causes.includes('language'))
  return named ?? asked ?? _soonest(understanding) ?? _soonest(considered)
}

/** A desk that is open but full is there sooner than one that is closed. */
const _soonest = (desks: readonly RankedDesk[]): RankedDesk | undefined => {
  const waiting = ({ causes, opensAt }: RankedDesk): number =>
    causes.includes('hours') ? (opensAt ?? Number.POSITIVE_INFINITY) : 0
  return desks.reduce<RankedDesk | undefined>(
    (one, other) => (one === undefined || waiting(other) < waiting(one) ? other : one),
    undefined
  )
}

/** When the first desk opens that nothing else keeps from taking the handoff. */
const _firstOpening = (situation: Situation, ranked: readonly RankedDesk[]): Opening | undefined => {
  const first = _soonest(ranked.filter(({ causes }) => causes.every((cause) => cause === 'hours')))
  return first && _openingOf(first, situation)
}

const _openingOf = ({ provider, opensAt }: RankedDesk, { routing, instant }: Situation): Opening | undefined => {
  const calendar = routing.desks.find((desk) => desk.provider === provider)?.calendar
  return opensAt === undefined || !calendar
    ? undefined
    : { at: opensAt, text: describeTime(opensAt, calendar.timeZone, instant) }
}

const _standInDecision = (
  kind: 'open-anyway' | 'after-hours',
  { provider }: RankedDesk,
  opening: Opening | undefined
): Decision => {
  const messageForCustomer =
    kind === 'after-hours'
      ? 'Our usual team is not available at the moment; our stand-in takes over.'
      : `We have your request and answer ${opening ? `from ${opening.text} on` : 'as soon as we can'}.`
  return { kind, provider, ...(opening && { opening }), messageForCustomer }
}

const _refusal = (ranked: readonly RankedDesk[], opening: Opening | undefined): Decision => {
  const isBusy = ranked.some(({ causes }) => causes.length > 0 && causes.every((cause) => cause === 'capacity'))
  const later = opening ? `We open again ${opening.text}.` : 'Please try again later.'
  const messageForCustomer = isBusy
    ? 'All our agents are busy at the moment. Please try again in a few minutes.'
    : `No agent is available at the moment. ${later}`
  return { kind: 'refuse', ...(opening && { opening }), messageForCustomer }
}
