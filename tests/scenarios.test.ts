/** The same scripted sessions at every desk of the registry, under each way in which Botpress Cloud may behave. */
import { describe, expect, it } from 'vitest'
import { providers } from '../src/definition/registry'
import type { Switches } from '../playground/botpress'
import { countSeen, handOver, JOINED, seenBy, SETTLED_MS, ticketsOf } from './support/handoffs'
import { createStage, type Stage } from './support/simulated'

const CLOUDS: Partial<Switches>[] = [
  { delivery: 'concurrent', getOrCreate: 'exact' },
  { delivery: 'concurrent', getOrCreate: 'contains' },
  { delivery: 'serial', getOrCreate: 'exact' },
  { delivery: 'serial', getOrCreate: 'contains' },
]
const DESKS = Object.keys(providers)
const RUNS = DESKS.flatMap((desk) => CLOUDS.map((cloud) => ({ desk, ...cloud })))

const start = async (desk: string, switches: Partial<Switches> = {}, instances = 1): Promise<Stage> => {
  const stage = await createStage({ sockets: true, switches, instances })
  await stage.save(
    stage.configuration({ strategy: 'priority', order: [desk, ...DESKS.filter((name) => name !== desk)] })
  )
  return stage
}

describe.each(RUNS)('a session at $desk ($delivery, $getOrCreate)', ({ desk, ...cloud }) => {
  it('carries messages both ways until the agent solves the ticket', async () => {
    const stage = await start(desk, cloud)
    const { bot } = stage.botpress
    const { conversationId, sandbox, ticket } = await handOver(stage)
    expect(sandbox.name).toBe(desk)
    const opening = ticket()
      .entries.map(({ text }) => text)
      .join('\n')
    expect(opening).toContain('my printer burns')
    expect(opening).toContain('It burns')

    await bot.customerSays(conversationId, 'are you there?')
    await stage.pass(SETTLED_MS)
    expect(ticket().entries.at(-1)).toMatchObject({ kind: 'customer', text: 'are you there?' })

    const [agent] = sandbox.agents
    sandbox.assign(ticket().id, agent?.id ?? null)
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, JOINED)).toBe(1)

    sandbox.agentReplies(ticket().id, 'Hello, Ada here', { agentId: agent?.id })
    await stage.pass(SETTLED_MS)
    expect(seenBy(stage, conversationId).at(-1)).toBe(`agent ${agent?.name}: Hello, Ada here`)
    expect(countSeen(stage, conversationId, JOINED)).toBe(1)

    sandbox.solve(ticket().id, { agentId: agent?.id, text: 'Solved it' })
    await stage.pass(SETTLED_MS)
    const seen = seenBy(stage, conversationId)
    expect(seen.filter((line) => line.includes('Solved it'))).toHaveLength(1)
    expect(seen.at(-1)).toContain('The human agent closed the conversation')
    expect(bot.isActive(conversationId)).toBe(false)
    expect(bot.continued).toHaveLength(1)
    expect(bot.errors).toEqual([])
  })

  it('solves the ticket and adds the closing note when the bot ends it', async () => {
    const stage = await start(desk, cloud)
    const { bot } = stage.botpress
    const { conversationId, ticket } = await handOver(stage)
    await bot.endByCustomer(conversationId)
    await stage.pass(SETTLED_MS)
    expect(ticket().status).toBe('solved')
    expect(
      ticket()
        .entries.map(({ text }) => text)
        .join('\n')
    ).toContain('The user has ended the session')
    expect(bot.isActive(conversationId)).toBe(false)
    expect(countSeen(stage, conversationId, 'The human agent closed')).toBe(0)
    expect(bot.errors).toEqual([])
  })
})

describe.each(DESKS)('a session at %s', (desk) => {
  it('announces the agent once when the assignment and the first message arrive together', async () => {
    const stage = await start(desk, { latencyMs: 20 }, 2)
    const { conversationId, sandbox, ticket } = await handOver(stage)
    const [agent] = sandbox.agents
    sandbox.deliveries.mode = 'held'
    sandbox.assign(ticket().id, agent?.id ?? null)
    sandbox.agentReplies(ticket().id, 'Here I am', { agentId: agent?.id })
    const sent = sandbox.deliveries.flush({ parallel: true })
    await stage.pass(SETTLED_MS)
    await sent
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, JOINED)).toBe(1)
    expect(countSeen(stage, conversationId, 'Here I am')).toBe(1)
  })

  it('delivers and announces once when every webhook arrives twice, concurrently, at two instances', async () => {
    const stage = await start(desk, { latencyMs: 5 }, 2)
    const { conversationId, sandbox, ticket } = await handOver(stage)
    const { deliveries } = sandbox
    const [agent] = sandbox.agents
    const deliverTwice = async () => {
      deliveries.waiting.push(...deliveries.waiting.map((delivery) => ({ ...delivery })))
      const sent = deliveries.flush({ parallel: true })
      await stage.pass(SETTLED_MS)
      await sent
      await stage.pass(SETTLED_MS)
    }
    deliveries.mode = 'held'
    sandbox.assign(ticket().id, agent?.id ?? null)
    await deliverTwice()
    sandbox.agentReplies(ticket().id, 'Said once', { agentId: agent?.id })
    await deliverTwice()
    sandbox.solve(ticket().id, { agentId: agent?.id })
    await deliverTwice()
    expect(countSeen(stage, conversationId, JOINED)).toBe(1)
    expect(countSeen(stage, conversationId, 'Said once')).toBe(1)
    expect(countSeen(stage, conversationId, 'The human agent closed')).toBe(1)
    expect(stage.botpress.bot.continued).toHaveLength(1)
  })

  it('hides notes, the desk’s bots and the customer’s own e-mails from the customer', async () => {
    const stage = await start(desk)
    const { conversationId, sandbox, ticket } = await handOver(stage)
    const before = seenBy(stage, conversationId)
    sandbox.agentNotes(ticket().id, 'between us')
    sandbox.customerReplies?.(ticket().id, 'by mail')
    sandbox.botReplies?.(ticket().id, 'beep')
    await stage.pass(SETTLED_MS)
    expect(seenBy(stage, conversationId)).toEqual(before)
  })

  it('ignores tickets that the router did not open', async () => {
    const stage = await start(desk)
    const { store } = stage.botpress.runtime
    const before = store.conversations.size
    stage.sandbox(desk).foreignTicket()
    await stage.pass(SETTLED_MS)
    expect(store.conversations.size).toBe(before)
  })

  it('delivers what an agent writes before the plugin is ready', async () => {
    const stage = await start(desk, { activationDelayMs: 1_500 })
    const { bot } = stage.botpress
    const sandbox = stage.sandbox(desk)
    const { conversationId } = bot.newCustomer()
    await bot.customerSays(conversationId, 'my printer burns')
    const started = bot.startHitl(conversationId, { title: 'Printer on fire' })
    await stage.settle()
    const [ticket] = ticketsOf(stage)
    const [agent] = sandbox.agents
    sandbox.agentReplies(ticket?.id ?? '', 'Quick as lightning', { agentId: agent?.id })
    await stage.pass(SETTLED_MS)
    await started
    expect(countSeen(stage, conversationId, 'Quick as lightning')).toBe(1)
    expect(countSeen(stage, conversationId, JOINED)).toBe(1)
  })

  it('ends when the agent solves the ticket before the plugin is ready', async () => {
    const stage = await start(desk, { activationDelayMs: 1_500 })
    const { bot } = stage.botpress
    const sandbox = stage.sandbox(desk)
    const { conversationId } = bot.newCustomer()
    await bot.customerSays(conversationId, 'my printer burns')
    const started = bot.startHitl(conversationId, { title: 'Printer on fire' })
    await stage.settle()
    sandbox.solve(ticketsOf(stage)[0]?.id ?? '')
    await stage.pass(SETTLED_MS)
    await started
    expect(bot.isActive(conversationId)).toBe(false)
    expect(countSeen(stage, conversationId, 'The human agent closed')).toBe(1)
  })

  it('notifies an agent who writes after the customer has left', async () => {
    const stage = await start(desk)
    const { conversationId, sandbox, ticket } = await handOver(stage)
    await stage.botpress.bot.endByCustomer(conversationId)
    await stage.pass(SETTLED_MS)
    sandbox.agentReplies(ticket().id, 'One more thing')
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, 'One more thing')).toBe(0)
    const notes = ticket().entries.filter(({ kind, text }) => kind === 'note' && text.includes('not delivered'))
    expect(notes).toHaveLength(1)
  })

  it('stays at its desk when the configuration routes new handoffs elsewhere', async () => {
    const stage = await start(desk)
    const { bot } = stage.botpress
    const first = await handOver(stage)
    const other = DESKS.find((name) => name !== desk) ?? ''
    await stage.save(stage.configuration({ order: [other, ...DESKS.filter((name) => name !== other)] }))
    const second = await handOver(stage)
    expect(second.sandbox.name).toBe(other)
    await bot.customerSays(first.conversationId, 'still there?')
    await stage.pass(SETTLED_MS)
    expect(first.ticket().entries.at(-1)?.text).toBe('still there?')
    first.sandbox.agentReplies(first.ticket().id, 'Yes, still here')
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, first.conversationId, 'Yes, still here')).toBe(1)
  })

  it('carries all six message types in order', async () => {
    const stage = await start(desk)
    const { bot } = stage.botpress
    const { conversationId, ticket } = await handOver(stage)
    const messages = [
      { type: 'text', payload: { text: 'a text' }, expected: ['a text'] },
      {
        type: 'image',
        payload: { imageUrl: 'https://files.example/a.png', title: 'An image' },
        expected: ['https://files.example/a.png'],
      },
      {
        type: 'audio',
        payload: { audioUrl: 'https://files.example/b.mp3' },
        expected: ['https://files.example/b.mp3'],
      },
      {
        type: 'video',
        payload: { videoUrl: 'https://files.example/c.mp4' },
        expected: ['https://files.example/c.mp4'],
      },
      {
        type: 'file',
        payload: { fileUrl: 'https://files.example/d.pdf', title: 'A file' },
        expected: ['https://files.example/d.pdf'],
      },
      {
        type: 'bloc',
        payload: {
          items: [
            { type: 'text', payload: { text: 'first' } },
            { type: 'markdown', payload: { markdown: 'second' } },
            { type: 'location', payload: { latitude: 48.5, longitude: 2.5, title: 'third' } },
          ],
        },
        expected: ['first', 'second', '48.5'],
      },
    ]
    for (const { type, payload, expected } of messages) {
      const before = ticket().entries.length
      await bot.customerSays(conversationId, { type, payload })
      await stage.pass(SETTLED_MS)
      const said = ticket()
        .entries.slice(before)
        .map(({ text }) => text)
        .join('\n')
      const positions = expected.map((words) => said.indexOf(words))
      expect(positions, `${type}: ${said}`).not.toContain(-1)
      expect(positions).toEqual(positions.toSorted((a, b) => a - b))
    }
    expect(bot.errors).toEqual([])
  })
})
