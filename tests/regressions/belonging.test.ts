/** Sessions, customers and tickets never mix, and foreign tickets are left alone. */
import { describe, expect, it } from 'vitest'
import { countSeen, handOver, seenBy, SETTLED_MS, ticketsOf } from '../support/handoffs'
import { action, bodiesTo, DESKS, rewritten, send, sessionAt, startAt, takeDeliveries, visible } from './helpers'

const NOTIFICATION_FIELDS = /conversationId|external_?id|value/i

describe.each(DESKS)('sessions at %s', (desk) => {
  it('of one customer in two conversations stay separate in both directions', async () => {
    const stage = await startAt(desk)
    const { bot } = stage.botpress
    const first = await handOver(stage)
    const second = bot.newConversation(first.userId)
    await bot.customerSays(second, 'and my scanner smokes')
    await stage.finish(bot.startHitl(second, { title: 'Scanner' }))
    await stage.pass(SETTLED_MS)
    const [one, other] = ticketsOf(stage)
    const { sandbox } = first
    const entriesOf = (id: string | undefined) => sandbox.tickets().find((ticket) => ticket.id === id)?.entries ?? []

    await bot.customerSays(first.conversationId, 'about the printer')
    await bot.customerSays(second, 'about the scanner')
    sandbox.agentReplies(one?.id ?? '', 'Answer on the printer')
    sandbox.agentReplies(other?.id ?? '', 'Answer on the scanner')
    await stage.pass(SETTLED_MS)
    for (const [id, mine, theirs] of [
      [one?.id, 'about the printer', 'about the scanner'],
      [other?.id, 'about the scanner', 'about the printer'],
    ] as const) {
      const texts = entriesOf(id).map(({ text }) => text)
      expect(texts.filter((text) => text.includes(mine))).toHaveLength(1)
      expect(texts.filter((text) => text.includes(theirs))).toHaveLength(0)
    }
    expect(countSeen(stage, first.conversationId, 'Answer on the printer')).toBe(1)
    expect(countSeen(stage, first.conversationId, 'Answer on the scanner')).toBe(0)
    expect(countSeen(stage, second, 'Answer on the scanner')).toBe(1)
    expect(countSeen(stage, second, 'Answer on the printer')).toBe(0)

    sandbox.solve(one?.id ?? '')
    await stage.pass(SETTLED_MS)
    expect([bot.isActive(first.conversationId), bot.isActive(second)]).toEqual([false, true])
  })

  it('that have ended never write into the current one, and the agent is notified', async () => {
    const { stage, sandbox, conversationId, ticket, agentId } = await sessionAt(desk)
    const { bot } = stage.botpress
    await bot.endByCustomer(conversationId)
    await stage.pass(SETTLED_MS)
    await bot.customerSays(conversationId, 'it burns again')
    await stage.finish(bot.startHitl(conversationId, { title: 'Once more' }))
    await stage.pass(SETTLED_MS)
    sandbox.agentReplies(ticket().id, 'Answer to the old question', { agentId })
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, 'Answer to the old question')).toBe(0)
    expect(ticket().entries.filter(({ text }) => text.includes('not delivered'))).toHaveLength(1)
    expect(bot.isActive(conversationId)).toBe(true)
  })

  it('ignore a delivery for another ticket that names their conversation', async () => {
    const stage = await startAt(desk)
    const { bot } = stage.botpress
    const first = await handOver(stage)
    const second = await handOver(stage)
    const { sandbox } = first
    sandbox.deliveries.mode = 'held'
    sandbox.agentReplies(first.ticket().id, 'For the first customer')
    sandbox.solve(first.ticket().id)
    const ids = [first, second].map(({ conversationId }) => bot.downstreamOf(conversationId) ?? '')
    const [mine = '', theirs = ''] = ids
    // A fresh instance knows neither session, only the delivery.
    stage.restart()
    for (const { request } of takeDeliveries(sandbox)) {
      const body = rewritten(request.body, (object) =>
        Object.fromEntries(
          Object.entries(object).map(([key, value]) =>
            NOTIFICATION_FIELDS.test(key) && typeof value === 'string'
              ? [key, value.replace(mine, theirs)]
              : [key, value]
          )
        )
      )
      await send(stage, sandbox.signed(body))
    }
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, second.conversationId, 'For the first customer')).toBe(0)
    expect(bot.isActive(second.conversationId)).toBe(true)
    expect(second.ticket().status).toBe('open')
  })

  it('are opened with the name and address of their own customer, not of the latest one', async () => {
    const stage = await startAt(desk)
    const people = ['Ann Able', 'Bea Bright', 'Cid Clever']
    const ids: string[] = []
    for (const name of people) {
      const email = `${name.slice(0, 3).toLowerCase()}@customer.example`
      const { output } = await action(stage, 'createUser', { name, email })
      ids.push(output?.userId ?? '')
    }
    expect(new Set(ids).size).toBe(3)
    // In another order, and the first customer twice: contacts must never be mixed up.
    for (const index of [2, 0, 1, 0]) {
      const userId = ids[index] ?? ''
      const before = new Set(ticketsOf(stage).map(({ id }) => id))
      const from = stage.sandbox(desk).server.requests.length
      const { status, message } = await action(stage, 'startHitl', {
        userId,
        title: `Handoff ${before.size}`,
        messageHistory: [{ source: { type: 'user', userId }, type: 'text', payload: { text: 'hello' } }],
      })
      expect(message ?? status).toBe(200)
      const ticket = ticketsOf(stage).find(({ id }) => !before.has(id))
      expect(ticket?.customer).toContain(people[index])
      const sent = bodiesTo(stage.sandbox(desk), from).join('\n')
      for (const other of people.filter((_name, at) => at !== index)) {
        expect(sent).not.toContain(other)
        expect(sent).not.toContain(`${other.slice(0, 3).toLowerCase()}@customer.example`)
      }
    }
  })

  it('never rename other people', async () => {
    const stage = await startAt(desk)
    const names = () =>
      stage.botpress.runtime.store.users.withTags({}).map(({ id, name, pictureUrl }) => `${id} ${name} ${pictureUrl}`)
    const first = await handOver(stage, {}, { name: 'Ann Able' })
    const agents = structuredClone(first.sandbox.agents)
    const before = names()
    await handOver(stage, { hitlSession: { name: 'Somebody Else', email: 'else@customer.example' } })
    expect(names()).toEqual(expect.arrayContaining(before))
    expect(first.sandbox.agents).toEqual(agents)
    expect(first.ticket().customer).toContain('Ann Able')
    // The router never overwrites the name, photo or role of a person at the desk.
    const renamed = first.sandbox.server.requests.filter(
      ({ method, path }) =>
        method !== 'GET' && /\/(?:users|admins)\/[^/]+$/.test(path) && !/create_or_update/.test(path)
    )
    expect(renamed).toEqual([])
  })

  it('delete no user, conversation or message at Botpress', async () => {
    const { stage, sandbox, ticket } = await sessionAt(desk)
    sandbox.assign(ticket().id, sandbox.agents[1]?.id ?? '')
    sandbox.agentReplies(ticket().id, 'Grace here', { agentId: sandbox.agents[1]?.id })
    sandbox.solve(ticket().id)
    await stage.pass(SETTLED_MS)
    const deleted = stage.botpress.runtime.calls.filter(
      ({ by, method, path }) => by === 'integration' && method === 'DELETE' && !path.includes('/states')
    )
    expect(deleted).toEqual([])
  })
})

describe.each(DESKS)('a ticket at %s that the router did not open', (desk) => {
  it('creates no user, conversation, message or event', async () => {
    const stage = await startAt(desk)
    const sandbox = stage.sandbox(desk)
    const seen = () => {
      const { users, conversations, messages, events } = JSON.parse(visible(stage)) as Record<string, unknown>
      return { users, conversations, messages, events }
    }
    const before = seen()
    const id = sandbox.foreignTicket()
    sandbox.agentReplies(id, 'An answer to somebody else')
    sandbox.assign(id, sandbox.agents[0]?.id ?? '')
    sandbox.customerReplies?.(id, 'I write by mail')
    sandbox.botReplies?.(id, 'I am an automation')
    sandbox.solve(id)
    await stage.pass(SETTLED_MS)
    expect(seen()).toEqual(before)
  })
})

describe.each(DESKS)('startHitl at %s', (desk) => {
  it('returns an existing conversation, or an error without an id', async () => {
    const stage = await startAt(desk)
    const { output } = await action(stage, 'createUser', { name: 'Eve', email: 'eve@customer.example' })
    const input = { userId: output?.userId, messageHistory: [] }
    const started = await action(stage, 'startHitl', { ...input, title: 'First' })
    expect(stage.botpress.runtime.store.conversations.get(started.output?.conversationId ?? '')).toBeDefined()
    for (const name of DESKS) {
      stage.sandbox(name).server.addFault({ kind: 'status', status: 403, times: 100 })
    }
    const failed = await action(stage, 'startHitl', { ...input, title: 'Second' })
    expect(failed.status).toBe(400)
    expect(failed.output).toBeUndefined()
    expect(failed.message).toMatch(/^No desk took the handoff\./)
  })
})

describe.each(DESKS)('two agents at %s', (desk) => {
  it('are shown separately, each under their own name', async () => {
    const { stage, sandbox, ticket, conversationId } = await sessionAt(desk)
    const [ada, grace] = sandbox.agents
    sandbox.agentReplies(ticket().id, 'First answer', { agentId: ada?.id })
    sandbox.agentReplies(ticket().id, 'Second answer', { agentId: grace?.id })
    await stage.pass(SETTLED_MS)
    const lines = seenBy(stage, conversationId)
    expect(lines).toContain(`agent ${ada?.name}: First answer`)
    expect(lines).toContain(`agent ${grace?.name}: Second answer`)
  })
})
