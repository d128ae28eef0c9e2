import { afterEach, describe, expect, it } from 'vitest'
import type { Switches } from '../types'
import { createTestWorld, type TestWorld } from '../testing'
import { AGENT_CLOSED, AGENT_JOINED, AGENT_NOT_SUPPORTED, CUSTOMER_LEFT } from './texts'

const worlds: TestWorld[] = []
const open = async (switches: Partial<Switches> = {}, upstreamAlias?: string): Promise<TestWorld> => {
  const world = await createTestWorld({ switches, ...(upstreamAlias ? { upstreamAlias } : {}) })
  worlds.push(world)
  return world
}

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()))
})

const times = (world: TestWorld, conversationId: string, text: string): number =>
  world.bot.seen(conversationId).filter((seen) => seen.text === text).length

describe('before the session is active', () => {
  const opening = async (world: TestWorld) => {
    const { bot, clock } = world
    const { conversationId } = bot.newCustomer()
    await bot.customerSays(conversationId, 'help')
    const starting = bot.startHitl(conversationId, { title: 'x' })
    await clock.settle()
    const downstreamId = bot.downstreamOf(conversationId) ?? ''
    expect(bot.isActive(downstreamId)).toBe(false)
    return { conversationId, downstreamId, starting }
  }

  it('acknowledges texts and assignments, and drops them', async () => {
    const world = await open({ activationDelayMs: 2000 })
    const { bot, clock, runtime } = world
    const { conversationId, downstreamId, starting } = await opening(world)
    const agent = await world.newAgent()
    await world.assign(downstreamId, agent)
    await world.agentWrites(downstreamId, agent, 'hello?')
    await clock.settle()
    expect(runtime.deliveries.slice(-2).map((delivery) => delivery.status)).toEqual([200, 200])
    await clock.advance(2000)
    await starting
    expect(bot.isActive(downstreamId)).toBe(true)
    expect(times(world, conversationId, AGENT_JOINED)).toBe(0)
    await world.agentWrites(downstreamId, agent, 'hello again')
    await clock.settle()
    expect(bot.seen(conversationId).slice(1)).toMatchObject([
      { from: 'system', text: AGENT_JOINED },
      { from: 'agent', name: 'Ada Agent', text: 'hello again' },
    ])
  })

  it('drops a text that is sent during startHitl', async () => {
    const world = await open()
    const agent = await world.newAgent()
    world.desk.beforeAnswer = (downstreamId) => world.agentWrites(downstreamId, agent, 'already here')
    const { conversationId, downstreamId } = await world.openSession()
    await world.settle()
    expect(world.bot.seen(conversationId)).toHaveLength(1)
    expect(world.bot.notes).toMatchObject([{ conversationId: downstreamId, what: 'message dropped: session inactive' }])
  })

  it('ignores the end, so the session stays active', async () => {
    const world = await open({ activationDelayMs: 2000 })
    const { downstreamId, starting } = await opening(world)
    await world.solve(downstreamId)
    await world.clock.advance(2000)
    await starting
    await world.clock.advance(60_000)
    expect(world.bot.isActive(downstreamId)).toBe(true)
  })

  it('delivers scheduled events and messages in order', async () => {
    const world = await open({ activationDelayMs: 2000 })
    const { client, clock, bot } = world
    const { conversationId, downstreamId, starting } = await opening(world)
    const userId = await world.newAgent()
    const at = (delay: number) => ({ schedule: { delay } })
    const payload = { conversationId: downstreamId, userId }
    await client.createEvent({ type: 'hitlStopped', payload: { conversationId: downstreamId }, ...at(5000) })
    const text = { type: 'text', payload: { text: 'hello' }, tags: {} }
    await client.createMessage({ conversationId: downstreamId, userId, ...text, ...at(4000) })
    await client.createEvent({ type: 'hitlAssigned', payload, ...at(3000) })
    await clock.advance(6000)
    await starting
    expect(bot.seen(conversationId).map((seen) => seen.text)).toContain('hello')
    expect(
      bot
        .seen(conversationId)
        .map((seen) => seen.text)
        .slice(1)
    ).toEqual([AGENT_JOINED, 'hello', AGENT_CLOSED])
  })
})

describe('an assignment', () => {
  it('is announced every time', async () => {
    const world = await open()
    const { conversationId, downstreamId } = await world.openSession()
    const agent = await world.newAgent()
    for (const count of [1, 2, 3]) {
      await world.assign(downstreamId, agent)
      await world.settle()
      expect(times(world, conversationId, AGENT_JOINED)).toBe(count)
    }
  })

  it('in parallel with the agent’s text is announced twice, or once in serial mode', async () => {
    for (const [delivery, count] of [
      ['concurrent', 2],
      ['serial', 1],
    ] as const) {
      const world = await open({ delivery })
      const { conversationId, downstreamId } = await world.openSession()
      const agent = await world.newAgent()
      await Promise.all([world.assign(downstreamId, agent), world.agentWrites(downstreamId, agent, 'hello')])
      await world.settle()
      expect(times(world, conversationId, AGENT_JOINED)).toBe(count)
      expect(times(world, conversationId, 'hello')).toBe(1)
    }
  })

  it('has a default name for a nameless agent, and fails for an unknown user or conversation', async () => {
    const world = await open()
    const { conversationId, downstreamId } = await world.openSession()
    await world.assign(downstreamId, await world.newAgent(''))
    await world.settle()
    const tags = world.runtime.store.conversations.get(conversationId)?.tags
    expect(tags?.['hitl#humanAgentName']).toBe('A Human Agent')
    await world.assign(downstreamId, 'user_none')
    await world.assign('4711', await world.newAgent())
    await world.settle()
    expect(world.bot.errors).toHaveLength(2)
    expect((await world.client.listEvents({ status: 'failed' })).events).toHaveLength(2)
  })
})

describe('agents’ texts', () => {
  it('show the agent’s name on webchat only', async () => {
    for (const [alias, name] of [
      ['webchat', 'Ada Agent'],
      ['telegram', undefined],
    ] as const) {
      const world = await open({}, alias)
      const { conversationId, downstreamId } = await world.openSession()
      const [ada, bob] = [await world.newAgent(), await world.newAgent('Bob Agent')]
      await world.agentWrites(downstreamId, ada, 'hello')
      await world.settle()
      await world.agentWrites(downstreamId, bob, 'and I')
      await world.settle()
      const texts = world.bot.seen(conversationId).filter((seen) => seen.from === 'agent')
      expect(texts.map((seen) => [seen.text, seen.name])).toEqual([
        ['hello', name],
        ['and I', name && 'Bob Agent'],
      ])
    }
  })

  it('appear as the customer’s when they carry the customer’s user id', async () => {
    const world = await open()
    const { conversationId, downstreamId, userId } = await world.openSession()
    const downstreamUser = world.runtime.store.users.get(userId)?.tags['hitl#downstream'] ?? ''
    await world.agentWrites(downstreamId, downstreamUser, 'hello')
    await world.settle()
    expect(world.bot.seen(conversationId).at(-1)).toMatchObject({ from: 'customer', name: 'Eve Customer' })
  })

  it('keep additional data as a tag; unsupported types are refused with a text to the agent', async () => {
    const world = await open()
    const { conversationId, downstreamId } = await world.openSession()
    const message = { conversationId: downstreamId, userId: await world.newAgent(), tags: {} }
    const payload = { text: 'hello', additionalData: '{"k":1}' }
    await world.client.createMessage({ ...message, type: 'text', payload })
    await world.settle()
    const last = world.runtime.store.messagesOf(conversationId).at(-1)
    expect(last?.tags['hitl#additionalData']).toBe('{"k":1}')
    await world.client.createMessage({ ...message, type: 'markdown', payload: { markdown: '*a*' } })
    await world.settle()
    expect(world.desk.texts()).toEqual([AGENT_NOT_SUPPORTED])
    expect(world.runtime.store.messagesOf(conversationId).at(-1)).toBe(last)
  })

  it('abort the session when the conversation isn’t linked', async () => {
    const world = await open()
    const { conversationId, downstreamId } = await world.openSession()
    await world.runtime.botCall('PUT', `/v1/chat/conversations/${downstreamId}`, { tags: { 'hitl#upstream': '' } })
    await world.agentWrites(downstreamId, await world.newAgent(), 'hello')
    await world.settle()
    expect([world.bot.isActive(downstreamId), world.bot.isActive(conversationId)]).toEqual([false, true])
    expect(world.desk.texts()).toHaveLength(1)
  })
})

describe('the end of a session', () => {
  it('is announced twice for two parallel events, or once in serial mode; later ones are ignored', async () => {
    for (const [delivery, count] of [
      ['concurrent', 2],
      ['serial', 1],
    ] as const) {
      const world = await open({ delivery })
      const { conversationId, downstreamId } = await world.openSession()
      await Promise.all([world.solve(downstreamId), world.solve(downstreamId)])
      await world.settle()
      await world.solve(downstreamId)
      await world.settle()
      expect(times(world, conversationId, AGENT_CLOSED)).toBe(count)
      expect(world.bot.continued).toHaveLength(count)
    }
  })

  it('may call stopHitl before the desk gets the text', async () => {
    const world = await open({ deliveryDelayMs: ({ to }) => (to === 'integration' ? 20 : 0) })
    const { conversationId } = await world.openSession()
    await world.bot.stopHitl(conversationId)
    expect(world.desk.received.at(-1)?.operation).toBe('stopHitl')
    await world.clock.advance(20)
    expect(world.desk.received.at(-1)).toEqual({ operation: 'message', input: { type: 'text', text: CUSTOMER_LEFT } })
    expect(world.bot.seen(conversationId)).toHaveLength(1)
  })

  it('shows the customer nothing when stopHitl throws', async () => {
    const world = await open()
    const { bot, desk, runtime } = world
    const { conversationId, downstreamId } = await world.openSession()
    desk.failing = { stopHitl: true }
    await bot.endByCustomer(conversationId)
    await world.settle()
    expect([bot.seen(conversationId).length, bot.continued.length, bot.isActive(downstreamId)]).toEqual([1, 0, false])
    expect(runtime.deliveries.find((delivery) => delivery.to === 'bot' && delivery.status === 400)).toBeDefined()
    expect(bot.errors).toMatchObject([{ message: 'The desk is gone' }])
    const other = await world.openSession()
    await expect(bot.stopHitl(other.conversationId)).rejects.toMatchObject({ type: 'Runtime' })
    expect(bot.isActive(other.conversationId)).toBe(false)
  })
})

describe('other events', () => {
  it('are kept from the bot when they name an active session, and fail for an unknown conversation', async () => {
    const world = await open()
    const { bot, client } = world
    const { downstreamId } = await world.openSession()
    const emit = async (payload: Record<string, string>, conversationId?: string) => {
      await client.createEvent({ type: 'observed', payload, conversationId })
      await world.settle()
    }
    await emit({}, downstreamId)
    await emit({ conversationId: downstreamId })
    expect(bot.events).toEqual([])
    await emit({ hitlConversationId: downstreamId })
    expect(bot.events).toHaveLength(1)
    await emit({ conversationId: '4711' })
    expect(bot.errors).toHaveLength(1)
    expect(world.runtime.deliveries.at(-1)?.status).toBe(500)
  })
})
