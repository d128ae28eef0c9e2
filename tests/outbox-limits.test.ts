/** From the customer to a desk that is limited, rejects a message or has closed the ticket. */
import { describe, expect, it } from 'vitest'
import { countSeen } from './support/handoffs'
import {
  acknowledges,
  DESKS,
  flushed,
  GIVEN_UP_MS,
  limited,
  linesOf,
  open,
  posts,
  rejects,
  saysAs,
  textOf,
} from './support/outbox'
import type { Stage } from './support/simulated'

describe.each(DESKS)('messages of a customer at %s', (desk) => {
  it('wait for a limit that ends in time, and go as one with those that arrived meanwhile', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 12)
    await session.says('first')
    await session.stage.pass(5_000)
    await session.says('second', 'third')
    await session.stage.pass(2_000)
    limit.isOn = false
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual(['first', 'second', 'third'])
    expect(session.posted()).toHaveLength(1)
    for (const text of ['first', 'second', 'third']) expect(session.answers(text)).toEqual([200])
  })

  it('wait for the next message when a limit outlasts the budget, and go with it as one', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 600)
    await session.says('first')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual([])
    expect(session.answers('first')).toEqual([400])
    limit.isOn = false
    await session.says('second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual(['first', 'second'])
    expect(session.posted()).toHaveLength(1)
    expect(session.answers('second')).toEqual([200])
    await session.says('third')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toHaveLength(2)
  })

  it('are few at the desk, however many a limit has deferred', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 600)
    const texts = Array.from({ length: 8 }, (_, index) => `message ${index}`)
    for (const text of texts) {
      await session.says(text)
      await session.stage.pass(15_000)
    }
    for (const text of texts) expect(session.answers(text)).toEqual([400])
    limit.isOn = false
    await session.says('the last')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual([...texts, 'the last'])
    // A unit that was offered keeps its members; the others form the next one.
    expect(session.posted()).toHaveLength(2)
  })

  it.each(['before', 'after'] as const)(
    'that were merged arrive once when the instance dies %s posting them',
    async (when) => {
      const session = await open(desk, 3)
      const limit = limited(session, 600)
      await session.says('first', 'second', 'third')
      await session.stage.pass(15_000)
      limit.isOn = false
      session.instances.choose('fourth', 0)
      session.instances.choose('fifth', 1)
      session.instances.all[0]?.dieAt(when, posts('third'))
      await session.says('fourth')
      await session.stage.pass(5_000)
      await session.says('fifth')
      await session.stage.pass(GIVEN_UP_MS)
      expect(linesOf(session.posted())).toEqual(['first', 'second', 'third', 'fourth', 'fifth'])
    }
  )

  it('that were merged arrive once when only some of them were marked as delivered', async () => {
    const session = await open(desk, 3)
    const limit = limited(session, 600)
    await session.says('first', 'second', 'third')
    await session.stage.pass(15_000)
    limit.isOn = false
    session.instances.choose('fourth', 0)
    let marks = 0
    session.instances.all[0]?.dieAt('after', (asked) => acknowledges(asked) && (marks += 1) === 2)
    await session.says('fourth')
    await session.stage.pass(5_000)
    session.instances.choose('fifth', 1)
    await session.says('fifth')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual(['first', 'second', 'third', 'fourth', 'fifth'])
  })

  it('that the desk rejects are reported to the bot and do not block later ones', async () => {
    const session = await open(desk, 2)
    rejects(session, 'poison')
    await session.says('first', 'poison', 'second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(['first', 'second'])
    expect([session.answers('first'), session.answers('poison'), session.answers('second')]).toEqual([
      [200],
      [400],
      [200],
    ])
    session.sandbox.server.clearFaults()
    await session.says('third')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(['first', 'second', 'third'])
  })

  it('that were merged all arrive except the one that the desk rejects', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 600)
    await session.says('first', 'poison', 'second')
    await session.stage.pass(15_000)
    limit.isOn = false
    session.sandbox.server.clearFaults()
    rejects(session, 'poison')
    await session.says('third')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual(['first', 'second', 'third'])
  })

  it('arrive once when the instance dies while it waits for a limit', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 30)
    session.instances.choose('first', 0)
    session.instances.choose('second', 1)
    await session.says('first')
    await session.stage.pass(5_000)
    session.instances.all[0]?.dieAt('after', ({ side, path }) => side === 'api' && path.endsWith('/toDesk'))
    await session.stage.pass(5_000)
    limit.isOn = false
    await session.says('second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual(['first', 'second'])
    expect(session.answers('second')).toEqual([200])
  })

  it('written before the end are posted, however late they are handled; later ones are refused', async () => {
    const late: { stage?: Stage } = {}
    const session = await open(desk, 2, {
      deliveryDelayMs: ({ id, to }) =>
        to === 'integration' && late.stage && textOf(late.stage, id) === 'just before' ? 20_000 : 0,
    })
    late.stage = session.stage
    await session.says('just before')
    session.sandbox.solve(session.ticket().id)
    await session.stage.pass(15_000)
    expect(session.stage.botpress.bot.isActive(session.conversationId)).toBe(false)
    await session.stage.pass(10_000)
    expect(session.posted()).toContain('just before')
    expect(session.answers('just before')).toEqual([200])
    await saysAs(session, 'much later', session.customerId())
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).not.toContain('much later')
    expect(session.answers('much later')).toEqual([400])
  })

  it('end the session exactly once when the ticket is gone', async () => {
    const session = await open(desk, 2)
    session.sandbox.deliveries.mode = 'held'
    session.sandbox.remove(session.ticket().id)
    await session.says('first', 'second')
    await session.stage.pass(GIVEN_UP_MS)
    expect([...session.answers('first'), ...session.answers('second')]).toEqual([400, 400])
    expect(countSeen(session.stage, session.conversationId, 'The human agent closed')).toBe(1)
    expect(session.stage.botpress.bot.isActive(session.conversationId)).toBe(false)
  })

  it('of a user who no longer exists are refused and do not block later ones', async () => {
    const session = await open(desk, 2)
    await saysAs(session, 'a message without an author', 'user_nobody')
    await session.says('second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(['second'])
    expect(session.answers('a message without an author')).toEqual([400])
  })

  it('and messages of the bot are never merged with each other', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 600)
    await session.says('first', 'second')
    await saysAs(session, 'the bot speaks')
    await session.says('third')
    await session.stage.pass(15_000)
    limit.isOn = false
    await session.says('fourth')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual(['first', 'second', 'the bot speaks', 'third', 'fourth'])
    const spoken = session.ticket().entries.filter(({ text }) => text.includes('the bot speaks'))
    expect(spoken).toMatchObject([{ kind: 'note' }])
  })

  it('that were left behind are posted by a flush, which ignores those that are in flight', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 600)
    await session.says('first', 'second')
    await session.stage.pass(30_000)
    expect(await flushed(session, { patienceMs: 5_000, olderThanMs: 60_000 })).toBe('empty')
    expect(session.posted()).toEqual([])
    expect(await flushed(session, { patienceMs: 5_000, olderThanMs: 15_000 })).toBe('waits')
    limit.isOn = false
    expect(await flushed(session, { patienceMs: 5_000 })).toBe('emptied')
    expect(linesOf(session.posted())).toEqual(['first', 'second'])
    const asked = session.sandbox.server.requests.length
    expect(await flushed(session, { patienceMs: 5_000 })).toBe('empty')
    expect(session.sandbox.server.requests.length).toBe(asked)
  })
})
