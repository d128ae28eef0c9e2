/**
 * What a handoff looks like from outside, move by move: to the customer, at the desk and to the bot. The model knows
 * nothing of how the router works, and of a desk only what its agents see.
 */
import {
  AGENT_CLOSED,
  AGENT_JOINED,
  CUSTOMER_LEFT,
  HANDED_OFF,
  SESSION_ENDED,
} from '../../playground/botpress/plugin/texts'
import { arrange, keepSeen, reported, type Fate, type Line } from './view'

/** What people do, and what happens to the router. `ticket` 0 is the newest ticket. */
export type Move =
  | { kind: 'hand-over' | 'customer-says' | 'customer-ends' | 'bot-stops' | 'forget' }
  | AgentMove
  | { kind: 'reopen' | 'customer-mails' | 'vendor-bot-says'; ticket: number }
  | { kind: 'webhook-again' | 'message-again'; back: number }
  | { kind: 'vendor-change'; what: VendorChange; ticket: number }
  | { kind: 'forget-user'; whose: 'customer' | 'agent' }
  | OutageMove
  | { kind: 'pass'; ms: number }

/** What a vendor or an agent changes. Desks that can't do it skip it. */
export const VENDOR_CHANGES = ['merge-contact', 'change-address', 'convert-ticket', 'delete-reply'] as const
export type VendorChange = (typeof VENDOR_CHANGES)[number]

/** The customer writes while the desk is down. Then it is back, and this person is the first to write. */
export interface OutageMove {
  kind: 'outage'
  first: 'customer' | 'agent'
  agent: number
  ticket: number
}

/** `agent` is an index into the desk's agents. */
export interface AgentMove {
  kind: 'agent-says' | 'agent-takes' | 'note' | 'solve' | 'solve-with-text'
  agent: number
  ticket: number
}

/** How desks differ for their agents. */
export interface Habits {
  /** Only the first agent can claim a ticket, and can't pass it on. */
  claimsOnce: boolean
  /** The end is not recorded in the ticket, so its place among the messages is where the router hears of it. */
  endsAside: boolean
  /** Agents can reopen a solved ticket. */
  reopens: boolean
  /** The customer's words to the bot reopen a solved ticket. */
  customerReopens: boolean
  /** The customer can answer by mail, which reopens a solved ticket; whether the desk sends a webhook for it. */
  mails: 'never' | 'untold' | 'told'
  /** The desk tells of a deleted reply with the next event of its ticket, if ever: it sends no webhook for it. */
  deletesSilently: boolean
}

/** Exceptions from what most desks do. */
const HABITS: Record<string, Partial<Habits>> = {
  zendesk: { mails: 'told', deletesSilently: true },
  intercom: { customerReopens: true, mails: 'untold' },
  slack: { claimsOnce: true, endsAside: true, reopens: false },
}

export const habitsOf = (desk: string): Habits => ({
  claimsOnce: false,
  endsAside: false,
  reopens: true,
  customerReopens: false,
  mails: 'never',
  deletesSilently: false,
  ...HABITS[desk],
})

/** What people see, or must see. */
export interface View {
  /** What the customer sees, in order, except for requests to disregard a message. */
  shown: string[]
  /** The messages that the customer was asked to disregard; sorted. */
  withdrawn: string[]
  isActive: boolean
  /** How often the bot's flow continued after a session. */
  continued: number
  /** Oldest first. */
  tickets: TicketView[]
}

export interface TicketView {
  status: 'open' | 'solved'
  /** What the customer and the plugin wrote in it, in order. */
  posted: string[]
  /** Messages that agents were told weren't delivered; sorted. */
  told: string[]
  /** How often agents were told that nobody reads a reopened ticket. */
  warned: number
}

interface Ticket {
  status: TicketView['status']
  posted: string[]
  /** What became of agents' messages, by their text. */
  fates: Map<string, Fate>
  /** Agents' messages that are still in the ticket, in order. */
  replies: string[]
  announced: Set<number>
  warned: number
}

export interface Model {
  /** Whether everything must have arrived first, because the move depends on what people see. */
  needsRest(move: Move): boolean
  /** Whether the move is possible now. */
  allows(move: Move): boolean
  apply(move: Move, words: string): void
  /**
   * Everything in flight has arrived. Returns what must be seen. Where two outcomes are allowed, `seen` decides between
   * them.
   */
  settled(seen: View): View
}

/** What became of a message that its agent deleted. */
interface Withdrawal {
  words: string
  burst: number
  /** An end may overtake it. */
  isCertain: boolean
}

/** `agents` are their names. */
export const createModel = (habits: Habits, agents: string[]): Model => {
  let lines: Line[] = []
  const tickets: Ticket[] = []
  let burst = 0
  let isActive = false
  /** The configuration still names the former address: no handoff starts until somebody corrects it. */
  let hasMoved = false
  /** An agent has ended the session, and the customer hasn't heard of it yet. */
  let farewell: Line | undefined
  /** The bot has ended the session, and the desk hasn't heard of it yet. */
  let isStopping = false
  let continued = 0
  /** Messages that agents deleted while their customer could still be told. */
  const withdrawals: Withdrawal[] = []

  const ticketOf = (move: Move): Ticket | undefined => tickets.at(-1 - ('ticket' in move ? move.ticket : 0))
  const isOpen = (ticket: Ticket): boolean => ticket === tickets.at(-1) && isActive && farewell === undefined
  const show = (text: string): Line => {
    const line = { text, burst, isOptional: false }
    lines.push(line)
    return line
  }
  const announce = (ticket: Ticket, agent: number): void => {
    if (!isOpen(ticket) || ticket.announced.has(agent)) return
    ticket.announced.add(agent)
    show(AGENT_JOINED)
  }
  /** The message and the end were sent so close to each other that either may come first. */
  const crossesEnd = (ticket: Ticket): boolean =>
    habits.endsAside && ticket === tickets.at(-1) && isActive && farewell?.burst === burst
  /** Another agent may be announced with the message. */
  const mayShow = (ticket: Ticket, agent: number, text: string): void => {
    const announcement = ticket.announced.has(agent)
      ? []
      : [{ text: AGENT_JOINED, burst, isOptional: true, announces: text }]
    if (farewell) lines.splice(lines.indexOf(farewell), 0, ...announcement, { text, burst, isOptional: true })
  }
  const say = (ticket: Ticket, agent: number, words: string): void => {
    ticket.replies.push(words)
    if (crossesEnd(ticket)) {
      ticket.fates.set(words, 'one')
      return mayShow(ticket, agent, `${agents[agent]}: ${words}`)
    }
    ticket.fates.set(words, isOpen(ticket) ? 'shown' : 'told')
    if (!isOpen(ticket)) return
    announce(ticket, agent)
    show(`${agents[agent]}: ${words}`)
  }
  /** The customer is asked to disregard a message that they have, as long as the session is open. */
  const deleteReply = (ticket: Ticket): void => {
    const words = habits.deletesSilently ? ticket.replies.at(-1) : ticket.replies.pop()
    if (words === undefined || !isOpen(ticket) || ticket.fates.get(words) !== 'shown') return
    if (withdrawals.some((one) => one.words === words)) return
    withdrawals.push({ words, burst, isCertain: !habits.deletesSilently })
  }
  const overtakeWithdrawals = (): void => {
    for (const one of withdrawals) if (one.burst === burst) one.isCertain = false
  }
  /** An agent who ends a session without a message isn't announced. */
  const solve = (ticket: Ticket): void => {
    if (habits.endsAside) overtakeWithdrawals()
    if (isOpen(ticket)) farewell = show(AGENT_CLOSED)
    ticket.status = 'solved'
  }
  const reopen = (ticket: Ticket, isTold: boolean): void => {
    if (isTold && ticket.status === 'solved') ticket.warned = 1
    ticket.status = 'open'
  }
  /** The bot ends the session. An agent may have ended it a moment before. */
  const stop = (ticket: Ticket): void => {
    if (!isActive) return
    overtakeWithdrawals()
    isActive = false
    isStopping = true
    ticket.posted.push(CUSTOMER_LEFT)
    // After an agent's end the ticket's status is the agents' business. The plugin ignores that end after its own.
    if (farewell) lines.splice(lines.indexOf(farewell), 1)
    else ticket.status = 'solved'
    farewell = undefined
    for (const line of lines.filter((one) => one.burst === burst && one.text !== HANDED_OFF)) {
      line.isOptional = true
      const [, words] = line.text.split(': ')
      if (words !== undefined && ticket.fates.has(words)) ticket.fates.set(words, 'either')
    }
  }

  const apply = (move: Move, words: string): void => {
    if (move.kind === 'hand-over') {
      isActive = true
      tickets.push({ status: 'open', posted: [], fates: new Map(), replies: [], announced: new Set(), warned: 0 })
      show(HANDED_OFF)
      return
    }
    const ticket = ticketOf(move)
    if (!ticket) return
    switch (move.kind) {
      case 'customer-says':
        if (!isActive) return
        ticket.posted.push(words)
        if (habits.customerReopens) ticket.status = 'open'
        return
      case 'agent-says':
        return say(ticket, move.agent, words)
      case 'outage':
        apply({ kind: 'customer-says' }, `${words} into silence`)
        if (move.first === 'customer') apply({ kind: 'customer-says' }, words)
        else say(ticket, move.agent, words)
        return
      case 'agent-takes':
        if (!habits.claimsOnce || ticket.announced.size === 0) announce(ticket, move.agent)
        return
      case 'solve':
        return solve(ticket)
      case 'solve-with-text':
        say(ticket, move.agent, words)
        return solve(ticket)
      case 'reopen':
        return habits.reopens ? reopen(ticket, true) : undefined
      case 'customer-mails':
        return habits.mails === 'never' ? undefined : reopen(ticket, habits.mails === 'told')
      case 'customer-ends':
        if (!isActive) return
        stop(ticket)
        show(SESSION_ENDED)
        continued += 1
        return
      case 'bot-stops':
        return stop(ticket)
      // Notes, machines, duplicates and restarts change nothing that people see.
      case 'note':
      case 'vendor-bot-says':
      case 'webhook-again':
      case 'message-again':
      case 'pass':
      case 'forget':
      case 'forget-user':
        return
      case 'vendor-change':
        hasMoved ||= move.what === 'change-address'
        if (move.what === 'delete-reply') deleteReply(ticket)
        return
    }
  }

  return {
    apply,
    needsRest: ({ kind }) =>
      ['hand-over', 'outage', 'vendor-change', 'forget-user'].includes(kind) ||
      (isStopping && (kind === 'reopen' || kind === 'customer-mails')),
    allows: (move) => {
      if (move.kind === 'hand-over') return !isActive && !hasMoved
      // Only an open session has something to send when the desk is back.
      if (move.kind === 'outage') return isActive && move.ticket === 0
      const ticket = ticketOf(move)
      // An open ticket can't be reopened.
      return ticket !== undefined && (move.kind !== 'reopen' || ticket.status === 'solved')
    },
    settled: (seen) => {
      if (farewell) {
        isActive = false
        continued += 1
      }
      farewell = undefined
      isStopping = false
      burst += 1
      lines = keepSeen(lines, seen.shown)
      const shown = arrange(lines, seen.shown)
      return {
        shown,
        withdrawn: withdrawals
          .flatMap(({ words, isCertain }) => (isCertain || seen.withdrawn.includes(words) ? [words] : []))
          .toSorted(),
        isActive,
        continued,
        tickets: tickets.map(({ status, posted, fates, warned }, index) => ({
          status,
          posted,
          told: [...fates]
            .flatMap(([words, fate]) => reported(words, fate, shown, seen.tickets[index]?.told ?? []))
            .toSorted(),
          warned,
        })),
      }
    },
  }
}
