import { afterEach, describe, expect, it } from 'vitest'
import type { Switches } from '../types'
import { createTestWorld, type TestWorld } from '../testing'
import { AGENT_CLOSED, AGENT_JOINED, CUSTOMER_LEFT, HANDED_OFF, NOT_SUPPORTED, SESSION_ENDED } from './texts'

const worlds: TestWorld[] = []
const open = async (switches: Partial<Switches> = {}, upstreamAlias?: string): Promise<TestWorld> => {
  const world = await createTestWorld({ switches, ...(upstreamAlias ? { upstreamAlias } : {}) })
  worlds.push(world)
  return world
}

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()))
})

const shown = (world: TestWorld, conversationId: string): string[] =>
  world.bot.seen(conversationId).map((seen) => `${seen.from}${seen.name ? ` ${seen.name}` : ''}: ${seen.text}`)

const inputsOf = (world: TestWorld, operation: string) =>
  world.desk.received.filter((entry) => entry.operation === operation).map((entry) => entry.input)

const combinations = (['concurrent', 'serial'] as const).flatMap((delivery) =>
  (['exact', 'contains'] as const).map((getOrCreate) => ({ delivery, getOrCreate }))
)

describe.each(combinations)('a whole handoff ($delivery, $getOrCreate)', (switches) => {
  it('can be ended by the agent', async () => {
    const world = await open(switches)
    const { bot, desk, runtime } = world
    const { conversationId, downstreamId, userId } = await world.openSession()
    const agent = await world.newAgent()
    expect([bot.isActive(conversationId), bot.isActive(downstreamId)]).toEqual([true, true])
    await bot.customerSays(conversationId, 'are you there?')
    await world.assign(downstreamId, agent)
    await world.settle()
    await world.agentWrites(downstreamId, agent, 'hello, Ada here')
    await world.settle()
    await world.solve(downstreamId)
    await world.settle()
    expect(shown(world, conversationId)).toEqual([
      `system: ${HANDED_OFF}`,
      `system: ${AGENT_JOINED}`,
      'agent Ada Agent: hello, Ada here',
      `system: ${AGENT_CLOSED}`,
    ])
    expect(desk.texts()).toEqual(['are you there?'])
    expect([bot.isActive(conversationId), bot.isActive(downstreamId)]).toEqual([false, false])
    expect(bot.continued.map((entry) => entry.conversationId)).toEqual([conversationId])
    expect([bot.errors, bot.notes]).toEqual([[], []])
    expect(runtime.store.conversations.get(downstreamId)?.tags).toEqual({
      'desk:id': '1',
      'hitl#upstream': conversationId,
      'hitl#humanAgentId': agent,
      'hitl#humanAgentName': 'Ada Agent',
      'hitl#hitlEndReason': 'agent-closed-ticket',
    })
    expect(runtime.store.users.get(userId)?.tags).toMatchObject({ 'hitl#integrationAlias': 'desk' })
  })

  it('can be ended by the customer; a later text of the agent is dropped with a 200', async () => {
    const world = await open(switches)
    const { bot, desk, runtime } = world
    const { conversationId, downstreamId } = await world.openSession()
    await bot.endByCustomer(conversationId)
    await world.settle()
    expect(shown(world, conversationId)).toEqual([`system: ${HANDED_OFF}`, `system: ${SESSION_ENDED}`])
    expect(inputsOf(world, 'message')).toEqual([{ type: 'text', text: CUSTOMER_LEFT }])
    expect(inputsOf(world, 'stopHitl')).toEqual([{ conversationId: downstreamId }])
    expect(bot.continued).toHaveLength(1)
    const deliveries = runtime.deliveries.length
    await world.agentWrites(downstreamId, await world.newAgent(), 'too late')
    await world.solve(downstreamId)
    await world.settle()
    expect(runtime.deliveries.slice(deliveries).map((delivery) => delivery.status)).toEqual([200, 200])
    expect(bot.notes.map((note) => note.what)).toEqual([
      'message dropped: session inactive',
      'event ignored: session inactive',
    ])
    expect(bot.seen(conversationId)).toHaveLength(2)
    expect(desk.texts()).toHaveLength(1)
  })
})

describe('startHitl', () => {
  it('creates the customer’s user once, with a placeholder address', async () => {
    const world = await open()
    const { bot } = world
    const { conversationId, userId } = await world.openSession()
    expect(inputsOf(world, 'createUser')).toEqual([
      { name: 'Eve Customer', email: `${userId}@no-reply.bot-local.botpress.com` },
    ])
    await bot.stopHitl(conversationId)
    await bot.customerSays(conversationId, 'again')
    await bot.startHitl(conversationId, { title: 'Again', userEmail: 'eve@example.test' })
    expect(inputsOf(world, 'createUser')).toHaveLength(1)
    const other = bot.newCustomer({ name: 'Bob', pictureUrl: 'https://example.test/bob.png' })
    await bot.startHitl(other.conversationId, { title: 'x', userEmail: 'bob@example.test' })
    expect(inputsOf(world, 'createUser').at(-1)).toEqual({
      name: 'Bob',
      email: 'bob@example.test',
      pictureUrl: 'https://example.test/bob.png',
    })
  })

  it('sends title, description, session parameters, user and the newest page of the history', async () => {
    const world = await open({ pageSize: 3 })
    const { bot } = world
    const { conversationId } = bot.newCustomer()
    for (const text of ['one', 'two']) await bot.customerSays(conversationId, text)
    await bot.botSays(conversationId, 'three')
    await bot.customerSays(conversationId, 'four')
    const hitlSession = { priority: 'high', nested: { a: 1 } }
    await bot.startHitl(conversationId, { title: 'Printer', description: 'It burns', hitlSession })
    const [input] = inputsOf(world, 'startHitl')
    const { userId } = input as { userId: string }
    expect(input).toEqual({
      title: 'Printer',
      description: 'It burns',
      hitlSession,
      userId,
      messageHistory: [
        { source: { type: 'bot' }, type: 'text', payload: { text: 'three' } },
        { source: { type: 'user', userId }, type: 'text', payload: { text: 'four' } },
        { source: { type: 'bot' }, type: 'text', payload: { type: 'text', text: HANDED_OFF } },
      ],
    })
  })

  it('creates the user of a second person once per message', async () => {
    const world = await open()
    const { bot } = world
    const { conversationId } = bot.newCustomer({ name: 'Eve' })
    const second = bot.newCustomer({ name: 'Bob' })
    await bot.customerSays(conversationId, 'help')
    await bot.customerSays(conversationId, 'me too', { userId: second.userId })
    await bot.customerSays(conversationId, 'please', { userId: second.userId })
    await bot.startHitl(conversationId, { title: 'x' })
    expect(inputsOf(world, 'createUser').map((input) => input['name'])).toEqual(['Eve', 'Bob', 'Bob'])
    await bot.customerSays(conversationId, 'and now?', { userId: second.userId })
    await world.settle()
    const [message] = inputsOf(world, 'message')
    expect(world.runtime.store.users.get(String(message?.['userId']))?.name).toBe('Bob')
  })

  it('leaves the announcement and the linked user after a failure', async () => {
    const world = await open()
    const { bot, desk } = world
    const { conversationId } = bot.newCustomer()
    await bot.customerSays(conversationId, 'help')
    desk.failing = { startHitl: true }
    const start = () => bot.startHitl(conversationId, { title: 'x' })
    await expect(start()).rejects.toMatchObject({ type: 'Runtime', code: 400, message: 'The desk is closed' })
    expect([shown(world, conversationId), bot.isActive(conversationId)]).toEqual([[`system: ${HANDED_OFF}`], false])
    desk.failing = { unknownConversation: true }
    await expect(start()).rejects.toMatchObject({ type: 'ResourceNotFound' })
    expect(inputsOf(world, 'createUser')).toHaveLength(1)
    expect(bot.isActive(conversationId)).toBe(false)
    desk.failing = {}
    await start()
    expect(bot.isActive(conversationId)).toBe(true)
  })

  it('runs twice when the first reply is lost', async () => {
    for (const fault of [{ kind: 'status', status: 502 } as const, { kind: 'disconnect' } as const]) {
      const world = await open()
      const { bot, runtime, clock } = world
      const { conversationId } = bot.newCustomer()
      await bot.customerSays(conversationId, 'help')
      runtime.addFault({
        ...fault,
        by: 'bot',
        effect: 'after',
        path: '/actions',
        matches: (_call, body) => (body as { type: string }).type === 'desk:startHitl',
      })
      const starting = bot.startHitl(conversationId, { title: 'x' })
      await clock.advance(1000)
      await starting
      const [first, second, ...more] = inputsOf(world, 'startHitl')
      expect([second, more]).toEqual([first, []])
      expect(shown(world, conversationId)).toEqual([`system: ${HANDED_OFF}`])
      expect((await world.client.listConversations({ channel: 'hitl' })).conversations).toHaveLength(2)
      expect(runtime.store.conversations.get(bot.downstreamOf(conversationId) ?? '')?.tags['desk:id']).toBe('2')
    }
  })

  it('opens two tickets for two parallel cards, or one in serial mode; none again for the same message', async () => {
    for (const [delivery, tickets] of [
      ['concurrent', 2],
      ['serial', 1],
    ] as const) {
      const world = await open({ delivery })
      const { bot } = world
      const { conversationId } = bot.newCustomer()
      await bot.customerSays(conversationId, 'help')
      const start = () => bot.startHitl(conversationId, { title: 'x' })
      await Promise.all([start(), start()])
      expect(inputsOf(world, 'startHitl')).toHaveLength(tickets)
      await bot.stopHitl(conversationId)
      await start()
      expect(inputsOf(world, 'startHitl')).toHaveLength(tickets)
      expect(bot.notes.at(-1)?.what).toBe('start ignored: same message')
    }
  })

  it('leaves messages sent meanwhile to the bot, or forwards them afterwards in serial mode', async () => {
    for (const delivery of ['concurrent', 'serial'] as const) {
      const world = await open({ delivery })
      const { bot, desk } = world
      const { conversationId } = bot.newCustomer()
      await bot.customerSays(conversationId, 'help')
      let typed: Promise<string> | undefined
      desk.beforeAnswer = async () => {
        typed = bot.customerSays(conversationId, 'quickly!')
        if (delivery === 'concurrent') await typed
      }
      await bot.startHitl(conversationId, { title: 'x' })
      await typed
      await world.settle()
      expect(desk.texts()).toEqual(delivery === 'serial' ? ['quickly!'] : [])
      expect(bot.received).toHaveLength(delivery === 'serial' ? 1 : 2)
    }
  })
})

describe('messages to the desk', () => {
  it('repeat their type, name the customer, and may be duplicated', async () => {
    const world = await open({ redeliver: true })
    const { bot, desk, runtime } = world
    const { conversationId, downstreamId, userId } = await world.openSession()
    const image = { type: 'image', payload: { imageUrl: 'https://example.test/a.png' } }
    const id = await bot.customerSays(conversationId, image)
    await world.settle()
    const downstreamUserId = runtime.store.users.get(userId)?.tags['hitl#downstream']
    const payload = { ...image.payload, type: 'image', userId: downstreamUserId }
    expect(desk.received.slice(-2)).toEqual([
      { operation: 'message', input: payload },
      { operation: 'message', input: payload },
    ])
    const [message] = runtime.store.messagesOf(downstreamId)
    expect(message).toMatchObject({ direction: 'outgoing', tags: { 'hitl#upstream': id }, userId: 'user_BOT' })
  })

  it('of unsupported types are refused with a text to the customer', async () => {
    const world = await open()
    const { conversationId } = await world.openSession()
    await world.bot.customerSays(conversationId, { type: 'location', payload: { latitude: 1, longitude: 2 } })
    await world.settle()
    expect(shown(world, conversationId).at(-1)).toBe(`system: ${NOT_SUPPORTED}`)
    expect(inputsOf(world, 'message')).toEqual([])
  })

  it('may arrive out of order, except in serial mode', async () => {
    for (const delivery of ['concurrent', 'serial'] as const) {
      const delays = new Map<string, number>()
      const deliveryDelayMs: Switches['deliveryDelayMs'] = ({ to, id }) => {
        if (to === 'integration') delays.set(id, 30 - delays.size * 10)
        return delays.get(id) ?? 0
      }
      const world = await open({ delivery })
      const { conversationId } = await world.openSession()
      world.runtime.switches.deliveryDelayMs = deliveryDelayMs
      for (const text of ['1', '2', '3']) await world.bot.customerSays(conversationId, text)
      await world.clock.advance(100)
      expect(world.desk.texts()).toEqual(delivery === 'serial' ? ['1', '2', '3'] : ['3', '2', '1'])
    }
  })
})

describe('the plugin’s latency', () => {
  it('is that of the original: the same number of sequential calls', async () => {
    const world = await open()
    const { bot, runtime } = world
    const { conversationId, downstreamId } = await world.openSession()
    const agent = await world.newAgent()
    await world.settle()
    /** Up to the last call of this operation, or of any. */
    const depthOf = async (work: () => Promise<unknown>, operation?: string): Promise<number> => {
      await world.settle()
      const from = world.clock.now()
      runtime.switches.latencyMs = (call) => (call.by === 'bot' ? 10 : 0)
      const working = work()
      await world.clock.advance(500)
      await working
      runtime.switches.latencyMs = 0
      const times = runtime.calls
        .filter((call) => call.by === 'bot' && call.at >= from && (operation ?? call.operation) === call.operation)
        .map((call) => call.at)
      return (Math.max(...times) - from) / 10 + 1
    }
    expect(await depthOf(() => world.assign(downstreamId, agent), 'createMessage')).toBe(6)
    expect(await depthOf(() => bot.customerSays(conversationId, 'hi'))).toBe(6)
    expect(await depthOf(() => world.agentWrites(downstreamId, agent, 'hi'))).toBe(7)
    expect(await depthOf(() => world.solve(downstreamId))).toBe(7)
  })
})
