/** Places at desks: the most open sessions is a promise, the load is shared, and a lost end frees its place. */
import { describe, expect, it } from 'vitest'
import { providerNames } from '../src/definition/registry'
import { ticketsOf } from './support/handoffs'
import { connectInstances, type Asked } from './support/instances'
import { createStage, type Stage } from './support/simulated'

const [first = '', second = '', third = ''] = providerNames
const SETTLED_MS = 60_000

type Routing = Record<string, unknown>

const stageWith = async (routing: Routing): Promise<Stage> => {
  const stage = await createStage()
  await stage.save(stage.configuration({ order: [first, second, third], ...routing }))
  return stage
}

const limits = (capacity: number, desks = [first]): Routing => ({
  desks: desks.map((desk) => ({ desk, capacity })),
})

let customers = 0

/** Starts handoffs at once. Resolves to the customers' conversations. */
const startAll = async (stage: Stage, count: number): Promise<string[]> => {
  const { bot } = stage.botpress
  const conversations = await Promise.all(
    Array.from({ length: count }, async () => {
      customers += 1
      const { conversationId } = bot.newCustomer({ name: `Customer ${customers}` })
      await stage.finish(bot.customerSays(conversationId, `my printer burns ${customers}`))
      return conversationId
    })
  )
  await stage.finish(
    Promise.all(conversations.map((id) => bot.startHitl(id, { title: 'Printer' }).catch(() => undefined)))
  )
  return conversations
}

const openAt = (stage: Stage, desk: string): number =>
  stage.botpress.runtime.store.conversations
    .withTags({})
    .filter(({ tags }) => tags['desk:provider'] === desk && tags['desk:status'] === 'open').length

const records = (stage: Stage, desk: string, status: string): number =>
  stage.botpress.runtime.store.conversations
    .withTags({})
    .filter(({ tags }) => tags['desk:claim']?.startsWith(`place ${desk} `) && tags['desk:status'] === status).length

const solveAll = async (stage: Stage): Promise<void> => {
  for (const { desk, id, status } of ticketsOf(stage))
    if (status === 'open') stage.sandbox(desk).solve(id, { agentId: stage.sandbox(desk).agents[0]?.id ?? '' })
  await stage.pass(SETTLED_MS)
}

describe('the most open sessions of a desk', () => {
  it.each([
    [1, 12],
    [5, 60],
    // More than one page of free places.
    [45, 60],
  ])('is never exceeded: %i with %i simultaneous starts on four instances', async (capacity, count) => {
    const stage = await stageWith(limits(capacity))
    connectInstances(stage, 4)
    await startAll(stage, count)
    expect(openAt(stage, first)).toBe(capacity)
    expect(openAt(stage, second)).toBe(count - capacity)
  })

  it('frees every place when its sessions end, and uses it again', async () => {
    const stage = await stageWith(limits(3))
    connectInstances(stage, 2)
    for (let round = 0; round < 3; round += 1) {
      await startAll(stage, 5)
      expect(openAt(stage, first)).toBe(3)
      await stage.pass(SETTLED_MS)
      await solveAll(stage)
      expect(openAt(stage, first)).toBe(0)
      expect(records(stage, first, 'free')).toBe(3)
      expect(records(stage, first, 'taken')).toBe(0)
    }
  })

  it('is given back when the bot ends the session', async () => {
    const stage = await stageWith(limits(1))
    const [conversation = ''] = await startAll(stage, 1)
    await stage.finish(stage.botpress.bot.stopHitl(conversation))
    await stage.pass(SETTLED_MS)
    await startAll(stage, 1)
    expect(openAt(stage, first)).toBe(1)
  })

  it('is given back when the desk refuses the handoff', async () => {
    const stage = await stageWith(limits(1))
    stage.sandbox(first).server.addFault({ kind: 'status', status: 422, body: {}, times: 1_000 })
    await startAll(stage, 3)
    expect(openAt(stage, second)).toBe(3)
    stage.sandbox(first).server.clearFaults()
    await stage.pass(10 * SETTLED_MS)
    await startAll(stage, 1)
    expect(openAt(stage, first)).toBe(1)
  })

  it('refuses with the text for the customer when every desk is full', async () => {
    const stage = await stageWith({ ...limits(1, [first, second, third]) })
    await startAll(stage, 3)
    const before = ticketsOf(stage).length
    await startAll(stage, 2)
    expect(ticketsOf(stage)).toHaveLength(before)
  })

  it('looks sessions up at a full desk whose ends were lost', async () => {
    const stage = await stageWith(limits(2))
    const [, ended = ''] = await startAll(stage, 2)
    await stage.pass(SETTLED_MS)
    const sandbox = stage.sandbox(first)
    sandbox.deliveries.mode = 'held'
    for (const { id, desk } of ticketsOf(stage)) if (desk === first) sandbox.remove(id)
    sandbox.deliveries.waiting.splice(0)
    await stage.pass(SETTLED_MS)
    await startAll(stage, 2)
    await stage.pass(SETTLED_MS)
    expect(openAt(stage, first)).toBe(2)
    expect(openAt(stage, second)).toBe(0)
    expect(stage.botpress.bot.isActive(ended)).toBe(false)
  })
})

describe('a limit that is set while sessions are open', () => {
  it('counts them', async () => {
    const stage = await stageWith({})
    await startAll(stage, 3)
    await stage.save(stage.configuration({ order: [first, second, third], ...limits(4) }))
    await startAll(stage, 3)
    expect(openAt(stage, first)).toBe(4)
    await stage.pass(SETTLED_MS)
    await solveAll(stage)
    await startAll(stage, 6)
    expect(openAt(stage, first)).toBe(4)
  })

  it('that is lowered holds as soon as enough sessions have ended', async () => {
    const stage = await stageWith(limits(4))
    await startAll(stage, 4)
    await stage.save(stage.configuration({ order: [first, second, third], ...limits(2) }))
    const [ticket] = ticketsOf(stage).filter(({ desk }) => desk === first)
    await stage.pass(SETTLED_MS)
    stage.sandbox(first).solve(ticket?.id ?? '', { agentId: stage.sandbox(first).agents[0]?.id ?? '' })
    await stage.pass(SETTLED_MS)
    await startAll(stage, 1)
    expect(openAt(stage, first)).toBe(3)
  })
})

describe('a start that dies', () => {
  const claims = ({ method, path }: Asked): boolean => method === 'POST' && path.includes('/successor/get-or-set')
  const marks = ({ method, body }: Asked): boolean => method === 'PUT' && body.includes('"taken"')
  const endWrites = ({ method, body }: Asked): boolean => method === 'PUT' && body.includes('"unsolved":"yes"')

  it.each([
    ['before it could mark its place', claims],
    ['after it has marked its place', marks],
  ])('%s holds it for a minute', async (_when, dies) => {
    const stage = await stageWith(limits(1))
    const [doomed] = connectInstances(stage, 1).all
    doomed?.dieAt('after', dies)
    await startAll(stage, 1)
    connectInstances(stage, 4)
    await startAll(stage, 2)
    expect(openAt(stage, first)).toBe(0)
    expect(openAt(stage, second)).toBe(2)
    await stage.pass(2 * SETTLED_MS)
    await startAll(stage, 6)
    expect(openAt(stage, first)).toBe(1)
    expect(records(stage, first, 'taken')).toBe(1)
  })

  it.each([claims, marks])('leaves its place to its repetition', async (dies) => {
    const stage = await stageWith(limits(1))
    const { all, takeTurns } = connectInstances(stage, 2)
    all[0]?.dieAt('after', dies)
    takeTurns(0)
    await startAll(stage, 1)
    expect(openAt(stage, first)).toBe(1)
    await stage.pass(SETTLED_MS)
    await solveAll(stage)
    expect(records(stage, first, 'free')).toBe(1)
    expect(records(stage, first, 'taken')).toBe(0)
  })

  it('in the middle of an end leaves a place that the next start finds', async () => {
    const stage = await stageWith(limits(1))
    const [conversation = ''] = await startAll(stage, 1)
    await stage.pass(SETTLED_MS)
    const [doomed] = connectInstances(stage, 1).all
    doomed?.dieAt('after', endWrites)
    await stage.finish(stage.botpress.bot.stopHitl(conversation).catch(() => undefined))
    connectInstances(stage, 2)
    await startAll(stage, 3)
    expect(openAt(stage, first)).toBe(1)
  })
})

describe('a place', () => {
  it('that was free for long is not taken from a start that is under way', async () => {
    const stage = await stageWith(limits(1))
    const { all, takeTurns } = connectInstances(stage, 4)
    await stage.pass(10 * SETTLED_MS)
    all[0]?.delayAt(2_000, ({ side }) => side === 'desk', 'after')
    takeTurns(0)
    const slow = startAll(stage, 1)
    while (records(stage, first, 'taken') === 0) await stage.pass(20)
    // The other instances follow.
    takeTurns(1)
    await startAll(stage, 3)
    await slow
    expect(openAt(stage, second)).toBe(3)
    expect(openAt(stage, first)).toBe(1)
  })

  it('is never given twice while Botpress answers neither lists nor claims', async () => {
    const stage = await stageWith(limits(2))
    connectInstances(stage, 4)
    const { runtime } = stage.botpress
    runtime.addFault({ kind: 'status', method: 'GET', path: '/conversations', times: 40 })
    runtime.addFault({ kind: 'status', path: /successor/, times: 20 })
    await startAll(stage, 8)
    expect(openAt(stage, first)).toBeLessThanOrEqual(2)
    runtime.clearFaults()
    await startAll(stage, 4)
    expect(openAt(stage, first)).toBe(2)
  })

  it('that a refused start gave back is not used by its repetition', async () => {
    const stage = await stageWith(limits(1))
    connectInstances(stage, 1)
    const { bot, runtime } = stage.botpress
    const { conversationId } = bot.newCustomer({ name: 'Eve' })
    await stage.finish(bot.customerSays(conversationId, 'my printer burns'))
    for (const desk of [first, second, third])
      stage.sandbox(desk).server.addFault({ kind: 'status', status: 422, body: {}, times: 1_000 })
    // The mark that the old record is used never arrives.
    runtime.addFault({
      kind: 'status',
      method: 'PUT',
      times: 100,
      matches: (_call, body) => JSON.stringify(body).includes('"used"'),
    })
    await stage.finish(bot.startHitl(conversationId, { title: 'Printer' }).catch(() => undefined))
    for (const desk of [first, second, third]) stage.sandbox(desk).server.clearFaults()
    runtime.clearFaults()
    await startAll(stage, 1)
    await stage.finish(bot.startHitl(conversationId, { title: 'Printer' }).catch(() => undefined))
    expect(openAt(stage, first)).toBe(1)
  })
})

describe('least-busy', () => {
  it('shares simultaneous starts exactly', async () => {
    const stage = await stageWith({ strategy: 'least-busy' })
    connectInstances(stage, 4)
    await startAll(stage, 60)
    expect([first, second, third].map((desk) => openAt(stage, desk))).toEqual([20, 20, 20])
  })
})

describe('the calls of a start', () => {
  const listings = ({ side, method, path }: Asked): boolean =>
    side === 'api' && method === 'GET' && path.endsWith('/conversations')

  it('do not grow with the open sessions', async () => {
    const callsAt = async (open: number): Promise<{ all: number; lists: number }> => {
      const stage = await stageWith(limits(100_000))
      await startAll(stage, open)
      const [instance] = connectInstances(stage, 1).all
      await startAll(stage, 1)
      const asked = instance?.asked ?? []
      return { all: asked.length, lists: asked.filter(listings).length }
    }
    const few = await callsAt(2)
    // Its free and its taken places, and what ended sessions owe to the desk.
    expect(few.lists).toBeLessThanOrEqual(3)
    expect(await callsAt(80)).toEqual(few)
  })
})
