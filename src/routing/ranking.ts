/** What `rank` takes and gives. */
import type { TicketOptions } from '../../providers/provider'
import type { Detection } from './language'
import type { ChosenLanguage } from './language'
import type { NobodyThere, Priority, Routing } from './routing'

/** What is asked for. */
export interface Handoff {
  /** The same whenever this handoff is ranked again: a share in percent is drawn from it. */
  id: string
  /** The desk that the session asks for. */
  provider?: string
  /** That desk or none. */
  strict?: boolean
  /** As the session says it. */
  language?: string
  /** What the customer's words say about it (see detect-language.ts). */
  detected?: Detection
  priority?: Priority
  tags?: readonly string[]
  /** What the session wants when nobody is there, instead of what the configuration says. */
  nobodyThere?: NobodyThere
}

/** A desk's circuit breaker: closed is well, open is down, half-open is being tried again. */
export interface Health {
  state: 'closed' | 'open' | 'half-open'
  /** When an open one is tried again. */
  until?: number
}

export interface Situation {
  routing: Routing
  handoff: Handoff
  /** Milliseconds since the epoch. */
  instant: number
  /** By desk. Absent: well. */
  health?: Readonly<Record<string, Health | undefined>>
  /** Open sessions by desk. Absent: unknown. */
  load?: Readonly<Record<string, number | undefined>>
  /** The customer's last session. */
  history?: { provider: string; at: number }
  /** The turn of the rotation that this handoff holds, counted from 0. */
  turn?: number
}

/** Why a desk is out. */
export type Cause =
  | 'disabled'
  | 'not-asked-for'
  | 'rule'
  | 'after-hours-only'
  | 'language'
  | 'hours'
  | 'capacity'
  | 'health'

export interface RankedDesk {
  provider: string
  title: string
  outcome: 'eligible' | 'out'
  /** From 1. Eligible desks have one. */
  place?: number
  /** Why this place, or why out: `closed: opens Monday 09:00 Europe/Paris`. */
  reason: string
  /** All that keeps it out; empty when eligible. */
  causes: Cause[]
  /** When a closed desk opens. */
  opensAt?: number
  /** What the ticket gets there. */
  options: TicketOptions
}

/** When it goes on. */
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
  /** The rule that fits. */
  rule?: string
  /** What else there is to know, one sentence each. */
  notes: string[]
  /**
   * Set when the rotation decides: claim the next turn under this key and rank again with it. Handoffs that the same desks
   * may take have the same key; each key has its own count, from 0.
   */
  rotation?: { key: string }
}

/** The desks to try, one after the other. */
export const attempts = ({ desks, decision }: Ranking): RankedDesk[] => {
  if (decision.kind === 'assign') return desks.filter(({ outcome }) => outcome === 'eligible')
  return decision.kind === 'refuse' ? [] : desks.filter(({ provider }) => provider === decision.provider)
}
