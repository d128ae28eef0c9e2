/** What the tests of this folder start from. Never part of the deployed bundle. */
import { isProviderError, type ProviderError } from '../errors'
import type { SandboxRequest } from '../kit/sandbox'
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

/** A listening sandbox, a driver that talks to it, and what the sandbox's webhooks mean. Closed by `closeAll`. */
export const setUp = async (config: Record<string, unknown> = {}) => {
  const clock = createTestClock()
  const sandbox = createSandbox({ now: clock.now })
  open.push(sandbox)
  await sandbox.server.listen()
  sandbox.deliveries.mode = 'held'
  const log = recordLog()
  const tools = createTestTools({ clock, log, sandboxes: [sandbox], timeoutMs: 400 })
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
    log,
    driver,
    /** Another driver at the same workspace, whose requests go through `transport`. */
    connect: (transport: Tools['transport']) => slack.connect(parsed, { ...tools, transport }),
    openTicket: async (more: Partial<TicketRequest> = {}): Promise<Ticket> => {
      const request = ticketRequest(more)
      const { id } = await driver.openTicket(request)
      sandbox.deliveries.waiting.length = 0
      return { id, conversationId: request.conversationId }
    },
    /** The webhooks that are waiting, delivered and parsed. */
    deliver: async (): Promise<{ events: SessionEvent[]; ignored: string[]; requests: WebhookRequest[] }> => {
      await sandbox.deliveries.flush()
      const requests = received.splice(0)
      const meanings = requests.map((request) => driver.parseWebhook(request))
      return {
        requests,
        events: meanings.flatMap(({ events }) => events),
        ignored: meanings.flatMap(({ ignored }) => ignored ?? []),
      }
    },
    /** The bodies of one method's calls so far. */
    calls: (method: string): Record<string, unknown>[] =>
      sandbox.server.requests
        .filter(({ path }) => path === `/api/${method}`)
        .map(({ body, query }) =>
          body.length > 0 ? (JSON.parse(body.toString('utf8')) as Record<string, unknown>) : Object.fromEntries(query)
        ),
    shown: (ticket: Ticket) => {
      const found = sandbox.tickets().find(({ id }) => id === ticket.id)
      if (!found) throw new Error(`The sandbox has no ticket ${ticket.id}`)
      return found
    },
  }
}

const open: SlackSandbox[] = []

export const closeAll = async (): Promise<void> => {
  await Promise.all(open.splice(0).map((sandbox) => sandbox.server.close()))
}

export const failure = async (call: Promise<unknown>): Promise<ProviderError> => {
  const error: unknown = await call.catch((thrown: unknown) => thrown)
  if (!isProviderError(error)) throw new Error(`Expected a ProviderError, got ${String(error)}`)
  return error
}

export const isPost = ({ path }: SandboxRequest): boolean => path === '/api/chat.postMessage'

/** A refusal as Slack words it, for `addFault`. */
export const says = (word: string) => ({ kind: 'status' as const, status: 200, body: { ok: false, error: word } })
