/**
 * The suite that every desk's driver must pass, over HTTP against its sandbox.
 *
 * A driver's test file calls `describeProvider` with what only that vendor knows: its published signature vectors, bodies of kinds that it does not
 * handle, and the capabilities that it has.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { isProviderError, type ProviderErrorCode } from './errors'
import { createTestClock, createTestTools, recordLog } from './kit/testing'
import type { Fault, Sandbox, SandboxOptions } from './kit/sandbox'
import type {
  ConfigSchema,
  Customer,
  Driver,
  MessagePart,
  Provider,
  SessionEvent,
  Subscription,
  Ticket,
  TicketRequest,
  WebhookReply,
  WebhookRequest,
} from './provider'

export interface SignatureVector {
  title: string
  /** Merged over the sandbox's configuration. */
  config: Record<string, unknown>
  subscription?: Subscription
  request: WebhookRequest
  /** Milliseconds at which the request arrives. */
  now: number
  valid: boolean
}

type Capability = {
  [K in keyof Driver]-?: undefined extends Driver[K] ? K : never
}[keyof Driver]

export interface ProviderDescriptor {
  provider: Provider
  createSandbox(options: SandboxOptions): Sandbox
  vectors: SignatureVector[]
  /** Bodies of well-formed webhooks of kinds that the driver does not know. */
  unknownPayloads: string[]
  /** A request as another vendor would sign it. */
  foreignRequest(): WebhookRequest
  /** The optional members that this driver has. */
  capabilities: Capability[]
}

const ALL_CAPABILITIES: Record<Capability, true> = {
  answerUnsigned: true,
  ensureContact: true,
  catchUp: true,
  describeAgent: true,
  reflect: true,
  subscribe: true,
  unsubscribe: true,
  instructions: true,
}

const CUSTOMER_TEXT = 'my order 4711 never arrived'
const PARTS: MessagePart[][] = [
  [{ type: 'text', text: 'plain words' }],
  [{ type: 'file', kind: 'image', url: 'https://files.example.test/photo.png', title: 'The photo' }],
  [{ type: 'file', kind: 'audio', url: 'https://files.example.test/voice.mp3' }],
  [{ type: 'file', kind: 'video', url: 'https://files.example.test/film.mp4' }],
  [{ type: 'file', kind: 'file', url: 'https://files.example.test/invoice.pdf', title: 'Invoice' }],
  [{ type: 'location', latitude: 48.85, longitude: 2.35, title: 'The shop' }],
  [
    { type: 'text', text: 'first of a bloc' },
    { type: 'file', kind: 'image', url: 'https://files.example.test/second.png' },
    { type: 'text', text: 'third of a bloc' },
  ],
]

export const describeProvider = (descriptor: ProviderDescriptor): void => {
  const { provider } = descriptor
  const open: Sandbox[] = []

  afterEach(async () => {
    await Promise.all(open.splice(0).map((sandbox) => sandbox.server.close()))
  })

  const setUp = async (config: Record<string, unknown> = {}, timeoutMs?: number) => {
    const clock = createTestClock()
    const sandbox = descriptor.createSandbox({ now: clock.now })
    open.push(sandbox)
    await sandbox.server.listen()
    sandbox.deliveries.mode = 'held'
    const log = recordLog()
    const tools = createTestTools({ clock, log, sandboxes: [sandbox], timeoutMs })
    const parsed = provider.config.parse({ ...sandbox.config, ...config }) as Record<string, unknown>
    const driver = provider.connect(parsed, tools)
    const subscription = await driver.subscribe?.(TARGET)
    const received: WebhookRequest[] = []
    sandbox.deliveries.connect((request) => {
      received.push(request)
      return Promise.resolve({ status: 200 })
    })
    return { clock, sandbox, log, tools, driver, subscription, received, config: parsed }
  }

  type Setting = Awaited<ReturnType<typeof setUp>>

  const customerAt = async ({ driver }: Setting): Promise<Customer> => {
    const customer: Customer = { id: 'user_eve', name: 'Eve Customer', email: 'eve@customer.example' }
    const contactId = await driver.ensureContact?.(customer)
    return contactId === undefined ? customer : { ...customer, contactId }
  }

  const requestFor = (customer: Customer, more: Partial<TicketRequest> = {}): TicketRequest => ({
    conversationId: 'conv_01',
    botId: 'bot-1',
    title: 'Late parcel',
    description: 'Nothing came',
    customer,
    transcript: [
      { author: 'customer', name: 'Eve Customer', parts: [{ type: 'text', text: CUSTOMER_TEXT }] },
      { author: 'bot', name: 'Bot', parts: [{ type: 'text', text: 'I fetch somebody.' }] },
    ],
    options: {},
    mayExist: false,
    ...more,
  })

  const openTicket = async (setting: Setting, more: Partial<TicketRequest> = {}) => {
    const customer = await customerAt(setting)
    const opened = await setting.driver.openTicket(requestFor(customer, more))
    const ticket: Ticket = { id: opened.id, conversationId: 'conv_01' }
    if (opened.memo !== undefined) ticket.memo = opened.memo
    if (customer.contactId !== undefined) ticket.contactId = customer.contactId
    return { customer, ticket, cursor: opened.cursor }
  }

  /** Everything that the waiting webhooks mean, hints resolved by reading, as the core does it. */
  const eventsOf = async (setting: Setting, ticket: Ticket, cursor: string | undefined) => {
    await setting.sandbox.deliveries.flush()
    const events: SessionEvent[] = []
    let at = cursor
    for (const request of setting.received.splice(0)) {
      expect(setting.driver.verifyWebhook(request, setting.subscription), 'the sandbox signs like the vendor').toBe(
        true
      )
      for (const event of setting.driver.parseWebhook(request).events) {
        if (event.type === 'ticket-changed' && setting.driver.catchUp) {
          const caught = await setting.driver.catchUp(ticket, at)
          at = caught.cursor
          events.push(...caught.events)
        } else events.push(event)
      }
    }
    return { events: _distinct(events), cursor: at }
  }

  const post = (setting: Setting, ticket: Ticket, customer: Customer, parts: MessagePart[], id = 'msg_01') =>
    setting.driver.postMessage(ticket, { id, author: { type: 'customer', customer }, parts, mayExist: false })

  const ticketOf = (setting: Setting, ticket: Ticket) => {
    const found = setting.sandbox.tickets().find((candidate) => candidate.id === ticket.id)
    if (!found) throw new Error(`The sandbox has no ticket ${ticket.id}`)
    return found
  }

  describe(`${provider.name}: configuration`, () => {
    it('has a name, a title and fields that Studio can show', () => {
      expect(provider.name).toMatch(/^[a-z][a-z-]*$/)
      expect(provider.title.length).toBeGreaterThan(1)
      const schema = provider.config.toJSONSchema() as { properties: Record<string, FieldSchema> }
      for (const [field, value] of Object.entries(schema.properties)) {
        expect(value.description, `${field} has a description`).toBeTruthy()
        expect(value['x-zui']?.title, `${field} has a title`).toBeTruthy()
        if (/token|secret|password|key$/i.test(field))
          expect(value['x-zui']?.secret, `${field} is marked secret`).toBe(true)
      }
    })

    it('refuses nonsense', () => {
      expect(_isRefused(provider, {})).toBe(true)
      expect(_isRefused(provider, { ...descriptor.createSandbox({ now: Date.now }).config, [firstField()]: 17 })).toBe(
        true
      )
      for (const field of Object.keys(descriptor.createSandbox({ now: Date.now }).config)) {
        const config: Record<string, unknown> = { ...descriptor.createSandbox({ now: Date.now }).config, [field]: '' }
        expect(_isRefused(provider, config), `an empty ${field}`).toBe(true)
      }
    })

    it('accepts what the sandbox accepts', async () => {
      const { driver, config } = await setUp()
      expect(provider.checkConfig?.(config) ?? []).toEqual([])
      await expect(driver.checkCredentials()).resolves.toMatch(/\S/)
    })
  })

  const firstField = (): string => Object.keys(provider.config.shape)[0] ?? ''

  describe(`${provider.name}: connection`, () => {
    it('asks nothing of the vendor until a method is called', async () => {
      const clock = createTestClock()
      const sandbox = descriptor.createSandbox({ now: clock.now })
      open.push(sandbox)
      await sandbox.server.listen()
      provider.connect(provider.config.parse(sandbox.config), createTestTools({ clock, sandboxes: [sandbox] }))
      expect(sandbox.server.requests).toEqual([])
    })

    const absent = Object.keys(ALL_CAPABILITIES).filter((name) => !descriptor.capabilities.includes(name as Capability))
    it(`can ${descriptor.capabilities.join(', ') || 'only what is required'}; does without ${absent.join(', ') || 'nothing'}`, async () => {
      const { driver } = await setUp()
      const present = Object.keys(ALL_CAPABILITIES).filter(
        (name) => name in driver && driver[name as Capability] !== undefined
      )
      expect(present.toSorted()).toEqual([...descriptor.capabilities].toSorted())
    })
  })

  describe(`${provider.name}: signatures`, () => {
    const signedBody = '{"say":"hello"}'

    it('accepts its own', async () => {
      const { sandbox, driver, subscription } = await setUp()
      expect(driver.verifyWebhook(sandbox.signed(signedBody), subscription)).toBe(true)
    })

    it('refuses a changed byte, a missing header, another secret, no secret, another vendor', async () => {
      const { sandbox, driver, subscription } = await setUp()
      const good = sandbox.signed(signedBody)
      expect(driver.verifyWebhook({ ...good, body: '{"say":"hellp"}' }, subscription), 'a changed byte').toBe(false)
      expect(driver.verifyWebhook({ ...good, body: '' }, subscription), 'no body').toBe(false)
      for (const name of Object.keys(good.headers)) {
        if (!/signature|timestamp/i.test(name)) continue
        expect(
          driver.verifyWebhook({ ...good, headers: { ...good.headers, [name]: undefined } }, subscription),
          `no ${name}`
        ).toBe(false)
        expect(
          driver.verifyWebhook({ ...good, headers: { ...good.headers, [name]: '' } }, subscription),
          `empty ${name}`
        ).toBe(false)
        expect(
          driver.verifyWebhook({ ...good, headers: { ...good.headers, [name]: 'ü'.repeat(40) } }, subscription),
          `odd ${name}`
        ).toBe(false)
      }
      expect(driver.verifyWebhook({ ...good, headers: {} }, subscription), 'no headers').toBe(false)
      expect(
        driver.verifyWebhook(sandbox.signed(signedBody, { secret: 'another secret' }), subscription),
        'another secret'
      ).toBe(false)
      expect(driver.verifyWebhook(descriptor.foreignRequest(), subscription), 'another vendor').toBe(false)
      if (descriptor.capabilities.includes('subscribe')) {
        expect(driver.verifyWebhook(good, undefined), 'no subscription').toBe(false)
        const emptied = Object.fromEntries(Object.keys(subscription ?? {}).map((key) => [key, '']))
        expect(driver.verifyWebhook(good, emptied), 'an empty secret').toBe(false)
      }
    })

    it.each(descriptor.vectors)('vector: $title', async (vector) => {
      const clock = createTestClock(vector.now)
      const sandbox = descriptor.createSandbox({ now: clock.now })
      const config = provider.config.parse({ ...sandbox.config, ...vector.config })
      const driver = provider.connect(config, createTestTools({ clock, sandboxes: [] }))
      expect(driver.verifyWebhook(vector.request, vector.subscription)).toBe(vector.valid)
    })

    it('has a vector that is accepted and one that is refused', () => {
      expect(descriptor.vectors.some((vector) => vector.valid)).toBe(true)
      expect(descriptor.vectors.some((vector) => !vector.valid)).toBe(true)
    })
  })

  describe(`${provider.name}: parsing`, () => {
    it.each([
      '',
      '{',
      'null',
      '[]',
      '"text"',
      '17',
      '{}',
      '{"type":null}',
      '{"__proto__":{"polluted":true}}',
      'payload=%7B',
      'payload=',
    ])('is total: %s', async (body) => {
      const { sandbox, driver } = await setUp()
      const parsed = driver.parseWebhook({ ...sandbox.signed('{}'), body })
      expect(parsed.events).toEqual([])
      expect(parsed.ignored).toBeTruthy()
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    })

    it.each(descriptor.unknownPayloads)('ignores an unknown kind and says so: %.60s', async (body) => {
      const { sandbox, driver } = await setUp()
      const parsed = driver.parseWebhook(sandbox.signed(body))
      expect(parsed.events).toEqual([])
      expect(parsed.ignored).toBeTruthy()
    })
  })

  describe(`${provider.name}: a session`, () => {
    it('opens one ticket that carries our conversation, the customer and the transcript', async () => {
      const setting = await setUp()
      const { ticket } = await openTicket(setting)
      const tickets = setting.sandbox.tickets().filter((candidate) => candidate.conversationId === 'conv_01')
      expect(tickets.map((candidate) => candidate.id)).toEqual([ticket.id])
      const shown = ticketOf(setting, ticket)
      const everything = [shown.title, ...shown.entries.map((entry) => entry.text)].join('\n')
      expect(everything).toContain('Late parcel')
      expect(everything).toContain('Nothing came')
      expect(everything).toContain(CUSTOMER_TEXT)
      expect(everything).toContain('Eve Customer')
      expect(shown.customer).toContain('Eve')
      if (ticket.memo !== undefined) expect(ticket.memo.length).toBeLessThanOrEqual(400)
      expect(ticket.id.length).toBeLessThanOrEqual(200)
    })

    it('looks before it opens when an earlier attempt may have got through', async () => {
      const setting = await setUp()
      const { ticket } = await openTicket(setting)
      const again = await openTicket(setting, { mayExist: true })
      expect(again.ticket.id).toBe(ticket.id)
      expect(setting.sandbox.tickets().filter((candidate) => candidate.conversationId === 'conv_01')).toHaveLength(1)
    })

    it.each(['status', 'timeout'] as const)(
      'settles an unknown outcome of opening by reading (%s after the effect)',
      async (kind) => {
        const setting = await setUp({}, 400)
        const customer = await customerAt(setting)
        const before = setting.sandbox.tickets().length
        // The fault hits the write that makes the ticket, whichever of the driver's calls that is.
        setting.sandbox.server.addFault({
          kind,
          status: 500,
          effect: 'after',
          matches: (request) =>
            request.method === 'POST' &&
            setting.sandbox.tickets().length === before &&
            !/token|contacts|users/.test(request.path),
        })
        const opened = await setting.driver.openTicket(requestFor(customer))
        expect(
          setting.sandbox
            .tickets()
            .filter((candidate) => candidate.conversationId === 'conv_01')
            .map((t) => t.id)
        ).toEqual([opened.id])
      }
    )

    it.each(PARTS)('delivers or degrades a message, in order: %j', async (...parts) => {
      const setting = await setUp()
      const { ticket, customer } = await openTicket(setting)
      const posted = await post(setting, ticket, customer, parts)
      expect(posted.messageIds.length).toBeGreaterThan(0)
      const entries = ticketOf(setting, ticket).entries
      const said = entries
        .slice(-posted.messageIds.length)
        .map((entry) => entry.text)
        .join('\n')
      let position = -1
      for (const part of parts) {
        const expected = part.type === 'text' ? part.text : part.type === 'file' ? part.url : '48.85'
        const at = said.indexOf(expected.replaceAll('&', '&amp;'))
        expect(at, `${expected} in ${said}`).toBeGreaterThan(position)
        position = at
      }
      expect(entries.at(-1)?.kind).toBe('customer')
    })

    it('keeps order and never cuts a very long message', async () => {
      const setting = await setUp()
      const { ticket, customer } = await openTicket(setting)
      const words = Array.from({ length: 12_000 }, (_unused, index) => `w${index}`)
      const posted = await post(setting, ticket, customer, [{ type: 'text', text: words.join(' ') }])
      const said = ticketOf(setting, ticket)
        .entries.slice(-posted.messageIds.length)
        .map((entry) => entry.text)
        .join(' ')
      expect(said.match(/\bw\d+\b/g)).toEqual(words)
    })

    it('opens a ticket with a title of 10,000 characters and a transcript of 500 messages', async () => {
      const setting = await setUp()
      const transcript = Array.from({ length: 500 }, (_unused, index) => ({
        author: index % 2 ? ('bot' as const) : ('customer' as const),
        name: index % 2 ? 'Bot' : 'Eve Customer',
        parts: [{ type: 'text' as const, text: `entry ${index} ${'x'.repeat(400)}` }],
      }))
      const { ticket } = await openTicket(setting, { title: 'T'.repeat(10_000), transcript })
      const everything = ticketOf(setting, ticket)
        .entries.map((entry) => entry.text)
        .join('\n')
      expect(everything).toContain('entry 499')
    })

    it.each(['status', 'timeout'] as const)(
      'settles an unknown outcome of a message by reading (%s after the effect)',
      async (kind) => {
        const setting = await setUp({}, 400)
        const { ticket, customer } = await openTicket(setting)
        const before = ticketOf(setting, ticket).entries.length
        setting.sandbox.server.addFault({ kind, status: 502, effect: 'after', matches: _isWrite })
        const posted = await post(setting, ticket, customer, [{ type: 'text', text: 'said once' }])
        expect(ticketOf(setting, ticket).entries.length - before).toBe(1)
        expect(posted.messageIds).toHaveLength(1)
      }
    )

    it('sends a message again when reading shows that it never arrived', async () => {
      const setting = await setUp()
      const { ticket, customer } = await openTicket(setting)
      const before = ticketOf(setting, ticket).entries.length
      setting.sandbox.server.addFault({ kind: 'status', status: 502, effect: 'before', matches: _isWrite })
      await post(setting, ticket, customer, [{ type: 'text', text: 'said once' }])
      expect(ticketOf(setting, ticket).entries.length - before).toBe(1)
    })

    it('looks before it posts when an earlier attempt may have got through', async () => {
      const setting = await setUp()
      const { ticket, customer } = await openTicket(setting)
      const first = await post(setting, ticket, customer, [{ type: 'text', text: 'said once' }])
      const before = ticketOf(setting, ticket).entries.length
      const again = await setting.driver.postMessage(ticket, {
        id: 'msg_01',
        author: { type: 'customer', customer },
        parts: [{ type: 'text', text: 'said once' }],
        mayExist: true,
      })
      expect(again.messageIds).toEqual(first.messageIds)
      expect(ticketOf(setting, ticket).entries).toHaveLength(before)
    })

    it('shows the bot’s words to agents and never to the customer', async () => {
      const setting = await setUp()
      const { ticket } = await openTicket(setting)
      await setting.driver.postMessage(ticket, {
        id: 'msg_02',
        author: { type: 'bot' },
        parts: [{ type: 'text', text: '( The user has ended the session. )' }],
        mayExist: false,
      })
      const last = ticketOf(setting, ticket).entries.at(-1)
      expect(last?.text).toContain('The user has ended the session.')
      expect(last?.kind).toBe('note')
    })

    it('hears nothing of what it said itself', async () => {
      const setting = await setUp()
      const { ticket, customer, cursor } = await openTicket(setting)
      await post(setting, ticket, customer, [{ type: 'text', text: 'an echo?' }])
      await setting.driver.postMessage(ticket, {
        id: 'msg_02',
        author: { type: 'bot' },
        parts: [{ type: 'text', text: 'an echo of the bot?' }],
        mayExist: false,
      })
      expect((await eventsOf(setting, ticket, cursor)).events).toEqual([])
    })

    it('hears the agent: the message, its author, once, under the id of the ticket', async () => {
      const setting = await setUp()
      const { ticket, cursor } = await openTicket(setting)
      const [agent] = setting.sandbox.agents
      setting.sandbox.agentReplies(ticket.id, 'Ada here, I look into it.', { agentId: agent?.id })
      const { events, cursor: next } = await eventsOf(setting, ticket, cursor)
      const messages = events.filter((event) => event.type === 'message-posted')
      expect(messages).toHaveLength(1)
      expect(messages[0]).toMatchObject({
        ticket: { ticketId: ticket.id },
        agent: { id: agent?.id },
        parts: [{ type: 'text', text: 'Ada here, I look into it.' }],
      })
      const described = messages[0]?.agent.name
        ? messages[0].agent
        : await setting.driver.describeAgent?.(agent?.id ?? '')
      expect(described?.name).toBe(agent?.name)
      if (setting.driver.catchUp) {
        // A webhook that tells everything moves no cursor: reading goes past it first.
        const read = next === cursor ? await setting.driver.catchUp(ticket, next) : { cursor: next }
        expect((await setting.driver.catchUp(ticket, read.cursor)).events).toEqual([])
      }
    })

    it('keeps the order of several answers', async () => {
      const setting = await setUp()
      const { ticket, cursor } = await openTicket(setting)
      const texts = ['one', 'two', 'three', 'four', 'five']
      for (const text of texts) {
        setting.clock.advance(1_000)
        setting.sandbox.agentReplies(ticket.id, text)
      }
      const { events } = await eventsOf(setting, ticket, cursor)
      const said = events.flatMap((event) => (event.type === 'message-posted' ? event.parts : []))
      expect(said.map((part) => (part.type === 'text' ? part.text : ''))).toEqual(texts)
    })

    it('hears who took the ticket, and nothing when it is given back', async () => {
      const setting = await setUp()
      const { ticket, cursor } = await openTicket(setting)
      const [agent] = setting.sandbox.agents
      setting.sandbox.assign(ticket.id, agent?.id ?? '')
      const taken = await eventsOf(setting, ticket, cursor)
      expect(taken.events.map((event) => event.type)).toEqual(['agent-assigned'])
      expect(taken.events[0]).toMatchObject({ ticket: { ticketId: ticket.id }, agent: { id: agent?.id } })
      setting.sandbox.assign(ticket.id, null)
      const { events } = await eventsOf(setting, ticket, taken.cursor)
      expect(events.filter((event) => event.type === 'agent-assigned')).toEqual([])
    })

    it('hears the last words before the end', async () => {
      const setting = await setUp()
      const { ticket, cursor } = await openTicket(setting)
      setting.sandbox.solve(ticket.id, { text: 'All done, bye.' })
      const { events } = await eventsOf(setting, ticket, cursor)
      const types = events.map((event) => event.type).filter((type) => type !== 'agent-assigned')
      expect(types).toEqual(['message-posted', 'ticket-closed'])
    })

    it('hears nothing of notes, bots and the customer’s own replies', async () => {
      const setting = await setUp()
      const { ticket, cursor } = await openTicket(setting)
      setting.sandbox.agentNotes(ticket.id, 'not for the customer')
      setting.sandbox.customerReplies?.(ticket.id, 'by mail')
      setting.sandbox.botReplies?.(ticket.id, 'I am an automation')
      const { events } = await eventsOf(setting, ticket, cursor)
      expect(events.filter((event) => event.type === 'message-posted')).toEqual([])
    })

    it('is solved by close, twice as well as once, and takes it that the ticket is gone', async () => {
      const setting = await setUp()
      const { ticket } = await openTicket(setting)
      await setting.driver.closeTicket(ticket)
      expect(ticketOf(setting, ticket).status).toBe('solved')
      const entries = ticketOf(setting, ticket).entries.length
      await setting.driver.closeTicket(ticket)
      expect(ticketOf(setting, ticket).status).toBe('solved')
      expect(ticketOf(setting, ticket).entries).toHaveLength(entries)
      const gone = await openTicket(setting, { conversationId: 'conv_02' })
      setting.sandbox.remove(gone.ticket.id)
      await setting.driver.closeTicket(gone.ticket)
    })

    it('reads the same again after a redelivery', async () => {
      const setting = await setUp()
      const { ticket, cursor } = await openTicket(setting)
      setting.sandbox.agentReplies(ticket.id, 'once')
      setting.sandbox.deliveries.waiting.push(
        ...setting.sandbox.deliveries.waiting.map((delivery) => ({ ...delivery }))
      )
      const { events } = await eventsOf(setting, ticket, cursor)
      const ids = events.flatMap((event) => (event.type === 'message-posted' ? [event.id] : []))
      expect(new Set(ids).size).toBe(1)
    })
  })

  describe(`${provider.name}: refusals`, () => {
    const cases: { title: string; fault: Omit<Fault, 'matches'>; code: ProviderErrorCode }[] = [
      { title: '401', fault: { kind: 'status', status: 401, times: 5 }, code: 'unauthorized' },
      { title: '403', fault: { kind: 'status', status: 403, times: 5 }, code: 'unauthorized' },
      { title: '404', fault: { kind: 'status', status: 404, times: 5 }, code: 'not-found' },
      { title: '409', fault: { kind: 'status', status: 409, times: 5 }, code: 'rejected' },
      { title: '422', fault: { kind: 'status', status: 422, times: 5 }, code: 'rejected' },
      {
        title: '429',
        fault: { kind: 'status', status: 429, times: 9, headers: { 'retry-after': '30' } },
        code: 'rate-limited',
      },
      { title: '500', fault: { kind: 'status', status: 500, times: 9 }, code: 'unavailable' },
      { title: 'no answer', fault: { kind: 'timeout', times: 9 }, code: 'unavailable' },
    ]

    it.each(cases)('$title has its code and tells no secret and no customer’s words', async ({ fault, code }) => {
      const setting = await setUp({}, 300)
      const { ticket, customer } = await openTicket(setting)
      setting.sandbox.server.addFault({ ...fault, matches: (request) => !/oauth\/tokens/.test(request.path) })
      const error: unknown = await post(setting, ticket, customer, [{ type: 'text', text: CUSTOMER_TEXT }]).catch(
        (thrown: unknown) => thrown
      )
      expect(isProviderError(error), String(error)).toBe(true)
      if (!isProviderError(error)) return
      const codes: ProviderErrorCode[] = code === 'not-found' ? ['not-found', 'ended'] : [code]
      expect(codes).toContain(error.code)
      expect(error.message).toContain(`[${provider.name}]`)
      if (code === 'rate-limited') expect(error.retryAfterMs).toBeGreaterThan(2_000)
      const printed = _print(error) + JSON.stringify(setting.log.lines)
      expect(printed).not.toContain(CUSTOMER_TEXT)
      for (const [field, value] of Object.entries(setting.config)) {
        if (/token|secret/i.test(field) && typeof value === 'string') expect(printed, field).not.toContain(value)
      }
    })

    it('says which credential is wrong when they are checked', async () => {
      const setting = await setUp()
      setting.sandbox.server.addFault({ kind: 'status', status: 401, times: 9 })
      const error: unknown = await setting.driver.checkCredentials().catch((thrown: unknown) => thrown)
      expect(isProviderError(error) && error.code).toBe('unauthorized')
    })

    it('knows that a vanished ticket takes no more messages', async () => {
      const setting = await setUp()
      const { ticket, customer } = await openTicket(setting)
      setting.sandbox.remove(ticket.id)
      const error: unknown = await post(setting, ticket, customer, [{ type: 'text', text: 'anyone?' }]).catch(
        (thrown: unknown) => thrown
      )
      expect(isProviderError(error)).toBe(true)
      if (isProviderError(error)) expect(['not-found', 'ended']).toContain(error.code)
    })
  })

  if (descriptor.capabilities.includes('subscribe')) {
    describe(`${provider.name}: subscription`, () => {
      it('saved twice changes nothing, and only our own is removed', async () => {
        const setting = await setUp()
        const other = { ...TARGET, installation: 'other1', url: 'https://webhook.example.test/other/x' }
        await setting.driver.subscribe?.(other)
        const writes = () =>
          setting.sandbox.server.requests.filter((request) => _isWrite(request) && !/oauth/.test(request.path)).length
        const before = writes()
        const again = await setting.driver.subscribe?.(TARGET)
        expect(again).toEqual(setting.subscription)
        expect(writes()).toBe(before)
        await setting.driver.unsubscribe?.(TARGET)
        const mine = writes()
        await setting.driver.subscribe?.(other)
        expect(writes(), 'the other installation is whole').toBe(mine)
        await setting.driver.unsubscribe?.(TARGET)
      })
    })
  }

  if (descriptor.capabilities.includes('instructions')) {
    it(`${provider.name}: instructions name the address to paste`, async () => {
      const { driver } = await setUp()
      expect(driver.instructions?.(TARGET)).toContain(TARGET.url)
    })
  }

  if (descriptor.capabilities.includes('answerUnsigned')) {
    it(`${provider.name}: an unsigned handshake gets a constant answer, anything else none`, async () => {
      const { driver } = await setUp()
      const answers: (WebhookReply | undefined)[] = ['HEAD', 'GET', 'POST'].map((method) =>
        driver.answerUnsigned?.({ method, path: `/${provider.name}` })
      )
      expect(answers.some((answer) => answer?.status === 200)).toBe(true)
      expect(driver.answerUnsigned?.({ method: 'POST', path: `/${provider.name}` })).toBeUndefined()
    })
  }

  if (descriptor.capabilities.includes('reflect')) {
    it(`${provider.name}: showing the state never throws`, async () => {
      const setting = await setUp()
      const { ticket } = await openTicket(setting)
      const [agent] = setting.sandbox.agents
      await setting.driver.reflect?.(ticket, { type: 'assigned', agent: { id: agent?.id ?? '', name: agent?.name } })
      setting.sandbox.server.addFault({ kind: 'status', status: 500, times: 9 })
      await expect(setting.driver.reflect?.(ticket, { type: 'closed', by: 'agent' })).resolves.toBeUndefined()
    })
  }
}

const TARGET = {
  url: 'https://webhook.example.test/abc/desk',
  installation: 'inst1',
  botId: 'bot-1',
}

interface FieldSchema {
  description?: string
  'x-zui'?: { title?: string; secret?: boolean }
}

const _isRefused = (provider: Provider<ConfigSchema>, config: Record<string, unknown>): boolean => {
  const parsed = provider.config.safeParse(config)
  return !parsed.success || (provider.checkConfig?.(parsed.data) ?? []).length > 0
}

const _isWrite = (request: { method: string; path: string }): boolean =>
  request.method !== 'GET' && !/oauth|conversations\.(history|replies|info)|users\.info|search/.test(request.path)

/** The core is idempotent by these keys: the same event twice is one. */
const _distinct = (events: SessionEvent[]): SessionEvent[] => {
  const seen = new Set<string>()
  return events.filter((event) => {
    const key = event.type === 'message-posted' ? event.id : `${event.type}:${'agent' in event ? event.agent.id : ''}`
    return !seen.has(key) && Boolean(seen.add(key))
  })
}

/** Everything that printing an error may show: message, stack and causes. */
const _print = (error: unknown): string => {
  const seen: string[] = []
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    seen.push(at.message, at.stack ?? '', JSON.stringify(at))
  return seen.join('\n')
}
