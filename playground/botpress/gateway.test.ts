import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isApiError } from '@botpress/client'
import { Integration } from '@botpress/sdk'
import { afterEach, describe, expect, it } from 'vitest'
import { createDesk, createTestWorld, definition, type TestWorld } from './testing'
import { createLocalBotpress } from '.'

const closers: (() => Promise<unknown>)[] = []
const open = async (...options: Parameters<typeof createTestWorld>): Promise<TestWorld> => {
  const world = await createTestWorld(...options)
  closers.push(world.close)
  return world
}

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

describe('the gateway', () => {
  it('registers with the webhook address and the saved configuration', async () => {
    const { desk, save, webhookUrl, runtime } = await open()
    expect(await save({ desk: { token: 'ü' } })).toMatchObject({ status: 200 })
    expect(desk.received).toEqual([{ operation: 'register', input: { webhookUrl } }])
    const { botId, botUserId, integrationId, alias, webhookId } = runtime.identity
    expect(desk.contexts[0]).toEqual({
      botId,
      botUserId,
      integrationId,
      integrationAlias: alias,
      webhookId,
      operation: 'register',
      configurationType: null,
      configuration: { desk: { token: 'ü' } },
    })
    expect(await runtime.gateway.ping()).toMatchObject({ status: 200 })
    await runtime.gateway.unregister(webhookUrl)
    expect(desk.received.at(-1)).toEqual({ operation: 'unregister', input: { webhookUrl } })
  })

  it('forwards webhooks unchanged and returns the integration’s reply', async () => {
    const { desk, webhookUrl, url } = await open()
    const requests: unknown[] = []
    desk.webhook = (request) => {
      const { method, path, query, body } = request
      requests.push({ method, path, query, body })
      return { status: 202, headers: { 'x-answer': 'yes', 'content-type': 'text/plain' }, body: 'challenge' }
    }
    const answer = await fetch(`${webhookUrl}/slack?a=1&b=%20`, {
      method: 'POST',
      headers: { 'X-Signature': 'abc', 'content-type': 'application/x-www-form-urlencoded' },
      body: 'payload=%7B%7D',
    })
    expect([answer.status, answer.headers.get('x-answer'), await answer.text()]).toEqual([202, 'yes', 'challenge'])
    const head = await fetch(`${webhookUrl}/intercom`, { method: 'HEAD' })
    expect(head.status).toBe(202)
    expect((await fetch(webhookUrl)).status).toBe(202)
    expect((await fetch(`${url}/webhooks/other/slack`, { method: 'POST' })).status).toBe(404)
    expect(requests).toEqual([
      { method: 'POST', path: '/slack', query: 'a=1&b=%20', body: 'payload=%7B%7D' },
      { method: 'HEAD', path: '/intercom', query: '', body: undefined },
      { method: 'GET', path: '/', query: '', body: undefined },
    ])
  })

  it('attributes API calls to the request that caused them', async () => {
    const { runtime, bot, openSession } = await open()
    await openSession()
    const byType = (type: string) => runtime.calls.filter((call) => call.invocation?.type === type)
    expect(byType('createUser').map((call) => call.operation)).toEqual(['getOrCreateUser'])
    expect(byType('startHitl').map((call) => call.operation)).toEqual(['createConversation'])
    expect(bot.errors).toEqual([])
  })

  it('alternates between instances and replies 502 for an unreachable one', async () => {
    const { runtime, connect, bot, openSession } = await open()
    const desks = [createDesk(), createDesk()]
    connect(...desks.map((desk) => desk.integration))
    await openSession()
    expect(desks.map((desk) => desk.received.map((entry) => entry.operation))).toEqual([['startHitl'], ['createUser']])
    runtime.gateway.connect(() => Promise.reject(new Error('gone')))
    const { conversationId } = bot.newCustomer()
    const starting = bot.startHitl(conversationId, { title: 'x' }).then(
      () => undefined,
      (error: unknown) => error
    )
    await runtime.clock.settle()
    await (runtime.clock as TestWorld['clock']).advance(6000)
    expect(isApiError(await starting)).toBe(true)
    expect(runtime.calls.filter((call) => call.operation === 'callAction' && call.status === 502)).toHaveLength(4)
  })

  it('works without sockets, with several runtimes in one process', async () => {
    const worlds = await Promise.all([open(), open(), open()])
    for (const world of worlds) {
      world.runtime.gateway.connect(world.runtime.inProcess(world.desk.integration, { sockets: false }))
    }
    const sessions = await Promise.all(worlds.map((world) => world.openSession()))
    expect(worlds.map((world, index) => world.bot.isActive(sessions[index]?.conversationId ?? ''))).toEqual([
      true,
      true,
      true,
    ])
    for (const { runtime } of worlds) {
      expect(runtime.calls.filter((call) => call.by === 'integration')).toHaveLength(2)
    }
    expect(process.env['BP_TOKEN']).toBeUndefined()
  })

  it('calls an integration that serves HTTP', async () => {
    const desk = createDesk()
    const world = await createLocalBotpress({ definition })
    closers.push(world.close)
    const { BP_API_URL, BP_TOKEN } = process.env
    process.env['BP_API_URL'] = world.url
    process.env['BP_TOKEN'] = world.runtime.identity.token
    try {
      const server: Server = await (desk.integration as Integration).start(0)
      closers.push(() => new Promise((resolve) => server.close(resolve)))
      if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
      world.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      const { conversationId } = world.bot.newCustomer()
      await world.bot.customerSays(conversationId, 'help')
      await world.bot.startHitl(conversationId, { title: 'Printer' })
      await world.bot.customerSays(conversationId, 'are you there?')
      await world.settle()
      expect(desk.texts()).toEqual(['are you there?'])
    } finally {
      process.env['BP_API_URL'] = BP_API_URL
      process.env['BP_TOKEN'] = BP_TOKEN
      if (BP_API_URL === undefined) delete process.env['BP_API_URL']
      if (BP_TOKEN === undefined) delete process.env['BP_TOKEN']
    }
  })
})
