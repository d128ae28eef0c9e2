/** What a session asks for, and what teammates do besides answering. */
import { describe, expect, it } from 'vitest'
import type { TicketOptions } from '../provider'
import { EVE, fault, openOne, parsed, part, requestOf, sandboxTicket, setUp, textOf, typesOf } from './testing'

const opened = async (options: TicketOptions, prepare?: (setup: Awaited<ReturnType<typeof setUp>>) => void) => {
  const setup = await setUp()
  prepare?.(setup)
  const contactId = await setup.driver.ensureContact?.(EVE)
  const result = await setup.driver.openTicket(requestOf({ customer: { ...EVE, contactId }, options }))
  const ticket = sandboxTicket(setup, { id: result.id, conversationId: 'conv_01' })
  return { setup, ticket, leftOut: result.leftOut ?? [] }
}

describe('a session’s fields', () => {
  it('are attributes of the conversation, with values of their type', async () => {
    const fields = { 'order number': '4711', Items: '3', Paid: 'yes', 'Ordered on': '2026-05-03', Reason: 'late' }
    const { ticket, leftOut } = await opened({ fields })
    expect(leftOut).toEqual([])
    expect(ticket.fields).toEqual({
      'Order number': '4711',
      Items: '3',
      Paid: 'true',
      'Ordered on': String(Date.UTC(2026, 4, 3) / 1_000),
      Reason: 'Late',
    })
  })

  it('that the workspace lacks, or that don’t fit, are left out and named', async () => {
    const fields = {
      Nonsense: 'x',
      Items: 'three',
      Reason: 'Other',
      'CX Score rating': '1',
      'ticket type': 'Bug',
      Paid: 'no',
    }
    const { ticket, leftOut } = await opened({ fields })
    expect(ticket.fields).toEqual({ Paid: 'false' })
    expect(leftOut).toHaveLength(5)
    for (const name of Object.keys(fields).slice(0, 5)) expect(leftOut.join('\n')).toContain(`Field “${name}”: `)
  })

  it('that Intercom refuses are left out, and the title is set all the same', async () => {
    const { ticket, leftOut } = await opened({ fields: { Items: '3' } }, ({ sandbox }) =>
      sandbox.server.addFault({ ...fault(/PUT/, { status: 400, body: {} }) })
    )
    expect(ticket).toMatchObject({ title: 'Late parcel', fields: {} })
    expect(leftOut).toEqual(['Field “Items”: Intercom refuses it.'])
  })

  it('are left out while the attributes can’t be read', async () => {
    const { leftOut } = await opened({ fields: { Items: '3' } }, ({ sandbox }) =>
      sandbox.server.addFault(fault(/data_attributes/, { status: 500, times: 9 }))
    )
    expect(leftOut).toEqual(['Field “Items”: Intercom’s attributes could not be read.'])
  })

  it('“ticket type” makes the conversation a ticket', async () => {
    const { setup, leftOut } = await opened({ fields: { ticket_type_id: '53' } })
    expect(leftOut).toEqual([])
    expect(setup.calls().filter((call) => call.endsWith('/convert'))).toHaveLength(1)
    expect((await opened({ fields: { 'Ticket type': '54' } })).leftOut).toEqual([
      'Field “ticket type”: Intercom refuses it.',
    ])
  })
})

describe('assignee and subject', () => {
  it('are a teammate by id or e-mail address, after the team, and a prefix of the title', async () => {
    const byMail = await opened({ queue: '5017691', assignee: 'ADA@acme.example', subjectPrefix: '[Shop]' })
    expect(byMail.ticket).toMatchObject({ title: '[Shop] Late parcel', assignee: '991267001' })
    expect((await opened({ assignee: '991267002' })).ticket.assignee).toBe('991267002')
  })

  it('that the workspace lacks are named', async () => {
    for (const assignee of ['nobody@acme.example', '4711', 'Ada']) {
      expect((await opened({ assignee, queue: '1' })).leftOut).toEqual([
        'Queue: Intercom refuses the team.',
        'Assignee: the workspace has no such teammate, or Intercom refuses them.',
      ])
    }
  })
})

describe('what agents learn about the customer', () => {
  it('stands at the top of the note', async () => {
    const setup = await setUp()
    const customer = { ...EVE, phone: '+49 30 123456', language: 'de', attributes: { Plan: 'Gold' } }
    const contactId = await setup.driver.ensureContact?.(customer)
    const { id } = await setup.driver.openTicket(
      requestOf({
        customer: { ...customer, contactId },
        summary: 'Wants **money** back',
        channel: 'WhatsApp',
        conversationUrl: 'https://app.botpress.cloud/x',
      })
    )
    const { entries } = sandboxTicket(setup, { id, conversationId: 'conv_01' })
    const note = entries.find(({ kind }) => kind === 'note')?.text ?? ''
    expect(note.startsWith('Summary\nWants money back\nLate parcel\nCustomer: Eve Customer\n')).toBe(true)
    for (const line of [
      '+49 30 123456',
      'Language: de',
      'Channel: WhatsApp',
      'Plan: Gold',
      'https://app.botpress.cloud/x',
    ])
      expect(note).toContain(line)
    const created = setup.sandbox.server.requests.find(({ method, path }) => method === 'POST' && path === '/contacts')
    expect(JSON.parse(created?.body.toString() ?? '{}')).toMatchObject({ phone: '+4930123456', email: EVE.email })
  })

  it('costs no e-mail address when Intercom refuses number or photo', async () => {
    const setup = await setUp()
    const refuses = (request: { body: Buffer }) => request.body.includes('avatar')
    setup.sandbox.server.addFault({ kind: 'status', status: 400, body: {}, times: 9, matches: refuses })
    const contactId = await setup.driver.ensureContact?.({ ...EVE, pictureUrl: 'https://x.test/a.png' })
    await setup.driver.openTicket(requestOf({ customer: { ...EVE, contactId } }))
    expect(setup.sandbox.tickets()[0]?.customer).toContain('<eve@customer.example>')
  })
})

describe('the hand-back note', () => {
  const note = (body: string, more = {}) => part({ part_type: 'note', body, ...more })

  it.each(['conversation.admin.noted', 'ticket.note.created'])('gives the conversation back: %s', async (topic) => {
    const setup = await setUp()
    const { events } = parsed(setup, topic, [note('<p> /BOT </p>')])
    expect(events).toMatchObject([{ type: 'handed-back', id: '9001', agent: { id: '1', name: 'Ada' } }])
    for (const body of ['<p>use /bot</p>', '<p></p>', '<p>/bots</p>']) {
      expect(parsed(setup, topic, [note(body)]).events).toEqual([])
    }
    const byBot = note('<p>/bot</p>', { author: { type: 'bot', id: '2', name: 'Fin' } })
    expect(parsed(setup, topic, [byBot, part({ body: '<p>/bot</p>', part_type: 'assignment' })]).events).toEqual([])
  })

  it('is in every reading, once', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.tools.handBack = ' Back to you '
    const driver = setup.connect()
    setup.sandbox.agentNotes(ticket.id, '/bot')
    setup.sandbox.agentNotes(ticket.id, 'back to you')
    const read = await driver.catchUp?.(ticket, undefined)
    expect(typesOf(read?.events ?? [])).toEqual(['handed-back'])
    expect((await driver.catchUp?.(ticket, read?.cursor))?.events).toEqual([])
  })

  it('is never one that the bot wrote', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    await setup.driver.postMessage(ticket, textOf('/bot', { author: { type: 'bot' } }))
    expect(sandboxTicket(setup, ticket).entries.at(-1)?.text).toBe('Bot: /bot')
    expect((await setup.driver.catchUp?.(ticket, undefined))?.events).toEqual([])
  })
})

describe('a deleted reply', () => {
  it('is announced as removed, and notes and customers’ messages aren’t', async () => {
    const setup = await setUp()
    const redacted = (more = {}) =>
      parsed(setup, 'conversation_part.redacted', [part({ redacted: true, ...more })]).events
    expect(redacted()).toMatchObject([{ type: 'message-removed', id: '9001', agent: { name: 'Ada' } }])
    expect(redacted({ part_type: 'note' })).toEqual([])
    expect(redacted({ author: { type: 'user', id: '5' } })).toEqual([])
    expect(redacted({ redacted: false })).toEqual([])
  })
})
