/** One customer's session: the moves of both sides, and what has to come of them. */
import type { Sandbox, SandboxAgent, SandboxTicket } from '../../providers/kit/sandbox'
import { AGENT_CLOSED, AGENT_JOINED, HANDED_OFF } from '../botpress/plugin/texts'
import type { SimulatedTime } from '../simulated-time'
import type { World } from '../world'
import type { Happening } from './timeline'
import { titleOf, watchSession } from './watch'

export interface Stage {
  world: World
  time: SimulatedTime
}

export interface Session {
  /** The customer writes, and the bot hands over. */
  begin(words: string, card: { title: string; description: string }): Promise<void>
  says(words: string): Promise<void>
  assign(): Promise<void>
  replies(words: string): Promise<void>
  solves(words?: string): Promise<void>
  /** What happened since the last call. */
  news(): Happening[]
  /** What is wrong by the end, one sentence each. `desk`: where the session has to be. */
  problems(desk: string): string[]
}

/** Longer than the plugin needs to listen to a new session. */
const ACTIVATED_MS = 4_000
const MOVE_MS = 3_000
/** Longer than anything that waits for its turn. */
const SETTLED_MS = 12_000

export const createSession = ({ world, time }: Stage, customer: string): Session => {
  const { bot } = world.botpress
  const { conversationId } = bot.newCustomer({ name: customer })
  const watch = watchSession(world, customer, conversationId)
  const moves: Happening[] = []
  const expected = { opening: [] as string[], atDesk: [] as string[], toCustomer: [] as string[] }

  const note = (who: string, does: string, what: string) => {
    moves.push({ at: world.clock.now(), who, does, what })
  }
  /** Throws when there is no ticket. */
  const place = (): { ticket: SandboxTicket; sandbox: Sandbox; agent: SandboxAgent } => {
    const [first] = watch.tickets()
    if (!first) throw new Error(`lost: no desk has a ticket for ${customer}`)
    const sandbox = world.sandbox(first.desk)
    const [agent] = sandbox.agents
    if (!agent) throw new Error(`nobody works at ${titleOf(first.desk)}`)
    return { ticket: first.ticket, sandbox, agent }
  }
  /** The customer is told of the first agent who takes the session or writes in it. */
  const joined = () => {
    if (!expected.toCustomer.includes(AGENT_JOINED)) expected.toCustomer.push(AGENT_JOINED)
  }

  return {
    begin: async (words, card) => {
      expected.opening.push(card.description, words)
      expected.toCustomer.push(HANDED_OFF)
      await time.finish(bot.customerSays(conversationId, words))
      await time.finish(bot.startHitl(conversationId, card))
      place()
      await time.pass(ACTIVATED_MS)
      watch.opened()
    },
    says: async (words) => {
      expected.atDesk.push(words)
      await time.finish(bot.customerSays(conversationId, words))
      await time.pass(MOVE_MS)
    },
    assign: async () => {
      const { sandbox, ticket, agent } = place()
      joined()
      note(agent.name, 'takes', 'the ticket')
      sandbox.assign(ticket.id, agent.id)
      await time.pass(MOVE_MS)
    },
    replies: async (words) => {
      const { sandbox, ticket, agent } = place()
      joined()
      expected.toCustomer.push(words)
      expected.atDesk.push(words)
      note(agent.name, 'replies', words)
      sandbox.agentReplies(ticket.id, words, { agentId: agent.id })
      await time.pass(MOVE_MS)
    },
    solves: async (words) => {
      const { sandbox, ticket, agent } = place()
      if (words !== undefined) {
        expected.toCustomer.push(words)
        expected.atDesk.push(words)
      }
      expected.toCustomer.push(AGENT_CLOSED)
      note(agent.name, 'solves', words === undefined ? 'the ticket' : `the ticket with: ${words}`)
      sandbox.solve(ticket.id, { agentId: agent.id, ...(words === undefined ? {} : { text: words }) })
      await time.pass(SETTLED_MS)
    },
    news: () => [...moves.splice(0), ...watch.news()],
    problems: (desk) => watch.problems({ desk, ...expected }),
  }
}
