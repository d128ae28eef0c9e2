/** Conformance: reading a ticket – agents' messages in the desk's order, from any place, as often as it takes. */
import { describe, expect, it } from 'vitest'
import { isProviderError } from '../errors'
import type { Driver, SessionEvent, Ticket } from '../provider'
import { isWrite, type Suite } from './setting'

export const describeReading = ({ descriptor, provider, setUp, openTicket, eventsOf, post, ticketOf }: Suite): void => {
  if (!descriptor.capabilities.includes('catchUp')) return

  /** A ticket in which everybody speaks at once, several times within a second; and what agents said to the customer, in order. */
  const busyTicket = async (rounds = 9) => {
    const setting = await setUp()
    const { ticket, customer, cursor } = await openTicket(setting)
    const said: Said[] = []
    for (let round = 0; round < rounds; round += 1) {
      const agentId = setting.sandbox.agents[round % 2]?.id ?? ''
      const text = `answer ${round}`
      said.push({ id: setting.sandbox.agentReplies(ticket.id, text, { agentId }), agentId, text })
      if (round % 4 === 0) await post(setting, ticket, customer, [{ type: 'text', text: 'well' }], `msg_${round}`)
      if (round % 4 === 1) setting.sandbox.agentNotes(ticket.id, 'among ourselves', { agentId })
      if (round % 4 === 2) await _note(setting, ticket, `note_${round}`)
      if (round % 4 === 3) setting.sandbox.customerReplies?.(ticket.id, 'by mail')
      if (round % 3 === 2) setting.clock.advance(1_000)
    }
    return { setting, ticket, customer, cursor, said, read: _reader(setting, ticket) }
  }

  describe(`${provider.name}: reading`, () => {
    it('is in the desk’s order, whoever of several agents wrote and whatever stands between', async () => {
      const { cursor, said, read } = await busyTicket()
      for (const from of [undefined, cursor]) expect(_said((await read(from)).events)).toEqual(said)
    })

    it('is whole where there is much of it', async () => {
      const { setting, ticket, said, read } = await busyTicket(2)
      const agentId = setting.sandbox.agents[0]?.id ?? ''
      for (let count = 0; count < 430; count += 1) {
        const text = `line ${count}`
        said.push({ id: setting.sandbox.agentReplies(ticket.id, text, { agentId }), agentId, text })
      }
      expect(_said((await read(undefined)).events)).toEqual(said)
    })

    it('goes on from any place, also from one that was passed long ago', async () => {
      const setting = await setUp()
      const { ticket, customer, cursor } = await openTicket(setting)
      const read = _reader(setting, ticket)
      const said: Said[] = []
      const places = [cursor]
      for (let round = 0; round < 5; round += 1) {
        const agentId = setting.sandbox.agents[round % 2]?.id ?? ''
        const text = `answer ${round}`
        said.push({ id: setting.sandbox.agentReplies(ticket.id, text, { agentId }), agentId, text })
        await post(setting, ticket, customer, [{ type: 'text', text: 'well' }], `msg_${round}`)
        const caught = await read(places.at(-1))
        expect(_said(caught.events)).toEqual(said.slice(-1))
        places.push(caught.cursor)
      }
      expect(new Set(places).size, 'every place is another').toBe(places.length)
      for (const [index, place] of places.entries()) {
        const caught = await read(place)
        expect(_said(caught.events)).toEqual(said.slice(index))
        expect(caught.cursor).toBe(places.at(-1))
      }
      expect(await read(places.at(-1))).toEqual({ events: [], cursor: places.at(-1) })
    })

    it('has no effect, and is the same for all who read at once', async () => {
      const { setting, cursor, read } = await busyTicket()
      const first = await read(cursor)
      const before = setting.sandbox.server.requests.length
      const readings = await Promise.all([read(cursor), read(cursor), read(cursor)])
      for (const reading of readings) expect(reading).toEqual(first)
      expect(setting.sandbox.server.requests.slice(before).filter(isWrite)).toEqual([])
    })

    it('has every message that a webhook has announced, as the webhook tells it', async () => {
      const { setting, ticket, cursor, said, read } = await busyTicket()
      const heard = await eventsOf(setting, ticket, cursor)
      const { events } = await read(cursor)
      const contents = (list: SessionEvent[]) =>
        list.flatMap((event) =>
          event.type === 'message-posted' ? [{ id: event.id, agent: event.agent.id, parts: event.parts }] : []
        )
      expect(contents(events)).toEqual(contents(heard.events))
      expect(_said(events)).toEqual(said)
    })

    it('has the last words before the end, in one move and in two', async () => {
      for (const inOneMove of [true, false]) {
        const { setting, ticket, cursor, said, read } = await busyTicket(3)
        const agentId = setting.sandbox.agents[0]?.id ?? ''
        if (!inOneMove) setting.sandbox.agentReplies(ticket.id, 'bye', { agentId })
        setting.sandbox.solve(ticket.id, { agentId, ...(inOneMove ? { text: 'bye' } : {}) })
        const { events } = await read(cursor)
        expect(_said(events).map(({ text }) => text)).toEqual([...said.map(({ text }) => text), 'bye'])
        const types = events.map((event) => event.type)
        if (types.includes('ticket-closed')) expect(types.indexOf('ticket-closed')).toBe(types.length - 1)
        // Whether the end was read or is told by the webhook alone: it is heard, after the words.
        const heard = (await eventsOf(setting, ticket, cursor)).events.map((event) => event.type)
        expect(heard.at(-1)).toBe('ticket-closed')
      }
    })

    it('goes on after an end that was taken back', async () => {
      const { setting, ticket, cursor, said, read } = await busyTicket(2)
      const agentId = setting.sandbox.agents[1]?.id ?? ''
      setting.sandbox.solve(ticket.id, { agentId })
      const ended = await read(cursor)
      setting.sandbox.reopen(ticket.id)
      const id = setting.sandbox.agentReplies(ticket.id, 'one more thing', { agentId })
      const more = { id, agentId, text: 'one more thing' }
      expect(_said((await read(ended.cursor)).events)).toEqual([more])
      expect(_said((await read(cursor)).events)).toEqual([...said, more])
      expect((await read(cursor)).events.map((event) => event.type)).not.toContain('ticket-closed')
    })

    it('brings back nothing that we did ourselves', async () => {
      const setting = await setUp()
      const { ticket, customer, cursor } = await openTicket(setting)
      const read = _reader(setting, ticket)
      await post(setting, ticket, customer, [{ type: 'text', text: 'hello?' }])
      await _note(setting, ticket, 'note_1')
      for (const from of [undefined, cursor]) expect((await read(from)).events).toEqual([])
      await setting.driver.closeTicket(ticket)
      expect(ticketOf(setting, ticket).status).toBe('solved')
      const types = (await read(cursor)).events.map((event) => event.type)
      // The end is the end, whoever made it.
      expect(types.filter((type) => type !== 'ticket-closed')).toEqual([])
    })

    it('knows a ticket that is gone', async () => {
      const { setting, ticket, read } = await busyTicket(1)
      setting.sandbox.remove(ticket.id)
      const caught = await read(undefined)
      expect(caught.events).toMatchObject([
        { type: 'ticket-closed', reason: 'deleted', ticket: { ticketId: ticket.id } },
      ])
    })

    it('is whole or not at all', async () => {
      const { setting, cursor, said, read } = await busyTicket()
      const failure = (from: string | undefined) => read(from).catch((thrown: unknown) => thrown)
      setting.sandbox.server.addFault({
        kind: 'status',
        status: 500,
        times: 9,
        matches: (request) => !isWrite(request),
      })
      const broken = await failure(cursor)
      expect(isProviderError(broken) && broken.code).toBe('unavailable')
      setting.sandbox.server.clearFaults()
      setting.sandbox.server.addFault({ kind: 'status', status: 429, times: 9, headers: { 'retry-after': '30' } })
      const limited = await failure(cursor)
      expect(isProviderError(limited) && [limited.code, limited.outcome]).toEqual(['rate-limited', 'none'])
      expect(isProviderError(limited) && limited.retryAfterMs).toBe(30_000)
      setting.sandbox.server.clearFaults()
      expect(_said((await read(cursor)).events)).toEqual(said)
    })
  })
}

interface Said {
  id: string
  agentId: string
  text: string
}

const _said = (events: SessionEvent[]): Said[] =>
  events.flatMap((event) =>
    event.type === 'message-posted'
      ? [{ id: event.id, agentId: event.agent.id, text: event.parts[0]?.type === 'text' ? event.parts[0].text : '' }]
      : []
  )

const _reader = ({ driver }: { driver: Driver }, ticket: Ticket) => {
  const { catchUp } = driver
  if (!catchUp) throw new Error('The driver does not read')
  return (cursor: string | undefined) => catchUp(ticket, cursor)
}

const _note = ({ driver }: { driver: Driver }, ticket: Ticket, id: string) =>
  driver.postMessage(ticket, {
    id,
    author: { type: 'bot' },
    parts: [{ type: 'text', text: `(${id})` }],
    mayExist: false,
  })
