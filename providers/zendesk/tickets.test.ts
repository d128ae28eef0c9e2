import { afterEach, describe, expect, it } from 'vitest'
import {
  bodyOf,
  closeAll,
  EVE,
  fault,
  openSession,
  requestFor,
  requests,
  ticketRow,
  messageFrom,
  setUp,
  ticketView,
  errorOf,
} from './testing'

afterEach(closeAll)
const TICKETS = /\/api\/v2\/tickets$/
const TICKET = /\/api\/v2\/tickets\/\d+$/

describe('opening a ticket', () => {
  it('sends all fields in the call that creates the ticket', async () => {
    const setting = await setUp()
    const options = { priority: 'high' as const, queue: ' 360001 ', tags: ['VIP customer', 'vip_customer', ''] }
    const { ticket, customer, opened } = await openSession(setting, { options })
    expect(ticketRow(setting, ticket.id)).toMatchObject({
      external_id: 'botpress:bot-1:conv_01',
      requester_id: Number(customer.contactId),
      submitter_id: Number(customer.contactId),
      priority: 'high',
      group_id: 360_001,
      tags: ['botpress-hitl-bot-1', 'vip_customer'],
    })
    const [created] = requests(setting, 'POST', TICKETS)
    expect(created?.headers['idempotency-key']).toBe('botpress-conv_01')
    expect(opened.url).toBe(`https://acme.zendesk.com/agent/tickets/${ticket.id}`)
  })

  it.each([true, false])('hides the transcript from the customer (first comments may be private: %s)', async (may) => {
    const setting = await setUp()
    setting.sandbox.settings.firstCommentMayBePrivate = may
    const { ticket } = await openSession(setting)
    const [opening, transcript, ...more] = ticketRow(setting, ticket.id).comments
    expect(more).toEqual([])
    expect(opening).toMatchObject({ public: true, plain: 'Nothing came' })
    expect(transcript).toMatchObject({ public: false })
    expect(transcript?.plain).toContain('my secret order 4711')
  })

  it('tells agents the address that the customer gave, whoever has it in Zendesk', async () => {
    const setting = await setUp()
    setting.sandbox.state.addUser({ name: 'Eve', role: 'end-user', email: 'eve@customer.example' })
    const contactId = await setting.driver.ensureContact?.({ ...EVE, email: 'eve@customer.example' })
    const customer = { ...EVE, email: 'eve@customer.example', contactId }
    const { id } = await setting.driver.openTicket(requestFor(customer))
    const [opening, note] = ticketRow(setting, id).comments
    expect(opening?.plain).not.toContain('eve@')
    expect(note).toMatchObject({ public: false, plain: expect.stringContaining('in the chat: eve@customer.example') })
  })

  it('takes one call without a transcript', async () => {
    const setting = await setUp()
    await openSession(setting, { transcript: [] })
    expect(requests(setting, 'PUT', TICKET)).toEqual([])
  })

  it('ignores a queue that isn’t a group id', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting, { options: { queue: 'C0123456789' } })
    expect(ticketRow(setting, ticket.id).group_id).toBeNull()
    expect(setting.log.lines.map(({ level }) => level)).toContain('warn')
  })

  it('does without a field that Zendesk refuses, keeps the others, and names it', async () => {
    const setting = await setUp()
    setting.sandbox.removeGroup(360_001)
    const options = { queue: '360001', priority: 'high' as const, tags: ['vip'], assignee: 'nobody@acme.example' }
    const { ticket, opened } = await openSession(setting, { options })
    expect(ticketRow(setting, ticket.id)).toMatchObject({
      group_id: null,
      assignee_id: null,
      priority: 'high',
      tags: ['botpress-hitl-bot-1', 'vip'],
    })
    expect(opened.leftOut).toEqual(['Assignee: Zendesk refuses it.', 'Queue: Zendesk refuses it.'])
    expect(requests(setting, 'POST', TICKETS)).toHaveLength(3)
    // A run that repeats the start finds the ticket and opens no other one.
    const again = await openSession(setting, { options, mayExist: true })
    expect(again.ticket.id).toBe(ticket.id)
  })

  it('names the refused field without its content', async () => {
    const setting = await setUp()
    const body = { error: 'RecordInvalid', details: { status: [{ description: 'my secret order 4711' }] } }
    fault(setting, 'POST', TICKETS, { status: 422, body, times: 9 })
    const error = await errorOf(openSession(setting))
    expect(error).toMatchObject({ code: 'rejected', about: 'ticket', status: 422, outcome: 'none' })
    expect(String(error)).toContain('RecordInvalid status')
    expect(String(error)).not.toContain('4711')
  })

  it('succeeds with a warning when the transcript can’t be added', async () => {
    const setting = await setUp()
    fault(setting, 'PUT', TICKET, { status: 422, times: 9 })
    const { ticket } = await openSession(setting)
    expect(ticketView(setting, ticket.id).status).toBe('open')
    expect(setting.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
    expect(JSON.stringify(setting.log.lines)).not.toContain('4711')
  })

  it('returns the existing ticket for a repeated handoff with another description', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    const again = await setting.driver.openTicket(requestFor(customer, { description: 'Another description' }))
    expect(again.id).toBe(ticket.id)
    expect(ticketRow(setting, ticket.id).comments).toHaveLength(2)
  })

  it('finds the existing ticket after its idempotency key has expired', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    setting.clock.advance(3 * 60 * 60_000)
    const again = await setting.driver.openTicket(requestFor(customer, { mayExist: true }))
    expect(again.id).toBe(ticket.id)
    expect(setting.sandbox.state.tickets).toHaveLength(1)
    expect(ticketRow(setting, ticket.id).comments).toHaveLength(2)
  })

  it('adds the transcript that an earlier attempt failed to add', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting, { transcript: [] })
    await setting.driver.openTicket(requestFor(customer, { mayExist: true }))
    expect(ticketRow(setting, ticket.id).comments.map((comment) => comment.public)).toEqual([true, false])
  })

  it('stops with an unknown outcome when the ticket can’t be looked up', async () => {
    const setting = await setUp()
    const { customer } = await openSession(setting, { conversationId: 'conv_00' })
    fault(setting, 'POST', TICKETS, { effect: 'after' })
    fault(setting, 'GET', TICKETS, { status: 503, times: 9 })
    expect(await errorOf(setting.driver.openTicket(requestFor(customer)))).toMatchObject({ outcome: 'unknown' })
    expect(requests(setting, 'POST', TICKETS)).toHaveLength(2)
    setting.sandbox.server.clearFaults()
    await setting.driver.openTicket(requestFor(customer, { mayExist: true }))
    expect(setting.sandbox.tickets().filter((ticket) => ticket.conversationId === 'conv_01')).toHaveLength(1)
  })
})

describe('closing a ticket', () => {
  it('solves it, and assigns an unassigned ticket to the credentials’ own user', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    await setting.driver.closeTicket(ticket)
    const apiUser = setting.sandbox.state.users[0]
    expect(ticketRow(setting, ticket.id)).toMatchObject({ status: 'solved', assignee_id: apiUser?.id })
    expect(JSON.stringify(requests(setting, 'PUT', TICKET).map(bodyOf))).not.toContain('"closed"')
  })

  it('keeps its assignee', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    const [, bob] = setting.sandbox.agents
    setting.sandbox.assign(ticket.id, bob?.id ?? '')
    await setting.driver.closeTicket(ticket)
    expect(ticketRow(setting, ticket.id)).toMatchObject({ status: 'solved', assignee_id: Number(bob?.id) })
  })

  it('keeps an assignee who takes it at the same time', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    const [ada] = setting.sandbox.agents
    setting.clock.advance(5_000)
    let isTaken = false
    setting.sandbox.server.addFault({
      kind: 'status',
      matches: (request) => {
        // Not a fault: runs between the driver's read and its write.
        if (request.method === 'PUT' && !isTaken) {
          isTaken = true
          setting.sandbox.assign(ticket.id, ada?.id ?? '')
        }
        return false
      },
    })
    await setting.driver.closeTicket(ticket)
    expect(ticketRow(setting, ticket.id)).toMatchObject({ status: 'solved', assignee_id: Number(ada?.id) })
  })

  it('is a no-op if it is already solved, closed or deleted', async () => {
    const setting = await setUp()
    const solved = await openSession(setting)
    setting.sandbox.solve(solved.ticket.id)
    const closed = await openSession(setting, { conversationId: 'conv_02' })
    setting.sandbox.solve(closed.ticket.id)
    setting.sandbox.closeForGood(closed.ticket.id)
    const deleted = await openSession(setting, { conversationId: 'conv_03' })
    setting.sandbox.remove(deleted.ticket.id)
    const before = requests(setting, 'PUT', TICKET).length
    for (const { ticket } of [solved, closed, deleted]) await setting.driver.closeTicket(ticket)
    expect(requests(setting, 'PUT', TICKET)).toHaveLength(before)
  })

  it('succeeds when the response of the first attempt is lost', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    setting.clock.advance(5_000)
    fault(setting, 'PUT', TICKET, { effect: 'after' })
    await setting.driver.closeTicket(ticket)
    expect(ticketRow(setting, ticket.id).status).toBe('solved')
  })

  it('still allows messages in flight to be added', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    await setting.driver.closeTicket(ticket)
    await setting.driver.postMessage(
      ticket,
      messageFrom(EVE, '( The user has ended the session. )', { author: { type: 'bot' } })
    )
    expect(ticketView(setting, ticket.id)).toMatchObject({ status: 'solved' })
    expect(ticketView(setting, ticket.id).entries.at(-1)?.kind).toBe('note')
  })
})
