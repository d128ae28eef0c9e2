/** The runtime API for the plugin. Calls are real API calls, with the retries of the SDK's client. */
import { errorFrom } from '@botpress/client'
import type { Runtime } from '../runtime'
import type { RuntimeAnswer } from '../server'
import type { Payload, Tags } from '../types'

export interface BotConversation {
  id: string
  integration: string
  tags: Tags
}

export interface BotUser {
  id: string
  name?: string
  pictureUrl?: string
  tags: Tags
}

export interface BotMessage {
  id: string
  type: string
  payload: Payload
  direction: 'incoming' | 'outgoing'
  userId: string
  conversationId: string
  createdAt: string
  tags: Tags
}

export interface BotApi {
  getConversation(id: string): Promise<BotConversation>
  tagConversation(id: string, tags: Tags): Promise<void>
  getUser(id: string): Promise<BotUser>
  tagUser(id: string, tags: Tags): Promise<void>
  /** A page of messages, newest first. */
  messages(conversationId: string, token?: string): Promise<{ messages: BotMessage[]; nextToken?: string }>
  createMessage(message: { conversationId: string; type: string; payload: Payload; tags?: Tags }): Promise<void>
  createEvent(event: {
    type: string
    payload: Payload
    conversationId?: string
    userId?: string
    schedule?: { delay: number }
  }): Promise<void>
  getState(conversationId: string, name: string): Promise<Payload | undefined>
  getOrSetState(conversationId: string, name: string, payload: Payload): Promise<Payload>
  setState(conversationId: string, name: string, payload: Payload): Promise<void>
  /** Calls an action of the desk's integration, or of the one with this alias, and returns its output. */
  callAction(type: string, input: Payload, alias?: string): Promise<Payload>
}

const RETRIES = 3

/** Time-out of the bot's client for one request. */
const CLIENT_TIMEOUT_MS = 60_000

/** Methods that `isNetworkOrIdempotentRequestError` of axios-retry considers idempotent. */
const IDEMPOTENT = new Set(['GET', 'PUT', 'DELETE'])

/** Whether the SDK's client retries: a lost connection, 429, 502, and any 5xx of an idempotent method. */
const _isRetried = (method: string, answer: RuntimeAnswer): boolean => {
  if ('hangUp' in answer) return answer.hangUp === 'disconnect'
  return answer.status === 429 || answer.status === 502 || (answer.status >= 500 && IDEMPOTENT.has(method))
}

export const createBotApi = (runtime: Runtime): BotApi => {
  const { alias, botId } = runtime.identity

  const request = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await runtime.botCall(method, `/v1/chat/${path}`, body)
      if ('hangUp' in answer && answer.hangUp === 'timeout') await runtime.clock.sleep(CLIENT_TIMEOUT_MS)
      if (attempt <= RETRIES && _isRetried(method, answer)) {
        const after = 'headers' in answer ? answer.headers?.['retry-after'] : undefined
        await runtime.clock.sleep((after === undefined ? attempt : Number(after)) * 1000)
        continue
      }
      if ('hangUp' in answer) throw errorFrom(new Error(`No answer: ${answer.hangUp}`))
      const data = JSON.parse(answer.body ?? '{}') as T
      if (answer.status >= 300) throw errorFrom(data)
      return data
    }
  }

  const statePath = (conversationId: string, name: string): string =>
    `states/conversation/${conversationId}/${encodeURIComponent(name)}`

  return {
    getConversation: async (id) =>
      (await request<{ conversation: BotConversation }>('GET', `conversations/${encodeURIComponent(id)}`)).conversation,
    tagConversation: async (id, tags) => {
      await request('PUT', `conversations/${id}`, { tags })
    },
    getUser: async (id) => (await request<{ user: BotUser }>('GET', `users/${encodeURIComponent(id)}`)).user,
    tagUser: async (id, tags) => {
      await request('PUT', `users/${id}`, { tags })
    },
    messages: async (conversationId, token) => {
      const next = token === undefined ? '' : `&nextToken=${encodeURIComponent(token)}`
      const { messages, meta } = await request<{ messages: BotMessage[]; meta: { nextToken?: string } }>(
        'GET',
        `messages?conversationId=${conversationId}${next}`
      )
      return { messages, nextToken: meta.nextToken }
    },
    createMessage: async ({ tags = {}, ...message }) => {
      await request('POST', 'messages', { ...message, tags, userId: botId })
    },
    createEvent: async (event) => {
      await request('POST', 'events', event)
    },
    getState: async (conversationId, name) => {
      try {
        const path = statePath(conversationId, name)
        return (await request<{ state: { payload: Payload } }>('GET', path)).state.payload
      } catch (error) {
        if (errorFrom(error).type === 'ResourceNotFound') return undefined
        throw error
      }
    },
    getOrSetState: async (conversationId, name, payload) => {
      const path = `${statePath(conversationId, name)}/get-or-set`
      return (await request<{ state: { payload: Payload } }>('POST', path, { payload })).state.payload
    },
    setState: async (conversationId, name, payload) => {
      await request('POST', statePath(conversationId, name), { payload })
    },
    callAction: async (type, input, of = alias) =>
      (await request<{ output: Payload }>('POST', 'actions', { type: `${of}:${type}`, input })).output,
  }
}
