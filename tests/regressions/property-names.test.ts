/** Nobody changes the process’s objects by what he writes: names of properties are only names. */
import { describe, expect, it } from 'vitest'
import { handOver, seenBy, SETTLED_MS } from '../support/handoffs'
import { action, DESKS, onlyTicket, rewritten, send, sessionAt, startAt } from './helpers'

describe.each(DESKS)('names of properties in what %s sends', (desk) => {
  const polluting = (object: Record<string, unknown>): Record<string, unknown> => {
    const evil: unknown = JSON.parse(
      '{"__proto__":{"polluted":true,"type":"x","id":"x"},"constructor":{"prototype":{"polluted":true}},"toString":null,"hasOwnProperty":1,"prototype":{"polluted":true}}'
    )
    for (const [name, value] of Object.entries(evil as Record<string, unknown>)) {
      Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
    }
    return object
  }
  const expectUntouched = () => {
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(typeof {}.toString).toBe('function')
  }

  it('are only names: the delivery does what it says, and no object changes', async () => {
    const stage = await startAt(desk)
    const sandbox = stage.sandbox(desk)
    const { gateway } = stage.botpress.runtime
    sandbox.deliveries.connect((request) => {
      const again = sandbox.signed(rewritten(request.body, polluting))
      expect(again.body).toContain(encodeURIComponent('__proto__'))
      return gateway.webhook({ ...again, headers: { ...request.headers, ...again.headers } })
    })
    const { conversationId, ticket } = await handOver(stage)
    const agentId = sandbox.agents[0]?.id ?? ''
    sandbox.assign(ticket().id, agentId)
    sandbox.agentReplies(ticket().id, 'Not polluted', { agentId })
    await stage.pass(SETTLED_MS)
    expectUntouched()
    expect(seenBy(stage, conversationId).filter((line) => line.includes('Not polluted'))).toHaveLength(1)
    sandbox.solve(ticket().id, { agentId })
    await stage.pass(SETTLED_MS)
    expect(stage.botpress.bot.isActive(conversationId)).toBe(false)
    expectUntouched()
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'])(
    'name no kind of delivery, message or desk: %s',
    async (name) => {
      const { stage, sandbox, conversationId } = await sessionAt(desk)
      const before = seenBy(stage, conversationId)
      const bodies = [
        { type: name, topic: name, hitl: name, event: { type: name, subtype: name } },
        { type: 'event_callback', event: { type: name } },
        { type: 'block_actions', user: { id: name }, actions: [{ action_id: name, value: name }] },
        { topic: 'conversation.admin.replied', data: { item: { id: name } } },
        { hitl: 'replied', ticketId: name, externalId: `botpress:bot:${name}` },
      ]
      for (const body of bodies) {
        expect([200, 401]).toContain((await send(stage, sandbox.signed(JSON.stringify(body)))).status)
      }
      const { output } = await action(stage, 'createUser', { name, email: `${name}@customer.example` })
      const started = await action(stage, 'startHitl', {
        userId: output?.userId,
        title: name,
        messageHistory: [{ source: { type: name, userId: name }, type: name, payload: { [name]: name } }],
        hitlSession: { provider: name, language: name, queue: name, tags: [name], priority: name },
      })
      expect(started.status).toBeLessThan(500)
      await stage.pass(SETTLED_MS)
      expect(seenBy(stage, conversationId)).toEqual(before)
      expectUntouched()
    }
  )

  it('change nothing in the configuration, the routing or the session either', async () => {
    const stage = await startAt(desk)
    const routing = polluting({ order: DESKS, desks: [polluting({ desk, weight: 1 })] })
    const configuration = stage.configuration(routing)
    const refusal = await stage.save(configuration).then(
      () => '',
      (error: unknown) => (error instanceof Error ? error.message : '')
    )
    expectUntouched()
    // Either it is told to be unknown, or it makes no difference.
    if (refusal !== '') expect(refusal).toContain('Routing')
    await stage.save(stage.configuration({ order: [desk, ...DESKS.filter((name) => name !== desk)] }))
    const { output } = await action(stage, 'createUser', polluting({ name: 'Eve', email: 'eve@customer.example' }))
    const started = await action(stage, 'startHitl', {
      userId: output?.userId,
      title: 'Printer',
      messageHistory: [polluting({ source: { type: 'bot' }, type: 'text', payload: polluting({ text: 'hello' }) })],
      hitlSession: polluting({ provider: desk, tags: ['vip'] }),
    })
    expect(started.message ?? started.status).toBe(200)
    expect(onlyTicket(stage).desk).toBe(desk)
    expectUntouched()
  })
})
