/** Customers and agents who follow a script. They record what they say for the judge. */
import type { Sandbox } from '../../providers/kit/sandbox'
import type { Bot, Runtime } from '../../playground/botpress'
import { createPlaces, handoffMark, markOf, type Place } from './places'
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
  desk?: string
  ticketId?: string
  /** The desk's id of it. */
  messageId?: string
  at: number
  /** A file was attached. */
  hasFile?: true
  /** When the agent edited it last. */
  editedAt?: number
  /** When the agent deleted it. */
  deletedAt?: number
}

export interface Take {
  agentId: string
  name: string
  desk: string
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
  /** When Botpress forgot the session's conversation. */
  forgottenAt?: number
  /** What vendors did and Botpress forgot. */
  moved: Move[]
}

/** Where customers' photos lie. */
export const CUSTOMERS_PHOTO = 'https://files.example.test/photo.png'
export const PHOTO = {
  name: 'photo.png',
  contentType: 'image/png',
  bytes: Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(3_000, 3)]),
}
/** What agents add when they edit a message. */
export const EDITED = 'corrected'
const POLL_MS = 100
const MAX_POLLS = 400

type Change = 'contact-merged' | 'agent-leaves' | 'address-changes' | 'ticket-converted'

/** The vendor changes something about the ticket. Returns whether this desk can. */
const _change = ({ sandbox, ticketId }: Place, move: Change, agentId: string): boolean => {
  switch (move) {
    case 'contact-merged':
      sandbox.mergeContact?.(ticketId)
      return sandbox.mergeContact !== undefined
    case 'agent-leaves': {
      // Somebody has to stay.
      const canLeave = sandbox.removeAgent !== undefined && agentId !== sandbox.agents[0]?.id
      if (canLeave) sandbox.removeAgent?.(agentId)
      return canLeave
    }
    case 'address-changes':
      sandbox.changeAddress?.(ticketId)
      return sandbox.changeAddress !== undefined
    case 'ticket-converted':
      sandbox.convertTicket?.(ticketId)
      return sandbox.convertTicket !== undefined
  }
}

export const createActors = (bot: Bot, runtime: Runtime, sandboxes: Record<string, Sandbox>, clock: StageTime) => {
  const places = createPlaces(bot, runtime, sandboxes)

  const open = (script: Script): PlayedHandoff => {
    const { conversationId } = bot.newCustomer({ name: `Eve ${script.handoff}` })
    return { script, conversationId, said: [], takes: [], ends: [], moved: [] }
  }

  /** A move at the desk. No-op if there is no ticket or the ticket accepts no more. */
  const atDesk = (played: PlayedHandoff, { move, agent: number }: Step, place = places.placeOf(played)): void => {
    const { said, script } = played
    if (!place) return
    const { sandbox, ticketId } = place
    const desk = sandbox.name
    const agent = sandbox.agents[number % sandbox.agents.length]
    if (!agent) return
    const { id: agentId, name } = agent
    const at = clock.now()
    const mark = (kind: string) => markOf(script.handoff, kind, said.length + 1)
    const say = (by: Speaker, kind: string, post: (text: string) => string | void): void => {
      const newMark = mark(kind)
      const messageId = post(`${newMark} is what ${by === 'agent' ? name : by} said`)
      const author = by === 'agent' ? { name, agentId } : {}
      said.push({ mark: newMark, by, at, desk, ticketId, ...author, ...(messageId ? { messageId } : {}) })
    }
    try {
      switch (move) {
        case 'agent-says':
          say('agent', 'a', (text) => sandbox.agentReplies(ticketId, text, { agentId }))
          break
        case 'agent-sends-file':
          say('agent', 'a', (text) => sandbox.agentReplies(ticketId, text, { agentId, attachments: [PHOTO] }))
          Object.assign(said.at(-1) ?? {}, { hasFile: true })
          break
        case 'agent-edits': {
          const last = said.findLast(({ messageId }) => messageId !== undefined)
          if (!last?.messageId || !sandbox.agentEdits) break
          sandbox.agentEdits(last.messageId, `${last.mark} is what ${last.name} said, ${EDITED}`)
          last.editedAt = at
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
          played.takes.push({ agentId, name, desk, at })
          break
        case 'agent-solves':
          sandbox.solve(ticketId, { agentId })
          played.ends.push({ move, at })
          // Some desks assign an unassigned ticket to the agent who solves it.
          played.takes.push({ agentId, name, desk, at })
          break
        case 'agent-solves-with-text':
          say('agent', 'a', (text) => sandbox.solve(ticketId, { agentId, text }))
          played.ends.push({ move, at })
          break
        case 'agent-reopens':
          sandbox.reopen(ticketId)
          break
        case 'agent-deletes': {
          const last = said.findLast(({ messageId, deletedAt }) => messageId !== undefined && deletedAt === undefined)
          if (!last?.messageId || !sandbox.deleteReply) break
          sandbox.deleteReply(last.messageId)
          played.moved.push(move)
          last.deletedAt = at
          break
        }
        case 'ticket-merged': {
          // Once the session is over, what agents write in the other ticket is for its own customer.
          if (!bot.isActive(played.conversationId)) break
          const into = sandbox.mergeTicket?.(ticketId)
          if (into === undefined) break
          places.moveTo(script.handoff, { sandbox, ticketId: into })
          played.moved.push(move)
          break
        }
        case 'contact-merged':
        case 'agent-leaves':
        case 'address-changes':
        case 'ticket-converted':
          if (!_change(place, move, agentId)) break
          played.moved.push(move)
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
    if (step.move === 'customer-says' || step.move === 'customer-sends-file') {
      const mark = markOf(script.handoff, 'c', said.length + 1)
      said.push({ mark, by: 'customer', at })
      // Customers don't wait for the bot before they write again.
      const text = `${mark} is what the customer said`
      const items = [
        { type: 'text', payload: { text } },
        { type: 'image', payload: { imageUrl: CUSTOMERS_PHOTO } },
      ]
      const content = step.move === 'customer-says' ? text : { type: 'bloc', payload: { items } }
      void clock.track(bot.customerSays(conversationId, content))
    } else if (step.move === 'customer-ends') {
      played.ends.push({ move: step.move, at })
      void clock.track(bot.endByCustomer(conversationId))
    } else if (step.move === 'bot-stops') {
      played.ends.push({ move: step.move, at })
      const onFailure = (): void => {
        played.isStopLost = true
      }
      void clock.track(bot.stopHitl(conversationId).catch(onFailure))
    } else if (step.move === 'customer-forgotten' || step.move === 'agent-forgotten') {
      _forgetUser(played, step.move === 'agent-forgotten')
    } else if (step.move === 'conversation-forgotten') {
      const sessionId = bot.downstreamOf(conversationId)
      if (sessionId === undefined || played.forgottenAt !== undefined) return
      played.forgottenAt = at
      played.moved.push(step.move)
      await runtime.perform({ by: 'bot' }, 'DELETE', `/v1/chat/conversations/${sessionId}`)
    } else {
      atDesk(played, step)
    }
  }

  /** Deletes a user that the router made: the customer's or the last agent's. */
  const _forgetUser = (played: PlayedHandoff, isAgent: boolean): void => {
    const [own] = runtime.store.messagesOf(played.conversationId).filter(({ direction }) => direction === 'incoming')
    const customer = runtime.store.users.get(own?.userId ?? '')?.tags['hitl#downstream']
    const agent = runtime.store
      .messagesOf(bot.downstreamOf(played.conversationId) ?? '')
      .findLast(({ direction }) => direction === 'incoming')?.userId
    const userId = isAgent ? agent : customer
    if (userId === undefined) return
    runtime.store.users.remove(userId)
    played.moved.push(isAgent ? 'agent-forgotten' : 'customer-forgotten')
  }

  const playEarlySteps = async (played: PlayedHandoff): Promise<void> => {
    if (played.script.early.length === 0) return
    for (let polls = 0; places.placeOf(played) === undefined; polls += 1) {
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
        ...(script.anyDesk ? {} : { hitlSession: { provider: script.desk, strict: true } }),
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

  return {
    open,
    play,
    perform,
    allTickets: places.allTickets,
    /** An agent writes into this ticket, whether or not it is the session's. */
    speakIn: (played: PlayedHandoff, place: Place): void =>
      atDesk(played, { after: 0, move: 'agent-says', agent: 0 }, place),
  }
}
