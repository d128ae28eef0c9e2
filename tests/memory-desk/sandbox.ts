/** The sandbox of the memory desk: its API, tickets and agents in memory. */
import { sign } from '../../providers/kit/signature'
import {
  createDeliveryQueue,
  createSandboxServer,
  jsonBody,
  type Sandbox,
  type SandboxEntry,
  type SandboxOptions,
  type SandboxRequest,
  type SandboxResponse,
  type SandboxTicket,
} from '../../providers/kit/sandbox'

const TOKEN = 'memory-desk-token-1'
const SECRET = 'memory-desk-secret-1'
const MAX_TEXT_LENGTH = 200_000

export const createSandbox = ({ now }: SandboxOptions): Sandbox => {
  const tickets = new Map<string, SandboxTicket & { marks: Map<string, string> }>()
  const agents = [
    { id: 'agent-ada', name: 'Ada Agent', email: 'ada@desk.example' },
    { id: 'agent-bob', name: 'Bob Agent', email: 'bob@desk.example' },
  ]
  let count = 0
  const nextId = (kind: string) => `${kind}-${(count += 1)}`

  const signed: Sandbox['signed'] = (body, { secret = SECRET, at = now() } = {}) => ({
    method: 'POST',
    path: '/memory-desk',
    query: '',
    headers: {
      'content-type': 'application/json',
      'x-timestamp': String(at),
      'x-signature': sign({ algorithm: 'sha256', encoding: 'hex', secret, message: `${at}.${body}` }),
    },
    body,
  })
  const deliveries = createDeliveryQueue({
    retries: (reply, attempt) => attempt <= 3 && (!reply || reply.status >= 500),
  })
  const notify = (ticketId: string, more: Record<string, unknown>) => {
    const conversation = tickets.get(ticketId)?.conversationId
    deliveries.push(signed(JSON.stringify({ ticket: ticketId, conversation, ...more })))
  }

  const get = (id: string) => {
    const ticket = tickets.get(id)
    if (!ticket || ticket.status === 'deleted') throw new Error(`No ticket ${id}`)
    return ticket
  }
  const agentOf = (id: string | undefined) => agents.find((agent) => agent.id === (id ?? 'agent-ada')) ?? agents[0]
  const add = (id: string, kind: SandboxEntry['kind'], author: string, text: string): string => {
    const entryId = nextId('entry')
    get(id).entries.push({ id: entryId, kind, author, text, at: now() })
    return entryId
  }

  const create = (conversation: string | undefined, title: string, customer: string, text: string) => {
    const id = nextId('ticket')
    tickets.set(id, {
      id,
      title,
      status: 'open',
      customer,
      tags: [],
      entries: [],
      marks: new Map(),
      ...(conversation === undefined ? {} : { conversationId: conversation }),
    })
    add(id, 'customer', customer, text)
    return id
  }

  const view = (ticket: SandboxTicket & { marks: Map<string, string> }) => ({
    id: ticket.id,
    entries: ticket.entries.map(({ id }) => ({ id, mark: ticket.marks.get(id) ?? null })),
  })

  const handler = (request: SandboxRequest): SandboxResponse => {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, body: { error: 'unauthorized' } }
    const [, root, id = '', action] = request.path.split('/')
    const body = (jsonBody(request) ?? {}) as Record<string, string | boolean | undefined>
    if (root === 'me') return { status: 200, body: { name: 'Memory desk' } }
    if (root !== 'tickets') return { status: 404, body: { error: 'not found' } }
    if (request.method === 'GET' && id === '') {
      const wanted = request.query.get('conversation')
      return { status: 200, body: [...tickets.values()].filter((ticket) => ticket.conversationId === wanted).map(view) }
    }
    if (request.method === 'POST' && id === '') {
      if (!body.title || !body.conversation)
        return { status: 422, body: { error: 'title and conversation are required' } }
      const created = create(String(body.conversation), String(body.title), String(body.customer), String(body.text))
      return { status: 201, body: view(get(created)) }
    }
    const ticket = tickets.get(decodeURIComponent(id))
    if (!ticket || ticket.status === 'deleted') return { status: 404, body: { error: 'not found' } }
    if (request.method === 'GET') return { status: 200, body: view(ticket) }
    if (action === 'solved') {
      if (ticket.status !== 'solved') notify(ticket.id, { kind: 'closed' })
      ticket.status = 'solved'
      return { status: 200, body: {} }
    }
    if (action === 'entries') {
      const text = String(body.text ?? '')
      if (text === '' || text.length > MAX_TEXT_LENGTH) return { status: 422, body: { error: 'text' } }
      const entryId = add(ticket.id, body.internal ? 'note' : 'customer', body.internal ? 'Bot' : ticket.customer, text)
      ticket.marks.set(entryId, String(body.mark))
      return { status: 201, body: { id: entryId, mark: String(body.mark) } }
    }
    return { status: 404, body: { error: 'not found' } }
  }

  const server = createSandboxServer(handler)
  const reply: Sandbox['agentReplies'] = (ticketId, text, options) => {
    const agent = agentOf(options?.agentId)
    const id = add(ticketId, 'agent', agent?.name ?? '', text)
    notify(ticketId, { kind: 'message', id, text, agent: { id: agent?.id, name: agent?.name } })
    return id
  }

  return {
    name: 'memory-desk',
    refusal: { status: 422, body: { error: 'text' } },
    config: { token: TOKEN, signingSecret: SECRET },
    origins: ['https://memory-desk.example'],
    agents,
    server,
    deliveries,
    tickets: () => [...tickets.values()].map(({ marks: _marks, ...ticket }) => ({ ...ticket })),
    agentReplies: reply,
    agentNotes: (ticketId, text, options) => {
      add(ticketId, 'note', agentOf(options?.agentId)?.name ?? '', text)
    },
    assign: (ticketId, agentId) => {
      const ticket = get(ticketId)
      if (agentId === null) {
        delete ticket.assignee
        return
      }
      const agent = agentOf(agentId)
      ticket.assignee = agentId
      notify(ticketId, { kind: 'assigned', agent: { id: agent?.id, name: agent?.name } })
    },
    solve: (ticketId, options) => {
      if (options?.text) reply(ticketId, options.text, options)
      get(ticketId).status = 'solved'
      notify(ticketId, { kind: 'closed' })
    },
    reopen: (ticketId) => {
      get(ticketId).status = 'open'
      notify(ticketId, { kind: 'reopened' })
    },
    remove: (ticketId) => {
      get(ticketId).status = 'deleted'
      notify(ticketId, { kind: 'closed' })
    },
    foreignTicket: () => {
      const id = create(undefined, 'By hand', 'Somebody else', 'Not from the bot')
      reply(id, 'An answer to somebody else')
      return id
    },
    signed,
  }
}
