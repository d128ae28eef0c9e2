/** Shared by Intercom's tests: a running sandbox, a connected driver and shorthands. */
import { afterEach } from 'vitest'
import { createTestClock, createTestTools, recordLog } from '../conformance/tools'
import type { Fault } from '../kit/sandbox'
import { createSandboxWeb } from '../kit/sandbox/web'
import type { Customer, OutboundMessage, SessionEvent, Ticket, TicketRequest } from '../provider'
import { createDesk, remember } from './desk'
import { intercom } from '.'
import { createSandbox } from './sandbox'

const servers: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

export const EVE: Customer = { id: 'user_eve', name: 'Eve Customer', email: 'eve@customer.example' }

export const setUp = async (config: Record<string, unknown> = {}) => {
  const clock = createTestClock()
  const sandbox = createSandbox({ now: clock.now })
  await sandbox.server.listen()
  servers.push(sandbox.server)
  sandbox.deliveries.mode = 'held'
  const log = recordLog()
  const web = createSandboxWeb()
  const tools = createTestTools({ clock, log, sandboxes: [sandbox], timeoutMs: 500, web: web.web })
  const parsedConfig = intercom.config.parse({ ...sandbox.config, ...config })
  const connect = () => intercom.connect(parsedConfig, tools)
  const calls = () => sandbox.server.requests.map((request) => `${request.method} ${request.path}`)
  return { clock, sandbox, web, log, tools, config: parsedConfig, connect, driver: connect(), calls }
}

export type Setup = Awaited<ReturnType<typeof setUp>>

/** A driver on an instance that no longer remembers what was posted. */
export const coldInstance = (setup: Setup) => {
  const desk = createDesk(setup.config, setup.tools)
  for (let count = 0; count < 2_000; count += 1) remember(desk, `other part ${count}`, 'other message')
  return setup.connect()
}

export const requestOf = (more: Partial<TicketRequest> = {}): TicketRequest => ({
  conversationId: 'conv_01',
  botId: 'bot-1',
  title: 'Late parcel',
  description: 'Nothing came',
  customer: EVE,
  transcript: [{ author: 'customer', name: 'Eve', parts: [{ type: 'text', text: 'where is it?' }] }],
  options: {},
  mayExist: false,
  ...more,
})

export const openOne = async (setup: Setup, more: Partial<TicketRequest> = {}) => {
  const contactId = await setup.driver.ensureContact?.(EVE)
  const opened = await setup.driver.openTicket(requestOf({ customer: { ...EVE, contactId }, ...more }))
  const ticket: Ticket = { id: opened.id, memo: opened.memo, conversationId: 'conv_01', contactId }
  return ticket
}

export const textOf = (text: string, more: Partial<OutboundMessage> = {}): OutboundMessage => ({
  id: 'msg_01',
  author: { type: 'customer', customer: EVE },
  parts: [{ type: 'text', text }],
  mayExist: false,
  ...more,
})

export const sandboxTicket = (setup: Setup, ticket: Ticket) => {
  const found = setup.sandbox.tickets().find((candidate) => candidate.id === ticket.id)
  if (!found) throw new Error('The sandbox has no such ticket')
  return found
}

export const fault = (path: RegExp, more: Partial<Fault> = {}): Fault => ({
  kind: 'status',
  status: 502,
  matches: (request) => path.test(`${request.method} ${request.path}`),
  ...more,
})

/** Parses a notification with these parts. */
export const parsed = (setup: Setup, topic: string, parts: unknown[], item: Record<string, unknown> = {}) => {
  const body = JSON.stringify({
    type: 'notification_event',
    app_id: 'sbx1nter',
    topic,
    created_at: Math.floor(setup.clock.now() / 1_000),
    data: { item: { type: 'conversation', id: '77', conversation_parts: { conversation_parts: parts }, ...item } },
  })
  return setup.driver.parseWebhook(setup.sandbox.signed(body))
}

export const part = (more: Record<string, unknown> = {}) => ({
  type: 'conversation_part',
  id: '9001',
  part_type: 'comment',
  body: '<p>Hello</p>',
  created_at: 1_700_000_000,
  author: { type: 'admin', id: '1', name: 'Ada' },
  assigned_to: null,
  attachments: [],
  ...more,
})

export const typesOf = (events: SessionEvent[]): string[] => events.map((event) => event.type)
