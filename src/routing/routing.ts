/** What routing decides by, read from the configuration once and used everywhere. */
import type { TicketOptions } from '../../providers/provider'
import type { Calendar } from './hours'

export type Strategy = 'priority' | 'round-robin' | 'least-busy'
export type Priority = NonNullable<TicketOptions['priority']>
export type NobodyThere = 'refuse' | 'open-anyway' | 'after-hours'

export interface Routing {
  strategy: Strategy
  /** Every configured desk, in the order of preference. */
  desks: Desk[]
  rules: Rule[]
  defaultLanguage?: string
  /** How long a returning customer goes back to the desk of the last session. 0: not at all. */
  stickyDays: number
  nobodyThere: NobodyThere
  /** The desk that takes what comes when nobody is there. */
  afterHoursDesk?: string
}

export interface Desk {
  /** Registry key. */
  provider: string
  /** As people call it. */
  title: string
  enabled: boolean
  /** Share of handoffs and of load, relative to the other desks. */
  weight: number
  /** BCP 47. Empty: all. */
  languages: string[]
  /** Undefined: always open. */
  calendar?: Calendar
  /** Most open sessions at a time. Undefined: no limit. */
  capacity?: number
  /** Takes handoffs only when nobody else is there. */
  afterHoursOnly: boolean
}

/** All conditions have to hold; an absent one always does. */
export interface Rule {
  /** Its name, or `rule 2`. */
  name: string
  /** Any of these. */
  languages?: string[]
  /** Any of these. */
  priorities?: Priority[]
  /** At least one of these. */
  tags?: string[]
  calendar?: Calendar
  /** The part of the handoffs that this rule takes, as a stretch of 0 to 100. Rules with the same conditions have stretches side by side. */
  share?: { from: number; to: number; among: string }
  /** Registry keys, in the order of preference. */
  desks: string[]
  /** What the ticket gets there. */
  options: TicketOptions
}

/** Every language that a desk or a rule distinguishes: the ones worth detecting. */
export const configuredLanguages = ({ desks, rules, defaultLanguage }: Routing): string[] => {
  const distinguished = [...desks.flatMap((desk) => desk.languages), ...rules.flatMap((rule) => rule.languages ?? [])]
  if (distinguished.length === 0) return []
  return [...new Set([...distinguished, ...(defaultLanguage ? [defaultLanguage] : [])])]
}

/** A desk whose connection is filled in. */
export interface ConfiguredDesk {
  provider: string
  title: string
  /** Off: takes no new handoffs. */
  enabled: boolean
}
