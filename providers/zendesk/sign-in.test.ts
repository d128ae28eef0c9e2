import { afterEach, describe, expect, it } from 'vitest'
import { checkConfig, configSchema, subdomainOf } from './config'
import { zendesk } from '.'
import { closeAll, fault, openSession, requests, messageFrom, setUp, ticketView, errorOf } from './testing'

afterEach(closeAll)

describe('configuration', () => {
  const oauth = { clientId: 'client', clientSecret: 'secret' }

  it.each([
    'acme',
    'ACME',
    ' acme ',
    'acme.zendesk.com',
    'https://acme.zendesk.com',
    'https://acme.zendesk.com/agent/x',
  ])('accepts the subdomain “%s”', (subdomain) => {
    expect(subdomainOf(configSchema.parse({ subdomain }))).toBe('acme')
  })

  it.each([
    'support.acme.com',
    'https://acme.evilzendesk.com',
    'acme.zendesk.com.evil.test',
    'acme@evil.test',
    'acme/evil',
    'a b',
  ])('refuses the subdomain “%s” and explains the format', (subdomain) => {
    const found = checkConfig(configSchema.parse({ subdomain, ...oauth }))
    expect(found).toEqual([{ field: 'subdomain', problem: expect.stringContaining('before .zendesk.com') }])
  })

  it.each([{}, { subdomain: '' }, { subdomain: ' ' }, { subdomain: '', clientId: '', email: ' ' }])(
    'without content is accepted by the schema, and what is missing is named: %j',
    (fields) => {
      const config = configSchema.parse(fields)
      const found = checkConfig(config)
      expect(found.map(({ field }) => field)).toEqual(['subdomain', 'clientId'])
      for (const { problem } of found) expect(problem).toMatch(/^is missing/)
    }
  )

  it('without content connects, and fails only when it is used', async () => {
    const setting = await setUp()
    const driver = zendesk.connect(configSchema.parse({}), setting.tools)
    expect(await errorOf(driver.checkCredentials())).toMatchObject({ code: 'misconfigured' })
    expect(setting.sandbox.server.requests).toEqual([])
  })

  const token = { email: 'ada@acme.com', apiToken: 'token' }
  it.each([
    [oauth, []],
    [token, []],
    [{ ...oauth, email: '', apiToken: ' ' }, []],
    [{ ...token, email: 'ada@acme.com/token' }, []],
    [{}, ['clientId']],
    [{ clientId: 'client' }, ['clientSecret']],
    [{ clientSecret: 'secret' }, ['clientId']],
    [{ email: 'ada@acme.com' }, ['apiToken']],
    [{ apiToken: 'token' }, ['email']],
    [{ ...oauth, ...token }, ['apiToken']],
    [{ ...token, email: 'ada' }, ['email']],
  ])('reports for %j problems in the fields %j', (fields, problems) => {
    const found = checkConfig({ subdomain: 'acme', ...fields })
    expect(found.map(({ field }) => field)).toEqual(problems)
    for (const { problem } of found) expect(problem).toMatch(/^(?:[A-Z]|is missing: ).{20,}/)
  })
})

describe('the account', () => {
  it('is the same for other credentials and after it was renamed, and another one is another', async () => {
    const setting = await setUp()
    const { id, description } = await setting.driver.checkCredentials()
    expect(id).toMatch(/^\d+$/)
    expect(description).toBe('acme.zendesk.com as Botpress Router')
    const withToken = zendesk.connect(zendesk.config.parse(setting.sandbox.tokenConfig), setting.tools)
    expect(await withToken.checkCredentials()).toEqual({ id, description })
    const renamed = zendesk.connect(zendesk.config.parse(setting.sandbox.rename('acme-group')), setting.tools)
    expect(await renamed.checkCredentials()).toEqual({
      id,
      description: 'acme-group.zendesk.com as Botpress Router',
    })
    const other = await setUp()
    expect((await other.driver.checkCredentials()).id).not.toBe(id)
  })

  it('takes one call beside the one that checks the credentials', async () => {
    const setting = await setUp({ basic: true })
    await setting.driver.checkCredentials()
    const paths = setting.sandbox.server.requests.map(({ path }) => path)
    expect(paths.toSorted()).toEqual(['/api/v2/ticket_fields', '/api/v2/users/me'])
  })

  it.each([
    ['credentials that Zendesk does not recognise', { apiToken: 'wrong' }, 'does not recognise'],
    ['no admin or agent', {}, 'the role “end-user”'],
  ])('isn’t blamed for %s', async (_what, more, expected) => {
    const setting = await setUp({ basic: true })
    if (!('apiToken' in more)) setting.sandbox.setOwnRole('end-user')
    else fault(setting, 'GET', /users\/me$/, { status: 200, body: { user: { id: null } } })
    const error = await errorOf(setting.connect(more).checkCredentials())
    expect(String(error)).toContain(expected)
  })

  it('that doesn’t identify itself is not accepted', async () => {
    const setting = await setUp()
    fault(setting, 'GET', /ticket_fields$/, { status: 200, body: { ticket_fields: [] }, times: 9 })
    expect(await errorOf(setting.driver.checkCredentials())).toMatchObject({ code: 'unavailable' })
  })
})

describe('OAuth client credentials', () => {
  const tokenCalls = (setting: Awaited<ReturnType<typeof setUp>>) => requests(setting, 'POST', /oauth\/tokens/).length

  it('fetch one token for all calls of an instance', async () => {
    const setting = await setUp()
    await Promise.all([1, 2, 3].map(() => setting.connect().checkCredentials()))
    await setting.connect().checkCredentials()
    expect(tokenCalls(setting)).toBe(1)
  })

  it('renew the token once, before the old one expires', async () => {
    const setting = await setUp()
    await setting.driver.checkCredentials()
    setting.clock.advance(1_500_000)
    await Promise.all([1, 2, 3].map(() => setting.connect().checkCredentials()))
    expect(tokenCalls(setting)).toBe(2)
    expect(requests(setting, 'GET', /users\/me/)).toHaveLength(4)
  })

  it('use the old token until it expires when the renewal fails', async () => {
    const setting = await setUp()
    await setting.driver.checkCredentials()
    fault(setting, 'POST', /oauth\/tokens/, { status: 503, times: 50 })
    setting.clock.advance(1_600_000)
    await expect(setting.driver.checkCredentials()).resolves.toMatchObject({
      description: expect.stringContaining('Botpress Router'),
    })
    setting.clock.advance(300_000)
    const before = requests(setting, 'GET', /users\/me/).length
    expect(await errorOf(setting.driver.checkCredentials())).toMatchObject({ code: 'unavailable', outcome: 'none' })
    expect(requests(setting, 'GET', /users\/me/)).toHaveLength(before)
  })

  it('fetch one new token after a 401', async () => {
    const setting = await setUp()
    await setting.driver.checkCredentials()
    setting.sandbox.revokeTokens()
    await expect(setting.driver.checkCredentials()).resolves.toMatchObject({
      description: expect.stringContaining('acme.zendesk.com'),
    })
    expect(tokenCalls(setting)).toBe(2)
  })

  it('leave older tokens valid after a renewal', async () => {
    const setting = await setUp()
    await setting.driver.checkCredentials()
    const first = setting.sandbox.server.requests.at(-1)?.headers.authorization ?? ''
    setting.clock.advance(1_500_000)
    await setting.driver.checkCredentials()
    const answer = await setting.sandbox.server.handle({
      method: 'GET',
      path: '/api/v2/users/me',
      query: new URLSearchParams(),
      headers: { authorization: first },
      body: Buffer.alloc(0),
    })
    expect(answer).toMatchObject({ status: 200 })
  })

  it('report a wrong client without revealing its secret', async () => {
    const setting = await setUp()
    const driver = setting.connect({ clientSecret: 'wrong-secret-77' })
    const error = await errorOf(driver.checkCredentials())
    expect(error).toMatchObject({ code: 'unauthorized', status: 401 })
    expect(String(error)).toContain('invalid_client')
    expect(String(error)).not.toContain('wrong-secret-77')
  })

  it('report the outcome “none” for a message that fails before it has a token', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    setting.sandbox.revokeTokens()
    fault(setting, 'POST', /oauth\/tokens/, { status: 500, times: 9 })
    const before = ticketView(setting, ticket.id).entries.length
    expect(await errorOf(setting.driver.postMessage(ticket, messageFrom(customer, 'hello')))).toMatchObject({
      code: 'unavailable',
      outcome: 'none',
    })
    expect(ticketView(setting, ticket.id).entries).toHaveLength(before)
  })
})

describe('e-mail and API token', () => {
  it('sign in without fetching a token', async () => {
    const setting = await setUp({ basic: true })
    await expect(setting.driver.checkCredentials()).resolves.toMatchObject({
      description: 'acme.zendesk.com as Botpress Router',
    })
    expect(requests(setting, 'POST', /oauth/)).toEqual([])
  })

  it('accept the e-mail address as written in Zendesk’s examples', async () => {
    const setting = await setUp({ basic: true })
    const driver = setting.connect({ email: ` ${String(setting.sandbox.tokenConfig.email)}/token ` })
    await expect(driver.checkCredentials()).resolves.toMatchObject({
      description: expect.stringContaining('Botpress Router'),
    })
  })

  it('don’t retry a refused call', async () => {
    const setting = await setUp({ basic: true })
    fault(setting, 'GET', /users\/me/, { status: 401, times: 9 })
    expect(await errorOf(setting.driver.checkCredentials())).toMatchObject({ code: 'unauthorized' })
    expect(requests(setting, 'GET', /users\/me/)).toHaveLength(1)
  })
})

describe('the credentials’ own user', () => {
  it('is refused if Zendesk answers 200 with an anonymous user', async () => {
    const setting = await setUp()
    fault(setting, 'GET', /users\/me/, {
      status: 200,
      body: { user: { id: null, name: 'Anonymous user', role: 'end-user' } },
    })
    expect(await errorOf(setting.driver.checkCredentials())).toMatchObject({ code: 'unauthorized' })
  })

  it('is refused if they are an end user', async () => {
    const setting = await setUp()
    setting.sandbox.setOwnRole('end-user')
    const error = await errorOf(setting.driver.checkCredentials())
    expect(error).toMatchObject({ code: 'misconfigured' })
    expect(String(error)).toContain('end-user')
  })
})
