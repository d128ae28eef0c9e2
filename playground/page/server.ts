/** Serves the page and its API on the loopback interface. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Api } from './api'
import { Refusal } from './refusal'

export interface PageServer {
  origin: string
  close(): Promise<void>
}

const MAX_BODY_BYTES = 64 * 1024
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i

/** Static files by path. */
const FILES: Record<string, { file: string; type: string }> = {
  '/': { file: 'page/index.html', type: 'text/html' },
  '/style.css': { file: 'page/style.css', type: 'text/css' },
  '/parts.css': { file: 'page/parts.css', type: 'text/css' },
  '/app.js': { file: 'page/app.js', type: 'text/javascript' },
  '/customer.js': { file: 'page/customer.js', type: 'text/javascript' },
  '/desks.js': { file: 'page/desks.js', type: 'text/javascript' },
  '/dom.js': { file: 'page/dom.js', type: 'text/javascript' },
  '/icon.svg': { file: '../icon.svg', type: 'image/svg+xml' },
}

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}

export const servePage = async (api: Api, port = 0): Promise<PageServer> => {
  const server = createServer((request, response) => {
    _answer(api, request, response).catch((error: unknown) => _refuse(response, error))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The page has no address')
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

const _answer = async (api: Api, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  _checkHost(request)
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const method = request.method ?? 'GET'
  if (pathname.startsWith('/api/')) {
    const body = method === 'POST' ? await _body(request) : undefined
    _sendJson(response, 200, await api({ method, path: pathname, query: searchParams, body }))
    return
  }
  const served = Object.hasOwn(FILES, pathname) ? FILES[pathname] : undefined
  if (!served) throw new Refusal(404, 'Unknown path')
  if (method !== 'GET' && method !== 'HEAD') throw new Refusal(405, 'Use GET', { allow: 'GET, HEAD' })
  const content = await readFile(join(import.meta.dirname, '..', served.file))
  response.writeHead(200, { ...HEADERS, 'content-type': `${served.type}; charset=utf-8` })
  response.end(method === 'HEAD' ? undefined : content)
}

/** Refuses requests of other sites: a foreign host name (DNS rebinding) or a foreign origin (cross-site posts). */
const _checkHost = ({ headers: { host = '', origin } }: IncomingMessage): void => {
  if (!LOOPBACK.test(host)) throw new Refusal(403, 'This server only accepts requests from its own machine')
  if (origin !== undefined && origin !== `http://${host}`)
    throw new Refusal(403, 'This server only accepts requests from its own page')
}

const _body = async (request: IncomingMessage): Promise<unknown> => {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'The content type must be application/json')
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES)
      throw new Refusal(413, `The body is larger than ${MAX_BODY_BYTES} bytes`, { connection: 'close' })
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
  } catch {
    throw new Refusal(400, "The body isn't valid JSON")
  }
}

const _sendJson = (response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}) => {
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json; charset=utf-8', ...headers })
  response.end(JSON.stringify(value))
}

const _refuse = (response: ServerResponse, error: unknown): void => {
  const [status, headers] = error instanceof Refusal ? [error.status, error.headers] : [500, {}]
  if (response.headersSent) response.destroy()
  else _sendJson(response, status, { error: error instanceof Error ? error.message : String(error) }, headers)
}
