/** Conformance: from the bot to the desk – opening a ticket and posting into it. */
import { describe, expect, it } from 'vitest'
import type { MessagePart } from '../provider'
import { CUSTOMER_TEXT, isWrite, type Suite } from './suite'

const PARTS: MessagePart[][] = [
  [{ type: 'text', text: 'plain words' }],
  [{ type: 'file', kind: 'image', url: 'https://files.example.test/photo.png', title: 'The photo' }],
  [{ type: 'file', kind: 'audio', url: 'https://files.example.test/voice.mp3' }],
  [{ type: 'file', kind: 'video', url: 'https://files.example.test/film.mp4' }],
  [{ type: 'file', kind: 'file', url: 'https://files.example.test/invoice.pdf', title: 'Invoice' }],
  [{ type: 'location', latitude: 48.85, longitude: 2.35, title: 'The shop' }],
  [
    { type: 'text', text: 'first of a bloc' },
    { type: 'file', kind: 'image', url: 'https://files.example.test/second.png' },
    { type: 'text', text: 'third of a bloc' },
  ],
]

export const describeTickets = ({
  provider,
  setUp,
  customerAt,
  requestFor,
  openTicket,
  post,
  ticketOf,
}: Suite): void => {
  describe(`${provider.name}: tickets and messages`, () => {
    it('opens one ticket with the conversation’s id, the customer and the transcript', async () => {
      const fixture = await setUp()
      const { ticket } = await openTicket(fixture)
      const tickets = fixture.sandbox.tickets().filter((candidate) => candidate.conversationId === 'conv_01')
      expect(tickets.map((candidate) => candidate.id)).toEqual([ticket.id])
      const shown = ticketOf(fixture, ticket)
      const everything = [shown.title, ...shown.entries.map((entry) => entry.text)].join('\n')
      expect(everything).toContain('Late parcel')
      expect(everything).toContain('Nothing came')
      expect(everything).toContain(CUSTOMER_TEXT)
      expect(everything).toContain('Eve Customer')
      expect(shown.customer).toContain('Eve')
      if (ticket.memo !== undefined) expect(ticket.memo.length).toBeLessThanOrEqual(400)
      expect(ticket.id.length).toBeLessThanOrEqual(200)
    })

    it('returns the same ticket for a repeated start', async () => {
      const fixture = await setUp()
      const { ticket } = await openTicket(fixture)
      const again = await openTicket(fixture, { mayExist: true })
      expect(again.ticket.id).toBe(ticket.id)
      expect(fixture.sandbox.tickets().filter((candidate) => candidate.conversationId === 'conv_01')).toHaveLength(1)
    })

    it.each(['status', 'timeout'] as const)(
      'opens one ticket although the outcome was unknown (%s after the write)',
      async (kind) => {
        const fixture = await setUp({}, 400)
        const customer = await customerAt(fixture)
        const before = fixture.sandbox.tickets().length
        // The fault hits whichever request creates the ticket.
        fixture.sandbox.server.addFault({
          kind,
          status: 500,
          effect: 'after',
          matches: (request) =>
            request.method === 'POST' &&
            fixture.sandbox.tickets().length === before &&
            !/token|contacts|users/.test(request.path),
        })
        const opened = await fixture.driver.openTicket(requestFor(customer))
        expect(
          fixture.sandbox
            .tickets()
            .filter((candidate) => candidate.conversationId === 'conv_01')
            .map((t) => t.id)
        ).toEqual([opened.id])
      }
    )

    it.each(PARTS)('delivers all parts of a message, in order: %j', async (...parts) => {
      const fixture = await setUp()
      const { ticket, customer } = await openTicket(fixture)
      const posted = await post(fixture, ticket, customer, parts)
      expect(posted.messageIds.length).toBeGreaterThan(0)
      const entries = ticketOf(fixture, ticket).entries
      const said = entries
        .slice(-posted.messageIds.length)
        .map((entry) => entry.text)
        .join('\n')
      let position = -1
      for (const part of parts) {
        const expected = part.type === 'text' ? part.text : part.type === 'file' ? part.url : '48.85'
        const at = said.indexOf(expected.replaceAll('&', '&amp;'))
        expect(at, `${expected} in ${said}`).toBeGreaterThan(position)
        position = at
      }
      expect(entries.at(-1)?.kind).toBe('customer')
    })

    it('delivers a very long message completely and in order', async () => {
      const fixture = await setUp()
      const { ticket, customer } = await openTicket(fixture)
      const words = Array.from({ length: 12_000 }, (_unused, index) => `w${index}`)
      const posted = await post(fixture, ticket, customer, [{ type: 'text', text: words.join(' ') }])
      const said = ticketOf(fixture, ticket)
        .entries.slice(-posted.messageIds.length)
        .map((entry) => entry.text)
        .join(' ')
      expect(said.match(/\bw\d+\b/g)).toEqual(words)
    })

    it.each([0, 1, 2, 3])(
      'never divides a character where it divides a long message: %i signs before them',
      async (shift) => {
        const fixture = await setUp()
        const { ticket, customer } = await openTicket(fixture)
        const text = `${'a'.repeat(shift)}${'👍'.repeat(20_000)}`
        const posted = await post(fixture, ticket, customer, [{ type: 'text', text, format: 'plain' }])
        const shown = ticketOf(fixture, ticket)
          .entries.slice(-posted.messageIds.length)
          .map((entry) => entry.text)
          .join('')
        expect(shown.match(/\p{Surrogate}|\ufffd/gu)).toBeNull()
        expect(shown.match(/👍/gu)).toHaveLength(20_000)
      }
    )

    it('opens a ticket with a title of 10,000 characters and a transcript of 500 messages', async () => {
      const fixture = await setUp()
      const transcript = Array.from({ length: 500 }, (_unused, index) => ({
        author: index % 2 ? ('bot' as const) : ('customer' as const),
        name: index % 2 ? 'Bot' : 'Eve Customer',
        parts: [{ type: 'text' as const, text: `entry ${index} ${'x'.repeat(400)}` }],
      }))
      const { ticket } = await openTicket(fixture, { title: 'T'.repeat(10_000), transcript })
      const everything = ticketOf(fixture, ticket)
        .entries.map((entry) => entry.text)
        .join('\n')
      expect(everything).toContain('entry 499')
    })

    it.each(['status', 'timeout'] as const)(
      'posts a message once although the outcome was unknown (%s after the write)',
      async (kind) => {
        const fixture = await setUp({}, 400)
        const { ticket, customer } = await openTicket(fixture)
        const before = ticketOf(fixture, ticket).entries.length
        fixture.sandbox.server.addFault({ kind, status: 502, effect: 'after', matches: isWrite })
        const posted = await post(fixture, ticket, customer, [{ type: 'text', text: 'said once' }])
        expect(ticketOf(fixture, ticket).entries.length - before).toBe(1)
        expect(posted.messageIds).toHaveLength(1)
      }
    )

    it('reports an unknown outcome when reading fails, too', async () => {
      const fixture = await setUp()
      const { ticket, customer } = await openTicket(fixture)
      const { server } = fixture.sandbox
      server.addFault({ kind: 'status', status: 502, effect: 'after', matches: isWrite })
      server.addFault({ kind: 'status', status: 500, times: 99, matches: (request) => !isWrite(request) })
      const posting = post(fixture, ticket, customer, [{ type: 'text', text: 'said once' }])
      await expect(posting).rejects.toMatchObject({ outcome: 'unknown' })
      server.clearFaults()
      server.addFault({ kind: 'status', status: 502, effect: 'after', matches: isWrite })
      server.addFault({ kind: 'status', status: 500, times: 99, matches: (request) => !isWrite(request) })
      const opening = fixture.driver.openTicket(requestFor(customer, { conversationId: 'conv_02' }))
      await expect(opening).rejects.toMatchObject({ outcome: 'unknown' })
    })

    it('posts a message again after a failure before the write', async () => {
      const fixture = await setUp()
      const { ticket, customer } = await openTicket(fixture)
      const before = ticketOf(fixture, ticket).entries.length
      fixture.sandbox.server.addFault({ kind: 'status', status: 502, effect: 'before', matches: isWrite })
      await post(fixture, ticket, customer, [{ type: 'text', text: 'said once' }])
      expect(ticketOf(fixture, ticket).entries.length - before).toBe(1)
    })

    it('returns the same ids for a repeated message', async () => {
      const fixture = await setUp()
      const { ticket, customer } = await openTicket(fixture)
      const first = await post(fixture, ticket, customer, [{ type: 'text', text: 'said once' }])
      const before = ticketOf(fixture, ticket).entries.length
      const again = await fixture.driver.postMessage(ticket, {
        id: 'msg_01',
        author: { type: 'customer', customer },
        parts: [{ type: 'text', text: 'said once' }],
        mayExist: true,
      })
      expect(again.messageIds).toEqual(first.messageIds)
      expect(ticketOf(fixture, ticket).entries).toHaveLength(before)
    })

    it('posts the bot’s messages as internal notes', async () => {
      const fixture = await setUp()
      const { ticket } = await openTicket(fixture)
      await fixture.driver.postMessage(ticket, {
        id: 'msg_02',
        author: { type: 'bot' },
        parts: [{ type: 'text', text: '( The user has ended the session. )' }],
        mayExist: false,
      })
      const last = ticketOf(fixture, ticket).entries.at(-1)
      expect(last?.text).toContain('The user has ended the session.')
      expect(last?.kind).toBe('note')
    })
  })
}
