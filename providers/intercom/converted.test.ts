/** Conversations that agents convert to tickets or merge into others. */
import { describe, expect, it } from 'vitest'
import { TARGET } from '../conformance/suite'
import type { SessionEvent, Ticket } from '../provider'
import { fault, openOne, parsed, setUp, sandboxTicket, textOf, typesOf, type Setup } from './testing'
import { TOPICS } from './webhook'
import { readFileSync } from 'node:fs'

const eventsSince = async (setup: Setup, act: () => void): Promise<SessionEvent[]> => {
  setup.sandbox.deliveries.waiting.splice(0)
  act()
  return setup.sandbox.deliveries.waiting.splice(0).flatMap(({ request }) => setup.driver.parseWebhook(request).events)
}

const messages = (events: SessionEvent[]): string[] =>
  events.flatMap((event) =>
    event.type === 'message-posted' && event.parts[0]?.type === 'text' ? [event.parts[0].text] : []
  )

describe('intercom: a conversation converted to a ticket', () => {
  const converted = async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.agentReplies(ticket.id, 'before')
    setup.sandbox.convertTicket?.(ticket.id)
    return { setup, ticket }
  }

  it('keeps its id: answers and the end come under the topics of tickets', async () => {
    const { setup, ticket } = await converted()
    const answered = await eventsSince(setup, () => setup.sandbox.agentReplies(ticket.id, 'after'))
    expect(answered).toMatchObject([{ type: 'message-posted', ticket: { ticketId: ticket.id } }])
    expect(messages(answered)).toEqual(['after'])
    const ended = await eventsSince(setup, () => setup.sandbox.solve(ticket.id, { text: 'bye' }))
    expect(typesOf(ended)).toEqual(['message-posted', 'message-posted', 'ticket-closed'])
    const { events = [] } = (await setup.driver.catchUp?.(ticket, undefined)) ?? {}
    expect(messages(events)).toEqual(['before', 'after', 'bye'])
    expect(typesOf(events).at(-1)).toBe('ticket-closed')
  })

  it('ends when its state is set to resolved, and not before', async () => {
    const { setup, ticket } = await converted()
    const before = (await setup.driver.catchUp?.(ticket, undefined))?.events ?? []
    expect(typesOf(before)).not.toContain('ticket-closed')
    const events = await eventsSince(setup, () => setup.sandbox.resolveTicket(ticket.id))
    expect(events).toMatchObject([{ type: 'ticket-closed', reason: 'solved', ticket: { ticketId: ticket.id } }])
    expect(typesOf((await setup.driver.catchUp?.(ticket, undefined))?.events ?? []).at(-1)).toBe('ticket-closed')
  })

  it('takes the customer’s words, notes and a close as before', async () => {
    const { setup, ticket } = await converted()
    await setup.driver.postMessage(ticket, textOf('and now?'))
    await setup.driver.postMessage(ticket, textOf('a note', { id: 'msg_02', author: { type: 'bot' } }))
    await setup.driver.closeTicket(ticket)
    expect(sandboxTicket(setup, ticket)).toMatchObject({ status: 'solved' })
  })

  it.each(['ticket.admin.assigned', 'ticket.state.updated'])('is read after %s', async (topic) => {
    const setup = await setUp()
    const events = parsed(setup, topic, [], { type: 'ticket', id: undefined, ticket: { id: '77' } }).events
    expect(events).toEqual([{ type: 'ticket-changed', ticket: { ticketId: '77' } }])
  })

  it.each([
    [{ type: 'ticket', id: '77', ticket_id: '66' }],
    [{ type: 'ticket_ticket_part', id: undefined, ticket: { type: 'ticket', id: '77', ticket_id: '66' } }],
    [{ type: 'ticket', id: 77, ticket_id: '66', ticket: null }],
  ])('is found in every shape of ticket.closed: %j', async (item) => {
    const setup = await setUp()
    for (const topic of ['ticket.closed', 'ticket.resolved']) {
      const { events } = parsed(setup, topic, [], { conversation_parts: undefined, ...item })
      expect(events).toEqual([{ type: 'ticket-closed', ticket: { ticketId: '77' }, reason: 'solved' }])
    }
  })

  it('has all its topics in the instructions and the README', async () => {
    const setup = await setUp()
    const instructions = setup.driver.instructions?.(TARGET) ?? ''
    const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')
    for (const topic of TOPICS) {
      expect(instructions).toContain(`   ${topic}\n`)
      expect(readme).toContain(`\`${topic}\``)
    }
  })
})

describe('intercom: a conversation merged into another one', () => {
  const mergedOne = async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.agentReplies(ticket.id, 'in the old one')
    const read = await setup.driver.catchUp?.(ticket, undefined)
    let into = ''
    const events = await eventsSince(setup, () => {
      into = setup.sandbox.mergeTicket?.(ticket.id) ?? ''
    })
    return { setup, ticket, cursor: read?.cursor, into, events }
  }

  it('is no end: reading says where it goes on, after what was said there before', async () => {
    const { setup, ticket, cursor, into, events } = await mergedOne()
    expect(typesOf(events)).toEqual(['ticket-changed'])
    const read = await setup.driver.catchUp?.(ticket, cursor)
    expect(read).toMatchObject({ events: [], cursor, movedTo: { id: into } })
    setup.sandbox.agentReplies(into, 'in the new one')
    const there: Ticket = { ...ticket, ...read?.movedTo }
    const { events: later = [] } = (await setup.driver.catchUp?.(there, read?.movedTo?.cursor)) ?? {}
    expect(messages(later)).toEqual(['in the new one'])
  })

  it('takes the customer’s next words to where it goes on', async () => {
    const { setup, ticket, into } = await mergedOne()
    const posted = await setup.driver.postMessage(ticket, textOf('hello?'))
    expect(posted.movedTo).toMatchObject({ id: into })
    const there = sandboxTicket(setup, { ...ticket, id: into })
    expect(there.entries.at(-1)).toMatchObject({ text: 'hello?', kind: 'customer' })
    expect(posted.messageIds).toEqual([there.entries.at(-1)?.id])
    const merged = sandboxTicket(setup, ticket)
    expect([merged.status, merged.entries.filter(({ text }) => text === 'hello?')]).toEqual(['solved', []])
    // A retry writes nothing twice.
    const again = await setup.connect().postMessage(ticket, textOf('hello?', { mayExist: true }))
    expect(again.movedTo).toMatchObject({ id: into })
    const all = sandboxTicket(setup, { ...ticket, id: into }).entries
    expect(all.filter(({ text }) => text === 'hello?')).toHaveLength(1)
  })

  it('counts what was posted before the merge, and takes back what comes after it', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    const first = await setup.driver.postMessage(ticket, textOf('before'))
    const into = setup.sandbox.mergeTicket?.(ticket.id) ?? ''
    const again = await setup.connect().postMessage(ticket, textOf('before', { mayExist: true }))
    expect(again).toMatchObject({ messageIds: first.messageIds, movedTo: { id: into } })
    // The answer to the next one is lost after it has reached the merged conversation.
    setup.sandbox.server.addFault(fault(/GET/, { status: 500, times: 9 }))
    const next = textOf('after', { id: 'msg_02' })
    await expect(setup.driver.postMessage(ticket, next)).rejects.toMatchObject({ outcome: 'unknown' })
    setup.sandbox.server.clearFaults()
    await setup.connect().postMessage(ticket, { ...next, mayExist: true })
    const texts = [ticket.id, into].map((id) => sandboxTicket(setup, { ...ticket, id }).entries.map(({ text }) => text))
    expect(texts.map((all) => all.filter((text) => text === 'after').length)).toEqual([0, 1])
    expect(sandboxTicket(setup, ticket).status).toBe('solved')
  })

  it('finds in the merged one what was posted there, when the ticket has moved on already', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    const first = await setup.driver.postMessage(ticket, textOf('before'))
    const note = textOf('a note', { id: 'msg_02', author: { type: 'bot' } })
    const second = await setup.driver.postMessage(ticket, note)
    const there = { ...ticket, id: setup.sandbox.mergeTicket?.(ticket.id) ?? '' }
    expect(await setup.connect().postMessage(there, textOf('before', { mayExist: true }))).toEqual(first)
    expect(await setup.connect().postMessage(there, { ...note, mayExist: true })).toEqual(second)
  })

  it('takes back what has reached the merged one, when the ticket has moved on already', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    const into = setup.sandbox.mergeTicket?.(ticket.id) ?? ''
    setup.sandbox.server.addFault(fault(/GET/, { status: 500, times: 9 }))
    const message = textOf('after')
    await expect(setup.driver.postMessage(ticket, message)).rejects.toMatchObject({ outcome: 'unknown' })
    setup.sandbox.server.clearFaults()
    await setup.connect().postMessage({ ...ticket, id: into }, { ...message, mayExist: true })
    const texts = [ticket.id, into].map((id) => sandboxTicket(setup, { ...ticket, id }).entries.map(({ text }) => text))
    expect(texts.map((all) => all.filter((text) => text === 'after').length)).toEqual([0, 1])
    expect(sandboxTicket(setup, ticket).status).toBe('solved')
  })

  it('takes notes and the end to where it goes on, also after a second merge', async () => {
    const { setup, ticket, into } = await mergedOne()
    const last = setup.sandbox.mergeTicket?.(into) ?? ''
    const note = textOf('for colleagues', { author: { type: 'bot' }, mayExist: true })
    expect((await setup.driver.postMessage(ticket, note)).movedTo).toMatchObject({ id: last })
    await setup.driver.postMessage(ticket, note)
    const there = () => sandboxTicket(setup, { ...ticket, id: last })
    expect(there().entries.filter(({ text }) => text === 'for colleagues')).toHaveLength(1)
    await setup.driver.closeTicket(ticket)
    expect(there().status).toBe('solved')
  })

  it('ends when the other one is another customer’s or gone', async () => {
    const { setup, ticket, cursor, into } = await mergedOne()
    setup.sandbox.remove(into)
    const read = await setup.driver.catchUp?.(ticket, cursor)
    expect(read?.events).toMatchObject([{ type: 'ticket-closed', reason: 'merged' }])
    expect(read?.movedTo).toBeUndefined()
    expect((await setup.driver.catchUp?.(ticket, read?.cursor))?.events).toEqual([])
    const other = await setUp()
    const mine = await openOne(other)
    other.sandbox.mergeTicket?.(mine.id, other.sandbox.foreignTicket())
    expect((await other.driver.catchUp?.(mine, undefined))?.events).toMatchObject([{ reason: 'merged' }])
  })
})
