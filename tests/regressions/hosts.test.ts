/** Where credentials go: to the hosts of their own vendor, and nowhere else, whatever is configured and whatever is answered. */
import { afterEach, describe, expect, it } from 'vitest'
import { z } from '@botpress/sdk'
import { isProviderError } from '../../providers/errors'
import { createHttp } from '../../providers/kit/http'
import { createSandboxServer, type SandboxServer } from '../../providers/kit/sandbox'
import { createTestClock, createTestTools, recordLog } from '../../providers/conformance/tools'
import { providers } from '../../src/definition/registry'
import { loadSandbox } from '../../playground/world'
import { DESKS, sessionAt, startAt } from './helpers'

const open: SandboxServer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

const isCredential = (name: string): boolean => /^authorization$|cookie|token|secret/i.test(name)

/** A server that is not the vendor's. */
const stranger = async () => {
  const server = createSandboxServer(() => ({ status: 200, body: { ok: true } }))
  open.push(server)
  await server.listen()
  return server
}

describe('a host that is not the desk’s', () => {
  it('is not asked, and the credential is not even fetched', async () => {
    const server = await stranger()
    let isFetched = false
    const http = createHttp(
      { ...createTestTools({ clock: createTestClock(), sandboxes: [] }), resolveOrigin: () => server.origin },
      {
        provider: 'desk',
        baseUrl: 'https://evilzendesk.example',
        isAllowedHost: (host) => host.endsWith('.zendesk.example'),
        headers: () => {
          isFetched = true
          return { authorization: 'Bearer canary-credential' }
        },
      }
    )
    const error: unknown = await http
      .request({ method: 'GET', path: '/', schema: z.unknown(), purpose: 'ask' })
      .catch((thrown: unknown) => thrown)
    expect(isProviderError(error) && error.code).toBe('misconfigured')
    expect(isFetched).toBe(false)
    expect(server.requests).toEqual([])
  })
})

describe.each(DESKS)('the credentials of %s', (desk) => {
  it.each([301, 302, 303, 307, 308])(
    'follow no redirect (%i), in either direction of the conversation',
    async (status) => {
      const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk)
      const server = await stranger()
      sandbox.server.addFault({
        kind: 'status',
        status,
        headers: { location: `${server.origin}/steal` },
        times: 1_000,
      })
      await stage.botpress.bot.customerSays(conversationId, 'is anybody there?')
      sandbox.agentReplies(ticket().id, 'Yes, me', { agentId })
      await stage.pass(60_000)
      await stage.botpress.bot.endByCustomer(conversationId)
      await stage.pass(60_000)
      expect(server.requests).toEqual([])
    }
  )

  it('go to no other origin than the vendor’s, whatever is asked of the desk', async () => {
    const clock = createTestClock()
    const sandbox = await loadSandbox(desk, { now: clock.now })
    open.push(sandbox.server)
    await sandbox.server.listen()
    const asked: string[] = []
    const tools = createTestTools({ clock, log: recordLog(), sandboxes: [sandbox] })
    const provider = providers[desk]
    const driver = provider?.connect(provider.config.parse(sandbox.config), {
      ...tools,
      resolveOrigin: (origin) => {
        asked.push(origin)
        return tools.resolveOrigin?.(origin)
      },
    })
    if (!driver) throw new Error(`There is no desk ${desk}`)
    const evil = '//evil.example/..%2f@evil.example:80/?#'
    const customer = { id: evil, name: evil, pictureUrl: 'https://evil.example/eve.png', email: 'eve@evil.example' }
    const contactId = await driver.ensureContact?.(customer).catch(() => undefined)
    const known = { ...customer, ...(contactId === undefined ? {} : { contactId }) }
    const message = {
      author: { type: 'customer' as const, customer: known },
      parts: [{ type: 'text' as const, text: evil }],
    }
    const works = [
      driver.checkCredentials(),
      driver.describeAgent?.(evil),
      driver.describeAgent?.('..'),
      ...[evil, '../../evil', 'https://evil.example/', '1/../../users/me', '..', '.', '%2e%2e/x', '?x=1', '#'].flatMap(
        (id) => {
          const ticket = { id, memo: evil, conversationId: evil, contactId: evil }
          return [
            driver.postMessage(ticket, { id: evil, ...message, mayExist: true }),
            driver.closeTicket(ticket),
            driver.catchUp?.(ticket, evil),
            driver.reflect?.(ticket, { type: 'closed', by: 'agent' }),
          ]
        }
      ),
      driver.openTicket({
        conversationId: evil,
        botId: evil,
        title: evil,
        customer: known,
        transcript: [],
        options: { tags: [evil] },
        mayExist: true,
      }),
    ]
    await Promise.allSettled(works)
    expect(asked.length).toBeGreaterThan(0)
    for (const origin of asked) expect(sandbox.origins).toContain(origin)
    // An id is one segment of a path: it leads to no other call.
    for (const { path, headers } of sandbox.server.requests) {
      expect(path).not.toMatch(
        /\/\.\.?(?:\/|$)|\/\/|^\/(?:api(?:\/v2)?\/?)?$|\/(?:tickets|users|conversations|admins|contacts)\/$/
      )
      expect(headers['host'] ?? '').toMatch(/^127\.0\.0\.1:/)
    }
  })

  it('are put into no address', async () => {
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
    const asked = () => stage.sandbox('zendesk').server.requests.length
    const before = asked()
    const changed = { ...configuration, zendesk: { ...(configuration['zendesk'] as object), subdomain } }
    if (subdomain === 'localhost') {
      // A word like any other: it names a Zendesk of that name.
      expect(providers['zendesk']?.config.safeParse({ subdomain }).success).toBe(true)
      return
    }
    await expect(stage.save(changed)).rejects.toThrow('Subdomain')
    expect(asked()).toBe(before)
  })

  it('takes no region of Intercom, and no channel or token of Slack, that is none', async () => {
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
