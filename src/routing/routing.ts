/** The parsed settings of routing. */
import type { TicketOptions } from '../../providers/provider'
import type { Calendar } from './hours'

export type Strategy = 'priority' | 'round-robin' | 'least-busy'
export type Priority = NonNullable<TicketOptions['priority']>
export type NobodyThere = 'refuse' | 'open-anyway' | 'after-hours'
/** Which desks may take over from a language's or a rule's own desks. */
export type Otherwise = 'refuse' | 'default-language' | 'any-desk'

export interface Routing {
  strategy: Strategy
  /** Every configured desk, in the order of preference. */
  desks: Desk[]
  rules: Rule[]
  defaultLanguage?: string
  /** For how many days a returning customer goes back to the desk of the last session. 0: off. */
  stickyDays: number
  nobodyThere: NobodyThere
  /** The desk that takes handoffs when nobody is there. */
  afterHoursDesk?: string
  /** Undefined: refuse. */
  otherwise?: Otherwise
  /** For moments that are given without a zone. */
  timeZone?: string
  /** The configured texts. */
  texts?: Texts
}

/** A text for the customer. */
export interface Text {
  /** BCP 47. Undefined: every language without a text of its own. */
  language?: string
  text: string
}

/** What a customer is told: no desk takes the handoff; a ticket waits for the team; another desk takes over. */
export type TextKind = 'refusal' | 'received' | 'handedOn'
export type Texts = Partial<Record<TextKind, Text[]>>

export interface Desk {
  /** Registry key. */
  provider: string
  /** Name for people. */
  title: string
  enabled: boolean
  /** Why it can't take handoffs yet, such as `Bot token is missing`. */
  notReady?: string
  /** Share of handoffs and of load, relative to the other desks. */
  weight: number
  /** BCP 47. Empty: all. */
  languages: string[]
  /** Undefined: always open. */
  calendar?: Calendar
  /** Maximum number of open sessions. Undefined: no limit. */
  capacity?: number
  /** Whether it takes handoffs only while an agent is online. */
  onlyOnline?: boolean
  /** Whether the desk takes handoffs only when nobody else is there. */
  afterHoursOnly: boolean
}

/** A rule applies when all of its conditions hold. An absent condition always holds. */
export interface Rule {
  /** The configured name, or `rule 2`. */
  name: string
  /** Any of these. */
  languages?: string[]
  /** Any of these. */
  priorities?: Priority[]
  /** At least one of these. */
  tags?: string[]
  calendar?: Calendar
  /**
   * The rule's part of the handoffs, as a range within 0 to 100. Rules with the same conditions have adjacent ranges.
   */
  share?: { from: number; to: number; among: string }
  /** Registry keys, in the order of preference. */
  desks: string[]
  /** What the rule sets on the ticket. */
  options: TicketOptions
  /** Which desks may take over from the rule's. Undefined: as routing says. */
  otherwise?: Otherwise
}

/** The languages that desks or rules distinguish, plus the default. Empty when detection can't change the ranking. */
export const configuredLanguages = ({ desks, rules, defaultLanguage }: Routing): string[] => {
  const distinguished = [...desks.flatMap((desk) => desk.languages), ...rules.flatMap((rule) => rule.languages ?? [])]
  if (distinguished.length === 0) return []
  return [...new Set([...distinguished, ...(defaultLanguage ? [defaultLanguage] : [])])]
}

/** A desk with a connection in the configuration. */
export interface ConfiguredDesk {
  provider: string
  title: string
  /** False: takes no new handoffs. */
  enabled: boolean
  /** Why it can't take handoffs yet. */
  notReady?: string
  /** What its block says about routing, by the names in `deskFields`. */
  settings?: Readonly<Record<string, unknown>>
}
