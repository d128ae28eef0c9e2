/** Customers and agents who follow a script. They record what they say for the judge. */
import type { Sandbox, SandboxTicket } from '../../providers/kit/sandbox'
import type { Bot } from '../../playground/botpress'
import type { Move, Script, Step } from './script'
import type { StageTime } from './time'

export type Speaker = 'customer' | 'agent' | 'note' | 'vendor-bot' | 'mail'

/** A message of a person. Its mark identifies it wherever it arrives. */
export interface Utterance {
  mark: string
  by: Speaker
  /** Of the agent, if an agent wrote it. */
  name?: string
  agentId?: string
  ticketId?: string
  /** The desk's id of it. */
  messageId?: string
  at: number
}

export interface Take {
  agentId: string
  name: string
  at: number
}

/** One handoff and everything that people did in it. */
export interface PlayedHandoff {
  script: Script
  conversationId: string
  /** Undefined until Start HITL returns. */
  started?: 'yes' | 'refused'
  refusal?: string
  said: Utterance[]
  takes: Take[]
  /** Moves that ended the session or tried to, in order. */
  ends: { move: Move; at: number }[]
  /** The bot's stopHitl failed, and Botpress stopped retrying it. */
  isStopLost?: boolean
}

/** An unlikely string: a search for marks finds no other text. */
export const markOf = (handoff: number, kind: string, number: number): string => `Q${handoff}${kind}${number}Q`
export const MARKS = /Q\d+[a-z]+\d+Q/g
/** Part of the handoff's description. Identifies its tickets. */
export const handoffMark = (handoff: number): string => markOf(handoff, 'h', 0)

/** Returns the tickets of one handoff at all desks. */
export type TicketsOf = (handoff: number) => { sandbox: Sandbox; ticket: SandboxTicket }[]

const _isOf = ({ title, entries }: SandboxTicket, handoff: number): boolean => {
  const mark = handoffMark(handoff)
  return title.includes(mark) || entries.some(({ text }) => text.includes(mark))
}

const POLL_MS = 100
const MAX_POLLS = 400

export const createActors = (bot: Bot, sandboxes: Record<string, Sandbox>, clock: StageTime) => {
  const ticketIds = new Map<number, string>()

  /** A snapshot of the tickets at all desks, by handoff. */
  const allTickets = (): TicketsOf => {
    const all = Object.values(sandboxes).flatMap((sandbox) => sandbox.tickets().map((ticket) => ({ sandbox, ticket })))
    return (handoff) => all.filter(({ ticket }) => _isOf(ticket, handoff))
  }

  /** The id of the ticket at the script's desk, or undefined while there is none. */
  const ticketIdOf = ({ handoff, desk }: Script): string | undefined => {
    const id = ticketIds.get(handoff) ?? sandboxes[desk]?.tickets().find((ticket) => _isOf(ticket, handoff))?.id
    if (id !== undefined) ticketIds.set(handoff, id)
    return id
  }

  const open = (script: Script): PlayedHandoff => {
    const { conversationId } = bot.newCustomer({ name: `Eve ${script.handoff}` })
    return { script, conversationId, said: [], takes: [], ends: [] }
  }

  /** A move at the desk. No-op if there is no ticket or the ticket accepts no more. */
  const atDesk = (played: PlayedHandoff, { move, agent: number }: Step): void => {
    const { said, script } = played
    const sandbox = sandboxes[script.desk]
    const ticketId = ticketIdOf(script)
    if (!sandbox || ticketId === undefined) return
    const agent = sandbox.agents[number % sandbox.agents.length]
    if (!agent) return
    const { id: agentId, name } = agent
    const at = clock.now()
    const mark = (kind: string) => markOf(script.handoff, kind, said.length + 1)
    const say = (by: Speaker, kind: string, post: (text: string) => string | void): void => {
      const newMark = mark(kind)
      const messageId = post(`${newMark} is what ${by === 'agent' ? name : by} said`)
      const author = by === 'agent' ? { name, agentId } : {}
      said.push({ mark: newMark, by, at, ticketId, ...author, ...(messageId ? { messageId } : {}) })
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
          // Some desks assign an unassigned ticket to the agent who solves it.
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
          throw new Error(`${move} isn't a move at a desk`)
      }
    } catch (error) {
      // A permanently closed ticket refuses moves. Programming errors must not pass as such a refusal.
      if (error instanceof TypeError || error instanceof RangeError) throw error
    }
  }

  const perform = async (played: PlayedHandoff, step: Step): Promise<void> => {
    const { said, script, conversationId } = played
    const at = clock.now()
    if (step.move === 'customer-says') {
      const mark = markOf(script.handoff, 'c', said.length + 1)
      said.push({ mark, by: 'customer', at })
      // Customers don't wait for the bot before they write again.
      void clock.track(bot.customerSays(conversationId, `${mark} is what the customer said`))
    } else if (step.move === 'customer-ends') {
      played.ends.push({ move: step.move, at })
      void clock.track(bot.endByCustomer(conversationId))
    } else if (step.move === 'bot-stops') {
      played.ends.push({ move: step.move, at })
      const onFailure = (): void => {
        played.isStopLost = true
      }
      void clock.track(bot.stopHitl(conversationId).catch(onFailure))
    } else {
      atDesk(played, step)
    }
  }

  const playEarlySteps = async (played: PlayedHandoff): Promise<void> => {
    if (played.script.early.length === 0) return
    for (let polls = 0; ticketIdOf(played.script) === undefined; polls += 1) {
      if (polls === MAX_POLLS || played.started === 'refused') return
      await clock.sleep(POLL_MS)
    }
    for (const step of played.script.early) {
      await clock.sleep(Math.min(step.after, 1_500))
      await perform(played, step)
    }
  }

  const play = async (played: PlayedHandoff): Promise<void> => {
    const { script, conversationId } = played
    await clock.sleep(script.startsAt)
    await bot.customerSays(conversationId, 'I need a human')
    const early = playEarlySteps(played)
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
