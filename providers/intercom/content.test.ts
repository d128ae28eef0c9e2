/** What an agent's part holds is delivered or named in its place, never nothing. */
import { describe, expect, it } from 'vitest'
import type { SessionEvent } from '../provider'
import { openOne, parsed, part, setUp } from './testing'

const SIGNED = 'https://downloads.intercomcdn.com/i/o/sbx1nter/1/a%20b.png?expires=1&signature=2'

type Message = Extract<SessionEvent, { type: 'message-posted' }>

const read = async (more: Record<string, unknown>): Promise<Message | undefined> => {
  const { events } = parsed(await setUp(), 'conversation.admin.replied', [part(more)])
  return events.find((event): event is Message => event.type === 'message-posted')
}

const textOf = (message: Message | undefined): string =>
  (message?.parts ?? []).map((piece) => (piece.type === 'text' ? piece.text : `<${piece.type}>`)).join('\n')

describe('a file of an agent', () => {
  it('has a handle in its place, in order, and what has no address is named', async () => {
    const message = await read({
      body: `<p>See <b>this</b>:</p><div class="intercom-container"><img src="${SIGNED}&amp;n=1"></div><p>and</p>`,
      attachments: [
        { type: 'upload', name: 'voice.mp3', url: `${SIGNED}&n=2`, content_type: 'audio/mpeg', filesize: 12 },
        { type: 'upload', name: 'film.MOV', url: `${SIGNED}&n=3`, content_type: 'application/force-download' },
        { type: 'upload', name: 'lost.zip', url: null, content_type: 'application/zip' },
        { type: 'upload', name: 'same.png', url: `${SIGNED}&n=1`, content_type: 'image/png' },
      ],
    })
    expect(message?.parts).toMatchObject([
      { type: 'text', text: 'See **this**:' },
      { type: 'desk-file', handle: '77/9001/0', name: 'same.png', contentType: 'image/png' },
      { type: 'text', text: 'and' },
      { type: 'desk-file', handle: '77/9001/1', name: 'voice.mp3', contentType: 'audio/mpeg', size: 12 },
      { type: 'desk-file', handle: '77/9001/2', name: 'film.MOV' },
      { type: 'text', text: expect.stringContaining('“lost.zip”') },
    ])
    expect(message?.undelivered).toContain('“lost.zip”')
    expect(message?.undelivered).not.toContain('“film.MOV”')
    expect(message?.undelivered).toContain('https://app.intercom.com/a/inbox/_/inbox/conversation/77')
  })

  it.each([
    ['an attachment', { body: null, attachments: [{ name: 'a.png', url: SIGNED, content_type: 'image/png' }] }],
    ['an image', { body: `<img src="${SIGNED.replace('&', '&amp;')}">` }],
    ['a linked image', { body: `<a href="${SIGNED}"><img src="${SIGNED}"></a>` }],
    ['a link', { body: `<p>the <a href="${SIGNED}">offer</a></p>` }],
    ['a bare link', { body: `<p>the <a href="${SIGNED}">${SIGNED}</a></p>` }],
    ['a video', { body: `<video src="${SIGNED.replace('png', 'mp4')}"></video>` }],
    ['a video in a frame', { body: `<p>look</p><iframe src="${SIGNED}"></iframe>` }],
    [
      'the older host',
      { attachments: [{ name: 'x', url: 'https://acme.intercom-attachments-7.com/i/o/1/x?expires=9' }] },
    ],
    ['the host in Europe', { body: '<img src="https://downloads.intercomcdn.eu/i/o/1/x.png">' }],
  ])('never has an address that dies: %s', async (_title, more) => {
    const message = await read(more)
    expect(JSON.stringify(message?.parts)).not.toMatch(/intercomcdn|intercom-attachments|signature/i)
    const files = message?.parts.filter(({ type }) => type === 'desk-file')
    expect(files).toMatchObject([{ handle: '77/9001/0' }])
    expect(message?.undelivered).toBeUndefined()
  })

  it('is named where it lies elsewhere, signed for a while', async () => {
    const message = await read({ attachments: [{ url: 'https://b.example/x?Expires=1&Signature=2' }] })
    expect(textOf(message)).toContain('can’t be shown here')
    expect(message?.undelivered).toBeTruthy()
  })

  it('keeps the words of its link', async () => {
    const message = await read({ body: `<p>the <a href="${SIGNED}">offer</a>, today</p>` })
    expect(message?.parts).toMatchObject([{ text: 'the offer, today' }, { type: 'desk-file', name: 'a b.png' }])
  })

  it('keeps an address that lasts', async () => {
    const giphy = 'https://media.giphy.com/media/a/giphy.gif'
    expect((await read({ body: `<img src="${giphy}">` }))?.parts).toEqual([{ type: 'file', kind: 'image', url: giphy }])
    const link = 'https://acme.example/reset?token=1&signature=2'
    const message = await read({ body: `<p><a href="${link}">Reset</a></p>` })
    expect(textOf(message)).toBe(`[Reset](${link})`)
    expect(message?.undelivered).toBeUndefined()
  })

  it.each([
    ['brackets', SIGNED.replace('a%20b', 'a(b)'), SIGNED.replace('a%20b', 'a%28b%29')],
    ['another signature', SIGNED, SIGNED.replace('signature=2', 'signature=3')],
    ['another host', SIGNED, SIGNED.replace('downloads.', 'files.')],
    ['entities', SIGNED.replace('&', '&amp;'), SIGNED],
  ])('is one file when it is inline and attached: %s', async (_title, inline, attached) => {
    const attachments = [{ name: 'a b.png', url: attached, content_type: 'image/png' }]
    const message = await read({ body: `<p>Hi</p><img src="${inline}">`, attachments })
    expect(message?.parts).toMatchObject([{ text: 'Hi' }, { type: 'desk-file', handle: '77/9001/0', name: 'a b.png' }])
  })

  it('keeps the signs of its name', async () => {
    const message = await read({ body: null, attachments: [{ name: '*a* <b> [c](d).pdf', url: null }] })
    expect(textOf(message).replaceAll('\\', '')).toContain('“*a* <b> [c](d).pdf”')
  })
})

describe('content that the driver does not know', () => {
  it('is named in its place', async () => {
    expect(textOf(await read({ body: '<canvas></canvas><object data="x"></object>' }))).toContain('cannot be shown')
  })

  it.each([
    ['a card without words', { body: null }],
    ['an empty paragraph', { body: '<p></p>' }],
    ['a quick reply without words', { part_type: 'quick_reply', body: null }],
    ['a type of part that is new, with words', { part_type: 'video_message', body: '<p>Hello</p>' }],
    ['a type of part that is new, with a file', { part_type: 'voice', body: null, attachments: [{ name: 'a' }] }],
  ])('is named, and the agent is told: %s', async (_title, more) => {
    const message = await read(more)
    expect(textOf(message)).toBe('[a message of a kind that can’t be shown here]')
    expect(message?.undelivered).toContain('/conversation/77')
  })

  it('delivers the words and options of a quick reply', async () => {
    const metadata = { quick_reply_options: [{ text: 'Yes', uuid: '1' }, { text: '*No*', uuid: '2' }, null] }
    const message = await read({ part_type: 'quick_reply', body: '<p>Again?</p>', metadata })
    expect(textOf(message)).toBe('Again?\n- Yes\n- \\*No\\*')
  })

  it.each(['snoozed', 'unsnoozed', 'close', 'open'])('delivers words that come with “%s”', async (type) => {
    expect(textOf(await read({ part_type: type, body: '<p>Until tomorrow</p>' }))).toBe('Until tomorrow')
    expect(await read({ part_type: type, body: null })).toBeUndefined()
  })

  it('delivers a table', async () => {
    const body = '<p>Prices</p><table><tr><td>a</td><td>1</td></tr><tr><td>b</td><td>2</td></tr></table>'
    expect(textOf(await read({ body }))).toMatch(/Prices[^]*a \| 1[^]*b \| 2/)
  })
})

describe('a part that can be read only partly', () => {
  it.each([
    ['an author without an id', { author: { type: 'admin', id: null, name: 'Ada' } }, 'Hello'],
    ['an author whose name is no text', { author: { type: 'admin', id: '1', name: 17 } }, 'Hello'],
    ['a time that is no number', { created_at: 'yesterday' }, 'Hello'],
    ['attachments that are no list', { attachments: 'none' }, 'Hello'],
    ['an assignment that is no object', { assigned_to: '17' }, 'Hello'],
    ['metadata that are no object', { metadata: [] }, 'Hello'],
    ['a body that is no text', { body: { blocks: [] } }, '[a message of a kind'],
    ['an attachment that is no object', { attachments: [null] }, 'Hello\n[a file: it can’t be shown here'],
    ['an attachment whose name is no text', { attachments: [{ name: {}, url: 1 }] }, 'Hello\n[a file: it can’t'],
  ])('costs itself only: %s', async (_title, more, expected) => {
    const setup = await setUp()
    const parts = [part({ id: '9', body: '<p>Before</p>' }), part({ id: '10', ...more }), part({ id: '11' })]
    const { events } = parsed(setup, 'conversation.admin.replied', parts)
    expect(events.filter(({ type }) => type === 'message-posted')).toHaveLength(3)
    const message = events.find((event): event is Message => event.type === 'message-posted' && event.id === '10')
    expect(textOf(message)).toContain(expected)
  })

  it('blinds neither a reading nor the end after it', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.agentReplies(ticket.id, 'one')
    setup.sandbox.addPart(ticket.id, { body: 17 as never, attachments: [{ name: 'x', url: '', contentType: '' }] })
    setup.sandbox.agentReplies(ticket.id, 'two')
    setup.sandbox.solve(ticket.id)
    const { events = [] } = (await setup.driver.catchUp?.(ticket, undefined)) ?? {}
    expect(events.map(({ type }) => type)).toEqual([
      'agent-assigned',
      'message-posted',
      'message-posted',
      'message-posted',
      'ticket-closed',
    ])
  })
})

describe('a deleted reply', () => {
  it('is in no reading, and its webhook says nothing once it is deleted', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    const first = setup.sandbox.agentReplies(ticket.id, 'my password is 1234')
    const second = setup.sandbox.agentReplies(ticket.id, 'sorry')
    setup.sandbox.deleteReply?.(first)
    const { events = [], removed } = (await setup.driver.catchUp?.(ticket, undefined)) ?? {}
    expect(events.flatMap((event) => (event.type === 'message-posted' ? [event.id] : []))).toEqual([second])
    expect(JSON.stringify(events)).not.toContain('deleted')
    expect(removed).toEqual([first])
  })
})
