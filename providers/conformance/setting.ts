/** What every room of the conformance suite stands on: a driver, its listening sandbox and shorthands. */
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
import type { Sandbox, SandboxOptions } from '../kit/sandbox'
import { createTestClock, createTestTools, recordLog } from './tools'

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

export type Capability = {
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

export const CUSTOMER_TEXT = 'my order 4711 never arrived'
export const TARGET = {
  url: 'https://webhook.example.test/abc/desk',
  installation: 'inst1',
  botId: 'bot-1',
}

export type Suite = ReturnType<typeof createSuite>

/** Everything that a test of the suite needs of one provider. */
export const createSuite = (descriptor: ProviderDescriptor) => {
  const { provider } = descriptor
  const open: Sandbox[] = []

  const closeAll = async (): Promise<void> => {
    await Promise.all(open.splice(0).map((sandbox) => sandbox.server.close()))
  }

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
    const customer: Customer = {
      id: 'user_01K0EVECUST0MER00000000001',
      name: 'Eve Customer',
      email: 'eve@customer.example',
    }
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

  return { descriptor, provider, open, closeAll, setUp, customerAt, requestFor, openTicket, eventsOf, post, ticketOf }
}

/** Whether a request changes something at the desk. */
export const isWrite = (request: { method: string; path: string }): boolean =>
  request.method !== 'GET' && !/oauth|conversations\.(history|replies|info)|users\.info|search/.test(request.path)

/** The core is idempotent by these keys: the same event twice is one. */
const _distinct = (events: SessionEvent[]): SessionEvent[] => {
  const seen = new Set<string>()
  return events.filter((event) => {
    const key = event.type === 'message-posted' ? event.id : `${event.type}:${'agent' in event ? event.agent.id : ''}`
    return !seen.has(key) && Boolean(seen.add(key))
  })
}
