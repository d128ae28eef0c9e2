/** What the tests of this desk share: a sandbox that listens, a driver at it, and shorthands. */
import { afterEach } from 'vitest'
import { createTestClock, createTestTools, recordLog } from '../conformance/tools'
import type { Fault } from '../kit/sandbox'
import type { Customer, OutboundMessage, SessionEvent, Ticket, TicketRequest } from '../provider'
import { createIntercomApi } from './api'
import { createDesk, remember } from './desk'
import { intercom } from '.'
import { createSandbox } from './sandbox'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

export const EVE: Customer = { id: 'user_eve', name: 'Eve Customer', email: 'eve@customer.example' }

export const setUp = async (config: Record<string, unknown> = {}) => {
  const clock = createTestClock()
  const sandbox = createSandbox({ now: clock.now })
  await sandbox.server.listen()
  open.push(sandbox.server)
  sandbox.deliveries.mode = 'held'
  const log = recordLog()
  const tools = createTestTools({ clock, log, sandboxes: [sandbox], timeoutMs: 500 })
  const parsedConfig = intercom.config.parse({ ...sandbox.config, ...config })
  const connect = () => intercom.connect(parsedConfig, tools)
  const asked = () => sandbox.server.requests.map((request) => `${request.method} ${request.path}`)
  return { clock, sandbox, log, tools, config: parsedConfig, connect, driver: connect(), asked }
}

export type Setting = Awaited<ReturnType<typeof setUp>>

/** A driver on an instance that remembers nothing of what was posted. */
export const coldInstance = (setting: Setting) => {
  const desk = createDesk(createIntercomApi(setting.config, setting.tools), setting.tools, undefined)
  for (let count = 0; count < 2_000; count += 1) remember(desk, `elsewhere ${count}`, 'another message')
  return setting.connect()
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

export const openOne = async (setting: Setting, more: Partial<TicketRequest> = {}) => {
  const contactId = await setting.driver.ensureContact?.(EVE)
  const opened = await setting.driver.openTicket(requestOf({ customer: { ...EVE, contactId }, ...more }))
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

export const shown = (setting: Setting, ticket: Ticket) => {
  const found = setting.sandbox.tickets().find((candidate) => candidate.id === ticket.id)
  if (!found) throw new Error('no such ticket')
  return found
}

export const fault = (path: RegExp, more: Partial<Fault> = {}): Fault => ({
  kind: 'status',
  status: 502,
  matches: (request) => path.test(`${request.method} ${request.path}`),
  ...more,
})

/** What a notification with these parts means. */
export const parsed = (setting: Setting, topic: string, parts: unknown[], item: Record<string, unknown> = {}) => {
  const body = JSON.stringify({
    type: 'notification_event',
    app_id: 'sbx1nter',
    topic,
    created_at: Math.floor(setting.clock.now() / 1_000),
    data: { item: { type: 'conversation', id: '77', conversation_parts: { conversation_parts: parts }, ...item } },
  })
  return setting.driver.parseWebhook(setting.sandbox.signed(body))
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

export const types = (events: SessionEvent[]): string[] => events.map((event) => event.type)
