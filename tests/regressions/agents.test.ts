/** Agents are people of the desk, announced once, under their own name. */
import { describe, expect, it } from 'vitest'
import type { Stage } from '../support/simulated'
import { countSeen, handOver, JOINED, SETTLED_MS, ticketsOf } from '../support/handoffs'
import { DESKS, sessionAt, startAt } from './helpers'

const agentUsers = (stage: Stage) =>
  stage.botpress.runtime.store.users.withTags({}).filter(({ tags }) => tags['desk:agent'] !== undefined)

const assignments = (stage: Stage) =>
  stage.botpress.runtime.store.events
    .withTags({})
    .filter(({ type }) => type.endsWith('hitlAssigned'))
    .map(({ payload }) => payload as { conversationId: string; userId: string })

describe.each(DESKS)('the announced agent at %s', (desk) => {
  it('is the agent, never the customer', async () => {
    const stage = await startAt(desk)
    const { bot, runtime } = stage.botpress
    const { conversationId, userId, sandbox, ticket } = await handOver(stage)
    const customers = runtime.store.users.withTags({}).map(({ id, name, pictureUrl }) => ({ id, name, pictureUrl }))
    const [ada] = sandbox.agents
    sandbox.assign(ticket().id, ada?.id ?? '')
    await stage.pass(SETTLED_MS)
    const [assigned, ...more] = assignments(stage)
    expect(more).toEqual([])
    expect(assigned?.conversationId).toBe(bot.downstreamOf(conversationId))
    expect(customers.map(({ id }) => id)).not.toContain(assigned?.userId)
    expect(assigned?.userId).not.toBe(userId)
    expect(runtime.store.users.get(assigned?.userId ?? '')?.name).toBe(ada?.name)
    // No customer gets the agent's name, photo or link.
    for (const { id, name, pictureUrl } of customers) {
      const after = runtime.store.users.get(id)
      expect([after?.name, after?.pictureUrl]).toEqual([name, pictureUrl])
    }
  })

  it('stays the same when the ticket is unassigned', async () => {
    const { stage, sandbox, ticket, conversationId } = await sessionAt(desk)
    const before = assignments(stage).length
    sandbox.assign(ticket().id, null)
    await stage.pass(SETTLED_MS)
    expect(assignments(stage)).toHaveLength(before)
    expect(countSeen(stage, conversationId, JOINED)).toBe(1)
    for (const { userId } of assignments(stage)) expect(userId).toBeTruthy()
  })

  it('is never a bot of the desk, the author of a note, or the customer replying by e-mail', async () => {
    const stage = await startAt(desk)
    const { conversationId, sandbox, ticket } = await handOver(stage)
    sandbox.botReplies?.(ticket().id, 'All our agents are busy')
    sandbox.customerReplies?.(ticket().id, 'I write by mail')
    sandbox.agentNotes(ticket().id, 'Who takes this one?')
    await stage.botpress.bot.customerSays(conversationId, 'is anybody there?')
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, JOINED)).toBe(0)
    expect(assignments(stage)).toEqual([])
    expect(agentUsers(stage)).toEqual([])
    // With this tag set, the plugin would stop waiting for an agent.
    const tags = stage.botpress.runtime.store.conversations.get(conversationId)?.tags ?? {}
    expect(tags['hitl#humanAgentId']).toBeUndefined()
  })

  it('is one user, and keeps reaching the customer, after taking the ticket and answering concurrently', async () => {
    const stage = await startAt(desk, { switches: { latencyMs: 20, atomic: true }, instances: 3 })
    const { conversationId, sandbox, ticket } = await handOver(stage)
    const [ada] = sandbox.agents
    sandbox.deliveries.mode = 'held'
    sandbox.assign(ticket().id, ada?.id ?? '')
    sandbox.agentReplies(ticket().id, 'Here I am', { agentId: ada?.id })
    sandbox.agentReplies(ticket().id, 'And ready', { agentId: ada?.id })
    sandbox.deliveries.waiting.push(...sandbox.deliveries.waiting.map((delivery) => ({ ...delivery })))
    const sent = sandbox.deliveries.flush({ parallel: true })
    await stage.pass(SETTLED_MS)
    await sent
    sandbox.deliveries.mode = 'auto'
    for (const text of ['And a third time', 'And a fourth']) {
      sandbox.agentReplies(ticket().id, text, { agentId: ada?.id })
      await stage.pass(SETTLED_MS)
    }
    expect(agentUsers(stage)).toHaveLength(1)
    expect(countSeen(stage, conversationId, JOINED)).toBe(1)
    for (const text of ['Here I am', 'And ready', 'And a third time', 'And a fourth']) {
      expect(countSeen(stage, conversationId, text), text).toBe(1)
    }
  })

  it('is announced when the ticket is assigned before the plugin is ready', async () => {
    const stage = await startAt(desk, { switches: { activationDelayMs: 1_500 } })
    const { bot } = stage.botpress
    const sandbox = stage.sandbox(desk)
    const { conversationId } = bot.newCustomer()
    await bot.customerSays(conversationId, 'my printer burns')
    const started = bot.startHitl(conversationId, { title: 'Printer on fire' })
    await stage.settle()
    sandbox.assign(ticketsOf(stage)[0]?.id ?? '', sandbox.agents[0]?.id ?? '')
    await stage.pass(SETTLED_MS)
    await started
    expect(countSeen(stage, conversationId, JOINED)).toBe(1)
  })

  it('has the name and the photo of the desk', async () => {
    const { stage, sandbox, conversationId, ticket } = await sessionAt(desk)
    const [ada] = sandbox.agents
    sandbox.agentReplies(ticket().id, 'With a face', { agentId: ada?.id })
    await stage.pass(SETTLED_MS)
    const shown = stage.botpress.bot.seen(conversationId).find(({ text }) => text === 'With a face')
    expect(shown).toMatchObject({ from: 'agent', name: ada?.name })
    expect(shown?.pictureUrl).toBe(ada?.pictureUrl)
  })

  it('has a readable fallback name when the desk returns none', async () => {
    const stage = await startAt(desk)
    const { conversationId, sandbox, ticket } = await handOver(stage)
    const [ada] = sandbox.agents
    sandbox.server.addFault({
      kind: 'status',
      status: 404,
      times: 50,
      matches: ({ path }) => /users\.info|\/admins\/|\/users\/\d/.test(path),
    })
    sandbox.agentReplies(ticket().id, 'A voice without a name', { agentId: ada?.id })
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, 'A voice without a name')).toBe(1)
    const names = [
      ...agentUsers(stage).map(({ name }) => name),
      ...stage.botpress.bot.seen(conversationId).flatMap(({ from, name }) => (from === 'agent' ? [name] : [])),
    ]
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) expect(name).toMatch(/^(?!.*(?:undefined|null|\[object)).*\p{L}/u)
  })
})

describe.each(DESKS)('files of an agent at %s', (desk) => {
  const FILES = [
    ['photo.png', 'image/png', 'image'],
    ['voice.mp3', 'audio/mpeg', 'audio'],
    ['film.mp4', 'video/mp4', 'video'],
    ['invoice.pdf', 'application/pdf', 'file'],
    ['manual.pdf', 'application/force-download', 'file'],
    ['sheet.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'file'],
  ] as const

  it.each(FILES)(
    'reach the customer with their type, or the agent is notified: %s',
    async (name, contentType, type) => {
      const { stage, sandbox, conversationId, ticket, agentId } = await sessionAt(desk)
      const before = ticket().entries.length
      const requestsBefore = sandbox.server.requests.length
      sandbox.agentReplies(ticket().id, 'Please see the file', { agentId, attachments: [{ name, contentType }] })
      await stage.pass(SETTLED_MS)
      const pieces = stage.botpress.bot
        .seen(conversationId)
        .flatMap((message) =>
          message.type === 'bloc'
            ? (message.payload['items'] as { type: string; payload: Record<string, unknown> }[])
            : [message]
        )
      expect(pieces.filter(({ payload }) => payload['text'] === 'Please see the file')).toHaveLength(1)
      const files = pieces.filter((piece) => typeof piece.payload[`${piece.type}Url`] === 'string')
      const notes = ticket()
        .entries.slice(before)
        .filter(({ kind, text }) => kind === 'note' && text.includes(name))
      expect(files.length + notes.length, 'shown to the customer or reported to the agent').toBe(1)
      for (const file of files) {
        expect(file.type).toBe(type)
        expect(file.payload['title']).toBe(name)
        expect(file.payload[`${type}Url`]).toMatch(/^https:\/\/|\/files\/file_/)
      }
      // Some file URLs work only once, or only with GET: the router reads them once and doesn't probe them.
      const reads = sandbox.server.requests.slice(requestsBefore).filter(({ path }) => path.includes(name))
      expect(reads.map(({ method }) => method)).toEqual(reads.slice(0, 1).map(() => 'GET'))
    }
  )
})
