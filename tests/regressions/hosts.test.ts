/** Credentials reach only the hosts of their own vendor, whatever the configuration or a response says. */
import { afterEach, describe, expect, it } from 'vitest'
import { z } from '@botpress/sdk'
import { isProviderError } from '../../providers/errors'
import { createHttp } from '../../providers/kit/http'
import { createSandboxServer, type SandboxServer } from '../../providers/kit/sandbox'
import { createTestClock, createTestTools, recordLog } from '../../providers/conformance/tools'
import { providers } from '../../src/definition/registry'
import { loadSandbox } from '../../playground/world'
import { DESKS, sessionAt, startAt } from './helpers'

const servers: SandboxServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

const isCredential = (name: string): boolean => /^authorization$|cookie|token|secret/i.test(name)

/** A server that isn't the vendor's. */
const startForeignServer = async () => {
  const server = createSandboxServer(() => ({ status: 200, body: { ok: true } }))
  servers.push(server)
  await server.listen()
  return server
}

describe('a foreign host', () => {
  it('gets no request, and the credential isn’t even read', async () => {
    const server = await startForeignServer()
    let isRead = false
    const http = createHttp(
      { ...createTestTools({ clock: createTestClock(), sandboxes: [] }), resolveOrigin: () => server.origin },
      {
        provider: 'desk',
        baseUrl: 'https://evilzendesk.example',
        isAllowedHost: (host) => host.endsWith('.zendesk.example'),
        headers: () => {
          isRead = true
          return { authorization: 'Bearer canary-credential' }
        },
      }
    )
    const error: unknown = await http
      .request({ method: 'GET', path: '/', schema: z.unknown(), purpose: 'ask' })
      .catch((thrown: unknown) => thrown)
    expect(isProviderError(error) && error.code).toBe('misconfigured')
    expect(isRead).toBe(false)
    expect(server.requests).toEqual([])
  })
})

describe.each(DESKS)('the credentials of %s', (desk) => {
  it.each([301, 302, 303, 307, 308])('never follow a redirect with status %i', async (status) => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk)
    const server = await startForeignServer()
    sandbox.server.addFault({
      kind: 'status',
      status,
      headers: { location: `${server.origin}/steal` },
      times: 1_000,
    })
    await stage.finish(stage.botpress.bot.customerSays(conversationId, 'is anybody there?'))
    sandbox.agentReplies(ticket().id, 'Yes, me', { agentId })
    await stage.pass(60_000)
    await stage.finish(stage.botpress.bot.endByCustomer(conversationId))
    await stage.pass(60_000)
    expect(server.requests).toEqual([])
  })

  it('go only to the vendor’s origins when ids and texts are hostile', async () => {
    const clock = createTestClock()
    const sandbox = await loadSandbox(desk, { now: clock.now })
    servers.push(sandbox.server)
    await sandbox.server.listen()
    const origins: string[] = []
    const tools = createTestTools({ clock, log: recordLog(), sandboxes: [sandbox] })
    const provider = providers[desk]
    const driver = provider?.connect(provider.config.parse(sandbox.config), {
      ...tools,
      resolveOrigin: (origin) => {
        origins.push(origin)
        return tools.resolveOrigin?.(origin)
      },
    })
    if (!driver) throw new Error(`There is no desk ${desk}`)
    const hostile = '//evil.example/..%2f@evil.example:80/?#'
    const customer = {
      id: hostile,
      name: hostile,
      pictureUrl: 'https://evil.example/eve.png',
      email: 'eve@evil.example',
    }
    const contactId = await driver.ensureContact?.(customer).catch(() => undefined)
    const known = { ...customer, ...(contactId === undefined ? {} : { contactId }) }
    const message = {
      author: { type: 'customer' as const, customer: known },
      parts: [{ type: 'text' as const, text: hostile }],
    }
    const calls = [
      driver.checkCredentials(),
      driver.describeAgent?.(hostile),
      driver.describeAgent?.('..'),
      ...[
        hostile,
        '../../evil',
        'https://evil.example/',
        '1/../../users/me',
        '..',
        '.',
        '%2e%2e/x',
        '?x=1',
        '#',
      ].flatMap((id) => {
        const ticket = { id, memo: hostile, conversationId: hostile, contactId: hostile }
        return [
          driver.postMessage(ticket, { id: hostile, ...message, mayExist: true }),
          driver.closeTicket(ticket),
          driver.catchUp?.(ticket, hostile),
          driver.reflect?.(ticket, { type: 'closed', by: 'agent' }),
        ]
      }),
      driver.openTicket({
        conversationId: hostile,
        botId: hostile,
        title: hostile,
        customer: known,
        transcript: [],
        options: { tags: [hostile] },
        mayExist: true,
      }),
    ]
    await Promise.allSettled(calls)
    expect(origins.length).toBeGreaterThan(0)
    for (const origin of origins) expect(sandbox.origins).toContain(origin)
    // An id is one path segment. It must not lead to another endpoint.
    for (const { path, headers } of sandbox.server.requests) {
      expect(path).not.toMatch(
        /\/\.\.?(?:\/|$)|\/\/|^\/(?:api(?:\/v2)?\/?)?$|\/(?:tickets|users|conversations|admins|contacts)\/$/
      )
      expect(headers['host'] ?? '').toMatch(/^127\.0\.0\.1:/)
    }
  })

  it('never appear in a URL', async () => {
    const { sandbox } = await sessionAt(desk)
    const secrets = Object.entries(sandbox.config).flatMap(([field, value]) =>
      isCredential(field) && typeof value === 'string' ? [value] : []
    )
    expect(secrets.length).toBeGreaterThan(0)
    for (const { path, query } of sandbox.server.requests) {
      for (const secret of secrets) expect(`${path}?${query.toString()}`).not.toContain(secret)
    }
  })
})

describe('a configuration', () => {
  const HOSTS = [
    'evil.example',
    'evilzendesk.com',
    'acme.evilzendesk.com',
    'acme.zendesk.com.evil.example',
    'acme.zendesk.com@evil.example',
    'acme@evil.example',
    'https://evil.example/acme.zendesk.com',
    'https://acme.zendesk.com:8443',
    'http://127.0.0.1',
    'localhost',
    'acme/../evil',
    'acme#.zendesk.com',
    'acme?.zendesk.com',
    'acme%2eevil.example%2f',
    'аcme.evil',
    'acme\nevil.example',
  ]

  it.each(HOSTS)('sends no credential to %j', async (subdomain) => {
    const stage = await startAt('zendesk')
    const configuration = stage.configuration()
    const requestCount = () => stage.sandbox('zendesk').server.requests.length
    const before = requestCount()
    const changed = { ...configuration, zendesk: { ...(configuration['zendesk'] as object), subdomain } }
    if (subdomain === 'localhost') {
      // A valid subdomain: it stands for localhost.zendesk.com.
      expect(providers['zendesk']?.config.safeParse({ subdomain }).success).toBe(true)
      return
    }
    await expect(stage.save(changed)).rejects.toThrow('Subdomain')
    expect(requestCount()).toBe(before)
  })

  it('rejects an invalid region or token of Intercom and an invalid channel or token of Slack', async () => {
    const stage = await startAt('slack')
    const configuration = stage.configuration()
    const changes: [string, Record<string, unknown>][] = [
      ['intercom', { region: 'evil.example' }],
      ['intercom', { region: 'us.evil.example/' }],
      ['intercom', { accessToken: 'token\r\nhost: evil.example' }],
      ['slack', { channel: 'https://evil.example/archives/C0123456789' }],
      ['slack', { channel: 'https://acme.slack.com.evil.example/archives/C0123456789' }],
      ['slack', { botToken: 'xoxb-1\r\nx-evil: 1' }],
    ]
    for (const [desk, change] of changes) {
      const changed = { ...configuration, [desk]: { ...(configuration[desk] as object), ...change } }
      await expect(stage.save(changed), JSON.stringify(change)).rejects.toThrow(providers[desk]?.title)
    }
  })
})
