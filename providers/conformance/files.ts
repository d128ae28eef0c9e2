/** Conformance: files of customers at the desk, and files of agents on their way to the customer. */
import { describe, expect, it } from 'vitest'
import { collect } from '../kit/files'
import type { PublishedFile, SandboxEntry } from '../kit/sandbox'
import type { DeskFilePart, MessagePart, SessionEvent } from '../provider'
import type { Suite } from './suite'

const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.alloc(70_000, 7)])
const PDF = Buffer.from('%PDF-1.7\n% the invoice\n')
const HTML = '<!DOCTYPE html><script>alert(1)</script>'

const image = (url: string, title?: string): MessagePart => ({
  type: 'file',
  kind: 'image',
  url,
  ...(title === undefined ? {} : { title }),
})

export const describeFiles = (suite: Suite): void => {
  const { descriptor, provider, setUp, openTicket, eventsOf, post, ticketOf } = suite
  const { attaches } = descriptor

  /** Posts a message with this file, and returns what agents see of it. */
  const postFile = async (file: PublishedFile, parts: (url: string) => MessagePart[] = (url) => [image(url)]) => {
    const fixture = await setUp()
    const url = fixture.web.publish('/photo.png', file)
    const { ticket, customer } = await openTicket(fixture)
    const posted = await post(fixture, ticket, customer, parts(url))
    const entries = ticketOf(fixture, ticket).entries.slice(-posted.messageIds.length)
    return { fixture, url, posted, entries, text: entries.map((entry) => entry.text).join('\n') }
  }

  describe(`${provider.name}: customers’ files`, () => {
    if (attaches) {
      it('are attached with their bytes, name and type, beside the caption', async () => {
        const { entries, text } = await postFile({ bytes: PNG, contentType: 'image/png' }, (url) => [
          { type: 'text', text: 'look at this', format: 'plain' },
          image(url),
        ])
        expect(_filesIn(entries)).toEqual([{ name: 'photo.png', contentType: 'image/png', bytes: PNG }])
        expect(text).toContain('look at this')
      })

      it('of one message arrive as one message, in order', async () => {
        const fixture = await setUp()
        const photo = fixture.web.publish('/photo.png', { bytes: PNG, contentType: 'image/png' })
        const invoice = fixture.web.publish('/files/4711', {
          bytes: PDF,
          contentType: 'application/octet-stream',
          name: 'Invoice 4711.pdf',
        })
        const { ticket, customer } = await openTicket(fixture)
        const posted = await post(fixture, ticket, customer, [
          { type: 'text', text: 'first of a bloc', format: 'plain' },
          image(photo),
          { type: 'file', kind: 'file', url: invoice },
          { type: 'text', text: 'last of a bloc', format: 'plain' },
        ])
        expect(posted.messageIds).toHaveLength(1)
        const [entry] = ticketOf(fixture, ticket).entries.slice(-1)
        expect(entry?.text.indexOf('first of a bloc')).toBeLessThan(entry?.text.indexOf('last of a bloc') ?? -1)
        expect(_filesIn(entry ? [entry] : [])).toEqual([
          { name: 'photo.png', contentType: 'image/png', bytes: PNG },
          { name: 'Invoice 4711.pdf', contentType: 'application/pdf', bytes: PDF },
        ])
      })

      it('have the type of their bytes: a page that poses as a picture is none', async () => {
        const { entries, text, url } = await postFile({ bytes: HTML, contentType: 'image/png' })
        const files = _filesIn(entries)
        expect(files.map(({ contentType }) => contentType)).not.toContain('image/png')
        for (const { name } of files) expect(name).not.toMatch(/\.png$/)
        if (files.length === 0) expect(text).toContain(url)
      })

      it('that are too large are links with the reason', async () => {
        const { entries, text, url } = await postFile({
          bytes: PNG,
          contentType: 'image/png',
          length: attaches.maxBytes + 1,
        })
        expect(_filesIn(entries)).toEqual([])
        expect(text).toContain(url)
        expect(text).toMatch(/is larger than \d/)
      })

      it('that break off are links with the reason, and the message arrives once', async () => {
        const { entries, posted, text, url } = await postFile({ bytes: _breaking, contentType: 'image/png' })
        expect(posted.messageIds).toHaveLength(1)
        expect(_filesIn(entries)).toEqual([])
        expect(text).toContain(url)
        expect(text).toContain('broke off')
      })
    }

    it.each([
      ['refused', { failure: 'refused' }],
      ['gone', { status: 404, bytes: 'not found' }],
      ['silent', { failure: 'silent' }],
      ['empty', { bytes: '', contentType: 'image/png' }],
    ] as const)('that can’t be had are titled links: %s', async (_what, file) => {
      const { entries, text, url } = await postFile(file, (at) => [image(at, 'The photo')])
      expect(_filesIn(entries)).toEqual([])
      expect(text).toContain(url)
      expect(text).toContain('The photo')
      if (attaches) expect(text, 'says why').toMatch(/not attached|could not|may not|too long|empty/)
    })
  })

  if (!descriptor.capabilities.includes('readFile')) return

  /** An agent sends these files. Their handles, from the webhook and from a reading. */
  const agentSends = async (
    files: { name: string; contentType: string; bytes: Uint8Array }[],
    text = 'here you are'
  ) => {
    const fixture = await setUp()
    const { ticket, cursor } = await openTicket(fixture)
    fixture.sandbox.agentReplies(ticket.id, text, { attachments: files })
    const { events } = await eventsOf(fixture, ticket, cursor)
    const read = await fixture.driver.catchUp?.(ticket, cursor)
    return { fixture, events, parts: _partsOf(events), files: _deskFiles(events), read: _deskFiles(read?.events ?? []) }
  }

  describe(`${provider.name}: agents’ files`, () => {
    it('have handles that open them: bytes, name and type, text and files in one message', async () => {
      const { fixture, events, files, parts } = await agentSends([
        { name: 'manual.pdf', contentType: 'application/pdf', bytes: PDF },
        { name: 'photo.png', contentType: 'image/png', bytes: PNG },
      ])
      expect(events.filter(({ type }) => type === 'message-posted')).toHaveLength(1)
      expect(parts[0]).toMatchObject({ type: 'text', text: 'here you are' })
      expect(files).toHaveLength(2)
      for (const [index, bytes] of [PDF, PNG].entries()) {
        const { handle = '', name, contentType } = files[index] ?? {}
        expect(handle.length).toBeLessThanOrEqual(1_000)
        const file = await fixture.driver.readFile?.(handle)
        expect(await collect(file?.bytes ?? _nothing(), 1_000_000)).toEqual(bytes)
        expect(name ?? file?.name).toBe(['manual.pdf', 'photo.png'][index])
        expect(contentType ?? file?.contentType).toBe(['application/pdf', 'image/png'][index])
        expect(JSON.stringify(files[index])).not.toMatch(/secret|token|password|bearer/i)
      }
    })

    it('have the same handle in every reading', async () => {
      const { files, read, fixture } = await agentSends([
        { name: 'manual.pdf', contentType: 'application/pdf', bytes: PDF },
      ])
      expect(files).toHaveLength(1)
      if (fixture.driver.catchUp) expect(read.map(({ handle }) => handle)).toEqual(files.map(({ handle }) => handle))
    })

    it('are opened at the vendor’s hosts only', async () => {
      const { fixture } = await agentSends([{ name: 'a.pdf', contentType: 'application/pdf', bytes: PDF }])
      const asked: string[] = []
      const { resolveOrigin } = fixture.tools
      fixture.tools.resolveOrigin = (origin) => {
        asked.push(origin)
        return resolveOrigin?.(origin)
      }
      for (const handle of ['https://evil.example/a.pdf', 'http://169.254.169.254/latest/meta-data', '../../me', '']) {
        await expect(fixture.driver.readFile?.(handle)).rejects.toMatchObject({ name: 'ProviderError' })
      }
      expect(asked.filter((origin) => !fixture.sandbox.origins.includes(origin))).toEqual([])
      expect(fixture.web.asked).toEqual([])
    })

    it('that are gone are not found, and other failures pass', async () => {
      const { fixture, files } = await agentSends([{ name: 'a.pdf', contentType: 'application/pdf', bytes: PDF }])
      const handle = files[0]?.handle ?? ''
      fixture.sandbox.server.addFault({ kind: 'status', status: 404, body: { error: 'not found' }, times: 9 })
      const gone = await fixture.driver.readFile?.(handle).catch((error: unknown) => error)
      expect(gone).toMatchObject({ code: expect.stringMatching(/^(?:not-found|rejected)$/), about: 'message' })
      fixture.sandbox.server.clearFaults()
      fixture.sandbox.server.addFault({ kind: 'status', status: 500, times: 9 })
      await expect(fixture.driver.readFile?.(handle)).rejects.toMatchObject({ code: 'unavailable' })
    })
  })
}

const _filesIn = (entries: SandboxEntry[]) =>
  entries.flatMap(({ files = [] }) =>
    files.map(({ name, contentType, bytes }) => ({ name, contentType, bytes: Buffer.from(bytes) }))
  )

const _partsOf = (events: SessionEvent[]) =>
  events.flatMap((event) => (event.type === 'message-posted' ? event.parts : []))

const _deskFiles = (events: SessionEvent[]): DeskFilePart[] =>
  _partsOf(events).flatMap((part) => (part.type === 'desk-file' ? [part] : []))

async function* _breaking(): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  yield PNG
  throw new Error('The connection was reset')
}

async function* _nothing(): AsyncGenerator<Uint8Array> {}
