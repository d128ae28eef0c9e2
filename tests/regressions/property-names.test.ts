/** Property names such as `__proto__` in input never pollute an object. */
import { describe, expect, it } from 'vitest'
import { handOver, seenBy, SETTLED_MS } from '../support/handoffs'
import { action, DESKS, onlyTicket, rewritten, send, sessionAt, startAt } from './helpers'

describe.each(DESKS)('property names of objects with %s', (desk) => {
  const pollute = (object: Record<string, unknown>): Record<string, unknown> => {
    const fields: unknown = JSON.parse(
      '{"__proto__":{"polluted":true,"type":"x","id":"x"},"constructor":{"prototype":{"polluted":true}},"toString":null,"hasOwnProperty":1,"prototype":{"polluted":true}}'
    )
    for (const [name, value] of Object.entries(fields as Record<string, unknown>)) {
      Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
    }
    return object
  }
  const expectUnpolluted = () => {
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(typeof {}.toString).toBe('function')
  }

  it('change no object in a delivery, which still takes effect', async () => {
    const stage = await startAt(desk)
    const sandbox = stage.sandbox(desk)
    const { gateway } = stage.botpress.runtime
    sandbox.deliveries.connect((request) => {
      const rewrittenRequest = sandbox.signed(rewritten(request.body, pollute))
      expect(rewrittenRequest.body).toContain(encodeURIComponent('__proto__'))
      return gateway.webhook({ ...rewrittenRequest, headers: { ...request.headers, ...rewrittenRequest.headers } })
    })
    const { conversationId, ticket } = await handOver(stage)
    const agentId = sandbox.agents[0]?.id ?? ''
    sandbox.assign(ticket().id, agentId)
    sandbox.agentReplies(ticket().id, 'Not polluted', { agentId })
    await stage.pass(SETTLED_MS)
    expectUnpolluted()
    expect(seenBy(stage, conversationId).filter((line) => line.includes('Not polluted'))).toHaveLength(1)
    sandbox.solve(ticket().id, { agentId })
    await stage.pass(SETTLED_MS)
    expect(stage.botpress.bot.isActive(conversationId)).toBe(false)
    expectUnpolluted()
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'])(
    'match no kind of delivery, message or desk: %s',
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
      expectUnpolluted()
    }
  )

  it('change no object in the configuration, the routing or the session', async () => {
    const stage = await startAt(desk)
    const routing = pollute({ order: DESKS, desks: [pollute({ desk, weight: 1 })] })
    const configuration = stage.configuration(routing)
    const refusal = await stage.save(configuration).then(
      () => '',
      (error: unknown) => (error instanceof Error ? error.message : '')
    )
    expectUnpolluted()
    // The field is either rejected as unknown or ignored.
    if (refusal !== '') expect(refusal).toContain('Routing')
    await stage.save(stage.configuration({ order: [desk, ...DESKS.filter((name) => name !== desk)] }))
    const { output } = await action(stage, 'createUser', pollute({ name: 'Eve', email: 'eve@customer.example' }))
    const started = await action(stage, 'startHitl', {
      userId: output?.userId,
      title: 'Printer',
      messageHistory: [pollute({ source: { type: 'bot' }, type: 'text', payload: pollute({ text: 'hello' }) })],
      hitlSession: pollute({ provider: desk, tags: ['vip'] }),
    })
    expect(started.message ?? started.status).toBe(200)
    expect(onlyTicket(stage).desk).toBe(desk)
    expectUnpolluted()
  })
})
