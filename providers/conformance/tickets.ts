/** Conformance: from the bot to the desk – opening a ticket and posting into it. */
import { describe, expect, it } from 'vitest'
import type { MessagePart } from '../provider'
import { CUSTOMER_TEXT, isWrite, type Suite } from './setting'

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
  describe(`${provider.name}: a ticket`, () => {
    it('opens one ticket that carries our conversation, the customer and the transcript', async () => {
      const setting = await setUp()
      const { ticket } = await openTicket(setting)
      const tickets = setting.sandbox.tickets().filter((candidate) => candidate.conversationId === 'conv_01')
      expect(tickets.map((candidate) => candidate.id)).toEqual([ticket.id])
      const shown = ticketOf(setting, ticket)
      const everything = [shown.title, ...shown.entries.map((entry) => entry.text)].join('\n')
      expect(everything).toContain('Late parcel')
      expect(everything).toContain('Nothing came')
      expect(everything).toContain(CUSTOMER_TEXT)
      expect(everything).toContain('Eve Customer')
      expect(shown.customer).toContain('Eve')
      if (ticket.memo !== undefined) expect(ticket.memo.length).toBeLessThanOrEqual(400)
      expect(ticket.id.length).toBeLessThanOrEqual(200)
    })

    it('looks before it opens when an earlier attempt may have got through', async () => {
      const setting = await setUp()
      const { ticket } = await openTicket(setting)
      const again = await openTicket(setting, { mayExist: true })
      expect(again.ticket.id).toBe(ticket.id)
      expect(setting.sandbox.tickets().filter((candidate) => candidate.conversationId === 'conv_01')).toHaveLength(1)
    })

    it.each(['status', 'timeout'] as const)(
      'settles an unknown outcome of opening by reading (%s after the effect)',
      async (kind) => {
        const setting = await setUp({}, 400)
        const customer = await customerAt(setting)
        const before = setting.sandbox.tickets().length
        // The fault hits the write that makes the ticket, whichever of the driver's calls that is.
        setting.sandbox.server.addFault({
          kind,
          status: 500,
          effect: 'after',
          matches: (request) =>
            request.method === 'POST' &&
            setting.sandbox.tickets().length === before &&
            !/token|contacts|users/.test(request.path),
        })
        const opened = await setting.driver.openTicket(requestFor(customer))
        expect(
          setting.sandbox
            .tickets()
            .filter((candidate) => candidate.conversationId === 'conv_01')
            .map((t) => t.id)
        ).toEqual([opened.id])
      }
    )

    it.each(PARTS)('delivers or degrades a message, in order: %j', async (...parts) => {
      const setting = await setUp()
      const { ticket, customer } = await openTicket(setting)
      const posted = await post(setting, ticket, customer, parts)
      expect(posted.messageIds.length).toBeGreaterThan(0)
      const entries = ticketOf(setting, ticket).entries
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

    it('keeps order and never cuts a very long message', async () => {
      const setting = await setUp()
      const { ticket, customer } = await openTicket(setting)
      const words = Array.from({ length: 12_000 }, (_unused, index) => `w${index}`)
      const posted = await post(setting, ticket, customer, [{ type: 'text', text: words.join(' ') }])
      const said = ticketOf(setting, ticket)
        .entries.slice(-posted.messageIds.length)
        .map((entry) => entry.text)
        .join(' ')
      expect(said.match(/\bw\d+\b/g)).toEqual(words)
    })

    it('opens a ticket with a title of 10,000 characters and a transcript of 500 messages', async () => {
      const setting = await setUp()
      const transcript = Array.from({ length: 500 }, (_unused, index) => ({
        author: index % 2 ? ('bot' as const) : ('customer' as const),
        name: index % 2 ? 'Bot' : 'Eve Customer',
        parts: [{ type: 'text' as const, text: `entry ${index} ${'x'.repeat(400)}` }],
      }))
      const { ticket } = await openTicket(setting, { title: 'T'.repeat(10_000), transcript })
      const everything = ticketOf(setting, ticket)
        .entries.map((entry) => entry.text)
        .join('\n')
      expect(everything).toContain('entry 499')
    })

    it.each(['status', 'timeout'] as const)(
      'settles an unknown outcome of a message by reading (%s after the effect)',
      async (kind) => {
        const setting = await setUp({}, 400)
        const { ticket, customer } = await openTicket(setting)
        const before = ticketOf(setting, ticket).entries.length
        setting.sandbox.server.addFault({ kind, status: 502, effect: 'after', matches: isWrite })
        const posted = await post(setting, ticket, customer, [{ type: 'text', text: 'said once' }])
        expect(ticketOf(setting, ticket).entries.length - before).toBe(1)
        expect(posted.messageIds).toHaveLength(1)
      }
    )

    it('says that an outcome is unknown when it cannot be read either', async () => {
      const setting = await setUp()
      const { ticket, customer } = await openTicket(setting)
      const { server } = setting.sandbox
      server.addFault({ kind: 'status', status: 502, effect: 'after', matches: isWrite })
      server.addFault({ kind: 'status', status: 500, times: 99, matches: (request) => !isWrite(request) })
      const posting = post(setting, ticket, customer, [{ type: 'text', text: 'said once' }])
      await expect(posting).rejects.toMatchObject({ outcome: 'unknown' })
      server.clearFaults()
      server.addFault({ kind: 'status', status: 502, effect: 'after', matches: isWrite })
      server.addFault({ kind: 'status', status: 500, times: 99, matches: (request) => !isWrite(request) })
      const opening = setting.driver.openTicket(requestFor(customer, { conversationId: 'conv_02' }))
      await expect(opening).rejects.toMatchObject({ outcome: 'unknown' })
    })

    it('sends a message again when reading shows that it never arrived', async () => {
      const setting = await setUp()
      const { ticket, customer } = await openTicket(setting)
      const before = ticketOf(setting, ticket).entries.length
      setting.sandbox.server.addFault({ kind: 'status', status: 502, effect: 'before', matches: isWrite })
      await post(setting, ticket, customer, [{ type: 'text', text: 'said once' }])
      expect(ticketOf(setting, ticket).entries.length - before).toBe(1)
    })

    it('looks before it posts when an earlier attempt may have got through', async () => {
      const setting = await setUp()
      const { ticket, customer } = await openTicket(setting)
      const first = await post(setting, ticket, customer, [{ type: 'text', text: 'said once' }])
      const before = ticketOf(setting, ticket).entries.length
      const again = await setting.driver.postMessage(ticket, {
        id: 'msg_01',
        author: { type: 'customer', customer },
        parts: [{ type: 'text', text: 'said once' }],
        mayExist: true,
      })
      expect(again.messageIds).toEqual(first.messageIds)
      expect(ticketOf(setting, ticket).entries).toHaveLength(before)
    })

    it('shows the bot’s words to agents and never to the customer', async () => {
      const setting = await setUp()
      const { ticket } = await openTicket(setting)
      await setting.driver.postMessage(ticket, {
        id: 'msg_02',
        author: { type: 'bot' },
        parts: [{ type: 'text', text: '( The user has ended the session. )' }],
        mayExist: false,
      })
      const last = ticketOf(setting, ticket).entries.at(-1)
      expect(last?.text).toContain('The user has ended the session.')
      expect(last?.kind).toBe('note')
    })
  })
}
