/** People who do what a script says, and remember what they said. */
import type { Sandbox, SandboxTicket } from '../../providers/kit/sandbox'
import type { Bot } from '../../playground/botpress'
import type { Move, Script, Step } from './script'
import type { StageTime } from './time'

export type Speaker = 'customer' | 'agent' | 'note' | 'vendor-bot' | 'mail'

/** Something that was said. Its mark is found again wherever it went. */
export interface Said {
  mark: string
  by: Speaker
  /** Of an agent. */
  name?: string
  agentId?: string
  ticketId?: string
  /** At the desk. */
  messageId?: string
  at: number
}

export interface Take {
  agentId: string
  name: string
  at: number
}

/** One handoff as it was played. */
export interface Played {
  script: Script
  conversationId: string
  /** Undefined while Start HITL has not returned. */
  started?: 'yes' | 'refused'
  refusal?: string
  said: Said[]
  takes: Take[]
  /** Moves that ended or tried to end it, in order. */
  ends: { move: Move; at: number }[]
  /** The bot's call for the end came to nothing, and Botpress has given up repeating it. */
  isStopLost?: boolean
}

/** Nothing of this form appears by accident. */
export const markOf = (handoff: number, kind: string, number: number): string => `Q${handoff}${kind}${number}Q`
export const MARKS = /Q\d+[a-z]+\d+Q/g
/** In the handoff's description: tells its tickets from all others. */
export const handoffMark = (handoff: number): string => markOf(handoff, 'h', 0)

/** The tickets of one handoff, at all desks. */
export type TicketsOf = (handoff: number) => { sandbox: Sandbox; ticket: SandboxTicket }[]

const _isOf = ({ title, entries }: SandboxTicket, handoff: number): boolean => {
  const mark = handoffMark(handoff)
  return title.includes(mark) || entries.some(({ text }) => text.includes(mark))
}

const LOOKING_MS = 100
const LOOKS = 400

export const createActors = (bot: Bot, sandboxes: Record<string, Sandbox>, clock: StageTime) => {
  const known = new Map<number, string>()

  /** Every ticket of every handoff as it is now, at all desks. */
  const allTickets = (): TicketsOf => {
    const all = Object.values(sandboxes).flatMap((sandbox) => sandbox.tickets().map((ticket) => ({ sandbox, ticket })))
    return (handoff) => all.filter(({ ticket }) => _isOf(ticket, handoff))
  }

  /** The id of the ticket at the script's desk, once there is one. */
  const ticketIdOf = ({ handoff, desk }: Script): string | undefined => {
    const id = known.get(handoff) ?? sandboxes[desk]?.tickets().find((ticket) => _isOf(ticket, handoff))?.id
    if (id !== undefined) known.set(handoff, id)
    return id
  }

  const open = (script: Script): Played => {
    const { conversationId } = bot.newCustomer({ name: `Eve ${script.handoff}` })
    return { script, conversationId, said: [], takes: [], ends: [] }
  }

  /** At the desk: does nothing where there is no ticket, or one that takes no more. */
  const atDesk = (played: Played, { move, agent: number }: Step): void => {
    const { said, script } = played
    const sandbox = sandboxes[script.desk]
    const ticketId = ticketIdOf(script)
    if (!sandbox || ticketId === undefined) return
    const agent = sandbox.agents[number % sandbox.agents.length]
    if (!agent) return
    const { id: agentId, name } = agent
    const at = clock.now()
    const mark = (kind: string) => markOf(script.handoff, kind, said.length + 1)
    const say = (by: Speaker, kind: string, speak: (text: string) => string | void): void => {
      const words = mark(kind)
      const messageId = speak(`${words} is what ${by === 'agent' ? name : by} said`)
      const author = by === 'agent' ? { name, agentId } : {}
      said.push({ mark: words, by, at, ticketId, ...author, ...(messageId ? { messageId } : {}) })
    }
    try {
      switch (move) {
        case 'agent-says':
          say('agent', 'a', (text) => sandbox.agentReplies(ticketId, text, { agentId }))
          break
        case 'agent-edits': {
          const last = said.findLast(({ messageId }) => messageId !== undefined)
          if (last?.messageId) sandbox.agentEdits?.(last.messageId, `${last.mark} is what ${last.name} said, corrected`)
          break
        }
        case 'agent-notes':
          say('note', 'n', (text) => sandbox.agentNotes(ticketId, text, { agentId }))
          break
        case 'vendor-bot-says':
          if (sandbox.botReplies) say('vendor-bot', 'b', (text) => sandbox.botReplies?.(ticketId, text))
          break
        case 'customer-mails':
          if (sandbox.customerReplies) say('mail', 'm', (text) => sandbox.customerReplies?.(ticketId, text))
          break
        case 'agent-takes':
          sandbox.assign(ticketId, agentId)
          played.takes.push({ agentId, name, at })
          break
        case 'agent-solves':
          sandbox.solve(ticketId, { agentId })
          played.ends.push({ move, at })
          // At some desks whoever solves a ticket that nobody has gets it.
          played.takes.push({ agentId, name, at })
          break
        case 'agent-solves-with-text':
          say('agent', 'a', (text) => sandbox.solve(ticketId, { agentId, text }))
          played.ends.push({ move, at })
          break
        case 'agent-reopens':
          sandbox.reopen(ticketId)
          break
        default:
          throw new Error(`${move} is nothing that happens at a desk`)
      }
    } catch (error) {
      // The desk refuses moves in a ticket that is closed for good; a mistake in this file must not hide behind that.
      if (error instanceof TypeError || error instanceof RangeError) throw error
    }
  }

  const perform = async (played: Played, step: Step): Promise<void> => {
    const { said, script, conversationId } = played
    const at = clock.now()
    if (step.move === 'customer-says') {
      const mark = markOf(script.handoff, 'c', said.length + 1)
      said.push({ mark, by: 'customer', at })
      // Nobody waits for a bot before writing on.
      void clock.track(bot.customerSays(conversationId, `${mark} is what the customer said`))
    } else if (step.move === 'customer-ends') {
      played.ends.push({ move: step.move, at })
      void clock.track(bot.endByCustomer(conversationId))
    } else if (step.move === 'bot-stops') {
      played.ends.push({ move: step.move, at })
      const lose = (): void => {
        played.isStopLost = true
      }
      void clock.track(bot.stopHitl(conversationId).catch(lose))
    } else {
      atDesk(played, step)
    }
  }

  const beEarly = async (played: Played): Promise<void> => {
    if (played.script.early.length === 0) return
    for (let looks = 0; ticketIdOf(played.script) === undefined; looks += 1) {
      if (looks === LOOKS || played.started === 'refused') return
      await clock.sleep(LOOKING_MS)
    }
    for (const step of played.script.early) {
      await clock.sleep(Math.min(step.after, 1_500))
      await perform(played, step)
    }
  }

  const play = async (played: Played): Promise<void> => {
    const { script, conversationId } = played
    await clock.sleep(script.startsAt)
    await bot.customerSays(conversationId, 'I need a human')
    const early = beEarly(played)
    try {
      await bot.startHitl(conversationId, {
        title: `Handoff ${script.handoff}`,
        description: `${handoffMark(script.handoff)} is what this is about`,
        hitlSession: { provider: script.desk, strict: true },
      })
      played.started = 'yes'
    } catch (error) {
      played.started = 'refused'
      played.refusal = error instanceof Error ? error.message : String(error)
    }
    await early
    if (played.started === 'refused') return
    for (const step of script.steps) {
      await clock.sleep(step.after)
      await perform(played, step)
    }
  }

  return { open, play, perform, allTickets, ticketIdOf }
}
