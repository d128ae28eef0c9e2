/** Shared set-up of this folder's tests. Never part of the deployed bundle. */
import { isProviderError, type ProviderError } from '../errors'
import type { SandboxRequest } from '../kit/sandbox'
import { createSandboxWeb } from '../kit/sandbox/web'
import { createTestClock, createTestTools, recordLog } from '../conformance/tools'
import type { Customer, OutboundMessage, SessionEvent, Ticket, TicketRequest, WebhookRequest } from '../provider'
import type { Tools } from '../kit/tools'
import { slack } from '.'
import { createSandbox, type SlackSandbox } from './sandbox'

export const EVE: Customer = { id: 'user_eve', name: 'Eve Customer', email: 'eve@customer.example' }

export const ticketRequest = (more: Partial<TicketRequest> = {}): TicketRequest => ({
  conversationId: 'conv_01',
  botId: 'bot-1',
  title: 'Late parcel',
  description: 'Nothing came',
  customer: EVE,
  transcript: [{ author: 'customer', name: EVE.name, parts: [{ type: 'text', text: 'Where is it?' }] }],
  options: {},
  mayExist: false,
  ...more,
})

export const fromCustomer = (text: string, more: Partial<OutboundMessage> = {}): OutboundMessage => ({
  id: 'msg_01',
  author: { type: 'customer', customer: EVE },
  parts: [{ type: 'text', text }],
  mayExist: false,
  ...more,
})

/** Starts a sandbox and connects a driver to it. `closeAll` stops the sandbox. */
export const setUp = async (config: Record<string, unknown> = {}) => {
  const clock = createTestClock()
  const sandbox = createSandbox({ now: clock.now })
  openSandboxes.push(sandbox)
  await sandbox.server.listen()
  sandbox.deliveries.mode = 'held'
  const log = recordLog()
  const web = createSandboxWeb()
  const tools = createTestTools({ clock, log, sandboxes: [sandbox], timeoutMs: 400, web: web.web })
  const parsed = slack.config.parse({ ...sandbox.config, ...config })
  const driver = slack.connect(parsed, tools)
  const received: WebhookRequest[] = []
  sandbox.deliveries.connect((request) => {
    received.push(request)
    return Promise.resolve({ status: 200 })
  })
  return {
    clock,
    sandbox,
    web,
    log,
    driver,
    /** Connects a second driver to the same workspace, with requests through `transport`. */
    connect: (transport: Tools['transport']) => slack.connect(parsed, { ...tools, transport }),
    openTicket: async (more: Partial<TicketRequest> = {}): Promise<Ticket> => {
      const request = ticketRequest(more)
      const { id } = await driver.openTicket(request)
      sandbox.deliveries.waiting.length = 0
      return { id, conversationId: request.conversationId }
    },
    /** Delivers the waiting webhooks and parses them. */
    deliver: async (): Promise<{ events: SessionEvent[]; ignored: string[]; requests: WebhookRequest[] }> => {
      await sandbox.deliveries.flush()
      const requests = received.splice(0)
      const parsedWebhooks = requests.map((request) => driver.parseWebhook(request))
      return {
        requests,
        events: parsedWebhooks.flatMap(({ events }) => events),
        ignored: parsedWebhooks.flatMap(({ ignored }) => ignored ?? []),
      }
    },
    /** The arguments of all calls of a Web API method so far. */
    calls: (method: string): Record<string, unknown>[] =>
      sandbox.server.requests
        .filter(({ path }) => path === `/api/${method}`)
        .map(({ body, query }) =>
          body.length > 0 ? (JSON.parse(body.toString('utf8')) as Record<string, unknown>) : Object.fromEntries(query)
        ),
    /** The ticket as the sandbox shows it. */
    ticketAt: (ticket: Ticket) => {
      const found = sandbox.tickets().find(({ id }) => id === ticket.id)
      if (!found) throw new Error(`The sandbox has no ticket ${ticket.id}`)
      return found
    },
  }
}

const openSandboxes: SlackSandbox[] = []

export const closeAll = async (): Promise<void> => {
  await Promise.all(openSandboxes.splice(0).map((sandbox) => sandbox.server.close()))
}

/** The `ProviderError` with which a call fails. */
export const errorOf = async (call: Promise<unknown>): Promise<ProviderError> => {
  const error: unknown = await call.catch((thrown: unknown) => thrown)
  if (!isProviderError(error)) throw new Error(`Expected a ProviderError, got ${String(error)}`)
  return error
}

export const isPost = ({ path }: SandboxRequest): boolean => path === '/api/chat.postMessage'

/** A refusal in Slack's format, for `addFault`. */
export const refusal = (error: string) => ({ kind: 'status' as const, status: 200, body: { ok: false, error } })
