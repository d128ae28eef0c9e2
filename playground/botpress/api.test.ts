import { Client, isApiError } from '@botpress/client'
import { afterEach, describe, expect, it } from 'vitest'
import type { Switches } from './types'
import { createTestWorld, type TestWorld } from './testing'

const worlds: TestWorld[] = []
const open = async (switches: Partial<Switches> = {}): Promise<TestWorld> => {
  const world = await createTestWorld({ switches })
  worlds.push(world)
  return world
}

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()))
})

const failureOf = async (work: Promise<unknown>): Promise<{ type: string; code: number }> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown
  )
  if (!isApiError(error)) throw new Error('Expected an API error')
  return { type: error.type, code: error.code }
}

const channel = 'hitl'

describe('users', () => {
  it('are created, found by tags, updated and deleted', async () => {
    const { client } = await open()
    const { user } = await client.createUser({ name: 'Eve', tags: { email: 'eve@example.test' } })
    expect(user.id.length).toBeGreaterThanOrEqual(28)
    expect(user).toMatchObject({ name: 'Eve', tags: { email: 'eve@example.test' } })
    expect((await client.listUsers({ tags: { email: 'eve@example.test' } })).users).toEqual([user])
    const updated = await client.updateUser({ id: user.id, name: null, tags: { email: '', agentId: '7' } })
    expect(updated.user.tags).toEqual({ agentId: '7' })
    expect(updated.user.name).toBeUndefined()
    expect((await client.listUsers({ tags: { email: 'eve@example.test' } })).users).toEqual([])
    await client.deleteUser({ id: user.id })
    expect(await failureOf(client.getUser({ id: user.id }))).toEqual({ type: 'ResourceNotFound', code: 404 })
  })

  it('lets the integration tag the bot’s own user, but no other owner’s user', async () => {
    const { client, runtime, bot } = await open()
    const { user } = await client.updateUser({ id: runtime.identity.botUserId, tags: { agentId: '1' } })
    expect(user).toMatchObject({ name: 'Botpress', tags: { agentId: '1' } })
    const { userId } = bot.newCustomer()
    expect(await failureOf(client.getUser({ id: userId }))).toMatchObject({ code: 404 })
  })
})

describe('get-or-create', () => {
  it('compares all tags or only the given ones, depending on the switch', async () => {
    const exact = await open({ getOrCreate: 'exact' })
    const contains = await open({ getOrCreate: 'contains' })
    for (const [world, isSame] of [
      [exact, false],
      [contains, true],
    ] as const) {
      const first = await world.client.getOrCreateConversation({ channel, tags: { id: '1', userId: 'u' } })
      const again = await world.client.getOrCreateConversation({ channel, tags: { id: '1', userId: 'u' } })
      const fewer = await world.client.getOrCreateConversation({ channel, tags: { id: '1' } })
      expect(again.conversation.id).toBe(first.conversation.id)
      expect(fewer.conversation.id === first.conversation.id).toBe(isSame)
    }
  })

  it('ignores the plugin’s tags', async () => {
    const { client, runtime } = await open({ getOrCreate: 'exact' })
    const { conversation } = await client.getOrCreateConversation({ channel, tags: { id: '1' } })
    await runtime.botCall('PUT', `/v1/chat/conversations/${conversation.id}`, { tags: { 'hitl#upstream': 'x' } })
    const again = await client.getOrCreateConversation({ channel, tags: { id: '1' } })
    expect(again.conversation).toMatchObject({ id: conversation.id, tags: { id: '1' } })
    runtime.switches.tagsVisibleToIntegration = true
    expect((await client.getConversation({ id: conversation.id })).conversation.tags).toEqual({
      id: '1',
      'hitl#upstream': 'x',
    })
  })

  it('compares only the discriminating tags, and updates the others', async () => {
    for (const getOrCreate of ['exact', 'contains'] as const) {
      const { client } = await open({ getOrCreate })
      const first = await client.getOrCreateUser({ tags: { email: 'a@b.test' }, discriminateByTags: ['email'] })
      const tags = { email: 'a@b.test', agentId: '3' }
      const again = await client.getOrCreateUser({ tags, name: 'Late', discriminateByTags: ['email'] })
      expect(again.user).toMatchObject({ id: first.user.id, tags })
      expect(again.user.name).toBeUndefined()
    }
  })

  it('creates one message per conversation for many parallel calls', async () => {
    const { client, newAgent, settle, runtime } = await open()
    const [a, b] = await Promise.all([
      client.createConversation({ channel, tags: { id: 'a' } }),
      client.createConversation({ channel, tags: { id: 'b' } }),
    ])
    const userId = await newAgent()
    const send = (conversationId: string) =>
      client.getOrCreateMessage({
        conversationId,
        userId,
        type: 'text',
        payload: { text: 'hi' },
        tags: { id: 'm1' },
        discriminateByTags: ['id'],
      })
    const ids = await Promise.all(Array.from({ length: 8 }, () => send(a.conversation.id)))
    expect(new Set(ids.map(({ message }) => message.id)).size).toBe(1)
    expect((await send(b.conversation.id)).message.id).not.toBe(ids[0]?.message.id)
    await settle()
    expect(runtime.deliveries.filter((delivery) => delivery.kind === 'message')).toHaveLength(2)
  })

  it('creates duplicates when it isn’t atomic', async () => {
    const { client } = await open({ atomic: false })
    const same = () => client.getOrCreateUser({ tags: { email: 'a@b.test' }, discriminateByTags: ['email'] })
    const users = await Promise.all(Array.from({ length: 6 }, same))
    expect(new Set(users.map(({ user }) => user.id)).size).toBeGreaterThan(1)
    const { user } = await same()
    expect(users[0]).toBeDefined()
    expect(users.map((entry) => entry.user.id)).toContain(user.id)
  })
})

describe('initialize-incoming-message', () => {
  it('gets or creates user, conversation and message in one call', async () => {
    const { client, settle, runtime } = await open()
    const call = () =>
      client.initializeIncomingMessage({
        user: { name: 'Ada', tags: { agentId: '1' }, discriminateByTags: ['agentId'] },
        conversation: { channel, tags: { id: '5' }, discriminateByTags: ['id'] },
        message: { type: 'text', payload: { text: 'hi' }, tags: { id: 'm' }, discriminateByTags: ['id'] },
      })
    const [first, second] = await Promise.all([call(), call()])
    expect(second).toEqual(first)
    expect(first.message).toMatchObject({ userId: first.user.id, conversationId: first.conversation.id })
    const known = await client.initializeIncomingMessage({
      userId: first.user.id,
      conversationId: first.conversation.id,
    })
    expect(known.message).toBeUndefined()
    expect(await failureOf(client.initializeIncomingMessage({ userId: first.user.id }))).toMatchObject({ code: 400 })
    await settle()
    expect(runtime.deliveries).toHaveLength(1)
  })
})

describe('messages', () => {
  it('are created, updated, listed by tag and deleted', async () => {
    const { client, newAgent } = await open()
    const { conversation } = await client.createConversation({ channel, tags: { id: '1' } })
    const userId = await newAgent()
    const body = { conversationId: conversation.id, userId, type: 'text', payload: { text: 'hi' }, tags: {} }
    const { message } = await client.createMessage(body)
    expect(message).toMatchObject({ ...body, direction: 'incoming' })
    const { message: changed } = await client.updateMessage({
      id: message.id,
      tags: { id: '9' },
      payload: { text: 'ho' },
    })
    expect(changed).toMatchObject({ id: message.id, tags: { id: '9' }, payload: { text: 'ho' } })
    expect((await client.listMessages({ tags: { id: '9' } })).messages).toEqual([changed])
    await client.deleteMessage({ id: message.id })
    expect(await failureOf(client.getMessage({ id: message.id }))).toMatchObject({ code: 404 })
    expect((await client.listMessages({ conversationId: conversation.id })).messages).toEqual([])
  })
})

describe('listings', () => {
  it('are paged, newest first, and new rows don’t shift the pages', async () => {
    const { client, newAgent } = await open({ pageSize: 2 })
    const { conversation } = await client.createConversation({ channel, tags: { id: '1' } })
    const userId = await newAgent()
    const write = (text: string) =>
      client.createMessage({ conversationId: conversation.id, userId, type: 'text', payload: { text }, tags: {} })
    for (const text of ['1', '2', '3', '4', '5']) await write(text)
    const first = await client.listMessages({ conversationId: conversation.id })
    await write('6')
    const second = await client.listMessages({
      conversationId: conversation.id,
      nextToken: first.meta.nextToken,
    })
    expect([...first.messages, ...second.messages].map((message) => message.payload['text'])).toEqual([
      '5',
      '4',
      '3',
      '2',
    ])
    const all = await client.list.messages({ conversationId: conversation.id }).collect()
    expect(all).toHaveLength(6)
    expect(await failureOf(client.listMessages({ nextToken: 'nonsense' }))).toMatchObject({ type: 'InvalidQuery' })
  })

  it('filter by tags and channel', async () => {
    const { client } = await open()
    const wanted = await client.createConversation({ channel, tags: { id: '1', userId: 'a b&c' } })
    await client.createConversation({ channel, tags: { id: '2', userId: 'a b&c' } })
    const { conversations } = await client.listConversations({ channel, tags: { id: '1', userId: 'a b&c' } })
    expect(conversations.map(({ id }) => id)).toEqual([wanted.conversation.id])
    await client.deleteConversation({ id: wanted.conversation.id })
    expect((await client.listConversations({ tags: { id: '1' } })).conversations).toEqual([])
  })
})

describe('the API refuses', () => {
  it('undeclared tags, channels, states and events', async () => {
    const { client, runtime } = await open()
    const { user } = await client.createUser({ tags: {} })
    const refused = { type: 'InvalidPayload', code: 400 }
    expect(await failureOf(client.createUser({ tags: { shoe: '9' } }))).toEqual(refused)
    expect(await failureOf(client.updateUser({ id: user.id, tags: { toString: 'x' } }))).toEqual(refused)
    expect(await failureOf(client.listUsers({ tags: { shoe: '9' } }))).toEqual(refused)
    expect(await failureOf(client.createConversation({ channel: 'mail', tags: {} }))).toEqual(refused)
    expect(await failureOf(client.createEvent({ type: 'hitlLost', payload: {} }))).toEqual(refused)
    const id = runtime.identity.integrationId
    expect(await failureOf(client.getState({ type: 'integration', id, name: 'session' }))).toEqual(refused)
  })

  it('tags and names that are too long', async () => {
    const { client } = await open()
    await client.createUser({ tags: { email: 'x'.repeat(500) } })
    expect(await failureOf(client.createUser({ tags: { email: 'x'.repeat(501) } }))).toMatchObject({ code: 400 })
    expect(await failureOf(client.createUser({ tags: {}, name: 'x'.repeat(201) }))).toMatchObject({ code: 400 })
  })

  it('unknown references', async () => {
    const { client } = await open()
    const { user } = await client.createUser({ tags: {} })
    const message = { conversationId: 'conv_none', userId: user.id, type: 'text', payload: {}, tags: {} }
    expect(await failureOf(client.createMessage(message))).toEqual({ type: 'ReferenceNotFound', code: 400 })
  })

  it('requests with wrong headers, paths or bodies', async () => {
    const { runtime, url } = await open()
    const { botId, integrationId, token } = runtime.identity
    const strangers = [
      new Client({ apiUrl: url, botId, integrationId, token: 'other' }),
      new Client({ apiUrl: url, botId: 'other', integrationId, token }),
      new Client({ apiUrl: url, botId, integrationId: 'other', token }),
    ]
    const failures = await Promise.all(strangers.map((stranger) => failureOf(stranger.createUser({ tags: {} }))))
    expect(failures.map(({ code }) => code)).toEqual([401, 403, 403])
    const headers = { authorization: `Bearer ${token}`, 'x-bot-id': botId, 'content-type': 'application/json' }
    const ask = async (path: string, init: RequestInit): Promise<number> =>
      (await fetch(`${url}/v1/chat/${path}`, { ...init, headers: { ...headers, ...init.headers } })).status
    expect(await ask('nowhere', {})).toBe(404)
    expect(await ask('users', { method: 'PATCH', body: '{}' })).toBe(405)
    expect(await ask('users', { method: 'POST', body: '{"tags":' })).toBe(400)
    expect(await ask('users', { method: 'POST', body: '[]' })).toBe(400)
    expect(await ask('users', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } })).toBe(415)
  })
})
