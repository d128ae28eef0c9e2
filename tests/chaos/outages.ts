/** Times in which everything at one desk fails in the same way. */
import { ACCOUNT_FAULT_NAMES } from './call-faults'
import type { Random } from './random'

/**
 * - down: no call has an effect.
 * - slow: every call takes so long that some get no answer in time.
 * - lying: calls take effect, and the answers say that they failed.
 * - closed: the account is moved, locked or billed; all calls are refused in the same words.
 */
export const OUTAGES = ['down', 'slow', 'lying', 'closed'] as const
export type Outage = (typeof OUTAGES)[number]

export interface OutageTime {
  kind: Outage
  /** Milliseconds since the epoch. */
  from: number
  until: number
  /** The fault of every call, for kind `closed`. */
  refusal: string
}

/** The beginnings and the middles of a batch's handoffs lie within this time. */
const WITHIN_MS = 60_000
const SHORT_MS = [4_000, 30_000] as const
/** Longer than a message is offered to its desk: it waits in the outbox until the next event. */
const LONG_MS = [60_000, 180_000] as const

const _lengthOf = (random: Random): number => {
  const [shortest, longest] = random.chance(0.3) ? LONG_MS : SHORT_MS
  return random.between(shortest, longest)
}

/** The outage of one desk in one batch. */
export const makeOutage = (random: Random, now: number, kinds: readonly Outage[]): OutageTime => {
  const from = now + random.between(0, WITHIN_MS)
  return {
    kind: random.pick(kinds),
    from,
    until: from + _lengthOf(random),
    refusal: random.pick(ACCOUNT_FAULT_NAMES),
  }
}

/** The fault of one call during the outage. */
export const faultDuring = ({ kind, refusal }: OutageTime, random: Random): string => {
  switch (kind) {
    case 'down':
      return random.pick(['503-before', '502-before', 'disconnect-before', 'timeout-before'])
    case 'slow':
      return random.pick(['slow', 'slow', 'timeout-after'])
    case 'lying':
      return random.pick(['500-after', '502-after', 'disconnect-after'])
    case 'closed':
      return refusal
  }
}
