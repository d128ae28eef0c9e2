/** Which desk takes a handoff when desks fail, when calls are repeated, and when several are started at once. */
import { describe, expect, it } from 'vitest'
import type { Fault, Sandbox } from '../providers/kit/sandbox'
import { providers } from '../src/definition/registry'
import { countSeen, handOver, JOINED, SETTLED_MS, ticketsOf } from './support/handoffs'
import { createStage, type Stage } from './support/simulated'

const DESKS = Object.keys(providers)
const [FIRST = '', SECOND = ''] = DESKS

const start = async (
  routing: Record<string, unknown> = { order: DESKS },
  options: Parameters<typeof createStage>[0] = {}
): Promise<Stage> => {
  const stage = await createStage(options)
  await stage.save(stage.configuration(routing))
  return stage
}

const action = async (stage: Stage, type: string, input: unknown) => {
  const reply = await stage.finish(stage.botpress.runtime.gateway.action(type, input))
  return {
    status: reply.status,
    ...(JSON.parse(reply.body ?? '{}') as { message?: string; output?: Record<string, string> }),
  }
}

const newUser = async (stage: Stage, email = 'eve@customer.example'): Promise<string> => {
  const { output } = await action(stage, 'createUser', { name: 'Eve Customer', email })
  return output?.userId ?? ''
}

const startInput = (userId: string, more: Record<string, unknown> = {}) => ({
  userId,
  title: 'Printer on fire',
  messageHistory: [{ source: { type: 'user', userId }, type: 'text', payload: { text: 'my printer burns' } }],
  ...more,
})

describe('createUser', () => {
  it('makes one user for one person, however often and at once', async () => {
    const stage = await start(undefined, { switches: { latencyMs: 5 }, instances: 2 })
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
    const stage = await start()
    const asked = () => DESKS.map((name) => stage.sandbox(name).server.requests.length)
    const before = asked()
    await newUser(stage)
    expect(asked()).toEqual(before)
  })

  it.each(DESKS)('lets the address that the plugin makes up never reach %s', async (desk) => {
    const stage = await start()
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
    const stage = await start({ order: [desk, ...others] }, { sockets: false })
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
    const stage = await start()
    for (const name of DESKS) stage.sandbox(name).server.addFault({ kind: 'status', status: 401, times: 200 })
    const { status, message } = await action(stage, 'startHitl', startInput(await newUser(stage)))
    expect(status).toBe(400)
    for (const name of DESKS) expect(message).toContain(`${providers[name]?.title}: `)
    expect(ticketsOf(stage)).toEqual([])
  })

  it('is left out after repeated failures, tried again after a pause, and forgiven when the configuration is saved', async () => {
    const stage = await start({ order: DESKS })
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
    const stage = await start({ order: DESKS })
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
    const stage = await start(undefined, { switches: { latencyMs: 10 }, instances: 3 })
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
      const stage = await start({ order: [desk, ...DESKS.filter((name) => name !== desk)] })
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
    const stage = await start()
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
    const stage = await start()
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
    const stage = await start({ order: [desk, ...DESKS.filter((name) => name !== desk)] })
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
    const stage = await start({ order: [desk, ...DESKS.filter((name) => name !== desk)] })
    const { conversationId, sandbox, ticket } = await handOver(stage)
    sandbox.server.addFault({ kind: 'status', status: 503, times: 10 })
    const before = ticket().entries.length
    await stage.botpress.bot.customerSays(conversationId, 'are you there?')
    await stage.pass(45_000)
    expect(ticket().entries.slice(before)).toMatchObject([{ kind: 'customer', text: 'are you there?' }])
  })

  it.each(DESKS)('equal to the one before is a message of its own at %s', async (desk) => {
    const stage = await start({ order: [desk, ...DESKS.filter((name) => name !== desk)] })
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
    const stage = await start({ order: [desk, ...DESKS.filter((name) => name !== desk)] })
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

describe('routing', () => {
  it('takes turns, by weight, also across restarts', async () => {
    const stage = await start({ strategy: 'round-robin', order: DESKS, desks: [{ desk: FIRST, weight: 2 }] })
    const taken: string[] = []
    for (let handoffs = 0; handoffs < 8; handoffs += 1) {
      if (handoffs % 3 === 2) stage.restart()
      taken.push((await handOver(stage)).sandbox.name)
    }
    const count = (name: string) => taken.filter((desk) => desk === name).length
    expect(count(FIRST)).toBe(4)
    expect(count(SECOND)).toBe(2)
  })

  it('switches vendors by one field', async () => {
    const stage = await start({ order: DESKS })
    expect((await handOver(stage)).sandbox.name).toBe(FIRST)
    await stage.save(stage.configuration({ order: [SECOND, ...DESKS.filter((name) => name !== SECOND)] }))
    expect((await handOver(stage)).sandbox.name).toBe(SECOND)
  })

  it('lets a session ask for a desk, and refuses when it wants that one or none', async () => {
    const stage = await start({ order: DESKS })
    expect((await handOver(stage, { hitlSession: { provider: SECOND } })).sandbox.name).toBe(SECOND)
    const configuration = stage.configuration({ order: DESKS })
    await stage.save({ ...configuration, [SECOND]: { ...(configuration[SECOND] as object), enabled: false } })
    expect((await handOver(stage, { hitlSession: { provider: SECOND } })).sandbox.name).toBe(FIRST)
    const userId = await newUser(stage)
    const { status, message } = await action(
      stage,
      'startHitl',
      startInput(userId, { hitlSession: { provider: SECOND, strict: true } })
    )
    expect(status).toBe(400)
    expect(message).toContain('No agent is available')
  })

  it('by hours, language and rules, and says it to a bot that asks', async () => {
    const stage = await start({
      order: DESKS,
      timeZone: 'Europe/Paris',
      desks: [
        { desk: FIRST, hours: 'Mon-Fri 14:00-17:00', languages: 'en' },
        { desk: SECOND, languages: 'fr, en' },
      ],
      rules: [{ name: 'important', tags: 'vip', desks: DESKS.at(-1), setPriority: 'urgent' }],
    })
    expect((await handOver(stage, { hitlSession: { language: 'en' } })).sandbox.name).toBe(SECOND)
    expect((await handOver(stage, { hitlSession: { tags: ['vip'] } })).sandbox.name).toBe(DESKS.at(-1))
    const available = await action(stage, 'checkAvailability', { language: 'fr' })
    expect(available.output).toMatchObject({ available: true, desk: SECOND })
    const explained = await action(stage, 'explainRouting', { language: 'en', at: '2026-06-01T14:30:00+02:00' })
    expect(explained.output).toMatchObject({ desk: FIRST })
    expect(explained.output?.explanation).toContain(providers[SECOND]?.title)
    expect((await action(stage, 'explainRouting', { at: 'yesterday' })).status).toBe(400)
  })

  it('refuses with the next opening time when nobody is there', async () => {
    const hours = DESKS.map((desk) => ({ desk, hours: 'Tue 09:00-10:00', timeZone: 'Europe/Paris' }))
    const stage = await start({ order: DESKS, desks: hours })
    const { status, message } = await action(stage, 'startHitl', startInput(await newUser(stage)))
    expect(status).toBe(400)
    expect(message).toMatch(/We open again .*09:00/)
    const asked = await action(stage, 'checkAvailability', {})
    expect(asked.output).toMatchObject({ available: false, willOpen: false, nextOpening: '2026-06-02T07:00:00.000Z' })
    const anyway = startInput(await newUser(stage, 'bob@customer.example'), {
      hitlSession: { nobodyThere: 'open-anyway' },
    })
    expect((await action(stage, 'startHitl', anyway)).status).toBe(200)
  })

  it('keeps a desk at its capacity', async () => {
    const stage = await start({ order: DESKS, desks: [{ desk: FIRST, capacity: 2 }] })
    const taken: string[] = []
    for (let handoffs = 0; handoffs < 3; handoffs += 1) taken.push((await handOver(stage)).sandbox.name)
    expect(taken).toEqual([FIRST, FIRST, SECOND])
  })

  it('returns a customer to the desk of his last session', async () => {
    const stage = await start({ order: DESKS, stickyDays: 3 })
    const userId = await newUser(stage)
    const first = await action(stage, 'startHitl', startInput(userId, { hitlSession: { provider: SECOND } }))
    await action(stage, 'stopHitl', { conversationId: first.output?.conversationId })
    await action(stage, 'startHitl', startInput(userId, { title: 'Again' }))
    expect(ticketsOf(stage).map(({ desk }) => desk)).toEqual([SECOND, SECOND])
  })

  it('emits events that a bot can count, without a conversation id', async () => {
    const stage = await start()
    await handOver(stage)
    const routed = stage.botpress.bot.events.find(({ type }) => type.endsWith('handoffRouted'))
    expect(routed?.payload).toMatchObject({ desk: FIRST, attempts: 1 })
    expect(routed?.payload).not.toHaveProperty('conversationId')
  })
})
