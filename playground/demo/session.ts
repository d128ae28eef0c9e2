/** One customer's session: performs the moves of both sides and records their expected effects. */
import type { Sandbox, SandboxAgent, SandboxTicket } from '../../providers/kit/sandbox'
import { AGENT_CLOSED, AGENT_JOINED, HANDED_OFF } from '../botpress/plugin/texts'
import type { SimulatedTime } from '../simulated-time'
import type { World } from '../world'
import type { TimelineEvent } from './timeline'
import { titleOf, watchSession } from './watch'

export interface Stage {
  world: World
  time: SimulatedTime
}

export interface Session {
  /** The customer writes, and the bot hands over. */
  start(words: string, card: { title: string; description: string }): Promise<void>
  /** The customer writes. */
  say(words: string): Promise<void>
  assign(): Promise<void>
  /** The agent writes. */
  reply(words: string): Promise<void>
  solve(words?: string): Promise<void>
  /** Events since the last call. */
  newEvents(): TimelineEvent[]
  /** Problems at the end of the session, one sentence each. `desk`: the expected desk. */
  problems(desk: string): string[]
}

/** Longer than the plugin needs to activate a session. */
const ACTIVATED_MS = 4_000
const MOVE_MS = 3_000
/** Longer than any back-off or delay after a move. */
const SETTLED_MS = 12_000

export const createSession = ({ world, time }: Stage, customer: string): Session => {
  const { bot } = world.botpress
  const { conversationId } = bot.newCustomer({ name: customer })
  const watch = watchSession(world, customer, conversationId)
  const moves: TimelineEvent[] = []
  const expected = { opening: [] as string[], atDesk: [] as string[], toCustomer: [] as string[] }

  const record = (actor: string, action: string, detail: string) => {
    moves.push({ at: world.clock.now(), actor, action, detail })
  }
  /** The session's ticket with its desk and agent. Throws when no desk has a ticket. */
  const locate = (): { ticket: SandboxTicket; sandbox: Sandbox; agent: SandboxAgent } => {
    const [first] = watch.tickets()
    if (!first) throw new Error(`lost: no desk has a ticket for ${customer}`)
    const sandbox = world.sandbox(first.desk)
    const [agent] = sandbox.agents
    if (!agent) throw new Error(`${titleOf(first.desk)} has no agents`)
    return { ticket: first.ticket, sandbox, agent }
  }
  /** The plugin announces an agent once, at the first assignment or message. */
  const expectAnnouncement = () => {
    if (!expected.toCustomer.includes(AGENT_JOINED)) expected.toCustomer.push(AGENT_JOINED)
  }

  return {
    start: async (words, card) => {
      expected.opening.push(card.description, words)
      expected.toCustomer.push(HANDED_OFF)
      await time.finish(bot.customerSays(conversationId, words))
      await time.finish(bot.startHitl(conversationId, card))
      locate()
      await time.pass(ACTIVATED_MS)
      watch.markOpened()
    },
    say: async (words) => {
      expected.atDesk.push(words)
      await time.finish(bot.customerSays(conversationId, words))
      await time.pass(MOVE_MS)
    },
    assign: async () => {
      const { sandbox, ticket, agent } = locate()
      expectAnnouncement()
      record(agent.name, 'takes', 'the ticket')
      sandbox.assign(ticket.id, agent.id)
      await time.pass(MOVE_MS)
    },
    reply: async (words) => {
      const { sandbox, ticket, agent } = locate()
      expectAnnouncement()
      expected.toCustomer.push(words)
      expected.atDesk.push(words)
      record(agent.name, 'replies', words)
      sandbox.agentReplies(ticket.id, words, { agentId: agent.id })
      await time.pass(MOVE_MS)
    },
    solve: async (words) => {
      const { sandbox, ticket, agent } = locate()
      if (words !== undefined) {
        expected.toCustomer.push(words)
        expected.atDesk.push(words)
      }
      expected.toCustomer.push(AGENT_CLOSED)
      record(agent.name, 'solves', words === undefined ? 'the ticket' : `the ticket with: ${words}`)
      sandbox.solve(ticket.id, { agentId: agent.id, ...(words === undefined ? {} : { text: words }) })
      await time.pass(SETTLED_MS)
    },
    newEvents: () => [...moves.splice(0), ...watch.newEvents()],
    problems: (desk) => watch.problems({ desk, ...expected }),
  }
}
