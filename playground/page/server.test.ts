/** Tests the page's server and its API over HTTP. */
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlayground, type Playground } from './playground'
import type { PageView } from './view'

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
  return {
    status,
    ...(JSON.parse(text) as { error?: string; customer?: string; lines?: string[]; problems?: object[] }),
  }
}

const state = async (): Promise<PageView> => {
  const { status, text } = await send('/api/state')
  expect(status).toBe(200)
  return JSON.parse(text) as PageView
}
/** Nothing waits for real time. */
const pass = (ms: number) => post('clock', { ms })

const newCustomer = async (name?: string): Promise<string> => (await post('customer', { name })).customer ?? ''
const customerOf = async (key: string) => {
  const found = (await state()).customers.find((customer) => customer.key === key)
  if (!found) throw new Error('The customer is missing')
  return found
}
const ticketOf = async (key: string) => {
  for (const desk of (await state()).desks) {
    const ticket = desk.tickets.find(({ customerKey }) => customerKey === key)
    if (ticket) return { desk: desk.name, agents: desk.agents, ...ticket }
  }
  throw new Error('The customer has no ticket')
}
const shown = async (key: string) => (await customerOf(key)).chat.map(({ text }) => text)

describe('a session through the API', () => {
  it('goes from the customer to the agent and back', async () => {
    const customer = await newCustomer('Zoë Zimmer')
    expect(await post('say', { customer, text: 'hello?' })).toEqual({ status: 200 })
    expect(await shown(customer)).toEqual(['hello?', expect.stringContaining('I am only a bot')])

    expect(await post('start', { customer, title: 'Printer on fire' })).toEqual({ status: 200 })
    expect((await post('start', { customer })).status).toBe(409)
    const { desk, index, entries, agents } = await ticketOf(customer)
    expect(entries.map(({ text }) => text).join('\n')).toContain('hello?')
    const { explanation = [] } = await customerOf(customer)
    expect(explanation[0]).toMatch(/^Goes to /)
    expect(explanation).toContainEqual(expect.stringMatching(/^1\. .+ – first available in the order$/))
    expect(explanation.join('\n')).not.toContain('conversationId')

    const [agent] = agents
    const move = (name: string, text?: string) =>
      post('agent', { desk, ticket: index, move: name, agentId: agent?.id, ...(text === undefined ? {} : { text }) })
    expect(await move('assign')).toEqual({ status: 200 })
    await expect.poll(async () => (await ticketOf(customer)).assignee?.name).toBe(agent?.name)
    expect(await move('note', 'only for us')).toEqual({ status: 200 })
    expect(await move('reply', '2 > 1 & *no* <b>markup</b>')).toEqual({ status: 200 })
    expect((await ticketOf(customer)).entries.at(-1)?.remark).toMatchObject({ kind: 'held' })
    await pass(10_000)
    // Invisible characters and backslashes keep the signs from being read as Markdown.
    const visible = (await shown(customer)).map((text) => text.replace(/[\u2060\ufeff\\]/g, ''))
    expect(visible).toContain('2 > 1 & *no* <b>markup</b>')
    expect(visible.join('\n')).not.toContain('only for us')
    expect((await state()).counter).toMatchObject({ once: 1, waiting: 0, twice: 0, lost: 0, outOfOrder: 0 })

    expect((await post('end', { customer })).status).toBe(200)
    await expect.poll(async () => (await ticketOf(customer)).status).toBe('solved')
    expect(await post('end', { customer })).toMatchObject({ status: 409, error: 'Zoë Zimmer isn’t with an agent' })
  })

  it('is solved with a last reply, and reopened where the desk supports it', async () => {
    for (const desk of Object.keys(playground.world.sandboxes)) {
      const customer = await newCustomer()
      await post('start', { customer, provider: desk })
      const { index } = await ticketOf(customer)
      expect(await post('agent', { desk, ticket: index, move: 'solve', text: 'It is out' })).toEqual({ status: 200 })
      await pass(15_000)
      expect(await shown(customer)).toContain('It is out')
      expect((await customerOf(customer)).isActive).toBe(false)
      const { status, error } = await post('agent', { desk, ticket: index, move: 'reopen' })
      const { status: now } = await ticketOf(customer)
      if (status === 200) expect(now).toBe('open')
      else expect({ status, error, now }).toMatchObject({ status: 409, error: expect.stringContaining('reopen') })
    }
  })

  it('shows the router’s message when no desk can take it, and what the desks’ conditions do', async () => {
    const desks = Object.keys(playground.world.sandboxes)
    for (const desk of desks) expect(await post('condition', { desk, condition: 'full' })).toEqual({ status: 200 })
    const customer = await newCustomer()
    expect(await post('explain', { customer })).toMatchObject({
      lines: expect.arrayContaining([expect.stringContaining('full')]),
    })
    const refused = await post('start', { customer, title: 'One too many' })
    expect(refused).toMatchObject({ status: 422, error: expect.stringContaining('All our agents are busy') })
    expect((await customerOf(customer)).refusal).toContain('All our agents are busy')
    for (const desk of desks) await post('condition', { desk, condition: 'up' })
    await post('say', { customer, text: 'Again' })
    expect(await post('start', { customer, title: 'Now there is a place' })).toEqual({ status: 200 })
  })

  it('sends files both ways', async () => {
    const customer = await newCustomer()
    await post('start', { customer, provider: 'zendesk' })
    for (const sample of ['photo', 'document', 'voice', 'video'])
      expect(await post('send', { customer, sample }), sample).toEqual({ status: 200 })
    await pass(10_000)
    const texts = (await ticketOf(customer)).entries.map(({ text }) => text).join('\n')
    for (const file of ['printer.png', 'invoice.txt', 'voice.wav', 'clip.mp4']) expect(texts).toContain(file)
    const { desk, index } = await ticketOf(customer)
    await post('agent', { desk, ticket: index, move: 'reply', text: 'See here', attachment: 'photo' })
    await pass(10_000)
    const { chat } = await customerOf(customer)
    expect(JSON.stringify(chat)).toContain('power-button.png')
  })
})

describe('the configuration', () => {
  it('is checked in the router’s words, with the field', async () => {
    const { configuration } = await state()
    const wrong = {
      ...configuration,
      routing: { ...(configuration['routing'] as object), timeZone: 'Europe/Atlantis' },
    }
    expect(await post('validate', { configuration: wrong })).toEqual({
      status: 200,
      problems: [
        { field: 'Routing → Time zone', problem: expect.stringContaining('Atlantis'), path: ['routing', 'timeZone'] },
      ],
    })
    expect(await post('configuration', { configuration: wrong })).toMatchObject({ status: 422 })
    expect((await state()).configuration).toEqual(configuration)
    expect(await post('validate', { configuration: [] })).toMatchObject({ problems: [{ path: [] }] })
    expect(await post('validate', { configuration: { slack: { capacity: 'x' } } })).toMatchObject({
      problems: [{ path: ['slack', 'capacity'] }],
    })
  })

  it('is saved and applied', async () => {
    const { configuration } = await state()
    expect(
      await post('configuration', { configuration: { ...configuration, routing: { preferredDesk: 'Slack' } } })
    ).toEqual({ status: 200 })
    const customer = await newCustomer()
    await post('start', { customer })
    expect((await ticketOf(customer)).desk).toBe('slack')
    await post('configuration', { configuration })
  })

  it('never uses other credentials than the sandboxes’', async () => {
    const { configuration } = await state()
    const slack = { ...(configuration['slack'] as object), botToken: 'xoxb-of-a-real-account' }
    expect(await post('configuration', { configuration: { ...configuration, slack } })).toEqual({ status: 200 })
    expect(JSON.stringify((await state()).configuration)).not.toContain('real-account')
  })
})

describe('the timeline', () => {
  it('has every call and webhook with its customer, status and contents, without secrets', async () => {
    const customer = await newCustomer()
    await post('start', { customer, provider: 'slack' })
    const { index } = await ticketOf(customer)
    await post('agent', { desk: 'slack', ticket: index, move: 'assign' })
    await pass(10_000)
    const own = (await state()).timeline.filter((exchange) => exchange.customer === customer)
    const call = own.find(({ kind, title }) => kind === 'call' && title.includes('chat.postMessage'))
    const webhook = own.find(({ kind, title }) => kind === 'webhook' && title.startsWith('button'))
    expect(call).toMatchObject({ from: 'router', to: 'slack', status: 200, durationMs: expect.any(Number) })
    expect(webhook).toMatchObject({ from: 'slack', to: 'router', status: 200, attempt: 1 })
    const { text } = await send(`/api/exchange?id=${call?.id}`)
    const { config } = playground.world.sandbox('slack')
    for (const secret of [config['botToken'], config['signingSecret']]) expect(text).not.toContain(String(secret))
    expect(text).toContain('••••••')
    expect((await post('webhook', { desk: 'slack', index: webhook?.webhook, way: 'forge' })).status).toBe(200)
    expect((await state()).timeline.at(-2)).toMatchObject({ kind: 'webhook', origin: 'forged', status: 401 })
    expect((await send('/api/exchange?id=999999')).status).toBe(404)
  })

  it('shows redeliveries with their number', async () => {
    const customer = await newCustomer()
    await post('start', { customer, provider: 'zendesk' })
    await post('condition', { desk: 'zendesk', condition: 'error' })
    const { index } = await ticketOf(customer)
    await post('agent', { desk: 'zendesk', ticket: index, move: 'reply', text: 'after all' })
    await pass(1_000)
    await post('condition', { desk: 'zendesk', condition: 'up' })
    await pass(60_000)
    expect(await shown(customer)).toContain('after all')
    const attempts = (await state()).timeline.filter(
      (exchange) => exchange.customer === customer && exchange.kind === 'webhook'
    )
    expect(Math.max(...attempts.map(({ attempt = 0 }) => attempt))).toBeGreaterThan(1)
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
    ['customer', { name: 7 }, 400],
    ['send', { customer: 'c1', sample: 'constructor' }, 404],
    ['agent', { desk: 'constructor', ticket: 1, move: 'solve' }, 404],
    ['agent', { desk: 'fax', ticket: 1, move: 'fly' }, 400],
    ['agent', { desk: 'slack', ticket: -1, move: 'solve' }, 400],
    ['condition', { desk: 'slack', condition: 'moody' }, 400],
    ['condition', { desk: 'constructor', condition: 'up' }, 404],
    ['clock', { ms: -1 }, 400],
    ['clock', { ms: 1e15 }, 400],
    ['configuration', { configuration: 'x' }, 400],
    ['webhook', { desk: 'slack', index: 99_999, way: 'forge' }, 404],
    ['scenario', { id: 'constructor' }, 404],
    ['explain', { customer: 'nobody' }, 404],
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
    const { desk, index: ticket } = await ticketOf(customer)
    expect((await post('agent', { desk, ticket: 999, move: 'solve' })).status).toBe(404)
    expect((await post('agent', { desk, ticket, move: 'reply', text: ' ' })).status).toBe(400)
    expect((await post('agent', { desk, ticket, move: 'reply', text: 'x', agentId: 'nobody' })).status).toBe(404)
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
    expect((await send('/api/customer', { method: 'POST', headers, body: '{}' })).status).toBe(403)
    expect((await state()).customers).toHaveLength(before)
    const own = { 'content-type': 'application/json', origin: playground.origin }
    expect((await send('/api/customer', { method: 'POST', headers: own, body: '{}' })).status).toBe(200)
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
    expect(named).toContain('/page.js')
    for (const path of named) expect((await send(path)).status, path).toBe(200)
    for (const { text } of [await send('/page.js'), await send('/page.css')]) {
      expect(text.length).toBeGreaterThan(10_000)
      expect(text, 'nothing from elsewhere').not.toMatch(/(?:import\(|@import|url\()["']?https?:/)
    }
    expect((await send('/icon.svg')).headers['content-type']).toContain('image/svg+xml')
    expect((await send('/', { method: 'HEAD' })).text).toBe('')
  })
})

describe('the log', () => {
  it('goes to the onLog option', () => {
    expect(logged.some((line) => line.includes('is connected'))).toBe(true)
  })
})
