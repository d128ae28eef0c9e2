/** Helpers for this desk's tests: a driver connected to its sandbox over HTTP. */
import { createTestClock, createTestTools, recordLog } from '../conformance/tools'
import type { Fault, SandboxRequest } from '../kit/sandbox'
import { createSandboxWeb } from '../kit/sandbox/web'
import type { Tools } from '../kit/tools'
import type { Customer, Driver, OutboundMessage, Ticket, TicketRequest, WebhookRequest } from '../provider'
import type { Config } from './config'
import { zendesk } from '.'
import { createSandbox, type ZendeskSandboxOptions } from './sandbox'

/** The path of a ticket. */
export const TICKET = /\/api\/v2\/tickets\/\d+$/
export const TARGET = { url: 'https://webhook.example.test/abc/zendesk', installation: 'inst1', botId: 'bot-1' }

const openServers: { close(): Promise<void> }[] = []

/** Call after each test. */
export const closeAll = async (): Promise<void> => {
  await Promise.all(openServers.splice(0).map((server) => server.close()))
}

export const setUp = async (
  options: Omit<ZendeskSandboxOptions, 'now'> & { timeoutMs?: number; basic?: boolean } = {}
) => {
  const clock = createTestClock()
  const sandbox = createSandbox({ now: clock.now, limits: options.limits })
  openServers.push(sandbox.server)
  await sandbox.server.listen()
  sandbox.deliveries.mode = 'held'
  const log = recordLog()
  const web = createSandboxWeb()
  const tools = createTestTools({ clock, log, sandboxes: [sandbox], timeoutMs: options.timeoutMs, web: web.web })
  const config = zendesk.config.parse(options.basic ? sandbox.tokenConfig : sandbox.config)
  const connect = (more: Partial<Config> = {}, moreTools: Partial<Tools> = {}) =>
    zendesk.connect({ ...config, ...more }, { ...tools, ...moreTools })
  const received: WebhookRequest[] = []
  sandbox.deliveries.connect((request) => {
    received.push(request)
    return Promise.resolve({ status: 200 })
  })
  return { clock, sandbox, web, log, tools, config, connect, driver: connect(), received }
}

export type Setting = Awaited<ReturnType<typeof setUp>>

/** The driver's optional methods. Throws if one is missing. */
export const capabilitiesOf = (driver: Driver) => {
  const { ensureContact, catchUp, subscribe, unsubscribe, describeAgent } = driver
  if (!ensureContact || !catchUp || !subscribe || !unsubscribe || !describeAgent)
    throw new Error('The driver lacks a capability')
  return { ensureContact, catchUp, subscribe, unsubscribe, describeAgent }
}

export const EVE: Customer = { id: 'user_eve', name: 'Eve Customer' }

export const requestFor = (customer: Customer, more: Partial<TicketRequest> = {}): TicketRequest => ({
  conversationId: 'conv_01',
  botId: 'bot-1',
  title: 'Late parcel',
  description: 'Nothing came',
  customer,
  transcript: [
    { author: 'customer', name: 'Eve Customer', parts: [{ type: 'text', text: 'my secret order 4711' }] },
    { author: 'bot', name: 'Bot', parts: [{ type: 'text', text: 'I will get someone.' }] },
  ],
  options: {},
  mayExist: false,
  ...more,
})

export const openSession = async (setting: Setting, more: Partial<TicketRequest> = {}) => {
  const contactId = await capabilitiesOf(setting.driver).ensureContact(EVE)
  const customer = { ...EVE, contactId }
  const opened = await setting.driver.openTicket(requestFor(customer, more))
  const ticket: Ticket = { id: opened.id, conversationId: more.conversationId ?? 'conv_01', contactId }
  if (opened.memo !== undefined) ticket.memo = opened.memo
  return { customer, ticket, opened, cursor: opened.cursor }
}

export const messageFrom = (
  customer: Customer,
  text: string,
  more: Partial<OutboundMessage> = {}
): OutboundMessage => ({
  id: 'msg_01',
  author: { type: 'customer', customer },
  parts: [{ type: 'text', text }],
  mayExist: false,
  ...more,
})

/** The ticket as any desk's sandbox shows it. */
export const ticketView = (setting: Setting, ticketId: string) => {
  const found = setting.sandbox.tickets().find((ticket) => ticket.id === ticketId)
  if (!found) throw new Error(`The sandbox has no ticket ${ticketId}`)
  return found
}

/** The ticket as the sandbox stores it. */
export const ticketRow = (setting: Setting, ticketId: string) => {
  const row = setting.sandbox.state.tickets.find((ticket) => String(ticket.id) === ticketId)
  if (!row) throw new Error(`The sandbox has no ticket ${ticketId}`)
  return row
}

export const requests = (setting: Setting, method: string, path: RegExp): SandboxRequest[] =>
  setting.sandbox.server.requests.filter((request) => request.method === method && path.test(request.path))

export const bodyOf = (request: SandboxRequest | undefined): Record<string, Record<string, unknown>> =>
  JSON.parse(request?.body.toString('utf8') ?? '{}') as Record<string, Record<string, unknown>>

/** Makes matching requests to the sandbox fail, once and with a 500 unless `more` says otherwise. */
export const fault = (setting: Setting, method: string, path: RegExp, more: Partial<Fault> = {}): void =>
  setting.sandbox.server.addFault({
    kind: 'status',
    status: 500,
    ...more,
    matches: (request) => request.method === method && path.test(request.path),
  })

/** The error that the promise rejects with. */
export const errorOf = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    await work
  } catch (error) {
    return error
  }
  throw new Error('Expected an error')
}
