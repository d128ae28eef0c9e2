/**
 * What every vendor's sandbox is made of: a small stateful HTTP server with faults that can be switched on, and (in a room of their own) webhook
 * deliveries. Never part of the deployed bundle.
 */
import { createServer, type Server } from 'node:http'
import { AxiosError, type AxiosAdapter } from 'axios'
import type { WebhookRequest } from '../../provider'
import type { DeliveryQueue } from './deliveries'

export * from './deliveries'

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
 * A fault for requests to come. `effect: 'after'` lets the request work and spoils only its answer; `'before'` (usual) does nothing but fail.
 * `timeout` gives no answer at all until the caller hangs up.
 */
export interface Fault {
  kind: 'status' | 'timeout' | 'disconnect'
  /** For kind 'status'. */
  status?: number
  headers?: Record<string, string>
  body?: unknown
  effect?: 'before' | 'after'
  /** How many matching requests it hits; 1 unless told. */
  times?: number
  /** Which requests: all unless told. */
  matches?(request: SandboxRequest): boolean
}

/** An agent of the sandbox's workspace. */
export interface SandboxAgent {
  id: string
  name: string
  email: string
  pictureUrl?: string
}

/** One entry of a ticket as its people see it. */
export interface SandboxEntry {
  id: string
  /** `note`: agents see it, the customer does not. `system`: an automatic line. */
  kind: 'customer' | 'agent' | 'note' | 'system'
  author: string
  text: string
  at: number
}

/** A ticket in terms that all desks share. */
export interface SandboxTicket {
  /** The id that `openTicket` returns for it. */
  id: string
  title: string
  status: 'open' | 'solved' | 'closed' | 'deleted'
  customer: string
  assignee?: string
  /** Our conversation id, as the ticket carries it. */
  conversationId?: string
  tags: string[]
  entries: SandboxEntry[]
}

export interface SandboxOptions {
  /** Milliseconds since the epoch. */
  now(): number
}

/** The vendor's other half. The moves are synchronous; their webhooks go out through `deliveries`. */
export interface Sandbox {
  readonly name: string
  /** A configuration that works against this sandbox. */
  readonly config: Record<string, unknown>
  /** The origins of the real vendor that this sandbox stands in for ('https://slack.com'). */
  readonly origins: string[]
  readonly agents: SandboxAgent[]
  readonly server: SandboxServer
  readonly deliveries: DeliveryQueue
  tickets(): SandboxTicket[]
  /** An agent answers the customer. Returns the message's id as the webhook names it. `attachments`: name and URL. */
  agentReplies(
    ticketId: string,
    text: string,
    options?: { agentId?: string; attachments?: { name: string; contentType: string }[] }
  ): string
  /** An agent changes what he has written. Absent where a desk has no such way. */
  agentEdits?(messageId: string, text: string): void
  /** An agent writes what only agents may see. */
  agentNotes(ticketId: string, text: string, options?: { agentId?: string }): void
  /** Assigns; null un-assigns. */
  assign(ticketId: string, agentId: string | null): void
  /** An agent solves the ticket, optionally with a last answer in the same move. */
  solve(ticketId: string, options?: { agentId?: string; text?: string }): void
  reopen(ticketId: string): void
  remove(ticketId: string): void
  /** The customer answers outside the bot (by mail, in the vendor's messenger). Absent where a desk has no such way. */
  customerReplies?(ticketId: string, text: string): void
  /** The vendor's own bot or an automation answers. */
  botReplies?(ticketId: string, text: string): void
  /** A ticket that the router did not open, with an agent's answer in it. Returns its id. */
  foreignTicket(): string
  /** Signs a body the way the vendor does, for hand-made deliveries. `at` in milliseconds. */
  signed(body: string, options?: { secret?: string; at?: number }): WebhookRequest
}

// ---------------------------------------------------------------------------------------------------------------- server

export interface SandboxServer {
  /** Everything asked so far, in order. */
  readonly requests: SandboxRequest[]
  addFault(fault: Fault): void
  clearFaults(): void
  /** Starts listening on loopback; a free port unless given. Resolves to the origin. */
  listen(port?: number): Promise<string>
  /** The origin after `listen`. */
  readonly origin: string | undefined
  close(): Promise<void>
  /** Answers without a socket. `undefined` is a hang-up or a time-out, as `fault` says. */
  handle(request: SandboxRequest): Promise<SandboxResponse | { fault: 'timeout' | 'disconnect' }>
  /** An axios adapter that calls `handle`. */
  readonly transport: AxiosAdapter
}

export const createSandboxServer = (handler: SandboxHandler): SandboxServer => {
  const requests: SandboxRequest[] = []
  let faults: (Fault & { left: number })[] = []
  let server: Server | undefined
  let origin: string | undefined

  const takeFault = (request: SandboxRequest): Fault | undefined => {
    const fault = faults.find((candidate) => candidate.left > 0 && (candidate.matches?.(request) ?? true))
    if (fault) fault.left -= 1
    faults = faults.filter((candidate) => candidate.left > 0)
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
      body: Buffer.from((config.data as string | Uint8Array | undefined) ?? ''),
    })
    if ('fault' in answer) {
      throw new AxiosError('no answer', answer.fault === 'timeout' ? 'ECONNABORTED' : 'ECONNRESET', config)
    }
    const { data, headers: responseHeaders } = _serialize(answer)
    return { data: data.toString('utf8'), status: answer.status, statusText: '', headers: responseHeaders, config }
  }

  return {
    requests,
    transport,
    handle,
    addFault: (fault) => faults.push({ ...fault, left: fault.times ?? 1 }),
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

/** The body as JSON, or undefined when it is not. */
export const jsonBody = (request: SandboxRequest): unknown => {
  try {
    return JSON.parse(request.body.toString('utf8'))
  } catch {
    return undefined
  }
}
