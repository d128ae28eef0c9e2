/** One customer's session, played and watched from both sides. */
import type { SandboxAgent, SandboxTicket } from '../../providers/kit/sandbox'
import { providers } from '../../src/registry'
import type { Seen } from '../runtime'
import type { SimulatedTime } from '../simulated-time'
import type { World } from '../world'
import { compareDesks, compareTexts } from './check'
import type { Happening } from './timeline'

export const titleOf = (desk: string): string => providers[desk]?.title ?? desk

export interface Stage {
  world: World
  time: SimulatedTime
}

export interface Session {
  readonly customer: string
  /** Registry key of the desk that has the ticket. */
  readonly desk: string
  readonly agent: SandboxAgent
  readonly ticket: SandboxTicket
  /** The customer writes, the bot hands over. */
  begin(words: string, card: { title: string; description: string }): Promise<void>
  says(words: string): Promise<void>
  assign(): Promise<void>
  replies(words: string): Promise<void>
  solves(words?: string): Promise<void>
  /** What happened since the last call. */
  news(): Happening[]
  /** What is wrong by the end, one sentence each. `desk`: where it has to be. */
  problems(desk: string): string[]
}

/** Longer than the plugin needs to listen to a new session. */
const ACTIVATED_MS = 4_000
const MOVE_MS = 3_000
/** Longer than anything that waits for its turn. */
const SETTLED_MS = 12_000

/** What the plugin says by itself. */
const GREETING = 'I have escalated this conversation to a human agent. They should be with you shortly.'
const JOINED = 'A human agent has joined the conversation.'
const CLOSED = 'The human agent closed the conversation. I will continue assisting you.'

export const createSession = ({ world, time }: Stage, customer: string): Session => {
  const { bot } = world.botpress
  const { conversationId } = bot.newCustomer({ name: customer })
  const moves: Happening[] = []
  const expected = { byCustomer: [] as string[], toCustomer: [] as string[], atDesk: [] as string[] }
  const known = { messages: 0, entries: 0, isSolved: false }
  let opening: string[] = []

  const found = (): { desk: string; ticket: SandboxTicket }[] => {
    const downstream = bot.downstreamOf(conversationId)
    return Object.entries(world.sandboxes).flatMap(([desk, sandbox]) =>
      sandbox.tickets().flatMap((ticket) =>
        downstream !== undefined && ticket.conversationId === downstream ? [{ desk, ticket }] : []
      )
    )
  }
  const place = () => {
    const [first] = found()
    if (!first) throw new Error(`no desk has a ticket for ${customer}`)
    return first
  }
  const agentOf = (desk: string): SandboxAgent => {
    const [agent] = world.sandbox(desk).agents
    if (!agent) throw new Error(`nobody works at ${titleOf(desk)}`)
    return agent
  }
  const move = (who: string, does: string, what: string) => {
    moves.push({ at: world.clock.now(), who, does, what })
  }

  /** What the agents see of the session after its opening; notes are theirs alone. */
  const conversationAtDesk = (ticket: SandboxTicket) =>
    ticket.entries.slice(known.entries).filter(({ kind }) => kind === 'customer' || kind === 'agent')

  const session: Session = {
    customer,
    get desk() {
      return place().desk
    },
    get ticket() {
      return place().ticket
    },
    get agent() {
      return agentOf(place().desk)
    },
    begin: async (words, card) => {
      expected.byCustomer.push(words)
      expected.toCustomer.push(GREETING)
      opening = [card.description, words]
      await time.finish(bot.customerSays(conversationId, words))
      await time.finish(bot.startHitl(conversationId, card))
      const { desk, ticket } = place()
      move(titleOf(desk), 'opens', `a ticket: ${ticket.title}`)
      await time.pass(ACTIVATED_MS)
      known.entries = place().ticket.entries.length
    },
    says: async (words) => {
      expected.byCustomer.push(words)
      expected.atDesk.push(words)
      await time.finish(bot.customerSays(conversationId, words))
      await time.pass(MOVE_MS)
    },
    assign: async () => {
      const { desk, ticket } = place()
      const agent = agentOf(desk)
      expected.toCustomer.push(JOINED)
      move(agent.name, 'takes', 'the ticket')
      world.sandbox(desk).assign(ticket.id, agent.id)
      await time.pass(MOVE_MS)
    },
    replies: async (words) => {
      const { desk, ticket } = place()
      const agent = agentOf(desk)
      if (!expected.toCustomer.includes(JOINED)) expected.toCustomer.push(JOINED)
      expected.toCustomer.push(words)
      expected.atDesk.push(words)
      move(agent.name, 'replies', words)
      world.sandbox(desk).agentReplies(ticket.id, words, { agentId: agent.id })
      await time.pass(MOVE_MS)
    },
    solves: async (words) => {
      const { desk, ticket } = place()
      const agent = agentOf(desk)
      if (words !== undefined) {
        expected.toCustomer.push(words)
        expected.atDesk.push(words)
      }
      expected.toCustomer.push(CLOSED)
      move(agent.name, 'solves', words === undefined ? 'the ticket' : `the ticket, saying: ${words}`)
      world.sandbox(desk).solve(ticket.id, { agentId: agent.id, ...(words === undefined ? {} : { text: words }) })
      await time.pass(SETTLED_MS)
    },
    news: () => {
      const transcript = bot.transcript(conversationId)
      const [first] = found()
      const shown = first ? conversationAtDesk(first.ticket) : []
      const happenings = [
        ...moves.splice(0),
        ...transcript.slice(known.messages).map((message) => _atCustomer(customer, message)),
        ...shown
          .filter(({ kind, at }) => kind === 'customer' && at > lastNews)
          .map(({ at, author, text }) => ({ at, who: titleOf(first?.desk ?? ''), does: 'shows', what: `${author}: ${text}` })),
      ]
      known.messages = transcript.length
      lastNews = world.clock.now()
      return happenings
    },
    problems: (desk) => {
      const seen = bot.transcript(conversationId)
      const texts = (isTheirs: boolean) =>
        seen.filter(({ from }) => (from === 'customer') === isTheirs).map(({ text }) => text)
      const tickets = found()
      const wrong = [
        ...compareDesks(titleOf(desk), tickets.map((ticket) => titleOf(ticket.desk))),
        ...compareTexts(`by ${customer}`, expected.byCustomer, texts(true)),
        ...compareTexts(`for ${customer}`, expected.toCustomer, texts(false)),
      ]
      for (const { desk: where, ticket } of tickets) {
        const said = conversationAtDesk(ticket).map(({ text }) => text)
        const before = ticket.entries.slice(0, known.entries).map(({ text }) => text).join('\n')
        wrong.push(
          ...compareTexts(`at ${titleOf(where)}`, expected.atDesk, said),
          ...opening.filter((words) => !before.includes(words)).map((words) => `lost in the opening at ${titleOf(where)}: “${words}”`),
          ...(ticket.status === 'open' ? [`still open at ${titleOf(where)} after it was solved`] : [])
        )
      }
      if (bot.isActive(conversationId)) wrong.push(`the bot still takes ${customer} for a customer of the desk`)
      const goesOn = bot.continued.filter((event) => event.conversationId === conversationId).length
      if (goesOn !== 1) wrong.push(`the bot’s flow went on ${goesOn} times instead of once`)
      return wrong
    },
  }
  let lastNews = Number.NEGATIVE_INFINITY
  return session
}

const _atCustomer = (customer: string, { at, from, name, text }: Seen): Happening => {
  if (from === 'customer') return { at, who: customer, does: 'writes', what: text }
  return { at, who: customer, does: 'reads', what: from === 'agent' ? `${name ?? 'an agent'}: ${text}` : text }
}
