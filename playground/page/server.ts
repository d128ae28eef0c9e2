/** Serves the page and its API on the loopback interface. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Api } from './api'
import type { PageBundle } from './bundle'
import { Refusal } from './refusal'
import { SAMPLE_FILES } from './samples'

export interface PageServer {
  origin: string
  close(): Promise<void>
}

const MAX_BODY_BYTES = 64 * 1024
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i

/** A page checks this often whether it is still up to date. */
const HEARTBEAT_MS = 1_000
/** Changes that follow each other this closely are sent as one. */
const GATHER_MS = 40

const headersFor = (nonce = '') => ({
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'${nonce && ` 'nonce-${nonce}'`}; img-src 'self' data:; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
})
const HEADERS = headersFor()

interface Served {
  type: string
  content: string | Buffer
}

export const servePage = async (api: Api, page: PageBundle, port = 0): Promise<PageServer> => {
  const icon = await readFile(join(import.meta.dirname, '../../icon.svg'))
  const files: Record<string, Served> = {
    ...SAMPLE_FILES,
    '/page.js': { type: 'text/javascript', content: page.script },
    '/page.css': { type: 'text/css', content: page.style },
    '/icon.svg': { type: 'image/svg+xml', content: icon },
  }
  const stream = createStream(api)
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    _checkHost(request)
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const method = request.method ?? 'GET'
    if (pathname === '/api/events') return stream.join(response)
    if (pathname.startsWith('/api/')) {
      const body = method === 'POST' ? await _body(request) : undefined
      const build = request.headers['x-page-build']
      const given = { method, path: pathname, query: searchParams, body }
      _sendJson(response, 200, await api.answer(typeof build === 'string' ? { ...given, build } : given))
      return
    }
    const nonce = randomBytes(12).toString('base64url')
    const index = { type: 'text/html', content: _indexPage(page.hash, nonce) }
    const served = pathname === '/' ? index : Object.hasOwn(files, pathname) ? files[pathname] : undefined
    if (!served) throw new Refusal(404, 'Unknown path')
    if (method !== 'GET' && method !== 'HEAD') throw new Refusal(405, 'Use GET', { allow: 'GET, HEAD' })
    const type = /^(?:text|image\/svg)/.test(served.type) ? `${served.type}; charset=utf-8` : served.type
    response.writeHead(200, { ...headersFor(pathname === '/' ? nonce : ''), 'content-type': type })
    response.end(method === 'HEAD' ? undefined : served.content)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => _refuse(response, error))
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
      stream.close()
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

/** Whether a server could listen on this port of the loopback interface. */
export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

/** Sends the state to every open page, whenever it has changed. */
const createStream = (api: Api) => {
  const pages = new Set<ServerResponse>()
  let sent = ''
  let gathering: NodeJS.Timeout | undefined
  const push = (): void => {
    clearTimeout(gathering)
    gathering = undefined
    if (pages.size === 0 || !api.isReady()) return
    const state = JSON.stringify(api.view())
    for (const page of pages) page.write(state === sent ? ': still here\n\n' : `data: ${state}\n\n`)
    sent = state
  }
  const heartbeat = setInterval(push, HEARTBEAT_MS)
  heartbeat.unref()
  api.onChange(() => {
    gathering ??= setTimeout(push, GATHER_MS)
  })
  return {
    join: (response: ServerResponse): void => {
      response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream; charset=utf-8' })
      response.write('retry: 500\n\n')
      if (api.isReady()) response.write(`data: ${JSON.stringify(api.view())}\n\n`)
      pages.add(response)
      response.on('close', () => pages.delete(response))
    },
    close: (): void => {
      clearInterval(heartbeat)
      clearTimeout(gathering)
      for (const page of pages) page.destroy()
    },
  }
}

const _indexPage = (build: string, nonce: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="build" content="${build}" />
    <meta name="nonce" content="${nonce}" />
    <title>HITL Router</title>
    <link rel="icon" href="/icon.svg" />
    <link rel="stylesheet" href="/page.css" />
    <script src="/page.js" type="module"></script>
  </head>
  <body>
    <noscript>This page needs JavaScript.</noscript>
    <div id="root"></div>
  </body>
</html>
`

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
