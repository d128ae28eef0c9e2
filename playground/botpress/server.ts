/** Serves the runtime on a socket, and to axios without one. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { AxiosError, type AxiosAdapter } from 'axios'

export interface RuntimeRequest {
  method: string
  path: string
  /** Without the question mark. */
  query: string
  /** Lower-case names. */
  headers: Record<string, string>
  body: string
}

export interface RuntimeReply {
  status: number
  headers?: Record<string, string>
  body?: string
}

/** A reply, or how the connection ends without one. */
export type RuntimeAnswer = RuntimeReply | { hangUp: 'disconnect' | 'timeout' }

type Handle = (request: RuntimeRequest) => Promise<RuntimeAnswer>

const MAX_BODY_BYTES = 10 * 1024 * 1024

export interface RuntimeServer {
  /** Undefined while the server doesn't listen. */
  readonly origin: string | undefined
  listen(port?: number): Promise<string>
  close(): Promise<void>
}

const _read = (incoming: IncomingMessage): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= MAX_BODY_BYTES) chunks.push(chunk)
    })
    incoming.on('error', reject)
    incoming.on('end', () => resolve(size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8')))
  })

const _respond = async (handle: Handle, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
  const body = await _read(incoming)
  if (body === undefined) {
    outgoing.writeHead(413).end()
    return
  }
  const url = new URL(incoming.url ?? '/', 'http://localhost')
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = String(value)
  const method = (incoming.method ?? 'GET').toUpperCase()
  const answer = await handle({ method, path: url.pathname, query: url.search.replace(/^\?/, ''), headers, body })
  if ('hangUp' in answer) {
    if (answer.hangUp === 'disconnect') outgoing.destroy()
    return
  }
  outgoing.writeHead(answer.status, _forwardable(answer.headers))
  outgoing.end(method === 'HEAD' ? undefined : answer.body)
}

/** Drops hop-by-hop headers and headers that describe the original body. */
const _forwardable = (headers: Record<string, string> = {}): Record<string, string> => {
  const dropped = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'content-encoding'])
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name.toLowerCase())))
}

export const createRuntimeServer = (handle: Handle): RuntimeServer => {
  let server: Server | undefined
  let origin: string | undefined
  return {
    get origin() {
      return origin
    },
    listen: async (port = 0) => {
      const listening = createServer((incoming, outgoing) => {
        _respond(handle, incoming, outgoing).catch(() => outgoing.destroy())
      })
      server = listening
      await new Promise<void>((resolve, reject) => {
        listening.once('error', reject)
        listening.listen(port, '127.0.0.1', resolve)
      })
      const address = listening.address()
      if (typeof address !== 'object' || address === null) throw new Error('The runtime has no address')
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

/** An axios adapter that calls the runtime without a socket. */
export const createTransport =
  (handle: Handle): AxiosAdapter =>
  async (config) => {
    const url = new URL(config.url ?? '/', config.baseURL ?? 'http://localhost')
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(config.headers)) headers[name.toLowerCase()] = String(value)
    const answer = await handle({
      method: (config.method ?? 'get').toUpperCase(),
      path: url.pathname,
      query: url.search.replace(/^\?/, ''),
      headers,
      body: typeof config.data === 'string' ? config.data : '',
    })
    if ('hangUp' in answer) {
      const code = answer.hangUp === 'timeout' ? AxiosError.ECONNABORTED : 'ECONNRESET'
      throw new AxiosError('No answer', code, config)
    }
    const response = {
      data: answer.body ?? '',
      status: answer.status,
      statusText: '',
      headers: answer.headers ?? {},
      config,
    }
    if (answer.status >= 200 && answer.status < 300) return response
    const code = answer.status >= 500 ? AxiosError.ERR_BAD_RESPONSE : AxiosError.ERR_BAD_REQUEST
    throw new AxiosError(`Request failed with status code ${answer.status}`, code, config, undefined, response)
  }
