/** A bot with the official hitl plugin, and its customers. */
import type { Runtime } from '../runtime'
import type { Message } from '../store'
import type { Caller, Payload } from '../types'
import { createBotApi } from './bot-api'
import { startHitl, stopHitl, type StartCard } from './start-stop'
import { handleEvent } from './events'
import { handleMessage } from './messages'
import {
  DEFAULT_PLUGIN_CONFIGURATION,
  own,
  type PluginConfiguration,
  type PluginContext,
  type PluginNote,
} from './context'
import { END_COMMAND, TEXTS_FOR_CUSTOMERS } from './texts'

export type { PluginConfiguration } from './context'

/** One message as the customer saw it. */
export interface Seen {
  /**
   * `system` is a text of the plugin itself. `customer` is a message shown as the customer's own, which also happens to
   * an agent's text that carries the customer's user id.
   */
  from: 'bot' | 'agent' | 'system' | 'customer'
  /** The name shown next to the message. Only webchat shows names. */
  name?: string
  pictureUrl?: string
  type: string
  /** The text of a text message, otherwise empty. */
  text: string
  payload: Payload
  at: number
  messageId: string
}

export interface BotOptions {
  /** Alias of the customers' channel. Agents have names and pictures only on `webchat`, the default. */
  upstreamAlias?: string
  /** How the bot builder configured the plugin. */
  plugin?: PluginConfiguration
}

export interface Bot {
  /** Creates a customer with a conversation. */
  newCustomer(profile?: { name?: string; pictureUrl?: string }): { userId: string; conversationId: string }
  /** Creates another conversation for a customer. */
  newConversation(userId: string): string
  /** Sends a customer's message. Resolves to its id when the bot has handled it; the desk may not have it yet. */
  customerSays(
    conversationId: string,
    content: string | { type: string; payload: Payload },
    options?: { userId?: string }
  ): Promise<string>
  /** Sends a message of the bot's flow to the customer. */
  botSays(conversationId: string, text: string): Promise<void>
  /** Runs the Start HITL card. Rejects with the error that the card would get. */
  startHitl(conversationId: string, card: Omit<StartCard, 'userId'> & { userId?: string }): Promise<void>
  /** Runs the Stop HITL card. */
  stopHitl(conversationId: string): Promise<void>
  /** The customer types the command that ends the session: `/end`, unless it is configured otherwise. */
  endByCustomer(conversationId: string): Promise<void>
  /** The messages that the customer saw, in order. */
  seen(conversationId: string): Seen[]
  /** The whole conversation, including the customer's messages. */
  transcript(conversationId: string): Seen[]
  /** Whether the plugin considers the session active. Takes the conversation of either side. */
  isActive(conversationId: string): boolean
  /** The desk's conversation of the latest session. */
  downstreamOf(conversationId: string): string | undefined
  /** Customers' messages that reached the bot's own flow. */
  readonly received: { conversationId: string; messageId: string; at: number }[]
  /** Events that reached the bot's own flow, except `continueWorkflow`. */
  readonly events: { type: string; payload: Payload; at: number }[]
  /** Conversations whose flow continued, one entry per event. */
  readonly continued: { conversationId: string; at: number }[]
  /** Messages and events that the plugin dropped, ignored or suppressed, and sessions that it aborted. */
  readonly notes: PluginNote[]
  /** Errors from handling messages and events. */
  readonly errors: { at: number; about: string; message: string }[]
}

export const createBot = (runtime: Runtime, options: BotOptions = {}): Bot => {
  const { clock, identity, store } = runtime
  const upstreamAlias = options.upstreamAlias ?? 'webchat'
  const channel: Caller = { by: 'integration', alias: upstreamAlias }
  const customers = new Map<string, string>()
  const webchatUsers = new Map<string, string>()
  const ownTexts = new Set(TEXTS_FOR_CUSTOMERS)
  const onHandled = new Map<string, () => void>()
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
    configuration: { ...DEFAULT_PLUGIN_CONFIGURATION, ...options.plugin },
    log: {
      note: (what, ids) => {
        notes.push({ what, at: clock.now(), ...ids })
      },
      said: (text) => {
        ownTexts.add(text)
      },
    },
  }

  // The customers' channel makes a user of its own for every agent.
  runtime.serveAction('webchat:getOrCreateUser', (input) => {
    const { name, pictureUrl, user } = input as { name?: string; pictureUrl?: string; user: { id: string } }
    const existing = store.users.get(webchatUsers.get(user.id) ?? '')
    if (existing) Object.assign(existing, { name, pictureUrl })
    const userId = existing?.id ?? newUser({ name, pictureUrl })
    webchatUsers.set(user.id, userId)
    return { userId }
  })

  const recordErrors = async (about: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      errors.push({ at: clock.now(), about, message: error instanceof Error ? error.message : String(error) })
      throw error
    }
  }

  runtime.receiveAsBot({
    message: (message) =>
      recordErrors(message.id, async () => {
        try {
          const { id, conversationId } = message
          const isHandled = await handleMessage(plugin, message)
          if (!isHandled) received.push({ conversationId, messageId: id, at: clock.now() })
        } finally {
          onHandled.get(message.id)?.()
          onHandled.delete(message.id)
        }
      }),
    event: (event) =>
      recordErrors(event.id, async () => {
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
      return { from: ownTexts.has(text) ? 'system' : 'bot', ...base }
    }
    const shownAs = store.users.get(typeof payload['userId'] === 'string' ? payload['userId'] : '')
    const writers = store.messagesOf(conversationId).filter((other) => other.direction === 'incoming')
    const isCustomer = shownAs !== undefined && writers.some((other) => other.userId === shownAs.id)
    const { name, pictureUrl } = shownAs ?? {}
    return { from: isCustomer ? 'customer' : 'agent', name, pictureUrl, ...base }
  }

  const customerSays: Bot['customerSays'] = async (
    conversationId,
    content,
    { userId = customers.get(conversationId) } = {}
  ) => {
    const { type, payload } = typeof content === 'string' ? { type: 'text', payload: { text: content } } : content
    const body = { type, payload, conversationId, userId, tags: {} }
    const created = await runtime.perform(channel, 'POST', '/v1/chat/messages', body)
    const { id } = (created as { message: { id: string } }).message
    await new Promise<void>((resolve) => {
      onHandled.set(id, resolve)
    })
    return id
  }

  const newConversation = (userId: string): string => {
    const row = { ...store.row('conv', {}), owner: upstreamAlias, channel: 'channel' }
    customers.set(row.id, userId)
    return store.conversations.insert(row).id
  }

  /** A card runs while the bot handles a message, so it takes its place in the queue of that conversation. */
  const enqueue = (conversationId: string, work: () => Promise<void>): Promise<void> =>
    clock.track(runtime.queues.run(`bot ${conversationId}`, work))

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
      return enqueue(conversationId, () => startHitl(plugin, conversationId, { ...card, userId }))
    },
    stopHitl: (conversationId) => enqueue(conversationId, () => stopHitl(plugin, conversationId)),
    endByCustomer: async (conversationId) => {
      await customerSays(conversationId, plugin.configuration.userHitlCloseCommand || END_COMMAND)
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
