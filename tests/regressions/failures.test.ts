/**
 * Failures, delays and unknown fields: nothing is lost, retries stop, and a delivery gets 2xx only for what has
 * happened.
 */
import type { AxiosAdapter } from 'axios'
import { z } from '@botpress/sdk'
import { describe, expect, it } from 'vitest'
import { createHttp } from '../../providers/kit/http'
import { createSandboxServer } from '../../providers/kit/sandbox'
import { createTestClock, recordLog } from '../../providers/conformance/tools'
import type { Customer } from '../../providers/provider'
import { providers } from '../../src/definition/registry'
import { captureConsole } from '../chaos/console-capture'
import { countSeen, handOver, SETTLED_MS, seenBy } from '../support/handoffs'
import { loadSandbox } from '../../playground/world'
import { action, DESKS, rewritten, sessionAt, startAt } from './helpers'

const MINUTE_MS = 60_000

/** Adds fields as a vendor might in a later version. */
const withUnknownFields = (object: Record<string, unknown>): Record<string, unknown> => ({
  ...object,
  added_in_2031: { values: ['another', null, 17, { kind: true }] },
  'also-new': null,
})

describe.each(DESKS)('retries at %s', (desk) => {
  it.each([
    [400, 25],
    [401, 25],
    [403, 25],
    [404, 600],
    [429, 600],
    [500, 600],
  ])('stop after a few attempts when it returns %i', async (status, limit) => {
    const { stage, sandbox, conversationId } = await sessionAt(desk, { sockets: false })
    const { output } = await action(stage, 'createUser', { name: 'Bob', email: 'bob@customer.example' })
    const downstream = stage.botpress.bot.downstreamOf(conversationId)
    // Vendors answer with a body of their own. Without one it is a proxy, and the router waits as in an outage.
    sandbox.server.addFault({ kind: 'status', status, body: {}, times: 10_000 })
    const requestsDuring = async (work: () => Promise<unknown>): Promise<number> => {
      const from = sandbox.server.requests.length
      await work()
      await stage.pass(3 * MINUTE_MS)
      return sandbox.server.requests.length - from
    }
    const input = { userId: output?.userId, title: 'Printer', messageHistory: [] }
    const start = () => action(stage, 'startHitl', input)
    const say = () => stage.botpress.bot.customerSays(conversationId, 'does this arrive?')
    const stop = () => action(stage, 'stopHitl', { conversationId: downstream })
    expect(await requestsDuring(start), 'startHitl').toBeLessThanOrEqual(limit)
    expect(await requestsDuring(say), 'a message').toBeLessThanOrEqual(limit)
    expect(await requestsDuring(stop), 'stopHitl').toBeLessThanOrEqual(limit)
    const nothing = () => Promise.resolve()
    expect(await requestsDuring(nothing), 'afterwards').toBe(0)
  })
})

describe.each(DESKS)('the response to a delivery of %s', (desk) => {
  it('is 2xx only after the effect has happened', async () => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk, { switches: { latencyMs: 15 } })
    const { gateway, store } = stage.botpress.runtime
    const downstream = stage.botpress.bot.downstreamOf(conversationId) ?? ''
    const outcomes: { status: number; hasHappened: boolean }[] = []
    sandbox.deliveries.connect(async (request) => {
      const reply = await gateway.webhook(request)
      const texts = store.messagesOf(downstream).map(({ payload }) => payload['text'])
      outcomes.push({ status: reply.status, hasHappened: texts.includes('Effect before response') })
      return reply
    })
    sandbox.agentReplies(ticket().id, 'Effect before response', { agentId })
    await stage.pass(SETTLED_MS)
    const accepted = outcomes.filter(({ status }) => status >= 200 && status < 300)
    expect(accepted.length).toBeGreaterThan(0)
    expect(accepted.every(({ hasHappened }) => hasHappened)).toBe(true)
  })

  it('makes the desk deliver again while Botpress fails, so that everything arrives once and in order', async () => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk)
    const texts = ['First of three', 'Second of three', 'Third of three']
    for (const [index, text] of texts.entries()) {
      if (index === 1) {
        stage.botpress.runtime.addFault({
          kind: 'status',
          status: 500,
          headers: { 'retry-after': '0' },
          by: 'integration',
          path: /message/,
          method: 'POST',
          times: 5,
        })
      }
      sandbox.agentReplies(ticket().id, text, { agentId })
      await stage.pass(SETTLED_MS)
    }
    await stage.pass(60_000)
    const shown = seenBy(stage, conversationId).flatMap((line) => texts.filter((text) => line.endsWith(text)))
    expect(shown).toEqual(texts)
    const statuses = sandbox.deliveries.log.map(({ reply }) => reply?.status)
    expect(statuses.some((status) => status !== undefined && status >= 400)).toBe(true)
  })

  it('comes within the desk’s time-out when Botpress is slow, and the effect happens once', async () => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk)
    const { gateway, switches } = stage.botpress.runtime
    const timeoutMs = providers[desk]?.answerWithinMs ?? 0
    const durations: number[] = []
    sandbox.deliveries.connect(async (request) => {
      const from = stage.clock.now()
      const reply = await gateway.webhook(request)
      durations.push(stage.clock.now() - from)
      return reply
    })
    switches.latencyMs = 3_500
    sandbox.agentReplies(ticket().id, 'A slow answer', { agentId })
    await stage.pass(SETTLED_MS)
    switches.latencyMs = 0
    await stage.pass(60_000)
    expect(durations.length).toBeGreaterThan(0)
    for (const ms of durations) expect(ms).toBeLessThanOrEqual(2 * timeoutMs)
    expect(countSeen(stage, conversationId, 'A slow answer')).toBe(1)
  })
})

describe.each(DESKS)('unknown fields from %s', (desk) => {
  it('are ignored in deliveries', async () => {
    const stage = await startAt(desk)
    const sandbox = stage.sandbox(desk)
    const { gateway } = stage.botpress.runtime
    sandbox.deliveries.connect((request) => {
      const rewrittenRequest = sandbox.signed(rewritten(request.body, withUnknownFields))
      return gateway.webhook({ ...rewrittenRequest, headers: { ...request.headers, ...rewrittenRequest.headers } })
    })
    const { conversationId, ticket } = await handOver(stage)
    const [ada] = sandbox.agents
    sandbox.assign(ticket().id, ada?.id ?? '')
    sandbox.agentReplies(ticket().id, 'From the future', { agentId: ada?.id })
    await stage.pass(SETTLED_MS)
    sandbox.solve(ticket().id, { agentId: ada?.id })
    await stage.pass(SETTLED_MS)
    expect(seenBy(stage, conversationId).filter((line) => line === `agent ${ada?.name}: From the future`)).toHaveLength(
      1
    )
    expect(stage.botpress.bot.isActive(conversationId)).toBe(false)
  })

  it('are ignored in API responses', async () => {
    const clock = createTestClock()
    const sandbox = await loadSandbox(desk, { now: clock.now })
    const transport: AxiosAdapter = async (config) => {
      const response = await sandbox.server.transport(config)
      const { data } = response
      return typeof data === 'string' && data.startsWith('{')
        ? { ...response, data: rewritten(data, withUnknownFields) }
        : response
    }
    const provider = providers[desk]
    const driver = provider?.connect(provider.config.parse(sandbox.config), {
      now: clock.now,
      sleep: clock.sleep,
      log: recordLog(),
      timeoutMs: 1_000,
      transport,
    })
    if (!driver) throw new Error(`There is no desk ${desk}`)
    await driver.checkCredentials()
    const eve: Customer = { id: 'user_eve', name: 'Eve Customer', email: 'eve@customer.example' }
    const contactId = await driver.ensureContact?.(eve)
    const customer = contactId === undefined ? eve : { ...eve, contactId }
    const opened = await driver.openTicket({
      conversationId: 'conv_01',
      botId: 'bot-1',
      title: 'Late parcel',
      customer,
      transcript: [],
      options: {},
      mayExist: false,
    })
    const ticket = { id: opened.id, conversationId: 'conv_01', ...(contactId === undefined ? {} : { contactId }) }
    const message = {
      author: { type: 'customer' as const, customer },
      parts: [{ type: 'text' as const, text: 'hello' }],
    }
    const posted = await driver.postMessage(ticket, { id: 'msg_01', ...message, mayExist: false })
    const found = await driver.postMessage(ticket, { id: 'msg_01', ...message, mayExist: true })
    expect(found).toEqual(posted)
    const [ada] = sandbox.agents
    sandbox.agentReplies(ticket.id, 'Ada here', { agentId: ada?.id })
    expect((await driver.describeAgent?.(ada?.id ?? ''))?.name ?? ada?.name).toBe(ada?.name)
    if (driver.catchUp) {
      const { events } = await driver.catchUp(ticket, opened.cursor)
      expect(events.filter(({ type }) => type === 'message-posted')).toHaveLength(1)
    }
    await driver.closeTicket(ticket)
    expect(sandbox.tickets().find(({ id }) => id === ticket.id)?.status).toBe('solved')
  })
})

describe('an API response', () => {
  it('of more than 20 MB is cut off instead of being kept in memory', async () => {
    const server = createSandboxServer(() => ({ status: 200, body: Buffer.alloc(21 * 1024 * 1024, 'x') }))
    await server.listen()
    try {
      const clock = createTestClock()
      const http = createHttp(
        {
          now: clock.now,
          sleep: clock.sleep,
          log: recordLog(),
          timeoutMs: 10_000,
          resolveOrigin: () => server.origin,
        },
        { provider: 'desk', baseUrl: 'https://desk.example', isAllowedHost: () => true, headers: () => ({}) }
      )
      const response = http.request({ method: 'POST', path: '/', schema: z.unknown(), purpose: 'ask' })
      await expect(response).rejects.toMatchObject({ code: 'unavailable', outcome: 'unknown' })
    } finally {
      await server.close()
    }
  })
})

describe('uninstalling', () => {
  it('succeeds when a desk fails, and the log says what to remove by hand', async () => {
    const stage = await startAt('zendesk')
    stage.sandbox('zendesk').server.addFault({ kind: 'status', status: 500, times: 10_000 })
    const output = captureConsole()
    let printed: string
    try {
      const url = 'https://webhook.botpress.cloud/wh-local'
      const reply = await stage.finish(stage.botpress.runtime.gateway.unregister(url))
      expect(reply.status).toBe(200)
      printed = output.lines().join('\n')
    } finally {
      output.stop()
    }
    expect(printed).toMatch(/remove its webhook there by hand/)
  })
})
