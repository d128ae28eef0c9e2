/** Files of agents that lie at the desk: stored at Botpress, with their message, once. */
import { describe, expect, it } from 'vitest'
import { handOver, SETTLED_MS } from './support/handoffs'
import { connectInstances } from './support/instances'
import { openMemoryStage, type MemoryStage } from './memory-desk/register'

const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(70_000, 3)])
const PDF = Buffer.from('%PDF-1.7\nthe manual')
const file = (name: string, contentType: string, bytes: Uint8Array) => ({ name, contentType, bytes })
const DAY_MS = 86_400_000

const open = async (messages: Record<string, unknown> = {}) => {
  const stage = await openMemoryStage(messages)
  const handoff = await handOver(stage)
  const id = handoff.ticket().id
  /** The messages of the session that came from agents, with type and payload. */
  const delivered = () => {
    const { conversationId = '' } = handoff.ticket()
    return stage.botpress.runtime.store
      .messagesOf(conversationId)
      .filter(({ direction }) => direction === 'incoming')
      .map(({ type, payload }) => ({ type, payload }) as Delivered)
  }
  const send = async (text: string, ...attachments: ReturnType<typeof file>[]) => {
    const messageId = stage.desk.agentReplies(id, text, { attachments })
    await stage.pass(SETTLED_MS)
    return messageId
  }
  const notes = () => handoff.ticket().entries.filter(({ kind }) => kind === 'note')
  const uploads = () =>
    stage.botpress.runtime.calls.filter(({ operation }) => ['upsertFile', 'putContent'].includes(operation))
  return { stage, handoff, id, delivered, send, notes, uploads }
}

interface Delivered {
  type: string
  payload: { text?: string; title?: string; imageUrl?: string; fileUrl?: string; items?: Delivered[] }
}

const get = async (stage: MemoryStage, url = '') => {
  const answer = await stage.web.web(new URL(url), { timeoutMs: 1_000 })
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.bytes) chunks.push(chunk)
  return { status: answer.status, type: answer.headers['content-type'], bytes: Buffer.concat(chunks) }
}

describe('agents’ files', () => {
  it('reach the customer with their text as one message, in order, and open without a login', async () => {
    const { stage, send, delivered, notes } = await open()
    await send('Here it is', file('photo.png', 'image/png', PNG), file('manual.pdf', 'application/pdf', PDF))
    const [message, ...others] = delivered()
    expect(others).toEqual([])
    expect(message?.type).toBe('bloc')
    const [text, photo, manual] = message?.payload.items ?? []
    expect(text).toMatchObject({ type: 'text', payload: { text: 'Here it is' } })
    expect(photo).toMatchObject({ type: 'image', payload: { title: 'photo.png' } })
    expect(manual).toMatchObject({ type: 'file', payload: { title: 'manual.pdf' } })
    expect(await get(stage, photo?.payload.imageUrl)).toEqual({ status: 200, type: 'image/png', bytes: PNG })
    expect(await get(stage, manual?.payload.fileUrl)).toEqual({ status: 200, type: 'application/pdf', bytes: PDF })
    expect(notes()).toEqual([])
  })

  it('alone are a message of their own kind', async () => {
    const { send, delivered } = await open()
    await send('', file('voice.ogg', 'audio/ogg', Buffer.from('OggS\0\x02 OpusHead')))
    expect(delivered()).toMatchObject([{ type: 'audio', payload: { title: 'voice.ogg' } }])
  })

  it('are stored once, however often and wherever the webhook is handled', async () => {
    const { stage, id, send, delivered, uploads } = await open()
    await send('Here', file('photo.png', 'image/png', PNG))
    expect(uploads().map(({ operation }) => operation)).toEqual(['upsertFile', 'putContent'])
    // Other instances hear of it.
    const webhook = stage.desk.deliveries.log.at(-1)?.delivery.request
    stage.restart()
    await stage.finish(stage.receive(stage.desk.signed(webhook?.body ?? '')))
    stage.restart()
    stage.desk.agentReplies(id, 'and a word')
    await stage.pass(SETTLED_MS)
    expect(delivered().map(({ type }) => type)).toEqual(['bloc', 'text'])
    expect(uploads()).toHaveLength(2)
  })

  it('stay as long as the configuration says', async () => {
    const { stage, send, delivered } = await open({ keepFilesDays: 7 })
    await send('', file('photo.png', 'image/png', PNG))
    const url = delivered()[0]?.payload.imageUrl
    await stage.clock.advance(7 * DAY_MS - 3_600_000)
    expect((await get(stage, url)).status).toBe(200)
    await stage.clock.advance(3_600_000)
    expect((await get(stage, url)).status).toBe(403)
  })

  it('are what their bytes say: pages and drawings are downloads, and no pictures', async () => {
    const { stage, send, delivered } = await open()
    const svg = Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')
    await send('', file('logo.svg', 'image/svg+xml', svg))
    const [message] = delivered()
    expect(message).toMatchObject({ type: 'file', payload: { title: 'logo.svg' } })
    expect((await get(stage, message?.payload.fileUrl)).type).toBe('application/octet-stream')
  })

  it('that are gone are named to the customer in their place, and the agent is told why', async () => {
    const { stage, send, delivered, notes } = await open()
    stage.desk.server.addFault({
      kind: 'status',
      status: 404,
      body: { error: 'not found' },
      matches: ({ path }) => path.startsWith('/files/'),
    })
    await send('Look', file('a.pdf', 'application/pdf', PDF), file('b.pdf', 'application/pdf', PDF))
    const items = delivered()[0]?.payload.items ?? []
    expect(items.map(({ type }) => type)).toEqual(['text', 'text', 'file'])
    expect(items[1]?.payload.text).toContain('“a.pdf”')
    expect(notes().map(({ text }) => text)).toEqual([
      'The customer did not get the file “a.pdf”: it could not be found.',
    ])
  })

  it.each([
    [
      'too large',
      { name: 'film.mp4', contentType: 'video/mp4', bytes: Buffer.alloc(50 * 1024 * 1024 + 1) },
      'is larger than 50 MB',
    ],
    ['empty', { name: 'nothing.txt', contentType: 'text/plain', bytes: Buffer.alloc(0) }, 'is empty'],
    [
      'a login page',
      { name: 'photo.png', contentType: 'image/png', bytes: Buffer.from('<!doctype html><p>Log in') },
      'could not be opened',
    ],
  ])('that are no use are named with the reason: %s', async (_what, attachment, why) => {
    const { send, delivered, notes } = await open()
    await send('Look', attachment)
    expect(delivered()[0]?.payload.items?.map(({ type }) => type)).toEqual(['text', 'text'])
    expect(notes()[0]?.text).toContain(why)
  })

  it('that may come later keep their message waiting, and nothing is doubled', async () => {
    const { stage, id, send, delivered, notes } = await open()
    stage.desk.server.addFault({
      kind: 'status',
      status: 503,
      times: 1,
      matches: ({ path }) => path.startsWith('/files/'),
    })
    await send('Here', file('photo.png', 'image/png', PNG))
    expect(delivered()).toEqual([])
    // This desk delivers once: the next event reads what could not be applied.
    stage.desk.agentReplies(id, 'Did you get it?')
    await stage.pass(SETTLED_MS)
    expect(delivered().map(({ type }) => type)).toEqual(['bloc', 'text'])
    expect(notes()).toEqual([])
  })

  it('hold up what follows for three attempts at most', async () => {
    const { stage, id, send, delivered, notes } = await open()
    stage.desk.server.addFault({
      kind: 'status',
      status: 503,
      times: 99,
      matches: ({ path }) => path.startsWith('/files/'),
    })
    await send('Here', file('photo.png', 'image/png', PNG))
    for (const text of ['one', 'two']) {
      stage.desk.agentReplies(id, text)
      await stage.pass(SETTLED_MS)
    }
    expect(delivered().map(({ type }) => type)).toEqual(['bloc', 'text', 'text'])
    expect(notes()[0]?.text).toContain('could not be loaded')
  })

  it.each([503, 429, 408])('survive a store that answers %i before and after it has the bytes', async (status) => {
    for (const effect of ['before', 'after'] as const) {
      const { stage, handoff, send, delivered } = await open()
      stage.botpress.runtime.addFault({ kind: 'status', status, effect, method: 'PUT', path: /^\/upload\// })
      await send('', file('photo.png', 'image/png', PNG))
      expect(delivered()).toEqual([])
      // The customer's next message reads back what the desk won't deliver again.
      await stage.finish(stage.botpress.bot.customerSays(handoff.conversationId, 'hello?'))
      await stage.pass(SETTLED_MS)
      expect(
        delivered().map(({ type }) => type),
        effect
      ).toEqual(['image'])
      expect((await get(stage, delivered()[0]?.payload.imageUrl)).bytes).toEqual(PNG)
    }
  })

  it('that Botpress refuses, such as by its quota, are named', async () => {
    const { stage, send, delivered, notes } = await open()
    stage.botpress.runtime.addFault({ kind: 'status', status: 403, method: 'PUT', path: '/v1/files' })
    await send('Look', file('photo.png', 'image/png', PNG))
    expect(delivered()[0]?.payload.items?.map(({ type }) => type)).toEqual(['text', 'text'])
    expect(notes()[0]?.text).toContain('could not be stored')
  })

  it.each(['before', 'after'] as const)(
    'that are gone are told to the agent also when an instance dies %s it writes the note',
    async (when) => {
      const { stage, handoff, send, delivered, notes } = await open()
      const instances = connectInstances(stage, 2)
      instances.takeTurns(0)
      instances.all[0]?.dieAt(
        when,
        ({ side, method, body }) => side === 'desk' && method === 'POST' && body.includes('did not get the file')
      )
      stage.desk.server.addFault({
        kind: 'status',
        status: 404,
        times: 99,
        body: { error: 'not found' },
        matches: ({ path }) => path.startsWith('/files/'),
      })
      await send('Look', file('a.pdf', 'application/pdf', PDF))
      instances.takeTurns(1)
      // This desk delivers once: the customer's next message reads back what was not applied.
      await stage.finish(stage.botpress.bot.customerSays(handoff.conversationId, 'hello?'))
      await stage.pass(SETTLED_MS)
      expect(delivered()).toHaveLength(1)
      expect(notes().map(({ text }) => text)).toEqual([
        'The customer did not get the file “a.pdf”: it could not be found.',
      ])
    }
  )

  it('are not stored for a session that has ended: the agent is told', async () => {
    const { stage, handoff, send, uploads, notes } = await open()
    await stage.finish(stage.botpress.bot.stopHitl(handoff.conversationId))
    await stage.pass(60_000)
    await send('Too late', file('photo.png', 'image/png', PNG))
    expect(uploads()).toEqual([])
    expect(notes().some(({ text }) => text.includes('was not delivered'))).toBe(true)
  })
})
