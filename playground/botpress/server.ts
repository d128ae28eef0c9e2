/** Serves the runtime on a socket, and to axios without one. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { AxiosError, type AxiosAdapter } from 'axios'

/** Where the bytes of uploads arrive: the only bodies that aren't texts. */
export const UPLOAD_ROOT = '/upload/'

export interface RuntimeRequest {
  method: string
  path: string
  /** Without the question mark. */
  query: string
  /** Lower-case names. */
  headers: Record<string, string>
  body: string
  /** The body as it came, where it is a file's. */
  bytes?: Uint8Array
}

export interface RuntimeReply {
  status: number
  headers?: Record<string, string>
  body?: string
  /** In place of a body: a file's. */
  bytes?: Uint8Array
}

/** A reply, or how the connection ends without one. */
export type RuntimeAnswer = RuntimeReply | { hangUp: 'disconnect' | 'timeout' }

type Handle = (request: RuntimeRequest) => Promise<RuntimeAnswer>

const MAX_BODY_BYTES = 10 * 1024 * 1024
const MAX_FILE_BYTES = 128 * 1024 * 1024

export interface RuntimeServer {
  /** Undefined while the server doesn't listen. */
  readonly origin: string | undefined
  listen(port?: number): Promise<string>
  close(): Promise<void>
}

const _read = (incoming: IncomingMessage, limit: number): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) chunks.push(chunk)
    })
    incoming.on('error', reject)
    incoming.on('end', () => resolve(size > limit ? undefined : Buffer.concat(chunks)))
  })

const _respond = async (handle: Handle, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
  const url = new URL(incoming.url ?? '/', 'http://localhost')
  const isFile = url.pathname.startsWith(UPLOAD_ROOT)
  const bytes = await _read(incoming, isFile ? MAX_FILE_BYTES : MAX_BODY_BYTES)
  if (bytes === undefined) {
    outgoing.writeHead(413).end()
    return
  }
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = String(value)
  const method = (incoming.method ?? 'GET').toUpperCase()
  const query = url.search.replace(/^\?/, '')
  const content = isFile ? { body: '', bytes } : { body: bytes.toString('utf8') }
  const answer = await handle({ method, path: url.pathname, query, headers, ...content })
  if ('hangUp' in answer) {
    if (answer.hangUp === 'disconnect') outgoing.destroy()
    return
  }
  outgoing.writeHead(answer.status, _forwardable(answer.headers))
  outgoing.end(method === 'HEAD' ? undefined : (answer.bytes ?? answer.body))
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

/** A stream is read to its end, as a server does. It rejects where the stream breaks. */
const _bytesOf = async (data: unknown): Promise<Uint8Array> => {
  if (data instanceof Uint8Array || typeof data === 'string') return Buffer.from(data as Uint8Array)
  const chunks: Uint8Array[] = []
  for await (const chunk of data as AsyncIterable<Uint8Array>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** An axios adapter that calls the runtime without a socket. */
export const createTransport =
  (handle: Handle): AxiosAdapter =>
  async (config) => {
    const url = new URL(config.url ?? '/', config.baseURL ?? 'http://localhost')
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(config.headers)) headers[name.toLowerCase()] = String(value)
    const isFile = url.pathname.startsWith(UPLOAD_ROOT)
    const answer = await handle({
      method: (config.method ?? 'get').toUpperCase(),
      path: url.pathname,
      query: url.search.replace(/^\?/, ''),
      headers,
      body: typeof config.data === 'string' ? config.data : '',
      ...(isFile ? { bytes: await _bytesOf(config.data) } : {}),
    })
    if ('hangUp' in answer) {
      const code = answer.hangUp === 'timeout' ? AxiosError.ECONNABORTED : 'ECONNRESET'
      throw new AxiosError('No answer', code, config)
    }
    const response = {
      data: answer.bytes ?? answer.body ?? '',
      status: answer.status,
      statusText: '',
      headers: answer.headers ?? {},
      config,
    }
    if (config.validateStatus?.(answer.status) ?? true) return response
    const code = answer.status >= 500 ? AxiosError.ERR_BAD_RESPONSE : AxiosError.ERR_BAD_REQUEST
    throw new AxiosError(`Request failed with status code ${answer.status}`, code, config, undefined, response)
  }
