import { afterEach, describe, expect, it } from 'vitest'
import type { MessagePart } from '../provider'
import { collect } from '../kit/files'
import {
  closeAll,
  errorOf,
  fault,
  messageFrom,
  openSession,
  requests,
  setUp,
  TICKET,
  ticketRow,
  type Setting,
} from './testing'

afterEach(closeAll)

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')
const UPLOADS = /\/uploads$/

const file = (url: string, title?: string): MessagePart => ({
  type: 'file',
  kind: 'image',
  url,
  ...(title ? { title } : {}),
})
const text = (said: string): MessagePart => ({ type: 'text', text: said })

const startSession = async () => {
  const setting = await setUp()
  const session = await openSession(setting, { transcript: [] })
  const send = (parts: MessagePart[], more = {}) =>
    setting.driver.postMessage(session.ticket, messageFrom(session.customer, '', { parts, ...more }))
  const last = () => ticketRow(setting, session.ticket.id).comments.at(-1)
  const count = () => ticketRow(setting, session.ticket.id).comments.length
  return { ...session, setting, send, last, count }
}

describe('a customer’s files', () => {
  it('are attachments of one comment, with name, type, bytes and caption, in order', async () => {
    const { setting, send, last, count } = await startSession()
    const photo = setting.web.publish('/photo.png', { bytes: PNG, contentType: 'image/png' })
    const pdf = setting.web.publish('/get?id=1', {
      bytes: '%PDF-1.4 x',
      contentType: 'application/pdf',
      name: 'r é.pdf',
    })
    const { messageIds } = await send([text('before'), file(photo, 'My cat'), text('between'), file(pdf)])
    expect([messageIds.length, count()]).toEqual([1, 2])
    expect(last()?.plain).toBe('before\nImage “My cat”\nbetween\nImage')
    expect(last()?.attachments).toMatchObject([
      { file_name: 'photo.png', content_type: 'image/png' },
      { file_name: 'r é.pdf', content_type: 'application/pdf' },
    ])
    expect(last()?.attachments.map(({ bytes }) => bytes?.toString('hex'))).toEqual([
      PNG.toString('hex'),
      Buffer.from('%PDF-1.4 x').toString('hex'),
    ])
    const tokens = requests(setting, 'POST', UPLOADS).map(({ query }) => query.get('token'))
    expect(tokens[0]).toBeNull()
    expect(tokens[1]).not.toBeNull()
  })

  it.each([
    ['too large', { bytes: 'x', length: 60 * 1024 * 1024 }, 'is larger than 50 MB'],
    ['empty', { bytes: '' }, 'is empty'],
    ['gone', { status: 404 }, 'could not be opened'],
    ['at an address that may not be opened', { failure: 'refused' as const }, 'has an address that may not be opened'],
  ])('that are %s are links with the reason', async (_what, published, why) => {
    const { setting, send, last } = await startSession()
    const url = setting.web.publish('/file.png', published)
    await send([text('see'), file(url, 'My cat')])
    expect(last()?.plain).toBe(`see\nImage “My cat”: ${url} (not attached: the file ${why})`)
    expect(last()?.attachments).toEqual([])
  })

  it('that Zendesk refuses, with the upload or with the comment, are links', async () => {
    const { setting, send, last, count } = await startSession()
    const url = setting.web.publish('/file.png', { bytes: PNG })
    const refusal = { status: 422, body: { error: 'RecordInvalid', details: { attachment: [] } } }
    fault(setting, 'POST', UPLOADS, refusal)
    await send([file(url)], { id: 'msg_1' })
    fault(setting, 'PUT', TICKET, { ...refusal, body: { error: 'RecordInvalid', details: { uploads: [] } } })
    await send([file(url)], { id: 'msg_2' })
    expect(count()).toBe(3)
    expect(last()?.plain).toContain('is refused by Zendesk')
    expect(last()?.attachments).toEqual([])
  })

  it('don’t keep the text from arriving while uploads fail, and wait for a rate limit', async () => {
    const { setting, send, last, count } = await startSession()
    const url = setting.web.publish('/file.png', { bytes: PNG })
    fault(setting, 'POST', UPLOADS, { status: 503, times: 9 })
    await send([text('see'), file(url)], { id: 'msg_1' })
    expect(last()?.plain).toContain('could not be uploaded to Zendesk')
    setting.sandbox.server.clearFaults()
    fault(setting, 'POST', UPLOADS, { status: 429, headers: { 'retry-after': '60' } })
    expect(await errorOf(send([file(url)], { id: 'msg_2' }))).toMatchObject({ code: 'rate-limited', outcome: 'none' })
    expect(count()).toBe(2)
    await send([file(url)], { id: 'msg_2', mayExist: true })
    expect(last()?.attachments).toHaveLength(1)
  })

  it('are uploaded again after a lost answer, and posted once', async () => {
    const { setting, send, last, count } = await startSession()
    const url = setting.web.publish('/file.png', { bytes: PNG })
    fault(setting, 'PUT', TICKET, { effect: 'after', kind: 'disconnect' })
    const first = await send([text('see'), file(url)])
    const again = await send([text('see'), file(url)], { mayExist: true })
    expect([again.messageIds, count()]).toEqual([first.messageIds, 2])
    expect(last()?.attachments).toHaveLength(1)
    expect(requests(setting, 'POST', UPLOADS)).toHaveLength(1)
  })

  it.each(['attached', 'as links'])(
    '%s are recognised by their text where Zendesk returns no metadata',
    async (how) => {
      const { setting, send, last, count } = await startSession()
      const url = setting.web.publish('/file.png', how === 'attached' ? { bytes: PNG } : { status: 500 })
      const parts = [text('see (this)'), file(url, 'My cat'), text('and'), file(url)]
      const first = await send(parts)
      Object.assign(last() ?? {}, { custom: undefined })
      // By now the file is there, or isn't any more.
      setting.web.publish('/file.png', how === 'attached' ? { status: 500 } : { bytes: PNG })
      const createdAt = setting.clock.now()
      expect(await send(parts, { mayExist: true, createdAt })).toEqual(first)
      const other = await send([text('see (that)'), file(url, 'My cat')], { id: 'msg_2', mayExist: true, createdAt })
      expect(other.messageIds).not.toEqual(first.messageIds)
      expect(count()).toBe(3)
    }
  )

  it('don’t take the time that the comment needs', async () => {
    const { setting, session } = await startSession().then((started) => ({
      setting: started.setting,
      session: started,
    }))
    const url = setting.web.publish('/file.png', { bytes: PNG })
    setting.tools.deadline = setting.clock.now() + 4_300
    const driver = setting.connect()
    await driver.postMessage(session.ticket, messageFrom(session.customer, '', { parts: [text('see'), file(url)] }))
    expect(session.last()?.plain).toContain('could not be attached in time')
    expect(setting.web.asked).toEqual([])
  })

  it('go with the message to where the ticket was merged', async () => {
    const { setting, ticket, send } = await startSession()
    const url = setting.web.publish('/file.png', { bytes: PNG })
    const into = setting.sandbox.mergeTicket(ticket.id)
    await send([file(url)])
    expect(ticketRow(setting, into).comments.at(-1)?.attachments).toHaveLength(1)
  })

  it('of the bot are attached to an internal note', async () => {
    const { setting, send, last } = await startSession()
    const url = setting.web.publish('/file.png', { bytes: PNG })
    await send([text('**A** label'), file(url)], { author: { type: 'bot' } })
    expect(last()).toMatchObject({ public: false, html: expect.stringContaining('<strong>A</strong> label') })
    expect(last()?.attachments).toHaveLength(1)
  })
})

describe('a conversation too long for the notes', () => {
  const transcript = Array.from({ length: 700 }, (_unused, index) => ({
    author: 'customer' as const,
    name: 'Eve',
    parts: [text(`entry ${index} ${'x'.repeat(400)}`)],
  }))

  it('is attached as a file', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting, { transcript })
    const note = ticketRow(setting, ticket.id).comments.at(-1)
    expect(note?.plain).toMatch(/earlier messages were left out\) – the whole conversation is attached/)
    expect(note?.attachments).toMatchObject([
      { file_name: 'transcript.txt', content_type: 'text/plain; charset=utf-8' },
    ])
    const whole = note?.attachments[0]?.bytes?.toString('utf8') ?? ''
    expect([...whole.matchAll(/entry (\d+) /g)]).toHaveLength(700)
  })

  it('is shortened where the file can’t be uploaded', async () => {
    const setting = await setUp()
    fault(setting, 'POST', UPLOADS, { status: 500, times: 9 })
    const { ticket } = await openSession(setting, { transcript })
    expect(ticketRow(setting, ticket.id).comments.at(-1)?.plain).toMatch(/\(\d+ earlier messages were left out\)\n/)
  })
})

describe('an agent’s file', () => {
  const attached = async (bytes = Buffer.from('%PDF-1.4 label')) => {
    const started = await startSession()
    const attachments = [{ name: 'label.pdf', contentType: 'application/pdf' }]
    started.setting.sandbox.agentReplies(started.ticket.id, 'your label', { attachments })
    const row = started.last()?.attachments[0]
    Object.assign(row ?? {}, { bytes })
    return { ...started, row, handle: `attachment/${row?.id}`, read: _readerOf(started.setting) }
  }
  const _readerOf = (setting: Setting) => (handle: string) =>
    setting.driver.readFile?.(handle) ?? Promise.reject(new Error('The driver reads no files'))

  it.each([false, true])(
    'is read with its name, type and bytes (private: %s), and the store gets no credentials',
    async (isPrivate) => {
      const { setting, ticket, handle, read, cursor } = await attached()
      setting.sandbox.settings.privateAttachments = isPrivate
      const { events } = (await setting.driver.catchUp?.(ticket, cursor)) ?? { events: [] }
      expect(events).toMatchObject([
        { parts: [{ text: 'your label' }, { type: 'desk-file', handle, name: 'label.pdf' }] },
      ])
      const { bytes, ...file } = await read(handle)
      expect(file).toEqual({ name: 'label.pdf', contentType: 'application/pdf', size: 14 })
      expect((await collect(bytes, 1_000)).toString()).toBe('%PDF-1.4 label')
      const [fromStore] = requests(setting, 'GET', /^\/attachment\//)
      expect(fromStore?.headers).not.toHaveProperty('authorization')
    }
  )

  it('is read after the access token has expired', async () => {
    const { setting, handle, read } = await attached()
    setting.sandbox.settings.privateAttachments = true
    setting.sandbox.revokeTokens()
    expect((await read(handle)).name).toBe('label.pdf')
  })

  it.each([
    ['redacted', { file_name: 'redacted.txt', size: 0 }, 'not-found'],
    ['deleted', { deleted: true }, 'not-found'],
    ['infected', { malware_scan_result: 'malware_found' }, 'rejected'],
    ['at a foreign host', { content_url: 'https://evil.test/x' }, 'rejected'],
    ['without an address', { content_url: '' }, 'rejected'],
  ])('that is %s can’t be had', async (_what, change, code) => {
    const { setting, row, handle, read } = await attached()
    Object.assign(row ?? {}, change)
    expect(await errorOf(read(handle))).toMatchObject({ code, about: 'message' })
    expect(requests(setting, 'GET', /evil/)).toEqual([])
  })

  it('that doesn’t exist, or a handle of another desk, can’t be had', async () => {
    const { read } = await attached()
    for (const handle of ['attachment/1', 'image/1001/5/0', 'image/1/5/0', 'attachment/../users/me', 'x', '']) {
      expect(await errorOf(read(handle))).toMatchObject({ code: 'not-found', about: 'message' })
    }
  })

  it('waits while Zendesk can’t be asked', async () => {
    const { setting, handle, read } = await attached()
    fault(setting, 'GET', /attachments\/\d+$/, { status: 500, times: 9 })
    expect(await errorOf(read(handle))).toMatchObject({ code: 'unavailable' })
  })

  it('shown in the text alone is read by its place', async () => {
    const { setting, ticket, row, read, cursor } = await attached()
    const id = setting.sandbox.addComment(ticket.id, { html_body: `<img src="${row?.content_url}">`, attachments: [] })
    const { events } = (await setting.driver.catchUp?.(ticket, cursor)) ?? { events: [] }
    const handle = `image/${ticket.id}/${id}/0`
    expect(events.at(-1)).toMatchObject({ parts: [{ type: 'desk-file', handle }] })
    expect((await collect((await read(handle)).bytes, 1_000)).toString()).toBe('%PDF-1.4 label')
  })
})
