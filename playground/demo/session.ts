/** One customer's session: performs the moves of both sides and records their expected effects. */
import type { Sandbox, SandboxAgent, SandboxTicket } from '../../providers/kit/sandbox'
import { AGENT_CLOSED, AGENT_JOINED, HANDED_OFF } from '../botpress/plugin/texts'
import type { SimulatedTime } from '../simulated-time'
import type { World } from '../world'
import type { TimelineEvent } from './timeline'
import { titleOf, watchSession, withFiles } from './watch'

export interface Stage {
  world: World
  time: SimulatedTime
}

/** What the bot hands over. */
export interface Card {
  title: string
  description: string
  hitlSession?: Record<string, unknown>
}

export interface Session {
  /** The customer writes, and the bot hands over. `shown`: what the desk must show of the card. */
  start(words: string, card: Card, shown?: readonly string[]): Promise<void>
  /** The customer writes, with a picture. */
  say(words: string, picture?: DemoFile): Promise<void>
  assign(): Promise<void>
  /** The agent writes, with a file. */
  reply(words: string, file?: DemoFile): Promise<void>
  solve(words?: string): Promise<void>
  /** Events since the last call. */
  newEvents(): TimelineEvent[]
  /** Problems at the end of the session, one sentence each. `desk`: the expected desk. */
  problems(desk: string): string[]
}

export interface DemoFile {
  name: string
  contentType: string
  bytes: Uint8Array
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
    start: async (words, card, shown = [card.description]) => {
      expected.opening.push(...shown, words)
      expected.toCustomer.push(HANDED_OFF)
      await time.finish(bot.customerSays(conversationId, words))
      await time.finish(bot.startHitl(conversationId, card))
      locate()
      await time.pass(ACTIVATED_MS)
      watch.markOpened(shown)
    },
    say: async (words, picture) => {
      expected.atDesk.push(withFiles(words, picture ? [picture.name] : []))
      await time.finish(bot.customerSays(conversationId, picture ? _withPicture(world, words, picture) : words))
      await time.pass(MOVE_MS)
    },
    assign: async () => {
      const { sandbox, ticket, agent } = locate()
      expectAnnouncement()
      record(agent.name, 'takes', 'the ticket')
      sandbox.assign(ticket.id, agent.id)
      await time.pass(MOVE_MS)
    },
    reply: async (words, file) => {
      const { sandbox, ticket, agent } = locate()
      const whole = withFiles(words, file ? [file.name] : [])
      expectAnnouncement()
      expected.toCustomer.push(whole)
      expected.atDesk.push(whole)
      record(agent.name, 'replies', whole)
      sandbox.agentReplies(ticket.id, words, { agentId: agent.id, ...(file ? { attachments: [file] } : {}) })
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

/** A picture lies where the customer's channel has put it, and comes with its words. */
const _withPicture = ({ web }: World, words: string, { name, contentType, bytes }: DemoFile) => {
  const imageUrl = `https://files.example.test/${name}`
  web.publish(imageUrl, { contentType, bytes })
  return {
    type: 'bloc',
    payload: {
      items: [
        { type: 'text', payload: { text: words } },
        { type: 'image', payload: { imageUrl } },
      ],
    },
  }
}
