/**
 * The life of a session: opening → open → closing → closed. The phase follows from the status and the moments in the
 * session's tags. What an event means depends on the phase alone; every part of the router looks it up here.
 */
import { activatedAt, JUST_ENDED_MS } from '../botpress/timing'

/** Values of the status tag. A conversation whose start failed has none, and isn't a session. */
export const STATUSES = ['open', 'closed'] as const
export type Status = (typeof STATUSES)[number]

export const isStatus = (value: string | undefined): value is Status => STATUSES.some((status) => status === value)

/**
 * - opening: the session isn't written down yet, or the plugin may not listen yet (timing.ts).
 * - open: both sides talk.
 * - closing: the end is written down. Messages from before the bot received it may still arrive.
 * - closed: it is over. A ticket that an agent reopens afterwards has no customer any more.
 */
export const PHASES = ['opening', 'open', 'closing', 'closed'] as const
export type Phase = (typeof PHASES)[number]

/** What decides the phase; moments in milliseconds since the epoch. */
export interface Moments {
  status: Status
  openedAt: number | undefined
  endedAt: number | undefined
}

/** `now` in milliseconds since the epoch. For a message it is the moment at which the message was written. */
export const phaseOf = (session: Moments | undefined, now: number): Phase => {
  switch (session?.status) {
    case undefined:
      return 'opening'
    case 'open':
      return now < activatedAt(session) ? 'opening' : 'open'
    case 'closed':
      return session.endedAt !== undefined && now < session.endedAt + JUST_ENDED_MS ? 'closing' : 'closed'
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
 * - wait: as in an open session, as soon as the plugin listens. Without a session the desk is asked to deliver it
 *   again.
 * - tell-agent: it can't reach the customer, so the agent is told.
 * - refuse: it can't reach the agent, so the sender gets an error.
 * - end: the session ends, once.
 * - finish: the session has ended already. What is left of its cleanup is done.
 * - nothing: no-op.
 */
export type Meaning = 'deliver' | 'wait' | 'tell-agent' | 'refuse' | 'end' | 'finish' | 'nothing'

const MEANINGS: Record<LifeEvent, Record<Phase, Meaning>> = {
  'customer-message': {
    // The plugin already listens when it passes on a message. Only what goes to the bot has to wait.
    opening: 'deliver',
    open: 'deliver',
    // Until the bot receives the end, the customer still talks to the agent.
    closing: 'deliver',
    closed: 'refuse',
  },
  'bot-message': {
    opening: 'deliver',
    open: 'deliver',
    // The plugin's farewell overlaps its stop and may come late. It still goes to the ticket.
    closing: 'deliver',
    closed: 'deliver',
  },
  'agent-message': {
    opening: 'wait',
    open: 'deliver',
    // The plugin silently drops what comes after the end.
    closing: 'tell-agent',
    closed: 'tell-agent',
  },
  'agent-assigned': {
    opening: 'wait',
    open: 'deliver',
    // The customer has left, and no message is lost.
    closing: 'nothing',
    closed: 'nothing',
  },
  'ticket-closed': {
    opening: 'wait',
    open: 'end',
    // A duplicate, an echo of the router's own close, or the end of a ticket that was reopened.
    closing: 'nothing',
    closed: 'nothing',
  },
  'ticket-reopened': {
    // The ticket was closed and reopened before the router saw the close.
    opening: 'nothing',
    open: 'nothing',
    closing: 'tell-agent',
    closed: 'tell-agent',
  },
  stop: {
    // The bot can only stop a session that the plugin has begun.
    opening: 'end',
    open: 'end',
    // A repeated call, after the first one died before its cleanup; or an agent ended it a moment earlier.
    closing: 'finish',
    closed: 'finish',
  },
}

export const meaningOf = (event: LifeEvent, phase: Phase): Meaning => MEANINGS[event][phase]
