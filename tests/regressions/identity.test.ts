/** What identifies a handoff: no repetition opens a second ticket, and nobody joins another person's ticket. */
import { describe, expect, it } from 'vitest'
import { countSeen, handOver, seenBy, SETTLED_MS, ticketsOf } from '../support/handoffs'
import { connectInstances } from '../support/instances'
import type { Stage } from '../support/simulated'
import { action, DESKS, startAt } from './helpers'

const CARD = { title: 'Printer on fire', description: 'It burns' }
const SHARED = 'test@test.com'

/** The plugin listens by then, and what was held for it has arrived. */
const LISTENING_MS = 6_000

/** A customer writes and is handed off, without further waiting. */
const askForHuman = async (stage: Stage, conversationId: string, card: Record<string, unknown> = {}) => {
  const { bot } = stage.botpress
  await stage.finish(bot.customerSays(conversationId, 'my printer burns'))
  await stage.finish(bot.startHitl(conversationId, { ...CARD, ...card }))
}

/** Each agent's answer reaches the conversation of its own ticket alone. */
const expectSeparate = async (stage: Stage, conversations: string[]): Promise<void> => {
  const tickets = ticketsOf(stage)
  expect(tickets).toHaveLength(conversations.length)
  for (const [index, { desk, id }] of tickets.entries()) {
    stage.sandbox(desk).agentReplies(id, `Answer ${index}`)
    await stage.pass(SETTLED_MS)
  }
  expect(conversations.map((id) => tickets.map((_ticket, index) => countSeen(stage, id, `Answer ${index}`)))).toEqual(
    conversations.map((_id, own) => tickets.map((_ticket, index) => (index === own ? 1 : 0)))
  )
}

/** The bot's calls of this action take effect, and their answers are lost. */
const loseAnswers = (stage: Stage, type: string, times: number, status = 502): void =>
  stage.botpress.runtime.addFault({
    ...(status === 502 ? { kind: 'status', status } : { kind: 'disconnect' }),
    effect: 'after',
    by: 'bot',
    path: '/actions',
    times,
    matches: (_call, body) => String((body as { type?: string }).type).endsWith(`:${type}`),
  })

describe.each(DESKS)('at %s, a ticket of one’s own has', (desk) => {
  it('each of two people who give the same address and tell the same story, at once or later', async () => {
    for (const pauseMs of [0, 500, 60_000]) {
      const stage = await startAt(desk)
      const { bot } = stage.botpress
      const people = [bot.newCustomer({ name: 'Eve' }), bot.newCustomer({ name: 'Eve' })]
      const starts = people.map(async ({ conversationId }, index) => {
        if (index > 0) await stage.clock.sleep(pauseMs)
        await bot.customerSays(conversationId, 'my printer burns')
        await bot.startHitl(conversationId, { ...CARD, userEmail: SHARED })
      })
      await stage.finish(Promise.all(starts))
      await stage.pass(SETTLED_MS)
      await expectSeparate(
        stage,
        people.map(({ conversationId }) => conversationId)
      )
      expect(ticketsOf(stage), `${pauseMs} ms later`).toHaveLength(2)
    }
  })

  it('a second window of the same customer, whoever has talked in the first one', async () => {
    for (const talks of ['nobody', 'customer', 'agent', 'both']) {
      const stage = await startAt(desk)
      const { bot } = stage.botpress
      const first = await handOver(stage)
      if (talks === 'agent' || talks === 'both') {
        first.sandbox.agentReplies(first.ticket().id, 'Hello')
        // An agent's first words wait until the plugin listens.
        await stage.pass(LISTENING_MS)
        expect(countSeen(stage, first.conversationId, 'Hello')).toBe(1)
      }
      if (talks === 'nobody') await stage.pass(20_000)
      if (talks === 'customer' || talks === 'both') await stage.finish(bot.customerSays(first.conversationId, 'hello?'))
      const second = bot.newConversation(first.userId)
      await askForHuman(stage, second)
      await stage.pass(SETTLED_MS)
      await expectSeparate(stage, [first.conversationId, second])
      expect(ticketsOf(stage), talks).toHaveLength(2)
    }
  })

  it('a second window right after the customer has written in the first one', async () => {
    const stage = await startAt(desk)
    const { bot } = stage.botpress
    const { userId, conversationId } = bot.newCustomer({ name: 'Eve' })
    const second = bot.newConversation(userId)
    await askForHuman(stage, conversationId)
    await stage.pass(300)
    await stage.finish(bot.customerSays(conversationId, 'hello?'))
    await stage.pass(300)
    await askForHuman(stage, second)
    await stage.pass(SETTLED_MS)
    await expectSeparate(stage, [conversationId, second])
    expect(ticketsOf(stage)).toHaveLength(2)
  })

  it('a second window at once, where the Cloud shows the plugin’s tags', async () => {
    const stage = await startAt(desk, { switches: { tagsVisibleToIntegration: true } })
    const { bot } = stage.botpress
    const { userId, conversationId } = bot.newCustomer({ name: 'Eve' })
    const second = bot.newConversation(userId)
    await askForHuman(stage, conversationId)
    await askForHuman(stage, second)
    await stage.pass(SETTLED_MS)
    await expectSeparate(stage, [conversationId, second])
    expect(ticketsOf(stage)).toHaveLength(2)
  })
})

describe.each(DESKS)('at %s, one ticket has', (desk) => {
  const joinedOnce = async (stage: Stage, conversationId: string): Promise<void> => {
    const [ticket, ...others] = ticketsOf(stage)
    expect(others).toEqual([])
    stage.sandbox(desk).agentReplies(ticket?.id ?? '', 'Here I am')
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, 'Here I am')).toBe(1)
    expect(countSeen(stage, conversationId, 'joined')).toBe(1)
  }

  it.each([1, 2, 3].flatMap((times) => [502, 0].map((status) => ({ times, status }))))(
    'a start of which answers are lost %o',
    async ({ times, status }) => {
      const stage = await startAt(desk, { switches: { latencyMs: 40 } })
      connectInstances(stage, 2)
      const { bot } = stage.botpress
      const { conversationId } = bot.newCustomer({ name: 'Eve' })
      loseAnswers(stage, 'startHitl', times, status)
      await askForHuman(stage, conversationId)
      expect(bot.isActive(conversationId)).toBe(true)
      await joinedOnce(stage, conversationId)
    }
  )

  it('a start whose answers are lost while an agent is already writing', async () => {
    const stage = await startAt(desk, { switches: { latencyMs: 40 } })
    const { bot } = stage.botpress
    const { conversationId } = bot.newCustomer({ name: 'Eve' })
    loseAnswers(stage, 'startHitl', 3)
    await stage.finish(bot.customerSays(conversationId, 'my printer burns'))
    const started = bot.startHitl(conversationId, CARD)
    await stage.pass(2_500)
    stage.sandbox(desk).agentReplies(ticketsOf(stage)[0]?.id ?? '', 'One moment')
    await stage.finish(started)
    await stage.pass(SETTLED_MS)
    await joinedOnce(stage, conversationId)
    expect(countSeen(stage, conversationId, 'One moment'), seenBy(stage, conversationId).join('\n')).toBe(1)
  })

  it('a start whose answers are lost and come slowly, while an agent is already writing and solving', async () => {
    for (const solves of [false, true]) {
      const stage = await startAt(desk, { switches: { latencyMs: ({ by }) => (by === 'bot' ? 900 : 40) } })
      const { bot } = stage.botpress
      const { conversationId } = bot.newCustomer({ name: 'Eve' })
      loseAnswers(stage, 'startHitl', 3)
      await stage.finish(bot.customerSays(conversationId, 'my printer burns'))
      const started = bot.startHitl(conversationId, CARD)
      while (ticketsOf(stage).length === 0) await stage.pass(50)
      await stage.pass(1_000)
      const id = ticketsOf(stage)[0]?.id ?? ''
      stage.sandbox(desk).agentReplies(id, 'One moment')
      stage.sandbox(desk).agentReplies(id, 'Here I am')
      await stage.pass(1_000)
      if (solves) stage.sandbox(desk).solve(id)
      await stage.finish(started)
      stage.botpress.runtime.switches.latencyMs = 40
      await stage.pass(2 * SETTLED_MS)
      const seen = seenBy(stage, conversationId)
      const told = ['One moment', 'Here I am', 'joined', ...(solves ? ['closed the conversation'] : [])]
      const places = told.map((part) => seen.findIndex((line) => line.includes(part)))
      expect([solves, ...told.map((part) => countSeen(stage, conversationId, part))]).toEqual([
        solves,
        ...told.map(() => 1),
      ])
      expect(ticketsOf(stage)).toHaveLength(1)
      expect(places[0], seen.join('\n')).toBeLessThan(places[1] ?? 0)
      expect(bot.isActive(conversationId)).toBe(!solves)
    }
  })

  it('a start whose answer is lost and comes slowly, and words whose instance died: their agent is told', async () => {
    const stage = await startAt(desk, { switches: { latencyMs: ({ by }) => (by === 'bot' ? 900 : 40) } })
    const instances = connectInstances(stage, 2)
    const { bot } = stage.botpress
    const { conversationId } = bot.newCustomer({ name: 'Eve' })
    loseAnswers(stage, 'startHitl', 3)
    await stage.finish(bot.customerSays(conversationId, 'my printer burns'))
    const started = bot.startHitl(conversationId, CARD)
    while (ticketsOf(stage).length === 0) await stage.pass(50)
    await stage.pass(1_000)
    instances.choose('One moment', 0)
    instances.choose(ticketsOf(stage)[0]?.id ?? '', 0)
    instances.all[0]?.dieAt(
      'after',
      ({ side, method, path }) => side === 'api' && method === 'POST' && path.endsWith('/messages/get-or-create')
    )
    instances.takeTurns(1)
    stage.sandbox(desk).agentReplies(ticketsOf(stage)[0]?.id ?? '', 'One moment')
    await stage.pass(1_000)
    instances.choose('', 1)
    await stage.finish(started)
    stage.botpress.runtime.switches.latencyMs = 40
    await stage.pass(2 * SETTLED_MS)
    const told = ticketsOf(stage).flatMap(({ entries }) => entries.filter(({ kind }) => kind === 'note'))
    const notes = told.filter(({ text }) => text.includes('so this was not delivered') && text.includes('One moment'))
    expect(notes.length + countSeen(stage, conversationId, 'One moment')).toBe(1)
    expect(notes[0]?.text).toContain('still starting')
  })

  it('a start that is repeated late, since a repetition died with its instance, while an agent is already writing', async () => {
    const stage = await startAt(desk)
    const { output } = await action(stage, 'createUser', { name: 'Eve' })
    const input = { userId: output?.userId, ...CARD, messageHistory: [] }
    const first = await action(stage, 'startHitl', input)
    await stage.pass(1_500)
    stage.sandbox(desk).agentReplies(ticketsOf(stage)[0]?.id ?? '', 'One moment')
    await stage.pass(2_300)
    const again = await action(stage, 'startHitl', input)
    expect(again.output?.conversationId).toBe(first.output?.conversationId)
    expect(ticketsOf(stage)).toHaveLength(1)
  })

  it.each([undefined, SHARED])('a customer whose createUser is repeated (%s)', async (userEmail) => {
    const stage = await startAt(desk)
    const { bot } = stage.botpress
    const { conversationId } = bot.newCustomer({ name: 'Eve' })
    loseAnswers(stage, 'createUser', 2)
    await askForHuman(stage, conversationId, userEmail ? { userEmail } : {})
    expect(bot.isActive(conversationId)).toBe(true)
    await joinedOnce(stage, conversationId)
  })

  it('a start that is repeated while it is still running', async () => {
    for (const afterMs of [0, 60, 130, 250, 1_000]) {
      const stage = await startAt(desk)
      const instances = connectInstances(stage, 2)
      const { output } = await action(stage, 'createUser', { name: 'Eve' })
      const input = { userId: output?.userId, ...CARD, messageHistory: [] }
      instances.all[0]?.delayAt(900, ({ side, method }) => side === 'desk' && method === 'POST')
      instances.takeTurns(0)
      const first = action(stage, 'startHitl', input)
      await stage.pass(afterMs)
      const replies = [await action(stage, 'startHitl', input), await first]
      expect(new Set(replies.map((reply) => reply.output?.conversationId)).size).toBe(1)
      expect(ticketsOf(stage)).toHaveLength(1)
    }
  })
})
