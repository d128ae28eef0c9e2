/** Files both ways: with a customer's message, and behind an agent's. */
import { describe, expect, it } from 'vitest'
import { collect } from '../kit/files'
import type { MessagePart, OutboundMessage } from '../provider'
import { base64 } from './sending'
import { EVE, fault, openOne, sandboxTicket, setUp, textOf } from './testing'

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')

const file = (url: string, title?: string): MessagePart => ({
  type: 'file',
  kind: 'image',
  url,
  ...(title ? { title } : {}),
})
const text = (said: string): MessagePart => ({ type: 'text', text: said })

const start = async () => {
  const setup = await setUp()
  const ticket = await openOne(setup, { transcript: [] })
  const customer = { ...EVE, contactId: ticket.contactId }
  const send = (parts: MessagePart[], more: Partial<OutboundMessage> = {}) =>
    setup.driver.postMessage(ticket, textOf('', { parts, author: { type: 'customer', customer }, ...more }))
  const said = () =>
    sandboxTicket(setup, ticket)
      .entries.filter(({ kind }) => kind === 'customer')
      .slice(1)
  const last = () => sandboxTicket(setup, ticket).entries.at(-1)
  return { setup, ticket, send, said, last }
}

describe('a customer’s files', () => {
  it('come with one reply, with caption, name, type and bytes, in order', async () => {
    const { setup, send, said } = await start()
    const photo = setup.web.publish('/photo.png', { bytes: PNG, contentType: 'image/png' })
    const pdf = setup.web.publish('/get', { bytes: '%PDF-1.4 x', contentType: 'application/pdf', name: 'receipt.pdf' })
    await send([text('before'), file(photo, 'My cat'), file(pdf), text('after')])
    const [reply, ...more] = said()
    expect(more).toEqual([])
    expect(reply?.text).toMatch(/^before\nImage “My cat”\nImage\nafter\n/)
    expect(
      reply?.files?.map(({ name, contentType, bytes }) => [name, contentType, Buffer.from(bytes).toString()])
    ).toEqual([
      ['photo.png', 'image/png', PNG.toString()],
      ['receipt.pdf', 'application/pdf', '%PDF-1.4 x'],
    ])
  })

  it('alone have their names for a text, since Intercom takes no empty one', async () => {
    const { setup, send, said } = await start()
    await send([file(setup.web.publish('/photo.png', { bytes: PNG }))])
    expect(said()[0]?.text).toContain('Image “photo.png”')
  })

  it('more than ten go on in a further reply', async () => {
    const { setup, send, said } = await start()
    const files = Array.from({ length: 12 }, (_unused, index) =>
      file(setup.web.publish(`/${index}.png`, { bytes: PNG }))
    )
    const { messageIds } = await send(files)
    expect(messageIds).toHaveLength(2)
    expect(said().map((entry) => entry.files?.length)).toEqual([10, 2])
  })

  it.each([
    ['too large', { bytes: 'x', length: 30 * 1024 * 1024 }, 'is larger than 20 MB'],
    ['empty', { bytes: '' }, 'is empty'],
    ['gone', { status: 404 }, 'could not be opened'],
    ['breaks off', { bytes: _breaking }, 'broke off'],
  ])('that are %s are links with the reason, and the others are attached', async (_what, published, why) => {
    const { setup, send, said } = await start()
    const url = setup.web.publish('/bad.png', published)
    const good = setup.web.publish('/good.png', { bytes: PNG })
    await send([text('see'), file(url), file(good)])
    expect(said()).toHaveLength(1)
    expect(said()[0]?.text).toContain(`Image “bad.png”: ${url} (not attached: the file ${why}`)
    expect(said()[0]?.files?.map(({ name }) => name)).toEqual(['good.png'])
  })

  it('that Intercom refuses are links', async () => {
    const { setup, send, said } = await start()
    for (const status of [422, 413]) {
      setup.sandbox.server.addFault(fault(/reply$/, { status, body: status === 422 ? {} : '<html>too large</html>' }))
      await send([text('see'), file(setup.web.publish('/a.png', { bytes: PNG }))], { id: `msg_${status}` })
    }
    expect(said()).toHaveLength(2)
    for (const entry of said()) expect(entry.text).toContain('is refused by Intercom')
  })

  it.each(['attached', 'a link'])(
    'are posted once after a lost answer, and recognised by the next attempt: %s',
    async (how) => {
      const { setup, send, said } = await start()
      const url = setup.web.publish('/a.png', how === 'attached' ? { bytes: PNG } : { status: 500 })
      const parts = [text('see 👍'), file(url, 'My cat (1)'), text('and')]
      setup.sandbox.server.addFault(fault(/reply$/, { effect: 'after', kind: 'disconnect' }))
      const first = await send(parts)
      setup.web.publish('/a.png', how === 'attached' ? { status: 500 } : { bytes: PNG })
      expect(await send(parts, { mayExist: true })).toEqual(first)
      expect(said()).toHaveLength(1)
      const other = await send([text('see 👎'), ...parts.slice(1)], { id: 'msg_2', mayExist: true })
      expect(other.messageIds).not.toEqual(first.messageIds)
    }
  )

  it('are sent again when the first attempt did not arrive', async () => {
    const { setup, send, said } = await start()
    setup.sandbox.server.addFault(fault(/reply$/, { kind: 'disconnect' }))
    await send([file(setup.web.publish('/a.png', { bytes: PNG }))])
    expect(said().map(({ files }) => files?.length)).toEqual([1])
  })

  it('don’t take the time that the message needs', async () => {
    const { setup, ticket, last } = await start()
    setup.tools.deadline = setup.clock.now() + 3_500
    const url = setup.web.publish('/a.png', { bytes: PNG })
    await setup.connect().postMessage(ticket, textOf('', { parts: [text('see'), file(url)] }))
    expect(last()?.text).toContain('could not be attached in time')
    expect(setup.web.asked).toEqual([])
  })

  it('are Base64 whatever the chunks are', async () => {
    for (const sizes of [[1, 1, 1, 1], [2, 5, 3], [7], [], [65_536, 1]]) {
      const bytes = Buffer.from(Array.from({ length: sizes.reduce((sum, size) => sum + size, 0) }, (_, at) => at % 251))
      const chunks = async function* () {
        let at = 0
        for (const size of sizes) yield await Promise.resolve(bytes.subarray(at, (at += size)))
      }
      expect((await collect(base64(chunks()), 1e6)).toString()).toBe(bytes.toString('base64'))
    }
  })

  it('of the bot are attached to a note', async () => {
    const { setup, ticket, last } = await start()
    const url = setup.web.publish('/a.png', { bytes: PNG })
    await setup.driver.postMessage(
      ticket,
      textOf('', { author: { type: 'bot' }, parts: [text('**A** label'), file(url)] })
    )
    expect(last()).toMatchObject({ kind: 'note', files: [{ name: 'a.png' }] })
  })
})

async function* _breaking(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(PNG)
  throw new Error('reset')
}

describe('an agent’s file', () => {
  const sent = async () => {
    const started = await start()
    const { setup, ticket } = started
    const attachments = [{ name: 'label.pdf', contentType: 'application/pdf', bytes: Buffer.from('%PDF-1.4 label') }]
    const id = setup.sandbox.agentReplies(ticket.id, 'your label', { attachments })
    const read = (handle: string) =>
      setup.driver.readFile?.(handle) ?? Promise.reject(new Error('The driver reads no files'))
    return { ...started, id, handle: `${ticket.id}/${id}/0`, read }
  }

  it('has the same handle in webhook and reading, and is opened anew after its address has ended', async () => {
    const { setup, ticket, handle, read } = await sent()
    const announced = setup.sandbox.deliveries.waiting.flatMap(
      ({ request }) => setup.driver.parseWebhook(request).events
    )
    const { events = [] } = (await setup.driver.catchUp?.(ticket, undefined)) ?? {}
    for (const list of [announced, events]) {
      expect(list.filter(({ type }) => type === 'message-posted')[0]).toMatchObject({
        parts: [
          { text: 'your label' },
          { type: 'desk-file', handle, name: 'label.pdf', contentType: 'application/pdf' },
        ],
      })
    }
    setup.clock.advance(45 * 60_000)
    const { bytes, ...file } = await read(handle)
    expect(file).toEqual({ name: 'label.pdf', contentType: 'application/pdf', size: 14 })
    expect((await collect(bytes, 1_000)).toString()).toBe('%PDF-1.4 label')
    const store = setup.sandbox.server.requests.filter(({ path }) => path.startsWith('/i/o/'))
    expect(store).toHaveLength(1)
    expect(store[0]?.headers).not.toHaveProperty('authorization')
  })

  it('that was deleted, or never was, can’t be had', async () => {
    const { setup, ticket, id, handle, read } = await sent()
    setup.sandbox.deleteReply?.(id)
    for (const wrong of [handle, `${ticket.id}/${id}/7`, `${ticket.id}/1/0`, '1/1/0', 'https://evil.test/x', '']) {
      const error = await read(wrong).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'not-found', about: 'message' })
    }
  })

  it('that the store refuses can’t be had, and waits while Intercom is down', async () => {
    const { setup, handle, read } = await sent()
    setup.sandbox.server.addFault(fault(/GET \/i\/o/, { status: 403 }))
    expect(await read(handle).catch((error: unknown) => error)).toMatchObject({ code: 'not-found', about: 'message' })
    setup.sandbox.server.addFault(fault(/GET/, { status: 503, times: 9 }))
    expect(await read(handle).catch((error: unknown) => error)).toMatchObject({ code: 'unavailable' })
  })
})
