/**
 * Decides, before any desk is asked, what happens when none can take a handoff now. (All refuse: actions/try-desks.ts.)
 */
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
  if (!desk) return { decision: _refusal(ranked, opening), note: 'no desk can stand in, so the handoff is refused' }
  return { decision: _standInDecision(policy, desk, policy === 'after-hours' ? opening : _openingOf(desk, situation)) }
}

/** The session overrides the configuration. A strict request for one desk is refused by default. */
const _policy = ({ routing, handoff }: Situation): NobodyThere =>
  handoff.nobodyThere ?? (handoff.strict && handoff.provider ? 'refuse' : routing.nobodyThere)

/** A working desk, even if it is closed, full or serves other languages. */
const _standIn = (
  policy: 'open-anyway' | 'after-hours',
  { routing, handoff }: Situation,
  ranked: readonly RankedDesk[]
): RankedDesk | undefined => {
  const working = ranked.filter(({ causes }) => !causes.includes('disabled') && !causes.includes('health'))
  const named = working.find(({ provider }) => provider === routing.afterHoursDesk)
  if (policy === 'after-hours') return named
  const requested = working.find(({ provider }) => provider === handoff.provider)
  if (handoff.strict && handoff.provider) return requested
  const considered = working.filter(({ causes }) => !causes.includes('rule') && !causes.includes('after-hours-only'))
  const understanding = considered.filter(({ causes }) => !causes.includes('language'))
  return named ?? requested ?? _soonest(understanding) ?? _soonest(considered)
}

/** The desk with the earliest opening. An open but full desk comes before a closed one. */
const _soonest = (desks: readonly RankedDesk[]): RankedDesk | undefined => {
  const waiting = ({ causes, opensAt }: RankedDesk): number =>
    causes.includes('hours') ? (opensAt ?? Number.POSITIVE_INFINITY) : 0
  return desks.reduce<RankedDesk | undefined>(
    (one, other) => (one === undefined || waiting(other) < waiting(one) ? other : one),
    undefined
  )
}

/** The first opening among the desks that are out only because of their hours. */
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
      : `We have received your request and will answer ${opening ? `from ${opening.text}` : 'as soon as we can'}.`
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
