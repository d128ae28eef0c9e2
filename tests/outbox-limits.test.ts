/** From the customer to a desk that limits, refuses or has ended: nothing is lost, nothing keeps back what follows, and the bot hears of it. */
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
  saysAs,
  wordsOf,
} from './support/outbox'
import type { Stage } from './support/simulated'

describe.each(DESKS)('messages of a customer at %s', (desk) => {
  it('wait for a limit that passes in time, and what came meanwhile goes with them as one', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 12)
    await session.says('first')
    await session.stage.pass(5_000)
    await session.says('second', 'third')
    await session.stage.pass(2_000)
    limit.isOn = false
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.heard())).toEqual(['first', 'second', 'third'])
    expect(session.heard()).toHaveLength(1)
    for (const words of ['first', 'second', 'third']) expect(session.answers(words)).toEqual([200])
  })

  it('stay when a limit outlasts patience, and go with the next one, as one', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 600)
    await session.says('first')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toEqual([])
    expect(session.answers('first')).toEqual([400])
    limit.isOn = false
    await session.says('second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.heard())).toEqual(['first', 'second'])
    expect(session.heard()).toHaveLength(1)
    expect(session.answers('second')).toEqual([200])
    await session.says('third')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toHaveLength(2)
  })

  it('are few at the desk, however many a limit has held back', async () => {
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
    expect(linesOf(session.heard())).toEqual([...texts, 'the last'])
    // What was offered as one stays one; the rest is another.
    expect(session.heard()).toHaveLength(2)
  })

  it.each(['before', 'after'] as const)(
    'that went out as one come once when the instance dies %s that',
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
      expect(linesOf(session.heard())).toEqual(['first', 'second', 'third', 'fourth', 'fifth'])
    }
  )

  it('that went out as one come once when only some of them could be marked', async () => {
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
    expect(linesOf(session.heard())).toEqual(['first', 'second', 'third', 'fourth', 'fifth'])
  })

  it('that the desk refuses are told to the bot, and do not keep back what follows', async () => {
    const session = await open(desk, 2)
    const refusal = { isOn: true }
    session.sandbox.server.addFault({
      kind: 'status',
      status: 422,
      times: Number.POSITIVE_INFINITY,
      matches: ({ method, body }) =>
        refusal.isOn &&
        method !== 'GET' &&
        decodeURIComponent(body.toString('utf8').replaceAll('+', ' ')).includes('poison'),
    })
    await session.says('first', 'poison', 'second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toEqual(['first', 'second'])
    expect([session.answers('first'), session.answers('poison'), session.answers('second')]).toEqual([
      [200],
      [400],
      [200],
    ])
    refusal.isOn = false
    await session.says('third')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toEqual(['first', 'second', 'third'])
  })

  it('of which one is refused come all the others when a limit has made them one', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 600)
    await session.says('first', 'poison', 'second')
    await session.stage.pass(15_000)
    limit.isOn = false
    session.sandbox.server.clearFaults()
    session.sandbox.server.addFault({
      kind: 'status',
      status: 422,
      times: Number.POSITIVE_INFINITY,
      matches: ({ method, body }) =>
        method !== 'GET' && decodeURIComponent(body.toString('utf8').replaceAll('+', ' ')).includes('poison'),
    })
    await session.says('third')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.heard())).toEqual(['first', 'second', 'third'])
  })

  it('come once when the instance dies while it waits for a limit', async () => {
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
    expect(linesOf(session.heard())).toEqual(['first', 'second'])
    expect(session.answers('second')).toEqual([200])
  })

  it('said before the end are in the ticket, however late they are handled; those said after it are refused', async () => {
    const late: { stage?: Stage } = {}
    const session = await open(desk, 2, {
      deliveryDelayMs: ({ id, to }) =>
        to === 'integration' && late.stage && wordsOf(late.stage, id) === 'just before' ? 20_000 : 0,
    })
    late.stage = session.stage
    await session.says('just before')
    session.sandbox.solve(session.ticket().id)
    await session.stage.pass(15_000)
    expect(session.stage.botpress.bot.isActive(session.conversationId)).toBe(false)
    await session.stage.pass(10_000)
    expect(session.heard()).toContain('just before')
    expect(session.answers('just before')).toEqual([200])
    await saysAs(session, 'much later', session.customerId())
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).not.toContain('much later')
    expect(session.answers('much later')).toEqual([400])
  })

  it('end the session when the ticket is gone, once', async () => {
    const session = await open(desk, 2)
    session.sandbox.deliveries.mode = 'held'
    session.sandbox.remove(session.ticket().id)
    await session.says('first', 'second')
    await session.stage.pass(GIVEN_UP_MS)
    expect([...session.answers('first'), ...session.answers('second')]).toEqual([400, 400])
    expect(countSeen(session.stage, session.conversationId, 'The human agent closed')).toBe(1)
    expect(session.stage.botpress.bot.isActive(session.conversationId)).toBe(false)
  })

  it('of somebody who does not exist any more are refused, and do not keep back what follows', async () => {
    const session = await open(desk, 2)
    await saysAs(session, 'nobody said this', 'user_nobody')
    await session.says('second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toEqual(['second'])
    expect(session.answers('nobody said this')).toEqual([400])
  })

  it('and of the bot stay apart when a limit holds them back together', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 600)
    await session.says('first', 'second')
    await saysAs(session, 'the bot speaks')
    await session.says('third')
    await session.stage.pass(15_000)
    limit.isOn = false
    await session.says('fourth')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.heard())).toEqual(['first', 'second', 'the bot speaks', 'third', 'fourth'])
    const spoken = session.ticket().entries.filter(({ text }) => text.includes('the bot speaks'))
    expect(spoken).toMatchObject([{ kind: 'note' }])
  })

  it('that were left behind are posted by whoever comes by, and those under way are not waited for', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 600)
    await session.says('first', 'second')
    await session.stage.pass(30_000)
    expect(await flushed(session, { patienceMs: 5_000, olderThanMs: 60_000 })).toBe('empty')
    expect(session.heard()).toEqual([])
    expect(await flushed(session, { patienceMs: 5_000, olderThanMs: 15_000 })).toBe('waits')
    limit.isOn = false
    expect(await flushed(session, { patienceMs: 5_000 })).toBe('emptied')
    expect(linesOf(session.heard())).toEqual(['first', 'second'])
    const asked = session.sandbox.server.requests.length
    expect(await flushed(session, { patienceMs: 5_000 })).toBe('empty')
    expect(session.sandbox.server.requests.length).toBe(asked)
  })
})
