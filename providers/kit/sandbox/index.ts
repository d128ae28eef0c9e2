/**
 * The base of all sandboxes: an HTTP server with injectable faults, and webhook deliveries. Not part of the deployed
 * bundle.
 */
import { createServer, type Server } from 'node:http'
import { Readable } from 'node:stream'
import { AxiosError, type AxiosAdapter } from 'axios'
import type { WebhookRequest } from '../../provider'
import type { DeliveryQueue } from './deliveries'

export * from './deliveries'
export * from './web'

export interface SandboxRequest {
  method: string
  path: string
  query: URLSearchParams
  headers: Record<string, string>
  body: Buffer
}

export interface SandboxResponse {
  status: number
  headers?: Record<string, string>
  /** An object is sent as JSON. */
  body?: unknown
}

export type SandboxHandler = (request: SandboxRequest) => SandboxResponse | Promise<SandboxResponse>

/**
 * A fault for future requests. With `effect: 'after'` the request takes effect and only its answer fails. The default
 * is `'before'`. `timeout` never answers.
 */
export interface Fault {
  kind: 'status' | 'timeout' | 'disconnect'
  /** For kind 'status'. */
  status?: number
  headers?: Record<string, string>
  body?: unknown
  effect?: 'before' | 'after'
  /** How many matching requests fail. The default is 1. */
  times?: number
  /** Which requests fail. The default is all. */
  matches?(request: SandboxRequest): boolean
}

/** An agent of the sandbox's workspace. */
export interface SandboxAgent {
  id: string
  name: string
  email: string
  pictureUrl?: string
}

/** A file in a ticket, as agents open it. */
export interface SandboxFile {
  name: string
  contentType: string
  bytes: Uint8Array
}

/** One entry of a ticket, as agents see it. */
export interface SandboxEntry {
  id: string
  /** `note`: visible to agents only. `system`: an automatic line. */
  kind: 'customer' | 'agent' | 'note' | 'system'
  author: string
  text: string
  at: number
  /** What is attached, where the desk attaches files. */
  files?: SandboxFile[]
}

/** A ticket of any desk. */
export interface SandboxTicket {
  /** The id that `openTicket` returns for it. */
  id: string
  title: string
  status: 'open' | 'solved' | 'closed' | 'deleted'
  customer: string
  assignee?: string
  /** The Botpress conversation id stored in the ticket. */
  conversationId?: string
  tags: string[]
  entries: SandboxEntry[]
  /** The desk's own fields that have a value, by the name or id that people use for them. */
  fields?: Record<string, string>
}

export interface SandboxOptions {
  /** Milliseconds since the epoch. */
  now(): number
}

/** A vendor's sandbox. Its methods are synchronous and send their webhooks through `deliveries`. */
export interface Sandbox {
  readonly name: string
  /** A configuration that works against this sandbox. */
  readonly config: Record<string, unknown>
  /** Other credentials of the same account, where the vendor has several kinds. */
  readonly otherConfig?: Record<string, unknown>
  /** The vendor's origins that this sandbox replaces ('https://slack.com'). */
  readonly origins: string[]
  readonly agents: SandboxAgent[]
  /** How the vendor refuses a message for its text. */
  readonly refusal: { status: number; body: unknown }
  readonly server: SandboxServer
  readonly deliveries: DeliveryQueue
  tickets(): SandboxTicket[]
  /** An agent replies to the customer. Returns the message's id, as in the webhook. */
  agentReplies(
    ticketId: string,
    text: string,
    options?: { agentId?: string; attachments?: { name: string; contentType: string; bytes?: Uint8Array }[] }
  ): string
  /** An agent edits their message. Absent if the desk doesn't support it. */
  agentEdits?(messageId: string, text: string): void
  /** An agent writes an internal note. */
  agentNotes(ticketId: string, text: string, options?: { agentId?: string }): void
  /** Assigns the ticket, or unassigns it for null. */
  assign(ticketId: string, agentId: string | null): void
  /** An agent solves the ticket, optionally with a last message in the same step. */
  solve(ticketId: string, options?: { agentId?: string; text?: string }): void
  reopen(ticketId: string): void
  remove(ticketId: string): void
  /**
   * The customer replies outside the bot, by e-mail or in the vendor's messenger. Absent if the desk has no such
   * channel.
   */
  customerReplies?(ticketId: string, text: string): void
  /** The vendor's bot or an automation replies. */
  botReplies?(ticketId: string, text: string): void
  /** Merges the ticket's contact into another one, whose id differs. Absent if the desk knows no contacts. */
  mergeContact?(ticketId: string): void
  /**
   * Merges the ticket into `intoId`, or into a new ticket that the router did not open. Returns the id of the ticket
   * that stays. Absent if the desk can't merge tickets.
   */
  mergeTicket?(ticketId: string, intoId?: string): string
  /** An agent leaves: their account stays readable as far as the vendor shows it, and acts no more. */
  removeAgent?(agentId: string): void
  /** An agent goes away or comes back, as colleagues see it. Absent if the desk doesn't show that. */
  setAvailable?(agentId: string, isAvailable: boolean): void
  /**
   * The vendor gives the place where the ticket lives another address, as a Slack channel gets another id when it is
   * shared. Webhooks and calls use the new one from now on.
   */
  changeAddress?(ticketId: string): void
  /** Converts the ticket into the desk's other kind, as Intercom converts a conversation to a ticket. */
  convertTicket?(ticketId: string): void
  /** An agent deletes a reply, or takes it back. */
  deleteReply?(messageId: string): void
  /** What the desk shows at an agent's message about its delivery. */
  fateOf?(messageId: string): string | undefined
  /** Creates a ticket that the router did not open, with an agent's reply. Returns its id. */
  foreignTicket(): string
  /** A request with this body, signed like the vendor's. `at`: milliseconds since the epoch. */
  signed(body: string, options?: { secret?: string; at?: number }): WebhookRequest
}

// ----------------------------------------------------------------------------------------------------------------
// server

export interface SandboxServer {
  /** All requests so far, in order. */
  readonly requests: SandboxRequest[]
  addFault(fault: Fault): void
  clearFaults(): void
  /** Listens on loopback, on a free port by default. Resolves to the origin. */
  listen(port?: number): Promise<string>
  /** Defined after `listen`. */
  readonly origin: string | undefined
  close(): Promise<void>
  /** Answers without a socket. `fault` stands for a missing answer. */
  handle(request: SandboxRequest): Promise<SandboxResponse | { fault: 'timeout' | 'disconnect' }>
  /** An axios adapter that calls `handle`. */
  readonly transport: AxiosAdapter
}

export const createSandboxServer = (handler: SandboxHandler): SandboxServer => {
  const requests: SandboxRequest[] = []
  let faults: (Fault & { remaining: number })[] = []
  let server: Server | undefined
  let origin: string | undefined

  const takeFault = (request: SandboxRequest): Fault | undefined => {
    const fault = faults.find((candidate) => candidate.remaining > 0 && (candidate.matches?.(request) ?? true))
    if (fault) fault.remaining -= 1
    faults = faults.filter((candidate) => candidate.remaining > 0)
    return fault
  }

  const handle = async (request: SandboxRequest): Promise<SandboxResponse | { fault: 'timeout' | 'disconnect' }> => {
    requests.push(request)
    const fault = takeFault(request)
    if (!fault) return handler(request)
    if (fault.effect === 'after') await handler(request)
    if (fault.kind === 'status') return { status: fault.status ?? 500, headers: fault.headers, body: fault.body }
    return { fault: fault.kind }
  }

  const transport: AxiosAdapter = async (config) => {
    const url = new URL((config.baseURL ?? '') + (config.url ?? ''))
    for (const [name, value] of Object.entries((config.params ?? {}) as Record<string, unknown>)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(config.headers)) headers[name.toLowerCase()] = String(value)
    const answer = await handle({
      method: (config.method ?? 'get').toUpperCase(),
      path: url.pathname,
      query: url.searchParams,
      headers,
      body: await _bodyOf(config.data),
    })
    if ('fault' in answer) {
      throw new AxiosError('no answer', answer.fault === 'timeout' ? 'ECONNABORTED' : 'ECONNRESET', config)
    }
    const { data, headers: responseHeaders } = _serialize(answer)
    const content = config.responseType === 'stream' ? Readable.from(_chunksOf(data)) : data.toString('utf8')
    return { data: content, status: answer.status, statusText: '', headers: responseHeaders, config }
  }

  return {
    requests,
    transport,
    handle,
    addFault: (fault) => faults.push({ ...fault, remaining: fault.times ?? 1 }),
    clearFaults: () => {
      faults = []
    },
    get origin() {
      return origin
    },
    listen: async (port = 0) => {
      server = createServer((incoming, outgoing) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () => {
          const url = new URL(incoming.url ?? '/', 'http://localhost')
          const headers: Record<string, string> = {}
          for (const [name, value] of Object.entries(incoming.headers)) headers[name] = String(value)
          void handle({
            method: incoming.method ?? 'GET',
            path: url.pathname,
            query: url.searchParams,
            headers,
            body: Buffer.concat(chunks),
          }).then(
            (answer) => {
              if ('fault' in answer) {
                if (answer.fault === 'disconnect') outgoing.destroy()
                return
              }
              const { data, headers: responseHeaders } = _serialize(answer)
              outgoing.writeHead(answer.status, responseHeaders)
              outgoing.end(incoming.method === 'HEAD' ? undefined : data)
            },
            (error: unknown) => {
              outgoing.writeHead(500, { 'content-type': 'text/plain' })
              outgoing.end(`sandbox: ${error instanceof Error ? error.stack : String(error)}`)
            }
          )
        })
      })
      const listening = server
      await new Promise<void>((resolve, reject) => {
        listening.once('error', reject)
        listening.listen(port, '127.0.0.1', resolve)
      })
      const address = listening.address()
      if (typeof address !== 'object' || address === null) throw new Error('The sandbox has no address')
      origin = `http://127.0.0.1:${address.port}`
      return origin
    },
    close: async () => {
      const closing = server
      server = undefined
      if (!closing) return
      closing.closeAllConnections()
      await new Promise<void>((resolve) => {
        closing.close(() => resolve())
      })
    },
  }
}

/** A stream is read to its end, as a server does. It rejects where the stream breaks. */
const _bodyOf = async (data: unknown): Promise<Buffer> => {
  if (typeof data === 'string' || data instanceof Uint8Array) return Buffer.from(data as Uint8Array)
  if (typeof data !== 'object' || data === null) return Buffer.alloc(0)
  const chunks: Uint8Array[] = []
  for await (const chunk of data as AsyncIterable<Uint8Array>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function* _chunksOf(data: Buffer): Generator<Buffer> {
  for (let at = 0; at < data.length; at += 65_536) yield data.subarray(at, at + 65_536)
}

const _serialize = (response: SandboxResponse): { data: Buffer; headers: Record<string, string> } => {
  if (response.body === undefined) return { data: Buffer.alloc(0), headers: response.headers ?? {} }
  if (Buffer.isBuffer(response.body)) return { data: response.body, headers: response.headers ?? {} }
  if (typeof response.body === 'string') {
    return {
      data: Buffer.from(response.body),
      headers: { 'content-type': 'text/plain; charset=utf-8', ...response.headers },
    }
  }
  return {
    data: Buffer.from(JSON.stringify(response.body)),
    headers: { 'content-type': 'application/json; charset=utf-8', ...response.headers },
  }
}

/** The body as JSON. Undefined if it isn't valid JSON. */
export const jsonBody = (request: SandboxRequest): unknown => {
  try {
    return JSON.parse(request.body.toString('utf8'))
  } catch {
    return undefined
  }
}
