/** Which desk takes a handoff when desks fail, when calls are repeated, and when several are started at once. */
import { describe, expect, it } from 'vitest'
import type { Fault, Sandbox } from '../providers/kit/sandbox'
import { providers } from '../src/definition/registry'
import { action, newUser, startInput, startStage } from './support/actions'
import { countSeen, handOver, JOINED, SETTLED_MS, ticketsOf } from './support/handoffs'

const DESKS = Object.keys(providers)
const [FIRST = ''] = DESKS

describe('createUser', () => {
  it('makes one user for one person, however often and at once', async () => {
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

  it('asks no desk anything', async () => {
    const stage = await startStage()
    const asked = () => DESKS.map((name) => stage.sandbox(name).server.requests.length)
    const before = asked()
    await newUser(stage)
    expect(asked()).toEqual(before)
  })

  it.each(DESKS)('lets the address that the plugin makes up never reach %s', async (desk) => {
    const stage = await startStage()
    await handOver(stage, { hitlSession: { provider: desk } })
    const sent = stage
      .sandbox(desk)
      .server.requests.map(({ body }) => body.toString('utf8'))
      .join('\n')
    expect(sent).not.toContain('no-reply')
  })
})

describe('a desk that fails', () => {
  const faults: [string, Fault, string][] = [
    ['is down', { kind: 'status', status: 503, times: 200 }, 'elsewhere'],
    ['answers 401', { kind: 'status', status: 401, times: 200 }, 'elsewhere'],
    [
      'is limited for minutes',
      { kind: 'status', status: 429, headers: { 'retry-after': '120' }, times: 200 },
      'elsewhere',
    ],
    ['answers 422', { kind: 'status', status: 422, times: 200 }, 'elsewhere'],
    ['hangs up', { kind: 'disconnect', times: 200 }, 'elsewhere'],
    ['does not answer', { kind: 'timeout', times: 200 }, 'elsewhere'],
    ['lies: 500 after it made the ticket', { kind: 'status', status: 500, effect: 'after' }, 'there'],
    ['lies: no answer after it made the ticket', { kind: 'timeout', effect: 'after' }, 'there'],
  ]
  const runs = DESKS.flatMap((desk) => faults.map(([title, fault, where]) => ({ desk, title, fault, where })))

  const makesTicket = (sandbox: Sandbox, count: number) => (request: { method: string; path: string }) =>
    request.method === 'POST' &&
    sandbox.tickets().length === count &&
    !/oauth|contacts|users|auth|search|conversations\./.test(request.path)

  it.each(runs)('$desk $title: one session, one ticket', async ({ desk, fault, where }) => {
    const others = DESKS.filter((name) => name !== desk)
    const stage = await startStage({ order: [desk, ...others] }, { sockets: false })
    const sandbox = stage.sandbox(desk)
    const began = stage.clock.now()
    sandbox.server.addFault(
      where === 'there' ? { ...fault, matches: makesTicket(sandbox, sandbox.tickets().length) } : fault
    )
    const userId = await newUser(stage)
    const { status, message, output } = await action(stage, 'startHitl', startInput(userId))
    expect(message ?? status).toBe(200)
    expect(stage.clock.now() - began).toBeLessThan(25_000)
    const tickets = ticketsOf(stage)
    expect(tickets.map((ticket) => ticket.desk)).toEqual([where === 'there' ? desk : others[0]])
    const { runtime } = stage.botpress
    const tags = runtime.store.conversations.get(output?.conversationId ?? '')?.tags ?? {}
    expect([tags['desk:provider'], tags['desk:ticketId'], tags['desk:status']]).toEqual([
      tickets[0]?.desk,
      tickets[0]?.id,
      'open',
    ])
  })

  it('is told to the bot with what each desk answered when all fail', async () => {
    const stage = await startStage()
    for (const name of DESKS) stage.sandbox(name).server.addFault({ kind: 'status', status: 401, times: 200 })
    const { status, message } = await action(stage, 'startHitl', startInput(await newUser(stage)))
    expect(status).toBe(400)
    for (const name of DESKS) expect(message).toContain(`${providers[name]?.title}: `)
    expect(ticketsOf(stage)).toEqual([])
  })

  it('is left out after repeated failures, tried again after a pause, and forgiven when the configuration is saved', async () => {
    const stage = await startStage({ order: DESKS })
    const { server } = stage.sandbox(FIRST)
    server.addFault({ kind: 'status', status: 503, times: 1_000 })
    const asks = async () => {
      const before = server.requests.length
      await handOver(stage)
      return server.requests.length - before
    }
    for (let failures = 0; failures < 3; failures += 1) expect(await asks()).toBeGreaterThan(0)
    expect(await asks()).toBe(0)
    expect(stage.botpress.bot.events.map(({ type }) => type.replace(/^.*:/, ''))).toContain('deskDown')
    server.clearFaults()
    await stage.save(stage.configuration({ order: DESKS }))
    const { sandbox } = await handOver(stage)
    expect(sandbox.name).toBe(FIRST)
  })

  it('comes back by itself', async () => {
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

describe('the same start again', () => {
  it('returns the same conversation and ticket, one after the other and at once', async () => {
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

  it.each(DESKS)('finishes at %s what a run that died had begun, wherever it died', async (desk) => {
    for (let calls = 1; calls <= 9; calls += 1) {
      const stage = await startStage({ order: [desk, ...DESKS.filter((name) => name !== desk)] })
      const input = startInput(await newUser(stage))
      let seen = 0
      // From this API call on the instance is dead to the world.
      stage.botpress.runtime.addFault({
        kind: 'status',
        status: 400,
        by: 'integration',
        times: 1_000,
        matches: () => (seen += 1) > calls,
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

  it('is a new handoff after the first one has ended, and for another customer', async () => {
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

  it('is what the platform does when it lost the answer: one ticket, one session', async () => {
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

describe('a message for a desk', () => {
  it.each(DESKS)('waits while %s is limited, and goes with what came meanwhile as one, in order', async (desk) => {
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

  it.each(DESKS)('is delivered once when %s comes back after a while', async (desk) => {
    const stage = await startStage({ order: [desk, ...DESKS.filter((name) => name !== desk)] })
    const { conversationId, sandbox, ticket } = await handOver(stage)
    sandbox.server.addFault({ kind: 'status', status: 503, times: 10 })
    const before = ticket().entries.length
    await stage.botpress.bot.customerSays(conversationId, 'are you there?')
    await stage.pass(45_000)
    expect(ticket().entries.slice(before)).toMatchObject([{ kind: 'customer', text: 'are you there?' }])
  })

  it.each(DESKS)('equal to the one before is a message of its own at %s', async (desk) => {
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

describe('an end that Botpress could not take at first', () => {
  it.each(DESKS)('is not lost at %s: it is delivered again', async (desk) => {
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
    // A button press is never sent again: its agent is shown the failure, and presses once more.
    const isButton = sandbox.deliveries.log.some(({ delivery }) => delivery.request.body.startsWith('payload='))
    if (isButton) {
      sandbox.solve(ticket().id)
      await stage.pass(SETTLED_MS)
    }
    expect(countSeen(stage, conversationId, 'The human agent closed')).toBe(1)
    expect(stage.botpress.bot.isActive(conversationId)).toBe(false)
  })
})
