/**
 * What handoffs look like from outside, move by move: to the customer, at the desk, to the bot. Knows nothing of how the router does it, and of a desk only what people at it see.
 */
import {
  AGENT_CLOSED,
  AGENT_JOINED,
  CUSTOMER_LEFT,
  HANDED_OFF,
  SESSION_ENDED,
} from '../../playground/botpress/plugin/texts'

/** What people do, and what happens to the router. `ticket` counts from the newest. */
export type Move =
  | { kind: 'hand-over' | 'customer-says' | 'customer-ends' | 'bot-stops' | 'forget' }
  | AgentMove
  | { kind: 'reopen' | 'customer-mails' | 'vendor-bot-says'; ticket: number }
  | { kind: 'webhook-again' | 'message-again'; back: number }
  | { kind: 'pass'; ms: number }

/** `agent` is one of the desk's. */
export interface AgentMove {
  kind: 'agent-says' | 'agent-takes' | 'note' | 'solve' | 'solve-with-text'
  agent: number
  ticket: number
}

/** In what desks differ for the people at them. */
export interface Habits {
  /** Only who comes first can claim a ticket: there is no passing it on. */
  claimsOnce: boolean
  /** Agents can open a solved ticket again. */
  reopens: boolean
  /** What the customer says to the bot opens a solved ticket again. */
  customerReopens: boolean
  /** The customer can answer outside the bot, which opens a solved ticket again; whether the desk tells us. */
  mails: 'never' | 'untold' | 'told'
}

/** A desk that is not named here is one like most. */
const HABITS: Record<string, Partial<Habits>> = {
  zendesk: { mails: 'told' },
  intercom: { customerReopens: true, mails: 'untold' },
  slack: { claimsOnce: true, reopens: false },
}

export const habitsOf = (desk: string): Habits => ({
  claimsOnce: false,
  reopens: true,
  customerReopens: false,
  mails: 'never',
  ...HABITS[desk],
})

/** What can be seen, or must be. */
export interface View {
  /** What the customer was shown, in order. */
  shown: string[]
  isActive: boolean
  /** How often the bot's flow went on by itself. */
  continued: number
  /** The oldest first. */
  tickets: TicketView[]
}

export interface TicketView {
  status: 'open' | 'solved'
  /** What the customer and the plugin said in it, in order. */
  posted: string[]
  /** Of what agents were told that it was not delivered; sorted. */
  told: string[]
  /** How often agents were told that nobody hears what they write into a reopened ticket. */
  warned: number
}

/** A line of the customer's conversation. */
interface Line {
  text: string
  /** Lines of one burst follow each other so closely that who has been announced may be known before what others said is read. */
  burst: number
  /** The bot has ended the session while it was on its way: it may be missing. */
  isOptional: boolean
}

interface Ticket {
  status: TicketView['status']
  posted: string[]
  /** What became of agents' words. Either: the bot has ended the session while they were on their way. */
  fates: Map<string, 'shown' | 'told' | 'either'>
  announced: Set<number>
  warned: number
}

export interface Model {
  /** Whether it must have settled before somebody does this: it depends on what he sees. */
  needsRest(move: Move): boolean
  /** Whether it can be done at all. */
  allows(move: Move): boolean
  apply(move: Move, words: string): void
  /** Time has passed in which everything that was on its way has arrived. Returns what must be seen; where it is left open which of two things happens, what is seen tells. */
  settled(seen: View): View
}

/** `agents`: their names. */
export const createModel = (habits: Habits, agents: string[]): Model => {
  let lines: Line[] = []
  const tickets: Ticket[] = []
  let burst = 0
  let isActive = false
  /** An agent has ended the session, and the customer hears of it with the next settling. */
  let farewell: Line | undefined
  /** The bot has ended the session, and the desk hears of it with the next settling. */
  let isStopping = false
  let continued = 0

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
  const say = (ticket: Ticket, agent: number, words: string): void => {
    ticket.fates.set(words, isOpen(ticket) ? 'shown' : 'told')
    if (!isOpen(ticket)) return
    announce(ticket, agent)
    show(`${agents[agent]}: ${words}`)
  }
  /** Who ends a session without a word is not introduced any more. */
  const solve = (ticket: Ticket): void => {
    if (isOpen(ticket)) farewell = show(AGENT_CLOSED)
    ticket.status = 'solved'
  }
  const reopen = (ticket: Ticket, isTold: boolean): void => {
    if (isTold && ticket.status === 'solved') ticket.warned = 1
    ticket.status = 'open'
  }
  /** The bot ends the session, whether an agent was a moment faster or not. */
  const stop = (ticket: Ticket): void => {
    if (!isActive) return
    isActive = false
    isStopping = true
    ticket.posted.push(CUSTOMER_LEFT)
    // Whoever was faster has solved it, and what the plugin hears of his end after its own has no meaning.
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
      tickets.push({ status: 'open', posted: [], fates: new Map(), announced: new Set(), warned: 0 })
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
      // Nothing that is said among agents or by machines, happens a second time or is forgotten means anything.
      case 'note':
      case 'vendor-bot-says':
      case 'webhook-again':
      case 'message-again':
      case 'pass':
      case 'forget':
        return
    }
  }

  return {
    apply,
    needsRest: ({ kind }) => kind === 'hand-over' || (isStopping && (kind === 'reopen' || kind === 'customer-mails')),
    allows: (move) => {
      if (move.kind === 'hand-over') return !isActive
      const ticket = ticketOf(move)
      // Nobody can open again what is open.
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
      lines = _present(lines, seen.shown)
      const shown = _arranged(lines, seen.shown)
      return {
        shown,
        isActive,
        continued,
        tickets: tickets.map(({ status, posted, fates, warned }, index) => ({
          status,
          posted,
          told: [...fates]
            .flatMap(([words, fate]) => _told(words, fate, shown, seen.tickets[index]?.told ?? []))
            .toSorted(),
          warned,
        })),
      }
    },
  }
}

/** Of what was optional, what is seen: from now on that is certain. */
const _present = (lines: Line[], seen: string[]): Line[] => {
  let surplus = seen.length - lines.filter(({ isOptional }) => !isOptional).length
  return lines.flatMap((line) => {
    if (!line.isOptional) return [line]
    const isSeen = line.text === AGENT_JOINED ? surplus > 0 : seen.includes(line.text)
    if (isSeen) surplus -= 1
    return isSeen ? [{ ...line, isOptional: false }] : []
  })
}

/** Within a burst somebody may be announced earlier than before his own words. */
const _arranged = (lines: Line[], seen: string[]): string[] => {
  const arranged: string[] = []
  for (const { burst } of lines) {
    const expected = lines.filter((line) => line.burst === burst).map(({ text }) => text)
    if (lines[arranged.length]?.burst !== burst) continue
    const found = seen.slice(arranged.length, arranged.length + expected.length)
    arranged.push(...(_isSooner(found, expected) ? found : expected))
  }
  return arranged
}

const _isSooner = (found: string[], expected: string[]): boolean => {
  const counted = (texts: string[]) => {
    let joined = 0
    return texts.flatMap((text) => {
      if (text !== AGENT_JOINED) return [{ text, joined }]
      joined += 1
      return []
    })
  }
  const [before, after] = [counted(found), counted(expected)]
  return (
    before.length === after.length &&
    before.every(({ text, joined }, index) => text === after[index]?.text && joined >= after[index].joined)
  )
}

/** Of what was on its way when the bot ended the session its author is told unless it was certain to be shown: what is neither shown nor told of is lost. */
const _told = (words: string, fate: 'shown' | 'told' | 'either', shown: string[], seen: string[]): string[] => {
  if (fate !== 'either') return fate === 'told' ? [words] : []
  return seen.includes(words) || !shown.some((text) => text.endsWith(`: ${words}`)) ? [words] : []
}
