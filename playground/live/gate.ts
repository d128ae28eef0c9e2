/**
 * The only server that a tunnel leads to. It takes webhooks for the desks of one installation and nothing else: the
 * local Botpress and the page stay out of reach of the internet.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { IncomingWebhook, InvokeReply } from '../botpress/gateway'

export interface Gate {
  /** Where the tunnel has to end. */
  origin: string
  close(): Promise<void>
}

interface GateOptions {
  /** First segment of every path. */
  installation: string
  /** Second segment: the desks. */
  desks: readonly string[]
  /** Answers a GET of `/<installation>`, to find out whether the public address leads here. */
  nonce: string
  port: number
  deliver(webhook: IncomingWebhook): Promise<InvokeReply>
}

const MAX_BODY_BYTES = 2 * 1024 * 1024

/** Listens on loopback. Rejects with the error of the port. */
export const openGate = async (options: GateOptions): Promise<Gate> => {
  const server = createServer((incoming, outgoing) => {
    _answer(options, incoming, outgoing).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The gate has no address')
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

const _answer = async (
  { installation, desks, nonce, deliver }: GateOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse
): Promise<void> => {
  const url = new URL(incoming.url ?? '/', 'http://localhost')
  const [first, desk, ...others] = url.pathname.split('/').filter(Boolean)
  if (first !== installation || others.length > 0) return void outgoing.writeHead(404).end()
  if (desk === undefined) return void outgoing.writeHead(200, { 'content-type': 'text/plain' }).end(nonce)
  if (!desks.includes(desk)) return void outgoing.writeHead(404).end()
  const body = await _body(incoming)
  if (body === undefined) return void outgoing.writeHead(413).end()
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, value === undefined ? undefined : String(value)])
  )
  const method = (incoming.method ?? 'GET').toUpperCase()
  const reply = await deliver({ method, path: `/${desk}`, query: url.search.replace(/^\?/, ''), headers, body })
  const answered = Object.entries(reply.headers ?? {}).filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()))
  outgoing.writeHead(reply.status, Object.fromEntries(answered))
  outgoing.end(method === 'HEAD' ? undefined : reply.body)
}

const HOP_BY_HOP = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive'])

const _body = async (incoming: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
