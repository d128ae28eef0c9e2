/** Tests the page's server and its API over HTTP. */
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlayground, type Playground } from './playground'

interface State {
  customers: { id: string; name: string; isActive: boolean }[]
  customer: { isActive: boolean; chat: { from: string; name: string; text: string }[] } | null
  desks: {
    name: string
    agents: { id: string; name: string }[]
    tickets: {
      id: string
      status: string
      assignee: string | null
      isOfCustomer: boolean
      entries: { from: string; text: string }[]
    }[]
  }[]
  routing: { strategy: string; order: string[]; lastHandoff: { customer: string; lines: string[] } | null }
}

let playground: Playground
const logged: string[] = []

beforeAll(async () => {
  playground = await openPlayground({ onLog: (text) => logged.push(text) })
})
afterAll(() => playground.close())

interface Sent {
  method?: string
  headers?: Record<string, string>
  body?: string
}

/** Uses `http.request`, because `fetch` doesn't allow a custom Host header. */
const send = (path: string, { method = 'GET', headers, body }: Sent = {}) =>
  new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const outgoing = httpRequest(`${playground.origin}${path}`, { method, headers }, (incoming) => {
      let text = ''
      incoming.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8')
      })
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })

const post = async (name: string, body: unknown) => {
  const headers = { 'content-type': 'application/json' }
  const { status, text } = await send(`/api/${name}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status, ...(JSON.parse(text) as { error?: string; customer?: string }) }
}

const state = async (customer?: string): Promise<State> => {
  const { status, text } = await send(`/api/state${customer === undefined ? '' : `?customer=${customer}`}`)
  expect(status).toBe(200)
  return JSON.parse(text) as State
}

const newCustomer = async (name?: string): Promise<string> => (await post('customers', { name })).customer ?? ''

const ticketOf = async (customer: string) => {
  for (const desk of (await state(customer)).desks) {
    const ticket = desk.tickets.find(({ isOfCustomer }) => isOfCustomer)
    if (ticket) return { desk: desk.name, ...ticket }
  }
  throw new Error('The customer has no ticket')
}
const shown = async (customer: string) => (await state(customer)).customer?.chat.map(({ text }) => text) ?? []

describe('a session through the API', () => {
  it('goes from the customer to the agent and back', async () => {
    const customer = await newCustomer('Zoë Zimmer')
    expect(await post('say', { customer, text: 'hello?' })).toEqual({ status: 200 })
    expect(await shown(customer)).toEqual(['hello?', expect.stringContaining('I am only a bot')])

    expect(await post('start', { customer, title: 'Printer on fire' })).toEqual({ status: 200 })
    expect((await post('start', { customer })).status).toBe(409)
    const { desk, id, entries } = await ticketOf(customer)
    expect(entries.map(({ text }) => text).join('\n')).toContain('hello?')
    const { routing } = await state(customer)
    expect(routing.lastHandoff?.customer).toBe('Zoë Zimmer')
    expect(routing.lastHandoff?.lines[0]).toMatch(/^Goes to /)
    expect(routing.lastHandoff?.lines).toContainEqual(expect.stringMatching(/^1\. .+ – first available in the order$/))
    expect(routing.lastHandoff?.lines.join('\n')).not.toContain('conversationId')

    const { agents } = (await state()).desks.find(({ name }) => name === desk) ?? { agents: [] }
    const [agent] = agents
    const move = (name: string, text?: string) =>
      post('agent', { desk, ticket: id, move: name, agentId: agent?.id, ...(text === undefined ? {} : { text }) })
    expect(await move('assign')).toEqual({ status: 200 })
    await expect.poll(async () => (await ticketOf(customer)).assignee).toBe(agent?.name)
    expect(await move('note', 'only for us')).toEqual({ status: 200 })
    expect(await move('reply', '2 > 1 & *no* <b>markup</b>')).toEqual({ status: 200 })
    // Invisible characters keep the signs from being read as Markdown.
    const visible = async () => (await shown(customer)).map((text) => text.replace(/[\u2060\ufeff]/g, ''))
    await expect.poll(visible).toContain('2 > 1 & *no* <b>markup</b>')
    expect((await shown(customer)).join('\n')).not.toContain('only for us')

    expect((await post('end', { customer })).status).toBe(200)
    await expect.poll(async () => (await ticketOf(customer)).status).toBe('solved')
    expect(await post('end', { customer })).toMatchObject({ status: 409, error: "Zoë Zimmer isn't with an agent" })
  })

  it('is solved with a last reply, and reopened where the desk supports it', async () => {
    const session = async (desk: string) => {
      const customer = await newCustomer()
      await post('start', { customer, provider: desk })
      const { id } = await ticketOf(customer)
      expect(await post('agent', { desk, ticket: id, move: 'solve', text: 'It is out' })).toEqual({ status: 200 })
      await expect.poll(() => shown(customer)).toContain('It is out')
      await expect.poll(async () => (await state(customer)).customer?.isActive).toBe(false)
      const { status, error } = await post('agent', { desk, ticket: id, move: 'reopen' })
      const { status: now } = await ticketOf(customer)
      if (status === 200) expect(now).toBe('open')
      else expect({ status, error, now }).toMatchObject({ status: 409, error: expect.stringContaining('reopen') })
    }
    await Promise.all(Object.keys(playground.world.sandboxes).map(session))
  })

  it('shows the router’s message when no desk can take it', async () => {
    const { gateway } = playground.world.botpress.runtime
    const before = gateway.configuration
    const [desk = ''] = Object.keys(playground.world.sandboxes)
    const configuration = playground.world.configuration({
      nobodyThere: 'refuse',
      desks: Object.keys(playground.world.sandboxes).map((name) => ({ desk: name, capacity: 1 })),
    })
    gateway.configuration = configuration
    try {
      const customers = await Promise.all(Object.keys(playground.world.sandboxes).map(() => newCustomer()))
      for (const customer of customers) expect(await post('start', { customer, title: 'One' })).toEqual({ status: 200 })
      const customer = await newCustomer()
      const refused = await post('start', { customer, title: 'One too many', provider: desk })
      expect(refused).toMatchObject({ status: 422, error: expect.stringContaining('All our agents are busy') })
      expect((await state()).routing.lastHandoff?.lines.join('\n')).toContain('full: ')
      for (const id of customers) await post('end', { customer: id })
    } finally {
      gateway.configuration = before
    }
  })
})

describe('the choice of routing', () => {
  it('is saved and applied', async () => {
    const order = Object.keys(playground.world.sandboxes).toReversed()
    expect(await post('routing', { strategy: 'round-robin', order })).toEqual({ status: 200 })
    expect((await state()).routing).toMatchObject({ strategy: 'round-robin', order })
    const takers: string[] = []
    for (const _desk of order) {
      const customer = await newCustomer()
      await post('start', { customer })
      takers.push((await ticketOf(customer)).desk)
    }
    expect(takers).toEqual(order)
    await post('routing', { strategy: 'priority', order })
  })

  it('is unchanged when the router refuses it, and the reason is shown', async () => {
    const { routing } = await state()
    const [first = ''] = routing.order
    const refused = await post('routing', { strategy: 'round-robin', order: [first, first] })
    expect(refused).toMatchObject({ status: 422, error: expect.stringContaining('is in the order twice') })
    expect((await state()).routing).toMatchObject({ strategy: routing.strategy, order: routing.order })
    const customer = await newCustomer()
    expect((await post('start', { customer })).status, 'handoffs still work').toBe(200)
  })
})

describe('an invalid request', () => {
  it.each([
    ['say', { customer: 'conv_nobody', text: 'hi' }, 404],
    ['start', { customer: 'conv_nobody' }, 404],
    ['end', { customer: 'conv_nobody' }, 404],
    ['say', { text: 'hi' }, 400],
    ['say', { customer: 'conv_nobody', text: '  ' }, 400],
    ['say', { customer: 'conv_nobody', text: 'x'.repeat(10_001) }, 400],
    ['say', [], 400],
    ['say', null, 400],
    ['customers', { name: 7 }, 400],
    ['agent', { desk: 'constructor', ticket: '1', move: 'solve' }, 404],
    ['agent', { desk: 'fax', ticket: '1', move: 'fly' }, 400],
    ['routing', { strategy: 'by-mood', order: [] }, 400],
    ['constructor', {}, 404],
    ['nothing', {}, 404],
  ])('%s %j is refused with a reason and status %i', async (name, body, status) => {
    const answer = await post(name, body)
    expect(answer.status).toBe(status)
    expect(answer.error).toMatch(/\w/)
  })

  it('is refused for an unknown ticket or agent, or an empty text', async () => {
    const customer = await newCustomer()
    await post('start', { customer })
    const { desk, id } = await ticketOf(customer)
    expect((await post('agent', { desk, ticket: 'nowhere', move: 'solve' })).status).toBe(404)
    expect((await post('agent', { desk, ticket: id, move: 'reply', text: ' ' })).status).toBe(400)
    expect((await post('agent', { desk, ticket: id, move: 'reply', text: 'x', agentId: 'nobody' })).status).toBe(404)
  })

  it('is refused for an unknown path, a wrong method or an invalid body', async () => {
    const json = { 'content-type': 'application/json' }
    const at = async (path: string, sent?: Sent) => {
      const { status, text } = await send(path, sent)
      expect(JSON.parse(text)).toEqual({ error: expect.stringMatching(/\w/) })
      return status
    }
    expect(await at('/nowhere')).toBe(404)
    expect(await at('/../../package.json')).toBe(404)
    expect(await at('/page.test.ts')).toBe(404)
    expect(await at('/constructor')).toBe(404)
    expect(await at('/api/say')).toBe(405)
    expect(await at('/api/state', { method: 'POST', headers: json, body: '{}' })).toBe(405)
    expect(await at('/', { method: 'POST' })).toBe(405)
    expect(await at('/api/state?customer=nobody')).toBe(404)
    expect(await at('/api/say', { method: 'POST', headers: json, body: '{"customer":' })).toBe(400)
    expect(await at('/api/say', { method: 'POST', headers: json })).toBe(400)
    expect(await at('/api/say', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' })).toBe(415)
    expect(await at('/api/say', { method: 'POST', headers: json, body: 'x'.repeat(100_000) })).toBe(413)
  })

  it('is refused when it comes from another site', async () => {
    const { port } = new URL(playground.origin)
    for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, 'x y']) {
      expect((await send('/api/state', { headers: { host } })).status, host).toBe(403)
    }
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
      expect((await send('/api/state', { headers: { host } })).status, host).toBe(200)
    }
    const before = (await state()).customers.length
    const headers = { 'content-type': 'application/json', origin: 'https://evil.example' }
    expect((await send('/api/customers', { method: 'POST', headers, body: '{}' })).status).toBe(403)
    expect((await state()).customers).toHaveLength(before)
    const own = { 'content-type': 'application/json', origin: playground.origin }
    expect((await send('/api/customers', { method: 'POST', headers: own, body: '{}' })).status).toBe(200)
  })

  it('doesn’t stop the server when it isn’t HTTP', async () => {
    const socket = connect(Number(new URL(playground.origin).port), '127.0.0.1')
    const answer = await new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(data.toString('utf8')))
      socket.write('no http\r\n\r\n')
    })
    socket.destroy()
    expect(answer).toContain('400')
    expect((await send('/')).status).toBe(200)
  })
})

describe('the files', () => {
  it('are served with their content types and a strict security policy', async () => {
    const page = await send('/')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    const named = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path)
    const modules = await Promise.all(
      named.filter((path) => path.endsWith('.js')).map(async (path) => (await send(path)).text)
    )
    const imported = modules.flatMap((text) => [...text.matchAll(/from '\.(\/[^']+)'/g)].map(([, path = '']) => path))
    for (const path of new Set([...named, ...imported])) expect((await send(path)).status, path).toBe(200)
    expect((await send('/icon.svg')).headers['content-type']).toContain('image/svg+xml')
    expect((await send('/', { method: 'HEAD' })).text).toBe('')
  })
})

describe('the log', () => {
  it('goes to the onLog option', () => {
    expect(logged.some((line) => line.includes('is connected'))).toBe(true)
  })
})
