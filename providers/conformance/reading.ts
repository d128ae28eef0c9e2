/** Conformance: `catchUp` – agents' messages in the desk's order, from any cursor, repeatable. */
import { describe, expect, it } from 'vitest'
import { isProviderError } from '../errors'
import type { Driver, SessionEvent, Ticket } from '../provider'
import { isWrite, type Suite } from './suite'

export const describeReading = ({ descriptor, provider, setUp, openTicket, eventsOf, post, ticketOf }: Suite): void => {
  if (!descriptor.capabilities.includes('catchUp')) return

  /** A ticket with agents, customer, bot and notes mixed within the same second, and the expected replies in order. */
  const busyTicket = async (rounds = 9) => {
    const fixture = await setUp()
    const { ticket, customer, cursor } = await openTicket(fixture)
    const expected: Reply[] = []
    for (let round = 0; round < rounds; round += 1) {
      const agentId = fixture.sandbox.agents[round % 2]?.id ?? ''
      const text = `answer ${round}`
      expected.push({ id: fixture.sandbox.agentReplies(ticket.id, text, { agentId }), agentId, text })
      if (round % 4 === 0) await post(fixture, ticket, customer, [{ type: 'text', text: 'well' }], `msg_${round}`)
      if (round % 4 === 1) fixture.sandbox.agentNotes(ticket.id, 'among ourselves', { agentId })
      if (round % 4 === 2) await _postNote(fixture, ticket, `note_${round}`)
      if (round % 4 === 3) fixture.sandbox.customerReplies?.(ticket.id, 'by mail')
      if (round % 3 === 2) fixture.clock.advance(1_000)
    }
    return { fixture, ticket, customer, cursor, expected, read: _readerOf(fixture, ticket) }
  }

  describe(`${provider.name}: reading a ticket`, () => {
    it('returns all agents’ messages in the desk’s order', async () => {
      const { cursor, expected, read } = await busyTicket()
      for (const from of [undefined, cursor]) expect(_repliesIn((await read(from)).events)).toEqual(expected)
    })

    it('returns all messages of a long ticket', async () => {
      const { fixture, ticket, expected, read } = await busyTicket(2)
      const agentId = fixture.sandbox.agents[0]?.id ?? ''
      for (let count = 0; count < 430; count += 1) {
        const text = `line ${count}`
        expected.push({ id: fixture.sandbox.agentReplies(ticket.id, text, { agentId }), agentId, text })
      }
      expect(_repliesIn((await read(undefined)).events)).toEqual(expected)
    })

    it('continues from any cursor, however old', async () => {
      const fixture = await setUp()
      const { ticket, customer, cursor } = await openTicket(fixture)
      const read = _readerOf(fixture, ticket)
      const expected: Reply[] = []
      const cursors = [cursor]
      for (let round = 0; round < 5; round += 1) {
        const agentId = fixture.sandbox.agents[round % 2]?.id ?? ''
        const text = `answer ${round}`
        expected.push({ id: fixture.sandbox.agentReplies(ticket.id, text, { agentId }), agentId, text })
        await post(fixture, ticket, customer, [{ type: 'text', text: 'well' }], `msg_${round}`)
        const caught = await read(cursors.at(-1))
        expect(_repliesIn(caught.events)).toEqual(expected.slice(-1))
        cursors.push(caught.cursor)
      }
      expect(new Set(cursors).size, 'every cursor is different').toBe(cursors.length)
      for (const [index, from] of cursors.entries()) {
        const caught = await read(from)
        expect(_repliesIn(caught.events)).toEqual(expected.slice(index))
        expect(caught.cursor).toBe(cursors.at(-1))
      }
      expect(await read(cursors.at(-1))).toEqual({ events: [], cursor: cursors.at(-1) })
    })

    it('has no side effects and gives concurrent readers the same result', async () => {
      const { fixture, cursor, read } = await busyTicket()
      const first = await read(cursor)
      const before = fixture.sandbox.server.requests.length
      const readings = await Promise.all([read(cursor), read(cursor), read(cursor)])
      for (const reading of readings) expect(reading).toEqual(first)
      expect(fixture.sandbox.server.requests.slice(before).filter(isWrite)).toEqual([])
    })

    it('returns every message that a webhook announced, with the same id and content', async () => {
      const { fixture, ticket, cursor, expected, read } = await busyTicket()
      const fromWebhooks = await eventsOf(fixture, ticket, cursor)
      const { events } = await read(cursor)
      const contents = (list: SessionEvent[]) =>
        list.flatMap((event) =>
          event.type === 'message-posted' ? [{ id: event.id, agent: event.agent.id, parts: event.parts }] : []
        )
      expect(contents(events)).toEqual(contents(fromWebhooks.events))
      expect(_repliesIn(events)).toEqual(expected)
    })

    it('returns the last message before the end, sent in one step or two', async () => {
      for (const inOneStep of [true, false]) {
        const { fixture, ticket, cursor, expected, read } = await busyTicket(3)
        const agentId = fixture.sandbox.agents[0]?.id ?? ''
        if (!inOneStep) fixture.sandbox.agentReplies(ticket.id, 'bye', { agentId })
        fixture.sandbox.solve(ticket.id, { agentId, ...(inOneStep ? { text: 'bye' } : {}) })
        const { events } = await read(cursor)
        expect(_repliesIn(events).map(({ text }) => text)).toEqual([...expected.map(({ text }) => text), 'bye'])
        const types = events.map((event) => event.type)
        if (types.includes('ticket-closed')) expect(types.indexOf('ticket-closed')).toBe(types.length - 1)
        // The end comes after the messages, whether `catchUp` or only the webhook reports it.
        const typesInOrder = (await eventsOf(fixture, ticket, cursor)).events.map((event) => event.type)
        expect(typesInOrder.at(-1)).toBe('ticket-closed')
      }
    })

    it('continues after a reopened end', async () => {
      const { fixture, ticket, cursor, expected, read } = await busyTicket(2)
      const agentId = fixture.sandbox.agents[1]?.id ?? ''
      fixture.sandbox.solve(ticket.id, { agentId })
      const ended = await read(cursor)
      fixture.sandbox.reopen(ticket.id)
      const id = fixture.sandbox.agentReplies(ticket.id, 'one more thing', { agentId })
      const more = { id, agentId, text: 'one more thing' }
      expect(_repliesIn((await read(ended.cursor)).events)).toEqual([more])
      expect(_repliesIn((await read(cursor)).events)).toEqual([...expected, more])
      expect((await read(cursor)).events.map((event) => event.type)).not.toContain('ticket-closed')
    })

    it('omits the router’s own messages', async () => {
      const fixture = await setUp()
      const { ticket, customer, cursor } = await openTicket(fixture)
      const read = _readerOf(fixture, ticket)
      await post(fixture, ticket, customer, [{ type: 'text', text: 'hello?' }])
      await _postNote(fixture, ticket, 'note_1')
      for (const from of [undefined, cursor]) expect((await read(from)).events).toEqual([])
      await fixture.driver.closeTicket(ticket)
      expect(ticketOf(fixture, ticket).status).toBe('solved')
      const types = (await read(cursor)).events.map((event) => event.type)
      // The router's own close may be reported as the end.
      expect(types.filter((type) => type !== 'ticket-closed')).toEqual([])
    })

    it('reports a deleted ticket as closed', async () => {
      const { fixture, ticket, read } = await busyTicket(1)
      fixture.sandbox.remove(ticket.id)
      const caught = await read(undefined)
      expect(caught.events).toMatchObject([
        { type: 'ticket-closed', reason: 'deleted', ticket: { ticketId: ticket.id } },
      ])
    })

    it('throws instead of returning part of the messages', async () => {
      const { fixture, cursor, expected, read } = await busyTicket()
      const failure = (from: string | undefined) => read(from).catch((thrown: unknown) => thrown)
      fixture.sandbox.server.addFault({
        kind: 'status',
        status: 500,
        times: 9,
        matches: (request) => !isWrite(request),
      })
      const broken = await failure(cursor)
      expect(isProviderError(broken) && broken.code).toBe('unavailable')
      fixture.sandbox.server.clearFaults()
      fixture.sandbox.server.addFault({ kind: 'status', status: 429, times: 9, headers: { 'retry-after': '30' } })
      const limited = await failure(cursor)
      expect(isProviderError(limited) && [limited.code, limited.outcome]).toEqual(['rate-limited', 'none'])
      expect(isProviderError(limited) && limited.retryAfterMs).toBe(30_000)
      fixture.sandbox.server.clearFaults()
      expect(_repliesIn((await read(cursor)).events)).toEqual(expected)
    })
  })
}

interface Reply {
  id: string
  agentId: string
  text: string
}

const _repliesIn = (events: SessionEvent[]): Reply[] =>
  events.flatMap((event) =>
    event.type === 'message-posted'
      ? [{ id: event.id, agentId: event.agent.id, text: event.parts[0]?.type === 'text' ? event.parts[0].text : '' }]
      : []
  )

const _readerOf = ({ driver }: { driver: Driver }, ticket: Ticket) => {
  const { catchUp } = driver
  if (!catchUp) throw new Error('The driver lacks catchUp')
  return (cursor: string | undefined) => catchUp(ticket, cursor)
}

const _postNote = ({ driver }: { driver: Driver }, ticket: Ticket, id: string) =>
  driver.postMessage(ticket, {
    id,
    author: { type: 'bot' },
    parts: [{ type: 'text', text: `(${id})` }],
    mayExist: false,
  })
