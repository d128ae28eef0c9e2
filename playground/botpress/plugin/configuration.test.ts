/** What a bot builder configures in the plugin, and what the plugin does beside the handoff itself. */
import { afterEach, describe, expect, it } from 'vitest'
import type { PluginConfiguration } from '..'
import type { RuntimeOptions } from '../runtime'
import { createTestWorld, type TestWorld } from '../testing'
import {
  AGENT_CLOSED,
  AGENT_JOINED,
  AGENT_NOT_SUPPORTED,
  CUSTOMER_LEFT,
  HANDED_OFF,
  NOBODY_CAME,
  NOT_CONNECTED,
  SESSION_ENDED,
} from './texts'

const worlds: TestWorld[] = []
const open = async (plugin: PluginConfiguration = {}, options: Partial<RuntimeOptions> = {}): Promise<TestWorld> => {
  const world = await createTestWorld({ ...options, plugin })
  worlds.push(world)
  return world
}

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()))
})

const shown = (world: TestWorld, conversationId: string): string[] =>
  world.bot.seen(conversationId).map((seen) => `${seen.from}${seen.name ? ` ${seen.name}` : ''}: ${seen.text}`)

const calls = (world: TestWorld, operation: string): number =>
  world.desk.received.filter((entry) => entry.operation === operation).length

/** Fails the calls that make a user for an agent in the customer’s channel. */
const failLinks = (world: TestWorld): void =>
  world.runtime.addFault({
    kind: 'status',
    status: 400,
    by: 'bot',
    path: '/actions',
    times: 10,
    matches: (_call, body) => (body as { type: string }).type === 'webchat:getOrCreateUser',
  })

const TEXTS: PluginConfiguration = {
  onHitlHandoffMessage: 'one moment',
  onHumanAgentAssignedMessage: 'here is somebody',
  onHitlStoppedMessage: 'goodbye',
  onUserHitlCancelledMessage: 'they have left',
  onIncompatibleMsgTypeMessage: 'not this',
  onUserHitlCloseMessage: 'you have left',
}

/** A session with an agent, a message that can't be shown, and the agent's end; then one that the customer ends. */
const tellAll = async (world: TestWorld): Promise<{ customer: string[]; desk: string[] }> => {
  const { bot, client } = world
  const { conversationId, downstreamId } = await world.openSession()
  const userId = await world.newAgent()
  await world.assign(downstreamId, userId)
  await world.settle()
  await client.createMessage({ conversationId: downstreamId, userId, type: 'markdown', payload: {}, tags: {} })
  await world.settle()
  await world.solve(downstreamId)
  await world.settle()
  await bot.customerSays(conversationId, 'again')
  await bot.startHitl(conversationId, { title: 'x' })
  await bot.endByCustomer(conversationId)
  await world.settle()
  return { customer: bot.seen(conversationId).map(({ text }) => text), desk: world.desk.texts() }
}

describe('the plugin’s texts', () => {
  it('are the defaults for empty strings', async () => {
    const empty = Object.fromEntries(Object.keys(TEXTS).map((name) => [name, '']))
    const { customer, desk } = await tellAll(await open(empty))
    expect(customer).toEqual([HANDED_OFF, AGENT_JOINED, AGENT_CLOSED, HANDED_OFF, SESSION_ENDED])
    expect(desk).toEqual([AGENT_NOT_SUPPORTED, CUSTOMER_LEFT])
  })

  it('are those of the bot builder', async () => {
    const world = await open(TEXTS)
    const { customer, desk } = await tellAll(world)
    expect(customer).toEqual(['one moment', 'here is somebody', 'goodbye', 'one moment', 'you have left'])
    expect(desk).toEqual(['not this', 'they have left'])
  })

  it('are not said when they are NULL', async () => {
    const nothing = Object.fromEntries(Object.keys(TEXTS).map((name) => [name, 'NULL']))
    const world = await open(nothing)
    expect(await tellAll(world)).toEqual({ customer: [], desk: [] })
    expect([calls(world, 'startHitl'), calls(world, 'stopHitl'), world.bot.continued.length]).toEqual([2, 1, 2])
  })

  it('may differ in one session', async () => {
    const world = await open(TEXTS)
    const { bot } = world
    const { conversationId } = bot.newCustomer()
    await bot.customerSays(conversationId, 'help')
    const configurationOverrides = {
      onHitlHandoffMessage: 'NULL',
      onUserHitlCloseMessage: '',
      flowOnHitlStopped: false,
    }
    await bot.startHitl(conversationId, { title: 'x', configurationOverrides })
    await bot.endByCustomer(conversationId)
    await world.settle()
    expect(shown(world, conversationId)).toEqual([`system: ${SESSION_ENDED}`])
    expect(bot.continued).toEqual([])
  })
})

describe('the command that ends a session', () => {
  it('is the bot builder’s, in any case', async () => {
    const world = await open({ userHitlCloseCommand: ' Stop It ' })
    const { bot } = world
    const { conversationId } = await world.openSession()
    await bot.customerSays(conversationId, '/end')
    await bot.customerSays(conversationId, 'stop it')
    await world.settle()
    expect(world.desk.texts()).toEqual(['/end', CUSTOMER_LEFT])
    expect(bot.isActive(conversationId)).toBe(false)
  })
})

describe('agents’ names', () => {
  it('are hidden without useHumanAgentInfo', async () => {
    const world = await open({ useHumanAgentInfo: false })
    const { conversationId, downstreamId } = await world.openSession()
    await world.agentWrites(downstreamId, await world.newAgent(), 'hello')
    await world.settle()
    expect(shown(world, conversationId).at(-1)).toBe('agent: hello')
    expect(world.runtime.calls.filter(({ operation, by }) => operation === 'callAction' && by === 'bot')).toHaveLength(
      2
    )
  })

  it('are missing when they can’t be linked, which keeps neither the message nor the announcement', async () => {
    const world = await open()
    failLinks(world)
    const { conversationId, downstreamId } = await world.openSession()
    await world.agentWrites(downstreamId, await world.newAgent(), 'hello')
    await world.settle()
    expect(shown(world, conversationId)).toEqual([`system: ${HANDED_OFF}`, `system: ${AGENT_JOINED}`, 'agent: hello'])
    expect(world.bot.errors).toEqual([])
  })

  it('are linked before the agent is announced, and again with the announcement', async () => {
    const world = await open()
    const { downstreamId } = await world.openSession()
    const from = world.runtime.calls.length
    await world.agentWrites(downstreamId, await world.newAgent(), 'hello')
    await world.settle()
    const made = world.runtime.calls.slice(from).filter(({ by }) => by === 'bot')
    const named = made
      .map(({ operation }) => operation)
      .filter((name) => ['callAction', 'createMessage'].includes(name))
    expect(named).toEqual(['callAction', 'createMessage', 'callAction', 'createMessage'])
  })
})

describe('the time-out of an assignment', () => {
  const start = async (world: TestWorld) => {
    const session = await world.openSession()
    await world.clock.settle()
    return session
  }

  it('ends a session that nobody has taken', async () => {
    const world = await open({ agentAssignedTimeoutSeconds: 30 })
    const { conversationId, downstreamId } = await start(world)
    await world.clock.advance(29_000)
    expect(world.bot.isActive(conversationId)).toBe(true)
    await world.clock.advance(1_000)
    expect(shown(world, conversationId)).toEqual([`system: ${HANDED_OFF}`, `system: ${NOBODY_CAME}`])
    expect([world.bot.isActive(conversationId), world.bot.isActive(downstreamId)]).toEqual([false, false])
    expect([world.desk.texts(), calls(world, 'stopHitl')]).toEqual([[CUSTOMER_LEFT], 1])
    expect(world.bot.continued).toHaveLength(1)
  })

  it('says nothing to the customer when stopHitl throws', async () => {
    const world = await open({ agentAssignedTimeoutSeconds: 30 })
    world.desk.failing = { stopHitl: true }
    const { conversationId } = await start(world)
    await world.clock.advance(30_000)
    expect(shown(world, conversationId)).toEqual([`system: ${HANDED_OFF}`])
    expect([world.bot.isActive(conversationId), world.bot.continued]).toEqual([false, []])
  })

  it('has no effect once an agent was announced, even in an earlier session of the conversation', async () => {
    const world = await open({ agentAssignedTimeoutSeconds: 30 })
    const { conversationId, downstreamId } = await start(world)
    await world.assign(downstreamId, await world.newAgent())
    await world.clock.advance(30_000)
    expect(world.bot.isActive(conversationId)).toBe(true)
    await world.solve(downstreamId)
    await world.settle()
    await world.bot.customerSays(conversationId, 'again')
    await world.bot.startHitl(conversationId, { title: 'x' })
    await world.clock.advance(60_000)
    expect(world.bot.isActive(conversationId)).toBe(true)
    expect(world.bot.notes.map(({ what }) => what)).toEqual([
      'time-out ignored: an agent is assigned',
      'time-out ignored: an agent is assigned',
    ])
  })

  it('has no effect after the end', async () => {
    const world = await open({ agentAssignedTimeoutSeconds: 30 })
    const { conversationId } = await start(world)
    await world.bot.stopHitl(conversationId)
    await world.clock.advance(30_000)
    expect([calls(world, 'stopHitl'), world.bot.notes.map(({ what }) => what)]).toEqual([
      1,
      ['time-out ignored: session inactive'],
    ])
  })
})

describe('a second person who was not there at the start', () => {
  it('ends the session for the customer; the desk does not hear of it and still talks to them', async () => {
    const world = await open()
    const { bot } = world
    const { conversationId, downstreamId } = await world.openSession()
    const second = bot.newCustomer({ name: 'Bob' })
    await bot.customerSays(conversationId, 'I too', { userId: second.userId })
    await world.settle()
    expect(shown(world, conversationId)).toEqual([`system: ${HANDED_OFF}`, `system: ${NOT_CONNECTED}`])
    expect([bot.isActive(conversationId), bot.isActive(downstreamId)]).toEqual([false, true])
    expect([world.desk.texts(), calls(world, 'stopHitl'), calls(world, 'createUser')]).toEqual([[], 0, 1])
    await world.agentWrites(downstreamId, await world.newAgent(), 'hello?')
    await world.settle()
    expect(shown(world, conversationId).at(-1)).toBe('agent Ada Agent: hello?')
  })
})

describe('a start', () => {
  it('in the desk’s own conversation is ignored', async () => {
    const world = await open()
    const { downstreamId, userId } = await world.openSession()
    await world.solve(downstreamId)
    await world.settle()
    await world.bot.startHitl(downstreamId, { title: 'x', userId })
    expect(calls(world, 'startHitl')).toBe(1)
    expect(world.bot.notes.at(-1)?.what).toBe('start ignored: the desk’s conversation')
  })

  it('reads back to the customer’s last message, whose start it does not repeat', async () => {
    const world = await open({}, { switches: { pageSize: 3 } })
    const { bot, runtime } = world
    const { conversationId } = await world.openSession()
    await bot.stopHitl(conversationId)
    for (let times = 0; times < 10; times += 1) await bot.botSays(conversationId, `news ${times}`)
    const from = runtime.calls.length
    await bot.startHitl(conversationId, { title: 'x' })
    expect(runtime.calls.slice(from).filter(({ operation }) => operation === 'listMessages')).toHaveLength(4)
    expect([calls(world, 'startHitl'), bot.notes.at(-1)?.what]).toEqual([1, 'start ignored: same message'])
  })

  it('without ids is refused', async () => {
    const world = await open()
    const { conversationId } = world.bot.newCustomer()
    await expect(world.bot.startHitl(conversationId, { title: 'x', userId: '' })).rejects.toMatchObject({
      type: 'Runtime',
    })
  })
})

describe('Studio’s typing indicator', () => {
  it('is off during a session; a bot without it has sessions, too', async () => {
    const world = await open()
    const { runtime, bot } = world
    const enabled = (id: string) => runtime.store.states.get(`bot|conversation|${id}|typingIndicatorEnabled`)?.payload
    const { conversationId, downstreamId } = await world.openSession()
    expect([enabled(conversationId), enabled(downstreamId)]).toEqual([{ enabled: false }, { enabled: false }])
    await bot.stopHitl(conversationId)
    expect([enabled(conversationId), enabled(downstreamId)]).toEqual([{ enabled: true }, { enabled: true }])
    runtime.addFault({ kind: 'status', status: 400, by: 'bot', path: '/typingIndicatorEnabled', times: 4 })
    const other = await world.openSession()
    expect(bot.isActive(other.conversationId)).toBe(true)
  })
})
