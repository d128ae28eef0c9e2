/**
 * Decides, before any desk is asked, what happens when none can take a handoff now. (All refuse: actions/try-desks.ts.)
 */
import { textForCustomer } from './customer-text'
import { describeTime } from './hours'
import type { ChosenLanguage } from './language'
import type { Cause, Decision, Opening, RankedDesk, Situation } from './ranking'
import type { NobodyThere } from './routing'

export const nobodyThere = (
  situation: Situation,
  ranked: readonly RankedDesk[],
  language: ChosenLanguage
): { decision: Decision; note?: string } => {
  const policy = _policy(situation)
  const opening = _firstOpening(situation, ranked)
  const telling = { ...situation, language }
  const refusal = (): Decision => {
    const isBusy = ranked.some(({ causes }) => causes.length > 0 && causes.every((cause) => cause === 'capacity'))
    const text = textForCustomer(isBusy ? 'busy' : 'refusal', telling, opening)
    return { kind: 'refuse', ...(opening && { opening: _named(opening) }), messageForCustomer: text }
  }
  if (policy === 'refuse') return { decision: refusal() }
  const desk = _standIn(policy, situation, ranked)
  if (!desk) return { decision: refusal(), note: 'no desk can stand in, so the handoff is refused' }
  const reopens = policy === 'after-hours' ? opening : _openingOf(desk, situation)
  const messageForCustomer = textForCustomer(policy === 'after-hours' ? 'handedOn' : 'received', telling, reopens)
  const { provider } = desk
  return { decision: { kind: policy, provider, ...(reopens && { opening: _named(reopens) }), messageForCustomer } }
}

/** The session overrides the configuration. A strict request for one desk is refused by default. */
const _policy = ({ routing, handoff }: Situation): NobodyThere =>
  handoff.nobodyThere ?? (handoff.strict && handoff.provider ? 'refuse' : routing.nobodyThere)

/** Causes that keep a desk from standing in. */
const _BROKEN: readonly Cause[] = ['disabled', 'not-ready', 'health']

/** A working desk, even if it is closed, full or serves other languages. */
const _standIn = (
  policy: 'open-anyway' | 'after-hours',
  { routing, handoff }: Situation,
  ranked: readonly RankedDesk[]
): RankedDesk | undefined => {
  const working = ranked.filter(({ causes }) => !causes.some((cause) => _BROKEN.includes(cause)))
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

/** Causes that pass by themselves. */
const _PASSING: readonly Cause[] = ['hours', 'capacity', 'presence', 'health']

/** The first opening among the closed desks, full or down as they may be now. */
const _firstOpening = (situation: Situation, ranked: readonly RankedDesk[]): FoundOpening | undefined => {
  const isClosed = ({ causes }: RankedDesk): boolean =>
    causes.includes('hours') && causes.every((cause) => _PASSING.includes(cause))
  const first = _soonest(ranked.filter(isClosed))
  return first && _openingOf(first, situation)
}

interface FoundOpening extends Opening {
  timeZone: string
}

const _named = ({ at, text }: FoundOpening): Opening => ({ at, text })

const _openingOf = ({ provider, opensAt }: RankedDesk, { routing, instant }: Situation): FoundOpening | undefined => {
  const timeZone = routing.desks.find((desk) => desk.provider === provider)?.calendar?.timeZone
  return opensAt === undefined || timeZone === undefined
    ? undefined
    : { at: opensAt, text: describeTime(opensAt, timeZone, instant), timeZone }
}
