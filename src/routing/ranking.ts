/** Input and output of `rank`. */
import type { TicketOptions } from '../../providers/provider'
import type { Detection } from './language'
import type { ChosenLanguage } from './language'
import type { NobodyThere, Priority, Routing } from './routing'

/** The handoff to route. */
export interface Handoff {
  /** Stable across repeated rankings of the same handoff, since percentage shares are drawn from it. */
  id: string
  /** The desk that the session requests. */
  provider?: string
  /** Only the requested desk. */
  strict?: boolean
  /** The language that the session states. */
  language?: string
  /** The detected language (see detect-language.ts). */
  detected?: Detection
  /** The language detected among those with texts for customers. It has no effect on the desks. */
  spoken?: Detection
  priority?: Priority
  tags?: readonly string[]
  /** Overrides the configuration's setting for when nobody is there. */
  nobodyThere?: NobodyThere
}

/** State of a desk's circuit breaker: closed (healthy), open (down) or half-open (probing). */
export interface Health {
  state: 'closed' | 'open' | 'half-open'
  /** Time of the next attempt at an open breaker. */
  until?: number
}

export interface Situation {
  routing: Routing
  handoff: Handoff
  /** Milliseconds since the epoch. */
  instant: number
  /** By desk. Absent: healthy. */
  health?: Readonly<Record<string, Health | undefined>>
  /** Open sessions by desk. Absent: unknown. */
  load?: Readonly<Record<string, number | undefined>>
  /** Whether an agent is online, by desk. Absent: unknown, or it doesn't matter. */
  presence?: Readonly<Record<string, boolean | undefined>>
  /** The customer's last session. */
  history?: { provider: string; at: number }
  /** Nothing is opened: the customer may be unknown. */
  isDryRun?: boolean
  /** The rotation turn that this handoff has claimed, counted from 0. */
  turn?: number
}

/** Why a desk is out. */
export type Cause =
  | 'disabled'
  | 'not-ready'
  | 'not-asked-for'
  | 'rule'
  | 'after-hours-only'
  | 'language'
  | 'hours'
  | 'capacity'
  | 'presence'
  | 'health'

export interface RankedDesk {
  provider: string
  title: string
  outcome: 'eligible' | 'out'
  /** Position among the eligible desks, counted from 1. */
  place?: number
  /** The reason for its place or for being out: `closed: opens Monday 09:00 Europe/Paris`. */
  reason: string
  /** All causes for being out. Empty when eligible. */
  causes: Cause[]
  /** When a closed desk opens. */
  opensAt?: number
  /** What the rule sets on a ticket at this desk. */
  options: TicketOptions
}

/** The next opening of a desk. */
export interface Opening {
  at: number
  /** `Monday 09:00 Europe/Paris` */
  text: string
}

export type Decision =
  | { kind: 'assign'; provider: string }
  | { kind: 'open-anyway' | 'after-hours'; provider: string; opening?: Opening; messageForCustomer: string }
  | { kind: 'refuse'; opening?: Opening; messageForCustomer: string }

export interface Ranking {
  instant: number
  /** All configured desks: the eligible ones by place, then those that are out. */
  desks: RankedDesk[]
  decision: Decision
  language: ChosenLanguage
  /** Name of the matching rule. */
  rule?: string
  /** What the customer can be told, in their language as far as it is known. */
  messageForCustomer: string
  /** Further remarks, one sentence each. */
  notes: string[]
  /**
   * Set when the rotation decides: claim the next turn under this key, then rank again with that turn. Handoffs with
   * the same candidate desks share a key. Each key has its own counter, from 0.
   */
  rotation?: { key: string }
}

/** The desks to try, in order. */
export const attempts = ({ desks, decision }: Ranking): RankedDesk[] => {
  if (decision.kind === 'assign') return desks.filter(({ outcome }) => outcome === 'eligible')
  return decision.kind === 'refuse' ? [] : desks.filter(({ provider }) => provider === decision.provider)
}
