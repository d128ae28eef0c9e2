/** Test support for the runtime: a small desk in an integration built with the real SDK. */
import { Client } from '@botpress/client'
import { Integration, RuntimeError, type IntegrationProps } from '@botpress/sdk'
import { createLocalBotpress, manualClock, type BotOptions, type LocalBotpress, type ManualClock } from '.'
import type { RunnableIntegration } from './gateway'
import type { RuntimeOptions } from './runtime'
import type { RuntimeDefinition } from './types'

export const definition: RuntimeDefinition = {
  user: { tags: { email: {}, agentId: {} } },
  channels: { hitl: { conversation: { tags: { id: {}, userId: {} } }, message: { tags: { id: {}, thread: {} } } } },
  states: { session: { type: 'conversation' }, profile: { type: 'user' }, position: { type: 'integration' } },
  events: { hitlAssigned: {}, hitlStopped: {}, observed: {} },
}

/** A call that the desk received. */
export interface Received {
  operation: 'createUser' | 'startHitl' | 'stopHitl' | 'message' | 'register' | 'unregister'
  input: Record<string, unknown>
}

export interface Desk {
  integration: RunnableIntegration
  received: Received[]
  texts(): string[]
  /** Contexts of all requests, as the SDK reads them from the headers. */
  contexts: Record<string, unknown>[]
  /** The webhook handler. */
  webhook: (request: { method: string; path: string; query: string; body?: string }) => {
    status: number
    headers?: Record<string, string>
    body?: string
  }
  /** Runs inside startHitl, after the conversation was created. */
  beforeAnswer?: (conversationId: string) => Promise<void>
  failing?: { startHitl?: boolean; stopHitl?: boolean; unknownConversation?: boolean }
}

type ActionProps = Parameters<IntegrationProps['actions'][string]>[0]

export const createDesk = (): Desk => {
  const received: Received[] = []
  let tickets = 0
  const desk: Desk = {
    received,
    contexts: [],
    texts: () => received.filter((entry) => entry.operation === 'message').map((entry) => String(entry.input['text'])),
    webhook: () => ({ status: 200 }),
    integration: { handler: async () => undefined },
  }
  const recordMessage = async ({ payload, ctx }: { payload: Record<string, unknown>; ctx: unknown }): Promise<void> => {
    desk.contexts.push(ctx as Record<string, unknown>)
    received.push({ operation: 'message', input: payload })
  }
  const actions: Record<string, (props: ActionProps) => Promise<Record<string, unknown>>> = {
    createUser: async ({ client, input }) => {
      received.push({ operation: 'createUser', input })
      const { name, email } = input as { name: string; email: string }
      const { user } = await client.getOrCreateUser({ name, tags: { email }, discriminateByTags: ['email'] })
      return { userId: user.id }
    },
    startHitl: async ({ client, input }) => {
      received.push({ operation: 'startHitl', input })
      if (desk.failing?.unknownConversation) return { conversationId: 'conv_invented' }
      if (desk.failing?.startHitl) throw new RuntimeError('The desk is closed')
      tickets += 1
      const { conversation } = await client.createConversation({ channel: 'hitl', tags: { id: String(tickets) } })
      await desk.beforeAnswer?.(conversation.id)
      return { conversationId: conversation.id }
    },
    stopHitl: async ({ input }) => {
      received.push({ operation: 'stopHitl', input })
      if (desk.failing?.stopHitl) throw new RuntimeError('The desk is gone')
      return {}
    },
  }
  desk.integration = new Integration({
    register: async ({ webhookUrl, ctx }) => {
      desk.contexts.push({ ...ctx })
      received.push({ operation: 'register', input: { webhookUrl } })
    },
    unregister: async ({ webhookUrl }) => {
      received.push({ operation: 'unregister', input: { webhookUrl } })
    },
    handler: async ({ req }) => desk.webhook(req),
    actions,
    channels: { hitl: { messages: { text: recordMessage, image: recordMessage, bloc: recordMessage } } },
  })
  return desk
}

export interface TestWorld extends LocalBotpress {
  clock: ManualClock
  desk: Desk
  /** A client of the integration, created outside of a request. */
  client: Client
  /** Creates a customer with an active session at the desk. */
  openSession(): Promise<{ conversationId: string; downstreamId: string; userId: string }>
  /** Creates the user of an agent. */
  newAgent(name?: string): Promise<string>
  agentWrites(downstreamId: string, agentUserId: string, text: string): Promise<void>
  assign(downstreamId: string, agentUserId: string): Promise<void>
  solve(downstreamId: string): Promise<void>
}

export const createTestWorld = async (options: Partial<RuntimeOptions> & BotOptions = {}) => {
  const clock = manualClock()
  const desk = createDesk()
  const world = await createLocalBotpress({ definition, clock, integrations: [desk.integration], ...options })
  const { bot, runtime } = world
  const { botId, integrationId, alias, token } = runtime.identity
  const client = new Client({ apiUrl: world.url, token, botId, integrationId, integrationAlias: alias })
  let agents = 0
  const test: TestWorld = {
    ...world,
    clock,
    desk,
    client,
    openSession: async () => {
      const { userId, conversationId } = bot.newCustomer()
      await bot.customerSays(conversationId, 'my printer burns')
      await bot.startHitl(conversationId, { title: 'Printer on fire' })
      return { userId, conversationId, downstreamId: bot.downstreamOf(conversationId) ?? '' }
    },
    newAgent: async (name = 'Ada Agent') => {
      agents += 1
      const { user } = await client.createUser({ name, tags: { agentId: String(agents) } })
      return user.id
    },
    agentWrites: async (conversationId, userId, text) => {
      await client.createMessage({ conversationId, userId, type: 'text', payload: { text }, tags: {} })
    },
    assign: async (conversationId, userId) => {
      await client.createEvent({ type: 'hitlAssigned', payload: { conversationId, userId } })
    },
    solve: async (conversationId) => {
      await client.createEvent({ type: 'hitlStopped', payload: { conversationId } })
    },
  }
  return test
}
