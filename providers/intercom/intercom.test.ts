import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { describeProvider } from '../conformance'
import { isProviderError } from '../errors'
import { createTestClock, createTestTools } from '../conformance/tools'
import { intercom } from '.'
import { createSandbox } from './sandbox'
import { MAX_FILE_BYTES } from './sending'
import { EVE, setUp, fault, type Setup } from './testing'

describe('intercom: configuration', () => {
  const good = createSandbox({ now: Date.now }).config

  it('accepts pasted secrets with white space and “Bearer”', async () => {
    const setup = await setUp({
      accessToken: `  Bearer ${String(good.accessToken)} `,
      clientSecret: ` ${String(good.clientSecret)}\n`,
    })
    await expect(setup.driver.checkCredentials()).resolves.toMatchObject({
      description: 'Acme (sbx1nter) as Olga Owner',
    })
    expect(setup.driver.verifyWebhook(setup.sandbox.signed('{}'), undefined)).toBe(true)
  })

  it.each([
    ['adminId', 'Ada'],
    ['region', 'de'],
    ['accessToken', 'two words'],
    ['clientSecret', 'two words'],
  ])('refuses %s = %j', (field, value) => {
    expect(intercom.config.safeParse({ ...good, [field]: value }).success).toBe(false)
  })

  it.each([{}, { accessToken: '', clientSecret: '' }, { accessToken: ' ', clientSecret: ' ', adminId: '' }])(
    'names what is missing in %j, and connects without it',
    async (block) => {
      const config = intercom.config.parse(block)
      expect(intercom.checkConfig?.(config)).toEqual([
        { field: 'accessToken', problem: 'is missing' },
        { field: 'clientSecret', problem: 'is missing' },
      ])
      const { sandbox, tools } = await setUp()
      const driver = intercom.connect(config, tools)
      expect(driver.verifyWebhook(sandbox.signed('{}'), undefined)).toBe(false)
    }
  )

  it('treats a blank acting teammate as absent', async () => {
    const { driver } = await setUp({ adminId: ' ' })
    await expect(driver.checkCredentials()).resolves.toMatchObject({
      description: expect.stringContaining('Olga Owner'),
    })
  })

  it('reports the same secret in both fields', () => {
    const config = intercom.config.parse({ ...good, clientSecret: good.accessToken })
    expect(intercom.checkConfig?.(config).map((problem) => problem.field)).toEqual(['clientSecret'])
  })
})

describe('intercom: credentials', () => {
  const failure = async (setup: Setup) => {
    const error: unknown = await setup.driver.checkCredentials().catch((thrown: unknown) => thrown)
    if (!isProviderError(error)) throw new Error(`Not a ProviderError: ${String(error)}`)
    return error
  }

  it('names the actual region of the workspace', async () => {
    const error = await failure(await setUp({ region: 'eu' }))
    expect(error.code).toBe('misconfigured')
    expect(error.message).toContain('“us”')
  })

  it('calls the host of the region', async () => {
    const { sandbox } = await setUp()
    for (const [region, origin] of [
      ['us', 'https://api.intercom.io'],
      ['eu', 'https://api.eu.intercom.io'],
      ['au', 'https://api.au.intercom.io'],
    ]) {
      const resolved: string[] = []
      const tools = createTestTools({ clock: createTestClock(), sandboxes: [sandbox] })
      const driver = intercom.connect(intercom.config.parse({ ...sandbox.config, region }), {
        ...tools,
        resolveOrigin: (wanted) => {
          resolved.push(wanted)
          return tools.resolveOrigin?.(wanted)
        },
      })
      await driver.ensureContact?.(EVE)
      expect(resolved).toEqual([origin])
    }
    expect(new Set(sandbox.server.requests.map((request) => request.headers['intercom-version']))).toEqual(
      new Set(['2.14'])
    )
  })

  it('reports an acting teammate who does not exist', async () => {
    const error = await failure(await setUp({ adminId: '42' }))
    expect(error.code).toBe('misconfigured')
    expect(error.message).toContain('42')
  })

  it('names the configured acting teammate', async () => {
    const { driver } = await setUp({ adminId: '991267001' })
    await expect(driver.checkCredentials()).resolves.toMatchObject({
      description: expect.stringContaining('as Ada Agent'),
    })
  })

  it('identifies the workspace by its code, which a new name or token does not change', async () => {
    const setup = await setUp()
    await expect(setup.driver.checkCredentials()).resolves.toMatchObject({ id: 'sbx1nter' })
    const me = { id: '1', name: 'Zoe', app: { id_code: 'sbx1nter', name: 'Acme & Sons', region: 'US' } }
    setup.sandbox.server.addFault({ kind: 'status', status: 200, body: me })
    await expect(setup.driver.checkCredentials()).resolves.toMatchObject({ id: 'sbx1nter' })
    setup.sandbox.server.addFault({ kind: 'status', status: 200, body: { id: '1', app: { name: 'Acme' } } })
    expect((await failure(setup)).code).toBe('unavailable')
  })

  it('rejects a token without a teammate', async () => {
    const setup = await setUp()
    setup.sandbox.server.addFault({ kind: 'status', status: 200, body: 'null' })
    expect((await failure(setup)).code).toBe('unauthorized')
  })

  it('mentions the region when the token is rejected', async () => {
    const error = await failure(await setUp({ accessToken: 'wrong' }))
    expect(error.code).toBe('unauthorized')
    expect(error.message).toContain('region')
  })
})

describe('intercom: contacts', () => {
  it('creates the contact before it looks for one, finds it by its external id, and needs no e-mail', async () => {
    const { driver, calls } = await setUp()
    const first = await driver.ensureContact?.({ id: 'user_no_mail', name: 'No Mail' })
    const again = await driver.ensureContact?.({ id: 'user_no_mail', name: 'No Mail' })
    expect(again).toBe(first)
    expect(calls()).toEqual(['POST /contacts', 'POST /contacts', `GET /contacts/${first}`])
  })

  it('creates one contact when instances race', async () => {
    const { connect } = await setUp()
    const ids = await Promise.all([1, 2, 3].map(() => connect().ensureContact?.(EVE)))
    expect(new Set(ids).size).toBe(1)
  })

  it('takes nobody with the same e-mail address for the customer, since customers type it', async () => {
    const { driver, sandbox } = await setUp()
    const first = await driver.ensureContact?.(EVE)
    const second = await driver.ensureContact?.({ ...EVE, id: 'user_eve_again' })
    expect(second).not.toBe(first)
    expect(await driver.ensureContact?.({ ...EVE, id: 'user_eve_again' })).toBe(second)
    expect(sandbox.server.requests.at(-1)?.path).toBe('/contacts/find_by_external_id/user_eve_again')
  })

  it('restores an archived contact', async () => {
    const { driver, sandbox, calls } = await setUp()
    sandbox.server.addFault({
      kind: 'status',
      status: 200,
      body: { type: 'contact', id: '5ba682d2aa', external_id: EVE.id, archived: true },
      matches: (request) => request.path === '/contacts/5ba682d2aa',
    })
    sandbox.server.addFault({
      kind: 'status',
      status: 409,
      body: {
        type: 'error.list',
        errors: [
          { code: 'conflict', message: 'An archived contact matching those details already exists with id=5ba682d2aa' },
        ],
      },
      matches: (request) => request.path === '/contacts',
    })
    sandbox.server.addFault({
      kind: 'status',
      status: 200,
      body: { id: '5ba682d2aa', archived: false },
      matches: (request) => request.path.endsWith('/unarchive'),
    })
    await expect(driver.ensureContact?.(EVE)).resolves.toBe('5ba682d2aa')
    expect(calls()).toContain('POST /contacts/5ba682d2aa/unarchive')
  })

  it('returns the same contact after a lost response', async () => {
    const { driver, sandbox } = await setUp()
    sandbox.server.addFault(fault(/POST \/contacts$/, { effect: 'after' }))
    const id = await driver.ensureContact?.(EVE)
    await expect(driver.ensureContact?.(EVE)).resolves.toBe(id)
  })
})

const CLIENT_SECRET = 'test_client_secret'
const PING = '{"type":"notification_event","topic":"ping"}'
const webhook = (signature: string | undefined, body = PING) => ({
  method: 'POST',
  path: '/intercom',
  query: '',
  headers: { 'content-type': 'application/json', 'x-hub-signature': signature },
  body,
})
const GOOD = 'sha1=59dc376710f2bb3f57a9fdb4921361641556cfb1'

describeProvider({
  provider: intercom,
  createSandbox,
  vectors: [
    ['published', GOOD, PING, true],
    ['a changed byte', GOOD, PING.replace('ping', 'pong'), false],
    ['without its prefix', GOOD.slice(5), PING, false],
    ['SHA-256 in its place', `sha256=${createHmac('sha256', CLIENT_SECRET).update(PING).digest('hex')}`, PING, false],
    ['upper case', GOOD.toUpperCase(), PING, false],
    ['no signature', undefined, PING, false],
  ].map(([title, signature, body, valid]) => ({
    title: String(title),
    config: { clientSecret: CLIENT_SECRET },
    request: webhook(signature as string | undefined, String(body)),
    now: Date.UTC(2026, 0, 1),
    valid: valid === true,
  })),
  unknownPayloads: [
    '{"type":"notification_event","topic":"conversation.admin.snoozed","data":{"item":{"type":"conversation","id":"1"}}}',
    '{"type":"notification_event","topic":"contact.created","data":{"item":{"type":"contact","id":"1"}}}',
    '{"type":"notification_event","topic":"conversation.operator.replied","data":{"item":{"type":"conversation","id":"1"}}}',
    '{"type":"notification_event","topic":"conversation.admin.closed","data":{"item":{"type":"conversation"}}}',
    '{"type":"notification_event","topic":"conversation.admin.closed"}',
  ],
  foreignRequest: () => ({
    ...webhook(undefined),
    headers: {
      'x-slack-request-timestamp': '1780300800',
      'x-slack-signature': `v0=${createHmac('sha256', CLIENT_SECRET).update(PING).digest('hex')}`,
    },
  }),
  capabilities: [
    'answerUnsigned',
    'ensureContact',
    'catchUp',
    'readFile',
    'findOrigin',
    'describeAgent',
    'agentsAvailable',
    'instructions',
    'diagnose',
  ],
  attaches: { maxBytes: MAX_FILE_BYTES },
  fields: { 'Order number': '4711', Paid: 'true' },
  reports: { deletions: true },
})
