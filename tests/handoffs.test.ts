/** How handoffs start and end when desks fail, calls are repeated or instances crash. */
import { describe, expect, it } from 'vitest'
import type { Fault, Sandbox } from '../providers/kit/sandbox'
import { providers } from '../src/definition/registry'
import { action, newUser, startInput, startStage } from './support/actions'
import { countSeen, handOver, JOINED, SETTLED_MS, ticketsOf } from './support/handoffs'

const DESKS = Object.keys(providers)
const [FIRST = ''] = DESKS

describe('createUser', () => {
  it('returns the same user for repeated and concurrent calls', async () => {
    const stage = await startStage(undefined, { switches: { latencyMs: 5 }, instances: 2 })
    const before = stage.botpress.runtime.store.users.size
    const input = {
      name: 'Eve',
      email: 'user_1@no-reply.bot-1.botpress.com',
      pictureUrl: 'https://files.example/eve.png',
    }
    const replies = await stage.finish(
      Promise.all(Array.from({ length: 6 }, () => stage.botpress.runtime.gateway.action('createUser', input)))
    )
    const ids = replies.map(({ body }) => (JSON.parse(body ?? '{}') as { output: { userId: string } }).output.userId)
    expect(new Set(ids).size).toBe(1)
    expect(stage.botpress.runtime.store.users.size).toBe(before + 1)
  })

  it.each([
    'eve@customer.example',
    'user_1@no-reply.botpress.com',
    'no-reply@botpress.com',
    '@no-reply.bot-1.botpress.com',
    '',
    undefined,
  ])('makes another user for each call with an address that the plugin did not make up (%s)', async (email) => {
    const stage = await startStage()
    const ids = [
      await action(stage, 'createUser', { name: 'Eve', email }),
      await action(stage, 'createUser', { name: 'Bob', email }),
    ].map(({ output }) => output?.userId)
    expect(new Set(ids).size).toBe(2)
  })

  it('calls no desk', async () => {
    const stage = await startStage()
    const requestCounts = () => DESKS.map((name) => stage.sandbox(name).server.requests.length)
    const before = requestCounts()
    await newUser(stage)
    expect(requestCounts()).toEqual(before)
  })

  it.each(DESKS)('never sends the address that the plugin makes up to %s', async (desk) => {
    const stage = await startStage()
    await handOver(stage, { hitlSession: { provider: desk } })
    const sent = stage
      .sandbox(desk)
      .server.requests.map(({ body }) => body.toString('utf8'))
      .join('\n')
    expect(sent).not.toContain('no-reply')
  })
})

describe('startHitl with a failing desk', () => {
  const faults: [string, Fault, string][] = [
    ['returns 503', { kind: 'status', status: 503, times: 200 }, 'next desk'],
    ['returns 401', { kind: 'status', status: 401, times: 200 }, 'next desk'],
    [
      'is rate limited for minutes',
      { kind: 'status', status: 429, headers: { 'retry-after': '120' }, times: 200 },
      'next desk',
    ],
    ['returns 422', { kind: 'status', status: 422, times: 200 }, 'next desk'],
    ['drops the connection', { kind: 'disconnect', times: 200 }, 'next desk'],
    ['times out', { kind: 'timeout', times: 200 }, 'next desk'],
    ['returns 500 after creating the ticket', { kind: 'status', status: 500, effect: 'after' }, 'same desk'],
    ['times out after creating the ticket', { kind: 'timeout', effect: 'after' }, 'same desk'],
  ]
  const cases = DESKS.flatMap((desk) => faults.map(([title, fault, where]) => ({ desk, title, fault, where })))

  const createsTicket = (sandbox: Sandbox, count: number) => (request: { method: string; path: string }) =>
    request.method === 'POST' &&
    sandbox.tickets().length === count &&
    !/oauth|contacts|users|auth|search|conversations\./.test(request.path)

  it.each(cases)('opens one session and one ticket at the $where when $desk $title', async ({ desk, fault, where }) => {
    const others = DESKS.filter((name) => name !== desk)
    const stage = await startStage({ order: [desk, ...others] }, { sockets: false })
    const sandbox = stage.sandbox(desk)
    const startedAt = stage.clock.now()
    sandbox.server.addFault(
      where === 'same desk' ? { ...fault, matches: createsTicket(sandbox, sandbox.tickets().length) } : fault
    )
    const userId = await newUser(stage)
    const { status, message, output } = await action(stage, 'startHitl', startInput(userId))
    expect(message ?? status).toBe(200)
    expect(stage.clock.now() - startedAt).toBeLessThan(25_000)
    const tickets = ticketsOf(stage)
    expect(tickets.map((ticket) => ticket.desk)).toEqual([where === 'same desk' ? desk : others[0]])
    const { runtime } = stage.botpress
    const tags = runtime.store.conversations.get(output?.conversationId ?? '')?.tags ?? {}
    expect([tags['desk:provider'], tags['desk:ticketId'], tags['desk:status']]).toEqual([
      tickets[0]?.desk,
      tickets[0]?.id,
      'open',
    ])
  })

  it('fails with the error of every desk when all of them fail', async () => {
    const stage = await startStage()
    for (const name of DESKS) stage.sandbox(name).server.addFault({ kind: 'status', status: 401, times: 200 })
    const { status, message } = await action(stage, 'startHitl', startInput(await newUser(stage)))
    expect(status).toBe(400)
    for (const name of DESKS) expect(message).toContain(`${providers[name]?.title}: `)
    expect(ticketsOf(stage)).toEqual([])
  })

  it('skips a desk after three failures until the configuration is saved again', async () => {
    const stage = await startStage({ order: DESKS })
    const { server } = stage.sandbox(FIRST)
    server.addFault({ kind: 'status', status: 503, times: 1_000 })
    const requestsOfHandoff = async () => {
      const before = server.requests.length
      await handOver(stage)
      return server.requests.length - before
    }
    for (let failures = 0; failures < 3; failures += 1) expect(await requestsOfHandoff()).toBeGreaterThan(0)
    expect(await requestsOfHandoff()).toBe(0)
    expect(stage.botpress.bot.events.map(({ type }) => type.replace(/^.*:/, ''))).toContain('deskDown')
    server.clearFaults()
    await stage.save(stage.configuration({ order: DESKS }))
    const { sandbox } = await handOver(stage)
    expect(sandbox.name).toBe(FIRST)
  })

  it('uses the desk again once it has recovered', async () => {
    const stage = await startStage({ order: DESKS })
    const { server } = stage.sandbox(FIRST)
    server.addFault({ kind: 'status', status: 503, times: 1_000 })
    for (let failures = 0; failures < 3; failures += 1) await handOver(stage)
    server.clearFaults()
    await stage.pass(60_000)
    expect((await handOver(stage)).sandbox.name).toBe(FIRST)
    expect(stage.botpress.bot.events.map(({ type }) => type.replace(/^.*:/, ''))).toContain('deskUp')
  })
})

describe('a repeated startHitl', () => {
  it('returns the same conversation and ticket for repeated and concurrent calls', async () => {
    const stage = await startStage(undefined, { switches: { latencyMs: 10 }, instances: 3 })
    const input = startInput(await newUser(stage))
    const { gateway } = stage.botpress.runtime
    const replies = await stage.finish(Promise.all(Array.from({ length: 4 }, () => gateway.action('startHitl', input))))
    replies.push(await stage.finish(gateway.action('startHitl', input)))
    const ids = replies.map(
      ({ body }) => (JSON.parse(body ?? '{}') as { output?: { conversationId: string } }).output?.conversationId
    )
    expect(new Set(ids).size).toBe(1)
    expect(ticketsOf(stage)).toHaveLength(1)
  })

  it.each(DESKS)('resumes at %s after a crash at any API call', async (desk) => {
    for (let calls = 1; calls <= 9; calls += 1) {
      const stage = await startStage({ order: [desk, ...DESKS.filter((name) => name !== desk)] })
      const input = startInput(await newUser(stage))
      let made = 0
      // From this call on, no call of the instance reaches Botpress.
      stage.botpress.runtime.addFault({
        kind: 'status',
        status: 400,
        by: 'integration',
        times: 1_000,
        matches: () => (made += 1) > calls,
      })
      await action(stage, 'startHitl', input)
      stage.botpress.runtime.clearFaults()
      stage.restart()
      await stage.pass(13_000)
      const { status, message } = await action(stage, 'startHitl', input)
      expect(message ?? status, `after ${calls} calls`).toBe(200)
      expect(ticketsOf(stage), `after ${calls} calls`).toHaveLength(1)
    }
  })

  it('opens a new ticket after the first session has ended, and for another customer', async () => {
    const stage = await startStage()
    const input = startInput(await newUser(stage))
    const first = await action(stage, 'startHitl', input)
    await action(stage, 'stopHitl', { conversationId: first.output?.conversationId })
    const second = await action(stage, 'startHitl', input)
    const third = await action(stage, 'startHitl', startInput(await newUser(stage, 'bob@customer.example')))
    const ids = [first, second, third].map(({ output }) => output?.conversationId)
    expect(new Set(ids).size).toBe(3)
    expect(ticketsOf(stage)).toHaveLength(3)
  })

  it('opens one ticket and one session when the platform retries after a lost response', async () => {
    const stage = await startStage()
    stage.botpress.runtime.addFault({
      kind: 'status',
      status: 502,
      effect: 'after',
      by: 'bot',
      path: '/actions',
      matches: (_call, body) => String((body as { type?: string }).type).endsWith(':startHitl'),
    })
    const { conversationId, sandbox, ticket } = await handOver(stage)
    expect(ticketsOf(stage)).toHaveLength(1)
    sandbox.agentReplies(ticket().id, 'Here I am')
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, 'Here I am')).toBe(1)
    expect(countSeen(stage, conversationId, JOINED)).toBe(1)
  })
})

describe('messages from the customer', () => {
  it.each(DESKS)('wait while %s is rate limited, then arrive as one message in order', async (desk) => {
    const stage = await startStage({ order: [desk, ...DESKS.filter((name) => name !== desk)] })
    const { conversationId, sandbox, ticket } = await handOver(stage)
    sandbox.server.addFault({ kind: 'status', status: 429, headers: { 'retry-after': '12' } })
    const before = ticket().entries.length
    for (const text of ['first', 'second', 'third']) await stage.botpress.bot.customerSays(conversationId, text)
    await stage.pass(30_000)
    const said = ticket().entries.slice(before)
    expect(said.map(({ kind }) => kind)).toEqual(['customer'])
    expect(said.map(({ text }) => text.split(/\n+/))).toEqual([['first', 'second', 'third']])
  })

  it.each(DESKS)('arrive once when %s recovers', async (desk) => {
    const stage = await startStage({ order: [desk, ...DESKS.filter((name) => name !== desk)] })
    const { conversationId, sandbox, ticket } = await handOver(stage)
    sandbox.server.addFault({ kind: 'status', status: 503, times: 10 })
    const before = ticket().entries.length
    await stage.botpress.bot.customerSays(conversationId, 'are you there?')
    await stage.pass(45_000)
    expect(ticket().entries.slice(before)).toMatchObject([{ kind: 'customer', text: 'are you there?' }])
  })

  it.each(DESKS)('with the same text arrive separately at %s', async (desk) => {
    const stage = await startStage({ order: [desk, ...DESKS.filter((name) => name !== desk)] })
    const { conversationId, ticket } = await handOver(stage)
    const before = ticket().entries.length
    for (const _time of [1, 2]) {
      await stage.botpress.bot.customerSays(conversationId, 'yes')
      await stage.pass(SETTLED_MS)
    }
    expect(ticket().entries.slice(before)).toHaveLength(2)
  })
})

describe('an end by the agent that Botpress rejects at first', () => {
  it.each(DESKS)('is delivered again by %s', async (desk) => {
    const stage = await startStage({ order: [desk, ...DESKS.filter((name) => name !== desk)] })
    const { conversationId, sandbox, ticket } = await handOver(stage)
    stage.botpress.runtime.addFault({
      kind: 'status',
      status: 500,
      headers: { 'retry-after': '0' },
      by: 'integration',
      path: '/events',
      times: 1,
    } as never)
    sandbox.solve(ticket().id)
    await stage.pass(SETTLED_MS)
    await stage.pass(SETTLED_MS)
    // Slack never repeats a button press. It shows the agent an error, and the agent presses again.
    const isButton = sandbox.deliveries.log.some(({ delivery }) => delivery.request.body.startsWith('payload='))
    if (isButton) {
      sandbox.solve(ticket().id)
      await stage.pass(SETTLED_MS)
    }
    expect(countSeen(stage, conversationId, 'The human agent closed')).toBe(1)
    expect(stage.botpress.bot.isActive(conversationId)).toBe(false)
  })
})
