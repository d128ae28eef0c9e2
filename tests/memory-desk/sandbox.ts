/** The sandbox of the memory desk: its API, tickets, files and agents in memory. */
import { sign } from '../../providers/kit/signature'
import {
  createDeliveryQueue,
  createSandboxServer,
  jsonBody,
  type Sandbox,
  type SandboxEntry,
  type SandboxFile,
  type SandboxOptions,
  type SandboxRequest,
  type SandboxResponse,
  type SandboxTicket,
} from '../../providers/kit/sandbox'

const TOKEN = 'memory-desk-token-1'
const SECRET = 'memory-desk-secret-1'
const MAX_TEXT_LENGTH = 200_000
/** Fields of its tickets, with the longest value of each. */
const FIELDS: Record<string, number> = { topic: 20, 'order number': 40 }

/** An entry of a ticket's log: what people did, in order. */
interface LogEntry {
  seq: number
  kind: 'message' | 'edited' | 'removed' | 'handed-back' | 'assigned' | 'closed' | 'reopened'
  id?: string
  version?: string
  agent?: { id: string; name: string }
}

type Ticket = SandboxTicket & { marks: Map<string, string>; unknown: string[]; log: LogEntry[] }

export interface MemorySandbox extends Sandbox {
  /** Channels aren't ready yet. */
  isSettingUp: boolean
  /** No agent is free: new tickets are refused. */
  isFull: boolean
  /** How often a channel was set up or asked about. */
  readonly channelCalls: number
}

export const createSandbox = ({ now }: SandboxOptions): MemorySandbox => {
  const tickets = new Map<string, Ticket>()
  const files = new Map<string, SandboxFile>()
  const fates = new Map<string, string>()
  const channels = new Map<string, { key: string; url: string }>()
  const agents = [
    { id: 'agent-ada', name: 'Ada Agent', email: 'ada@desk.example' },
    { id: 'agent-bob', name: 'Bob Agent', email: 'bob@desk.example' },
  ]
  let count = 0
  let seq = 0
  let channelCalls = 0
  const nextId = (kind: string) => `${kind}-${(count += 1)}`

  const signed: Sandbox['signed'] = (body, { secret = SECRET, at = now() } = {}) => {
    const [channel] = channels.values()
    const url = channel?.url ?? ''
    return {
      method: 'POST',
      path: '/memory-desk',
      query: '',
      ...(url === '' ? {} : { url }),
      headers: {
        'content-type': 'application/json',
        'x-timestamp': String(at),
        'x-signature': sign({ algorithm: 'sha256', encoding: 'hex', secret, message: `${at}.${url}.${body}` }),
      },
      body,
    }
  }
  // Each webhook is delivered once, whatever the answer.
  const deliveries = createDeliveryQueue({ retries: () => false })

  const get = (id: string): Ticket => {
    const ticket = tickets.get(id)
    if (!ticket || ticket.status === 'deleted') throw new Error(`No ticket ${id}`)
    return ticket
  }
  const ticketOfEntry = (entryId: string): Ticket => {
    const found = [...tickets.values()].find(({ entries }) => entries.some(({ id }) => id === entryId))
    if (!found) throw new Error(`No entry ${entryId}`)
    return found
  }
  const agentOf = (id: string | undefined) => {
    const agent = agents.find((candidate) => candidate.id === (id ?? 'agent-ada')) ?? agents[0]
    return { id: agent?.id ?? '', name: agent?.name ?? '' }
  }
  const shown = (ticket: Ticket, entry: LogEntry) => {
    const { text, files: attached = [] } = ticket.entries.find(({ id }) => id === entry.id) ?? {}
    const listed = [...files].filter(([, file]) => attached.includes(file))
    const isMessage = entry.kind === 'message' || entry.kind === 'edited'
    return {
      ...entry,
      ...(isMessage ? { text } : {}),
      ...(isMessage && listed.length > 0
        ? {
            files: listed.map(([id, { name, contentType, bytes }]) => ({
              id,
              name,
              type: contentType,
              size: bytes.length,
            })),
          }
        : {}),
    }
  }
  const happens = (ticket: Ticket, entry: Omit<LogEntry, 'seq'>): void => {
    const logged = { ...entry, seq: (seq += 1) }
    ticket.log.push(logged)
    const { conversationId: conversation } = ticket
    deliveries.push(signed(JSON.stringify({ ticket: ticket.id, conversation, ...shown(ticket, logged) })))
  }
  const add = (id: string, entry: Omit<SandboxEntry, 'id' | 'at'>): string => {
    const entryId = nextId('entry')
    get(id).entries.push({ ...entry, id: entryId, at: now() })
    return entryId
  }

  const create = (given: Record<string, unknown>): Ticket => {
    const id = nextId('ticket')
    const fields = (given['fields'] ?? {}) as Record<string, string>
    const isKnown = (name: string) => Object.hasOwn(FIELDS, name) && (fields[name] ?? '').length <= (FIELDS[name] ?? 0)
    const assignee = agents.find(({ id: agentId, email }) => [agentId, email].includes(String(given['assignee'])))
    const ticket: Ticket = {
      id,
      title: String(given['title']),
      status: 'open',
      customer: String(given['customer']),
      tags: [],
      entries: [],
      fields: Object.fromEntries(Object.entries(fields).filter(([name]) => isKnown(name))),
      unknown: [
        ...Object.keys(fields).filter((name) => !isKnown(name)),
        ...(given['assignee'] && !assignee ? [String(given['assignee'])] : []),
      ],
      marks: new Map(),
      log: [],
      ...(assignee ? { assignee: assignee.id } : {}),
      ...(given['conversation'] === undefined ? {} : { conversationId: String(given['conversation']) }),
    }
    tickets.set(id, ticket)
    add(id, { kind: 'customer', author: ticket.customer, text: String(given['text']) })
    return ticket
  }

  const view = ({ id, entries, marks, unknown }: Ticket) => ({
    id,
    entries: entries.map((entry) => ({ id: entry.id, mark: marks.get(entry.id) ?? null })),
    unknown,
  })

  /** What agents wrote after a place in the log, as it is now, and whether it is solved. */
  const logAfter = (ticket: Ticket, after: number) => {
    const removed = ticket.log.flatMap(({ kind, id = '' }) => (kind === 'removed' ? [id] : []))
    const isShown = ({ kind, id = '' }: LogEntry) =>
      ['message', 'edited', 'removed', 'handed-back'].includes(kind) && (kind === 'removed' || !removed.includes(id))
    const last = Math.max(0, ...ticket.log.filter(({ kind }) => kind !== 'reopened').map((entry) => entry.seq))
    const entries = ticket.log.filter((entry) => entry.seq > after && isShown(entry))
    return { status: ticket.status, last, entries: entries.map((entry) => shown(ticket, entry)), removed }
  }

  const content = (request: SandboxRequest, id: string): SandboxResponse => {
    const file = files.get(id)
    // The store knows no tokens of the API, and refuses them.
    if (!file || request.headers['authorization'] !== undefined) return { status: 403, body: { error: 'forbidden' } }
    return {
      status: 200,
      headers: {
        'content-type': file.contentType,
        'content-length': String(file.bytes.length),
        'content-disposition': `attachment; filename="${file.name}"`,
      },
      body: Buffer.from(file.bytes),
    }
  }

  const channel = (request: SandboxRequest, installation: string): SandboxResponse => {
    if (request.method === 'DELETE') {
      channels.delete(installation)
      return { status: 200, body: {} }
    }
    channelCalls += 1
    if (request.method === 'GET') {
      const known = channels.get(installation)
      return { status: 200, body: known ? { ...known, ready: !sandbox.isSettingUp } : null }
    }
    const { url } = jsonBody(request) as { url: string }
    const key = channels.get(installation)?.key ?? nextId('channel')
    channels.set(installation, { key, url })
    return { status: 200, body: { ready: !sandbox.isSettingUp, key, url } }
  }

  const handler = (request: SandboxRequest): SandboxResponse => {
    const [, root, id = '', action, entryId = '', detail] = request.path.split('/').map(decodeURIComponent)
    if (root === 'content') return content(request, id)
    if (request.headers['authorization'] !== `Bearer ${TOKEN}`) return { status: 401, body: { error: 'unauthorized' } }
    const body = (jsonBody(request) ?? {}) as Record<string, unknown>
    const notFound: SandboxResponse = { status: 404, body: { error: 'not found' } }
    if (root === 'me') return { status: 200, body: { name: 'Memory desk' } }
    if (root === 'channels') return channel(request, id)
    if (root === 'files') {
      if (!files.has(id)) return notFound
      return { status: 302, headers: { location: `https://files.memory-desk.example/content/${id}` } }
    }
    if (root !== 'tickets') return notFound
    if (request.method === 'GET' && id === '') {
      const wanted = request.query.get('conversation')
      return { status: 200, body: [...tickets.values()].filter((ticket) => ticket.conversationId === wanted).map(view) }
    }
    // Writing needs the channel that was set up.
    const isOurs = [...channels.values()].some(({ key }) => key === request.headers['x-channel'])
    if (request.method === 'POST' && !isOurs) return { status: 403, body: { error: 'no such channel' } }
    if (request.method === 'POST' && id === '') {
      if (!body['title'] || !body['conversation'])
        return { status: 422, body: { error: 'title and conversation are required' } }
      if (sandbox.isFull) return { status: 409, body: { error: 'no agent is free' } }
      return { status: 201, body: view(create(body)) }
    }
    const ticket = tickets.get(id)
    if (!ticket || ticket.status === 'deleted') return notFound
    if (request.method === 'GET' && action === 'log') {
      return { status: 200, body: logAfter(ticket, Number(request.query.get('after') ?? 0)) }
    }
    if (request.method === 'GET') return { status: 200, body: view(ticket) }
    if (action === 'solved') {
      if (ticket.status !== 'solved') {
        ticket.status = 'solved'
        happens(ticket, { kind: 'closed' })
      }
      return { status: 200, body: {} }
    }
    if (action === 'entries' && detail === 'fate') {
      fates.set(entryId, body['type'] === 'failed' ? `not delivered: ${String(body['why'])}` : 'delivered')
      return { status: 200, body: {} }
    }
    if (action === 'entries') {
      const text = String(body['text'] ?? '')
      const given = (body['files'] ?? []) as { name: string; type: string; data: string }[]
      if ((text === '' && given.length === 0) || text.length > MAX_TEXT_LENGTH)
        return { status: 422, body: { error: 'text' } }
      const attached = given.map(({ name, type, data }) => ({
        name,
        contentType: type,
        bytes: Buffer.from(data, 'base64'),
      }))
      const created = add(ticket.id, {
        kind: body['internal'] ? 'note' : 'customer',
        author: body['internal'] ? 'Bot' : ticket.customer,
        text,
        ...(attached.length > 0 ? { files: attached } : {}),
      })
      ticket.marks.set(created, String(body['mark']))
      return { status: 201, body: { id: created, mark: String(body['mark']) } }
    }
    return notFound
  }

  const reply: Sandbox['agentReplies'] = (ticketId, text, options) => {
    const agent = agentOf(options?.agentId)
    const attached = (options?.attachments ?? []).map(({ name, contentType, bytes }) => {
      const file = { name, contentType, bytes: bytes ?? Buffer.from(`the bytes of ${name}`) }
      files.set(nextId('file'), file)
      return file
    })
    const kind = 'agent' as const
    const id = add(ticketId, { kind, author: agent.name, text, ...(attached.length > 0 ? { files: attached } : {}) })
    happens(get(ticketId), { kind: 'message', id, agent })
    return id
  }

  const sandbox: MemorySandbox = {
    name: 'memory-desk',
    refusal: { status: 422, body: { error: 'text' } },
    config: { token: TOKEN, signingSecret: SECRET },
    origins: ['https://memory-desk.example', 'https://files.memory-desk.example'],
    agents,
    server: createSandboxServer(handler),
    deliveries,
    isSettingUp: false,
    isFull: false,
    get channelCalls() {
      return channelCalls
    },
    tickets: () =>
      [...tickets.values()].map(({ marks: _marks, log: _log, unknown: _unknown, ...ticket }) => ({ ...ticket })),
    agentReplies: reply,
    agentNotes: (ticketId, text, options) => {
      const agent = agentOf(options?.agentId)
      const id = add(ticketId, { kind: 'note', author: agent.name, text })
      if (text.trim() === '/bot') happens(get(ticketId), { kind: 'handed-back', id, agent })
    },
    agentEdits: (messageId, text) => {
      const ticket = ticketOfEntry(messageId)
      const entry = ticket.entries.find(({ id }) => id === messageId)
      const agent = agents.find(({ name }) => name === entry?.author)
      if (!entry) return
      entry.text = text
      happens(ticket, { kind: 'edited', id: messageId, version: String(seq + 1), agent: agentOf(agent?.id) })
    },
    deleteReply: (messageId) => {
      const ticket = ticketOfEntry(messageId)
      ticket.entries = ticket.entries.filter(({ id }) => id !== messageId)
      happens(ticket, { kind: 'removed', id: messageId })
    },
    fateOf: (messageId) => fates.get(messageId),
    assign: (ticketId, agentId) => {
      const ticket = get(ticketId)
      if (agentId === null) {
        delete ticket.assignee
        return
      }
      ticket.assignee = agentId
      happens(ticket, { kind: 'assigned', agent: agentOf(agentId) })
    },
    solve: (ticketId, options) => {
      if (options?.text) reply(ticketId, options.text, options)
      get(ticketId).status = 'solved'
      happens(get(ticketId), { kind: 'closed' })
    },
    reopen: (ticketId) => {
      get(ticketId).status = 'open'
      happens(get(ticketId), { kind: 'reopened' })
    },
    remove: (ticketId) => {
      const ticket = get(ticketId)
      happens(ticket, { kind: 'closed' })
      ticket.status = 'deleted'
    },
    foreignTicket: () => {
      const { id } = create({ title: 'By hand', customer: 'Somebody else', text: 'Not from the bot' })
      reply(id, 'An answer to somebody else')
      return id
    },
    signed,
  }
  return sandbox
}
