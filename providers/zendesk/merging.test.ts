import { afterEach, describe, expect, it } from 'vitest'
import type { SessionEvent } from '../provider'
import { asComment } from './sandbox/state'
import {
  capabilitiesOf,
  closeAll,
  errorOf,
  messageFrom,
  openSession,
  requestFor,
  setUp,
  TARGET,
  ticketRow,
  ticketView,
} from './testing'

afterEach(closeAll)

const startSession = async () => {
  const setting = await setUp()
  const session = await openSession(setting, { transcript: [] })
  const { catchUp } = capabilitiesOf(setting.driver)
  const read = (cursor = session.cursor) => catchUp(session.ticket, cursor)
  /** Reads on where the ticket has moved to, as the core does. */
  const readOn = async () => {
    const { movedTo } = await read()
    if (!movedTo) throw new Error('The ticket has not moved')
    return catchUp({ ...session.ticket, id: movedTo.id }, movedTo.cursor)
  }
  return { ...session, setting, sandbox: setting.sandbox, catchUp, read, readOn }
}

const textsIn = (events: SessionEvent[]) =>
  events.flatMap((event) =>
    event.type === 'message-posted' ? event.parts.map((part) => (part.type === 'text' ? part.text : part.type)) : []
  )

/** The sandbox shows a merge's line in another way each time. */
const WAYS = [0, 1, 2, 3]

describe.each(WAYS)('a ticket that was merged into another one of its customer (way %i)', (way) => {
  const merged = async () => {
    const session = await startSession()
    const { sandbox, setting } = session
    for (let round = 0; round < way; round += 1) {
      const other = await openSession(setting, { conversationId: `conv_1${round}`, transcript: [] })
      sandbox.mergeTicket(other.ticket.id)
    }
    sandbox.agentReplies(session.ticket.id, 'Let me merge this')
    session.setting.clock.advance(5_000)
    const target = sandbox.mergeTicket(session.ticket.id)
    session.setting.clock.advance(5_000)
    return { ...session, target }
  }

  it('continues there, after what had been said in it before', async () => {
    const { sandbox, read, readOn, target } = await merged()
    sandbox.agentReplies(target, 'Here we go on')
    const caught = await read()
    expect(caught.events.map(({ type }) => type)).toEqual(['message-posted'])
    expect(textsIn(caught.events)).toEqual(['Let me merge this'])
    expect(caught.movedTo).toMatchObject({ id: target })
    // The same reading again tells the same.
    expect(await read()).toEqual(caught)
    expect((await read(caught.cursor)).movedTo).toEqual(caught.movedTo)
    const next = await readOn()
    expect(next.events.map(({ type }) => type)).toEqual(['agent-assigned', 'message-posted'])
    expect(textsIn(next.events)).toEqual(['Here we go on'])
  })

  it('shows nothing from before, even when read from a place in the former ticket', async () => {
    const { sandbox, ticket, cursor, catchUp, target } = await merged()
    sandbox.agentReplies(target, 'Here we go on')
    const { events } = await catchUp({ ...ticket, id: target }, cursor)
    expect(textsIn(events)).toEqual(['Here we go on'])
  })

  it('takes the customer’s next message there', async () => {
    const { setting, ticket, customer, target } = await merged()
    const posted = await setting.driver.postMessage(ticket, messageFrom(customer, 'where are you?'))
    expect(posted.movedTo).toMatchObject({ id: target })
    expect(ticketView(setting, target).entries.at(-1)).toMatchObject({ kind: 'customer', text: 'where are you?' })
    const found = await setting.driver.postMessage(ticket, messageFrom(customer, 'where are you?', { mayExist: true }))
    expect(found.messageIds).toEqual(posted.messageIds)
  })

  it('ends there', async () => {
    const { sandbox, setting, ticket, readOn, target } = await merged()
    sandbox.solve(target, { text: 'bye' })
    const { events } = await readOn()
    expect(events.map(({ type }) => type)).toEqual(['message-posted', 'ticket-closed'])
    await setting.driver.closeTicket({ ...ticket, id: target })
    expect(ticketView(setting, target).status).toBe('solved')
  })
})

describe('a ticket that was merged', () => {
  it('twice is followed to the last ticket', async () => {
    const { sandbox, setting, ticket, customer, read } = await startSession()
    const between = sandbox.mergeTicket(ticket.id)
    setting.clock.advance(1_000)
    const last = sandbox.mergeTicket(between)
    expect((await read()).movedTo).toMatchObject({ id: last })
    expect((await setting.driver.postMessage(ticket, messageFrom(customer, 'hello?'))).movedTo?.id).toBe(last)
  })

  it('is read from the time of the merge where its line is not known', async () => {
    const { sandbox, setting, ticket, readOn } = await startSession()
    const target = sandbox.mergeTicket(ticket.id)
    const row = ticketRow(setting, target)
    const line = row.comments.at(-1)
    const text = 'Diese Anfrage wurde zusammengeführt.'
    Object.assign(line ?? {}, { answered: { via: { channel: 'web' }, plain_body: text, body: text, public: false } })
    for (const comment of row.comments.slice(0, -1)) comment.at -= 60_000
    sandbox.agentReplies(target, 'Here we go on')
    expect(textsIn((await readOn()).events)).toEqual(['Here we go on'])
  })

  it('keeps its memo', async () => {
    const { sandbox, ticket, catchUp, cursor } = await startSession()
    sandbox.mergeTicket(ticket.id)
    const { movedTo } = await catchUp({ ...ticket, memo: `${ticket.contactId}>${ticket.contactId}` }, cursor)
    expect(movedTo?.memo).toBe(`${ticket.contactId}>${ticket.contactId}`)
  })

  it('into a ticket of the user whom the contact was merged into is followed', async () => {
    const { sandbox, ticket, setting, customer, read, catchUp, cursor } = await startSession()
    const target = sandbox.mergeTicket(ticket.id)
    sandbox.mergeContact(target)
    // The closed ticket keeps its requester: only the session knows who they are now.
    expect((await read()).movedTo).toBeUndefined()
    const contactId = String(ticketRow(setting, target).requester_id)
    expect((await catchUp({ ...ticket, contactId }, cursor)).movedTo).toMatchObject({ id: target })
    const posted = await setting.driver.postMessage(
      { ...ticket, contactId },
      messageFrom({ ...customer, contactId }, 'hello?')
    )
    expect(posted.movedTo).toMatchObject({ id: target })
  })

  it.each(['another customer’s ticket', 'a ticket that is deleted'])('into %s ends the session', async (what) => {
    const { sandbox, setting, ticket, customer, read } = await startSession()
    if (what === 'a ticket that is deleted') sandbox.remove(sandbox.mergeTicket(ticket.id))
    else sandbox.mergeTicket(ticket.id, sandbox.foreignTicket())
    const caught = await read()
    expect(caught.events).toMatchObject([{ type: 'ticket-closed', reason: 'merged' }])
    expect(caught.movedTo).toBeUndefined()
    const error = await errorOf(setting.driver.postMessage(ticket, messageFrom(customer, 'hello?')))
    expect(error).toMatchObject({ code: 'ended', about: 'ticket', outcome: 'none' })
  })

  it('into another handoff’s ticket ends the session: two conversations never share a ticket', async () => {
    const { sandbox, setting, ticket, customer, read } = await startSession()
    const other = await setting.driver.openTicket(requestFor(customer, { conversationId: 'conv_02', transcript: [] }))
    sandbox.mergeTicket(ticket.id, other.id)
    expect((await read()).events).toMatchObject([{ type: 'ticket-closed', reason: 'merged' }])
    expect(await errorOf(setting.driver.postMessage(ticket, messageFrom(customer, 'hello?')))).toMatchObject({
      code: 'ended',
    })
  })

  it('is not followed for what an orphan’s agents are told', async () => {
    const { sandbox, setting, ticket } = await startSession()
    const target = sandbox.mergeTicket(ticket.id)
    const before = ticketView(setting, target).entries.length
    const orphan = { id: ticket.id, conversationId: ticket.conversationId }
    const note = { id: 'abandoned', author: { type: 'bot' as const }, parts: [], mayExist: false }
    const error = await errorOf(
      setting.driver.postMessage(orphan, { ...note, parts: [{ type: 'text', text: 'This ticket is closed' }] })
    )
    expect(error).toMatchObject({ code: 'ended' })
    expect(ticketView(setting, target).entries).toHaveLength(before)
  })

  it('can’t be told from a closed one while the other ticket can’t be read', async () => {
    const { sandbox, setting, ticket, customer, read } = await startSession()
    const target = sandbox.mergeTicket(ticket.id)
    setting.sandbox.server.addFault({
      kind: 'status',
      status: 503,
      times: 99,
      matches: ({ path }) => path.includes(`/tickets/${target}`),
    })
    expect(await errorOf(read())).toMatchObject({ code: 'unavailable' })
    const error = await errorOf(setting.driver.postMessage(ticket, messageFrom(customer, 'hello?')))
    expect(error).toMatchObject({ about: 'account', outcome: 'none' })
    expect(error).not.toMatchObject({ code: 'ended' })
  })
})

describe('a ticket into which another one was merged', () => {
  it.each(WAYS)('hides the line about it, and goes on (way %i)', async (way) => {
    const { sandbox, setting, ticket, read } = await startSession()
    for (let round = 0; round <= way; round += 1) sandbox.mergeTicket(sandbox.foreignTicket(), ticket.id)
    sandbox.agentReplies(ticket.id, 'I merged the other one')
    const { events } = await read()
    expect(textsIn(events)).toEqual(['I merged the other one'])
    expect(ticketView(setting, ticket.id).entries.filter(({ kind }) => kind === 'agent').length).toBe(way + 2)
  })

  it('hides the line in which several are named', async () => {
    const { sandbox, setting, ticket, read } = await startSession()
    const ada = Number(sandbox.agents[0]?.id)
    const html = asComment('Requests #35, #36 were closed and merged into this request. Last comment: my secret')
    const row = ticketRow(setting, ticket.id)
    sandbox.state.update(row, { comment: { author_id: ada, html, public: true } }, { userId: ada, via: 'web' })
    expect((await read()).events).toEqual([])
  })

  it('shows an agent’s own words about a merge', async () => {
    const { sandbox, ticket, read } = await startSession()
    sandbox.agentReplies(ticket.id, 'I have merged your request #35 into this one')
    expect(textsIn((await read()).events)).toEqual(['I have merged your request #35 into this one'])
  })
})

describe('webhooks', () => {
  it('of the ticket that a session moved to name the ticket', async () => {
    const { sandbox, setting, ticket } = await startSession()
    await capabilitiesOf(setting.driver).subscribe(TARGET)
    const target = sandbox.mergeTicket(ticket.id)
    await sandbox.deliveries.flush()
    setting.received.length = 0
    sandbox.agentReplies(target, 'Here we go on')
    await sandbox.deliveries.flush()
    expect(setting.received.flatMap((hint) => setting.driver.parseWebhook(hint).events)).toContainEqual({
      type: 'ticket-changed',
      ticket: { ticketId: target },
    })
  })
})
