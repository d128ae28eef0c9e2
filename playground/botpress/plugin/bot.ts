/** A bot with the official hitl plugin, and the customers who talk to it. */
import type { Runtime } from '../runtime'
import type { Message } from '../store'
import type { Caller, Payload } from '../types'
import { createBotApi } from './bot-api'
import { startHitl, stopHitl, type StartCard } from './cards'
import { handleEvent } from './events'
import { handleMessage } from './messages'
import { own, type PluginContext, type PluginNote } from './session'
import { END_COMMAND, TEXTS_FOR_CUSTOMERS } from './texts'

/** One message as the customer saw it. */
export interface Seen {
  /**
   * `system` is the plugin's own text. `customer` is what appears as written by the customer: on the way out that happens to an agent's
   * text which carries the customer's user.
   */
  from: 'bot' | 'agent' | 'system' | 'customer'
  /** As shown next to it; the customer's channel knows no names unless it is webchat. */
  name?: string
  pictureUrl?: string
  type: string
  /** Of a text; empty otherwise. */
  text: string
  payload: Payload
  at: number
  messageId: string
}

export interface BotOptions {
  /** Alias of the integration that customers use. Agents have names and pictures on webchat only, which is the default. */
  upstreamAlias?: string
  /** Whether the bot's flow goes on by itself when a session has ended; yes unless told. */
  flowOnHitlStopped?: boolean
}

export interface Bot {
  /** A new customer with a conversation. */
  newCustomer(profile?: { name?: string; pictureUrl?: string }): { userId: string; conversationId: string }
  /** Another person in a conversation, or the same one in a new conversation. */
  newConversation(userId: string): string
  /** The customer writes. Resolves to the message's id when the bot has dealt with it; the desk may not have it yet. */
  customerSays(
    conversationId: string,
    content: string | { type: string; payload: Payload },
    options?: { userId?: string }
  ): Promise<string>
  /** The bot's flow writes to the customer. */
  botSays(conversationId: string, text: string): Promise<void>
  /** The Start HITL card. Rejects with what the card would get. */
  startHitl(conversationId: string, card: Omit<StartCard, 'userId'> & { userId?: string }): Promise<void>
  /** The Stop HITL card. */
  stopHitl(conversationId: string): Promise<void>
  /** The customer types `/end`. */
  endByCustomer(conversationId: string): Promise<void>
  /** What the customer was shown, in order. */
  seen(conversationId: string): Seen[]
  /** The whole conversation, the customer's messages included. */
  transcript(conversationId: string): Seen[]
  /** Whether the plugin takes the session for active; asked of either side. */
  isActive(conversationId: string): boolean
  /** The desk's side of the latest session. */
  downstreamOf(conversationId: string): string | undefined
  /** Messages of customers that the bot's own flow got. */
  readonly received: { conversationId: string; messageId: string; at: number }[]
  /** Events that reached the bot's own flow, `continueWorkflow` aside. */
  readonly events: { type: string; payload: Payload; at: number }[]
  /** Conversations whose flow was continued, once per event. */
  readonly continued: { conversationId: string; at: number }[]
  /** What the plugin dropped, ignored or aborted. */
  readonly notes: PluginNote[]
  /** What went wrong while handling messages and events. */
  readonly errors: { at: number; about: string; message: string }[]
}

export const createBot = (runtime: Runtime, options: BotOptions = {}): Bot => {
  const { clock, identity, store } = runtime
  const upstreamAlias = options.upstreamAlias ?? 'webchat'
  const channel: Caller = { by: 'integration', alias: upstreamAlias }
  const customers = new Map<string, string>()
  const webchatUsers = new Map<string, string>()
  const handled = new Map<string, () => void>()
  const received: Bot['received'] = []
  const events: Bot['events'] = []
  const continued: Bot['continued'] = []
  const notes: PluginNote[] = []
  const errors: Bot['errors'] = []

  const newUser = (profile: { name?: string; pictureUrl?: string }): string =>
    store.users.insert({ ...store.row('user', {}), owner: upstreamAlias, ...profile }).id

  const plugin: PluginContext = {
    api: createBotApi(runtime),
    clock,
    switches: runtime.switches,
    identity,
    upstreamAlias,
    flowOnHitlStopped: options.flowOnHitlStopped ?? true,
    webchatUser: async (key, { name, pictureUrl }) => {
      const existing = store.users.get(webchatUsers.get(key) ?? '')
      if (existing) {
        Object.assign(existing, { name, pictureUrl })
        return existing.id
      }
      const id = newUser({ name, pictureUrl })
      webchatUsers.set(key, id)
      return id
    },
    log: {
      note: (what, ids) => {
        notes.push({ what, at: clock.now(), ...ids })
      },
    },
  }

  const watched = async (about: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      errors.push({ at: clock.now(), about, message: error instanceof Error ? error.message : String(error) })
      throw error
    }
  }

  runtime.receiveAsBot({
    message: (message) =>
      watched(message.id, async () => {
        try {
          const { id, conversationId } = message
          const isDone = await handleMessage(plugin, message)
          if (!isDone) received.push({ conversationId, messageId: id, at: clock.now() })
        } finally {
          handled.get(message.id)?.()
          handled.delete(message.id)
        }
      }),
    event: (event) =>
      watched(event.id, async () => {
        if (await handleEvent(plugin, event)) return
        const { type, payload, conversationId = '' } = event
        if (type === own('continueWorkflow')) continued.push({ conversationId, at: clock.now() })
        else events.push({ type, payload, at: clock.now() })
      }),
  })

  const view = (conversationId: string, message: Message): Seen => {
    const { payload } = message
    const text = typeof payload['text'] === 'string' ? payload['text'] : ''
    const base = { type: message.type, text, payload, at: message.createdAt, messageId: message.id }
    if (message.direction === 'incoming') return { from: 'customer', ...base }
    if (message.tags[own('downstream')] === undefined) {
      return { from: TEXTS_FOR_CUSTOMERS.has(text) ? 'system' : 'bot', ...base }
    }
    const shownAs = store.users.get(typeof payload['userId'] === 'string' ? payload['userId'] : '')
    const writers = store.messagesOf(conversationId).filter((other) => other.direction === 'incoming')
    const isCustomer = shownAs !== undefined && writers.some((other) => other.userId === shownAs.id)
    const { name, pictureUrl } = shownAs ?? {}
    return { from: isCustomer ? 'customer' : 'agent', name, pictureUrl, ...base }
  }

  const customerSays: Bot['customerSays'] = async (conversationId, content, how) => {
    const { type, payload } = typeof content === 'string' ? { type: 'text', payload: { text: content } } : content
    const userId = how?.userId ?? customers.get(conversationId)
    const body = { type, payload, conversationId, userId, tags: {} }
    const created = await runtime.perform(channel, 'POST', '/v1/chat/messages', body)
    const { id } = (created as { message: { id: string } }).message
    await new Promise<void>((resolve) => {
      handled.set(id, resolve)
    })
    return id
  }

  const newConversation = (userId: string): string => {
    const row = { ...store.row('conv', {}), owner: upstreamAlias, channel: 'channel' }
    customers.set(row.id, userId)
    return store.conversations.insert(row).id
  }

  /** A card runs inside the handling of a conversation's message, and so takes its turn. */
  const inTurn = (conversationId: string, work: () => Promise<void>): Promise<void> =>
    clock.track(runtime.lanes.run(`bot ${conversationId}`, work))

  return {
    received,
    events,
    continued,
    notes,
    errors,
    newConversation,
    newCustomer: (profile = { name: 'Eve Customer' }) => {
      const userId = newUser(profile)
      return { userId, conversationId: newConversation(userId) }
    },
    customerSays,
    botSays: (conversationId, text) => plugin.api.createMessage({ conversationId, type: 'text', payload: { text } }),
    startHitl: (conversationId, card) => {
      const userId = card.userId ?? customers.get(conversationId) ?? ''
      return inTurn(conversationId, () => startHitl(plugin, conversationId, { ...card, userId }))
    },
    stopHitl: (conversationId) => inTurn(conversationId, () => stopHitl(plugin, conversationId)),
    endByCustomer: async (conversationId) => {
      await customerSays(conversationId, END_COMMAND)
    },
    seen: (conversationId) =>
      store
        .messagesOf(conversationId)
        .filter((message) => message.direction === 'outgoing')
        .map((message) => view(conversationId, message)),
    transcript: (conversationId) => store.messagesOf(conversationId).map((message) => view(conversationId, message)),
    isActive: (conversationId) => {
      const key = ['bot', 'conversation', conversationId, own('hitl')].join('|')
      return store.states.get(key)?.payload['hitlActive'] === true
    },
    downstreamOf: (conversationId) => store.conversations.get(conversationId)?.tags[own('downstream')],
  }
}
