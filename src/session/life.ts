/**
 * The life of a session, written once: opening → open → closing → closed, or failed. What an event means depends on the phase alone, and this table is asked for it everywhere.
 *
 * A session is its tags, of which one is the status; the phase is what the status and its moments say at a given time. An end by an agent holds a lane (ending.ts) from the decision to the tag; the bot's needs none.
 */
import { activatedAt, JUST_ENDED_MS } from '../botpress/timing'

/** As the tag has it. */
export const STATUSES = ['open', 'closed', 'failed'] as const
export type Status = (typeof STATUSES)[number]

export const isStatus = (value: string | undefined): value is Status => STATUSES.some((status) => status === value)

/**
 * - opening: no session is written down yet, or the plugin is not certain to listen yet (timing.ts).
 * - open: both sides talk.
 * - closing: the end is decided and written down, and what was said until the bot has heard of it may still be on its way.
 * - closed: it is over. A ticket that an agent reopens afterwards stays without a customer.
 * - failed: no desk took it.
 */
export const PHASES = ['opening', 'open', 'closing', 'closed', 'failed'] as const
export type Phase = (typeof PHASES)[number]

/** What decides the phase; moments in milliseconds since the epoch. */
export interface Moments {
  status: Status
  openedAt: number | undefined
  closedAt: number | undefined
}

/** `now` in milliseconds since the epoch: of something that was said, the moment at which it was. */
export const phaseOf = (session: Moments | undefined, now: number): Phase => {
  switch (session?.status) {
    case undefined:
      return 'opening'
    case 'open':
      return now < activatedAt(session) ? 'opening' : 'open'
    case 'closed':
      return session.closedAt !== undefined && now < session.closedAt + JUST_ENDED_MS ? 'closing' : 'closed'
    case 'failed':
      return 'failed'
  }
}

export const LIFE_EVENTS = [
  'customer-message',
  'bot-message',
  'agent-message',
  'agent-assigned',
  'ticket-closed',
  'ticket-reopened',
  'stop',
] as const
export type LifeEvent = (typeof LIFE_EVENTS)[number]

/**
 * - deliver: it goes to the other side.
 * - wait: it means what it means in an open session, as soon as the plugin listens. Where there is no session yet, the desk is asked to send it again.
 * - tell-agent: it cannot reach the customer, the agent is told.
 * - refuse: it cannot reach the agent, the sender is told.
 * - end: the session ends, once.
 * - finish: the session has ended already, and what its end left undone is done.
 * - nothing: it has no meaning here.
 */
export type Meaning = 'deliver' | 'wait' | 'tell-agent' | 'refuse' | 'end' | 'finish' | 'nothing'

const MEANINGS: Record<LifeEvent, Record<Phase, Meaning>> = {
  'customer-message': {
    // The plugin passes on what it gets, so it listens: only what is for the bot has to wait.
    opening: 'deliver',
    open: 'deliver',
    // The customer talks to the agent until the bot has heard of the end.
    closing: 'deliver',
    closed: 'refuse',
    failed: 'refuse',
  },
  'bot-message': {
    opening: 'deliver',
    open: 'deliver',
    // The plugin's farewell overlaps its stop, and may come late: the ticket still gets it.
    closing: 'deliver',
    closed: 'deliver',
    failed: 'refuse',
  },
  'agent-message': {
    opening: 'wait',
    open: 'deliver',
    // The plugin drops without a word what comes after the end, and the end is the last thing that it was given.
    closing: 'tell-agent',
    closed: 'tell-agent',
    failed: 'tell-agent',
  },
  'agent-assigned': {
    opening: 'wait',
    open: 'deliver',
    // Nobody is there to whom he could be announced, and it was no message that anybody would miss.
    closing: 'nothing',
    closed: 'nothing',
    failed: 'nothing',
  },
  'ticket-closed': {
    opening: 'wait',
    open: 'end',
    // Said again by its desk, an echo of our own end, or the end of a ticket that was reopened.
    closing: 'nothing',
    closed: 'nothing',
    failed: 'nothing',
  },
  'ticket-reopened': {
    // An agent has thought better of something that had not reached us.
    opening: 'nothing',
    open: 'nothing',
    closing: 'tell-agent',
    closed: 'tell-agent',
    // Its ticket is closed and its agents are told with the next thing that they say (webhook/abandoned.ts).
    failed: 'nothing',
  },
  stop: {
    // Whoever stops a session knows that the plugin has begun it.
    opening: 'end',
    open: 'end',
    // Said again, since whoever heard it first may have died before the ticket was solved; or an agent was a moment faster.
    closing: 'finish',
    closed: 'finish',
    failed: 'nothing',
  },
}

export const meaningOf = (event: LifeEvent, phase: Phase): Meaning => MEANINGS[event][phase]
