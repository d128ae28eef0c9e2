/** The fixture of the conformance suite: a driver, its sandbox and helpers. */
import { expect } from 'vitest'
import type {
  Customer,
  Driver,
  MessagePart,
  Provider,
  SessionEvent,
  Subscription,
  Ticket,
  TicketRequest,
  WebhookRequest,
} from '../provider'
import { createSandboxWeb, type Sandbox, type SandboxOptions } from '../kit/sandbox'
import { createTestClock, createTestTools, recordLog } from './tools'

export interface SignatureVector {
  title: string
  /** Overrides the sandbox's configuration. */
  config: Record<string, unknown>
  subscription?: Subscription
  request: WebhookRequest
  /** When the request arrives, in milliseconds since the epoch. */
  now: number
  valid: boolean
}

/** An optional member of `Driver`. */
export type Capability = {
  [K in keyof Driver]-?: undefined extends Driver[K] ? K : never
}[keyof Driver]

/** What the suite must know about a provider. */
export interface ProviderDescriptor {
  provider: Provider
  createSandbox(options: SandboxOptions): Sandbox
  vectors: SignatureVector[]
  /** Bodies of well-formed webhooks that the driver ignores. */
  unknownPayloads: string[]
  /** A request signed by another vendor. */
  foreignRequest(): WebhookRequest
  /** The optional members that the driver has. */
  capabilities: Capability[]
  /** The desk attaches customers' files, up to this size in bytes. Absent: it shows titled links. */
  attaches?: { maxBytes: number }
  /** Fields of the sandbox's tickets with values that they take. Absent: the desk has no fields. */
  fields?: Record<string, string>
  /** The desk shows fields of any name, so none is unknown. */
  takesAnyField?: true
  /** The driver reports agents' changes (`message-edited`) and deletions (`message-removed`). */
  reports?: { edits?: true; deletions?: true }
}

export const CUSTOMER_TEXT = 'my order 4711 never arrived'
export const TARGET = {
  url: 'https://webhook.example.test/abc/desk',
  installation: 'inst1',
  botId: 'bot-1',
}

export type Suite = ReturnType<typeof createSuite>

/** Creates the helpers of one provider's tests. */
export const createSuite = (descriptor: ProviderDescriptor) => {
  const { provider } = descriptor
  const openSandboxes: Sandbox[] = []

  const closeAll = async (): Promise<void> => {
    await Promise.all(openSandboxes.splice(0).map((sandbox) => sandbox.server.close()))
  }

  const setUp = async (config: Record<string, unknown> = {}, timeoutMs?: number) => {
    const clock = createTestClock()
    const sandbox = descriptor.createSandbox({ now: clock.now })
    openSandboxes.push(sandbox)
    await sandbox.server.listen()
    sandbox.deliveries.mode = 'held'
    const log = recordLog()
    const web = createSandboxWeb()
    const tools = createTestTools({ clock, log, sandboxes: [sandbox], timeoutMs, web: web.web })
    const parsed = provider.config.parse({ ...sandbox.config, ...config }) as Record<string, unknown>
    const unsubscribed = provider.connect(parsed, tools)
    const subscription = await unsubscribed.subscribe?.(TARGET)
    const driver = provider.connectsWithSubscription ? provider.connect(parsed, tools, subscription) : unsubscribed
    const received: WebhookRequest[] = []
    sandbox.deliveries.connect((request) => {
      received.push(request)
      return Promise.resolve({ status: 200 })
    })
    return { clock, sandbox, log, tools, web, driver, subscription, received, config: parsed }
  }

  type Fixture = Awaited<ReturnType<typeof setUp>>

  const customerAt = async ({ driver }: Fixture): Promise<Customer> => {
    const customer: Customer = {
      id: 'user_01K0EVECUST0MER00000000001',
      name: 'Eve Customer',
      email: 'eve@customer.example',
    }
    const contactId = await driver.ensureContact?.(customer)
    return contactId === undefined ? customer : { ...customer, contactId }
  }

  const requestFor = (customer: Customer, overrides: Partial<TicketRequest> = {}): TicketRequest => ({
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
    ...overrides,
  })

  const openTicket = async (fixture: Fixture, overrides: Partial<TicketRequest> = {}) => {
    const customer = await customerAt(fixture)
    const opened = await fixture.driver.openTicket(requestFor(customer, overrides))
    const ticket: Ticket = { id: opened.id, conversationId: 'conv_01' }
    if (opened.memo !== undefined) ticket.memo = opened.memo
    if (customer.contactId !== undefined) ticket.contactId = customer.contactId
    return { customer, ticket, cursor: opened.cursor }
  }

  /** Delivers the waiting webhooks and returns their events. Like the core, resolves hints with `catchUp`. */
  const eventsOf = async (fixture: Fixture, ticket: Ticket, cursor: string | undefined) => {
    await fixture.sandbox.deliveries.flush()
    const events: SessionEvent[] = []
    let position = cursor
    for (const request of fixture.received.splice(0)) {
      expect(fixture.driver.verifyWebhook(request, fixture.subscription), 'the sandbox signs like the vendor').toBe(
        true
      )
      for (const event of fixture.driver.parseWebhook(request).events) {
        if (event.type === 'ticket-changed' && fixture.driver.catchUp) {
          const caught = await fixture.driver.catchUp(ticket, position)
          position = caught.cursor
          events.push(...caught.events)
        } else events.push(event)
      }
    }
    return { events: _withoutDuplicates(events), cursor: position }
  }

  const post = (fixture: Fixture, ticket: Ticket, customer: Customer, parts: MessagePart[], id = 'msg_01') =>
    fixture.driver.postMessage(ticket, { id, author: { type: 'customer', customer }, parts, mayExist: false })

  const ticketOf = (fixture: Fixture, ticket: Ticket) => {
    const found = fixture.sandbox.tickets().find((candidate) => candidate.id === ticket.id)
    if (!found) throw new Error(`The sandbox has no ticket ${ticket.id}`)
    return found
  }

  return {
    descriptor,
    provider,
    openSandboxes,
    closeAll,
    setUp,
    customerAt,
    requestFor,
    openTicket,
    eventsOf,
    post,
    ticketOf,
  }
}

/** Whether a request changes data at the desk. */
export const isWrite = (request: { method: string; path: string }): boolean =>
  request.method !== 'GET' && !/oauth|conversations\.(history|replies|info)|users\.info|search/.test(request.path)

/** Removes duplicates by the keys that the core uses. */
const _withoutDuplicates = (events: SessionEvent[]): SessionEvent[] => {
  const seen = new Set<string>()
  return events.filter((event) => {
    const key = event.type === 'message-posted' ? event.id : `${event.type}:${'agent' in event ? event.agent?.id : ''}`
    return !seen.has(key) && Boolean(seen.add(key))
  })
}
