import { afterEach, describe, expect, it } from 'vitest'
import {
  bodyOf,
  closeAll,
  EVE,
  fault,
  openSession,
  requestFor,
  requests,
  rowOf,
  says,
  setUp,
  shown,
  thrownBy,
} from './testing'

afterEach(closeAll)
const TICKETS = /\/api\/v2\/tickets$/
const TICKET = /\/api\/v2\/tickets\/\d+$/

describe('opening', () => {
  it('carries everything in the call that makes the ticket', async () => {
    const setting = await setUp()
    const options = { priority: 'high' as const, queue: ' 360001 ', tags: ['VIP customer', 'vip_customer', ''] }
    const { ticket, customer, opened } = await openSession(setting, { options })
    expect(rowOf(setting, ticket.id)).toMatchObject({
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

  it.each([true, false])(
    'never lets the customer see the transcript (first comments may be private: %s)',
    async (may) => {
      const setting = await setUp()
      setting.sandbox.settings.firstCommentMayBePrivate = may
      const { ticket } = await openSession(setting)
      const [opening, transcript, ...more] = rowOf(setting, ticket.id).comments
      expect(more).toEqual([])
      expect(opening).toMatchObject({ public: true, plain: 'Nothing came' })
      expect(transcript).toMatchObject({ public: false })
      expect(transcript?.plain).toContain('my secret order 4711')
    }
  )

  it('is one call where there is no transcript', async () => {
    const setting = await setUp()
    await openSession(setting, { transcript: [] })
    expect(requests(setting, 'PUT', TICKET)).toEqual([])
  })

  it('leaves out a queue that is another desk’s', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting, { options: { queue: 'C0123456789' } })
    expect(rowOf(setting, ticket.id).group_id).toBeNull()
    expect(setting.log.lines.map(({ level }) => level)).toContain('warn')
  })

  it('says which field is refused and nothing of what was in it', async () => {
    const setting = await setUp()
    const error = await thrownBy(openSession(setting, { options: { queue: '99' } }))
    expect(error).toMatchObject({ code: 'rejected', status: 422, outcome: 'none' })
    expect(String(error)).toContain('RecordInvalid group')
  })

  it('works although the transcript cannot be added, and says so', async () => {
    const setting = await setUp()
    fault(setting, 'PUT', TICKET, { status: 422, times: 9 })
    const { ticket } = await openSession(setting)
    expect(shown(setting, ticket.id).status).toBe('open')
    expect(setting.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
    expect(JSON.stringify(setting.log.lines)).not.toContain('4711')
  })

  it('returns the ticket that is there when the key was used with other words', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    const again = await setting.driver.openTicket(requestFor(customer, { description: 'Other words' }))
    expect(again.id).toBe(ticket.id)
    expect(rowOf(setting, ticket.id).comments).toHaveLength(2)
  })

  it('opens one ticket after the key is forgotten, because it looks', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    setting.clock.advance(3 * 60 * 60_000)
    const again = await setting.driver.openTicket(requestFor(customer, { mayExist: true }))
    expect(again.id).toBe(ticket.id)
    expect(setting.sandbox.state.tickets).toHaveLength(1)
    expect(rowOf(setting, ticket.id).comments).toHaveLength(2)
  })

  it('adds the transcript that an earlier attempt left out', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting, { transcript: [] })
    await setting.driver.openTicket(requestFor(customer, { mayExist: true }))
    expect(rowOf(setting, ticket.id).comments.map((comment) => comment.public)).toEqual([true, false])
  })

  it('is left open, not repeated, when nothing can be read after an unknown outcome', async () => {
    const setting = await setUp()
    const { customer } = await openSession(setting, { conversationId: 'conv_00' })
    fault(setting, 'POST', TICKETS, { effect: 'after' })
    fault(setting, 'GET', TICKETS, { status: 503, times: 9 })
    expect(await thrownBy(setting.driver.openTicket(requestFor(customer)))).toMatchObject({ outcome: 'unknown' })
    expect(requests(setting, 'POST', TICKETS)).toHaveLength(2)
    setting.sandbox.server.clearFaults()
    await setting.driver.openTicket(requestFor(customer, { mayExist: true }))
    expect(setting.sandbox.tickets().filter((ticket) => ticket.conversationId === 'conv_01')).toHaveLength(1)
  })
})

describe('closing', () => {
  it('solves and never closes; a ticket that nobody took goes to the credentials’ own agent', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    await setting.driver.closeTicket(ticket)
    const own = setting.sandbox.state.users[0]
    expect(rowOf(setting, ticket.id)).toMatchObject({ status: 'solved', assignee_id: own?.id })
    expect(JSON.stringify(requests(setting, 'PUT', TICKET).map(bodyOf))).not.toContain('"closed"')
  })

  it('leaves the ticket with the agent who has it', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    const [, bob] = setting.sandbox.agents
    setting.sandbox.assign(ticket.id, bob?.id ?? '')
    await setting.driver.closeTicket(ticket)
    expect(rowOf(setting, ticket.id)).toMatchObject({ status: 'solved', assignee_id: Number(bob?.id) })
  })

  it('does not take it from an agent who takes it at this moment', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    const [ada] = setting.sandbox.agents
    setting.clock.advance(5_000)
    let taken = false
    setting.sandbox.server.addFault({
      kind: 'status',
      matches: (request) => {
        // Not a fault: the moment between the driver's reading and its writing.
        if (request.method === 'PUT' && !taken) {
          taken = true
          setting.sandbox.assign(ticket.id, ada?.id ?? '')
        }
        return false
      },
    })
    await setting.driver.closeTicket(ticket)
    expect(rowOf(setting, ticket.id)).toMatchObject({ status: 'solved', assignee_id: Number(ada?.id) })
  })

  it('succeeds for what is solved, closed or gone, without writing', async () => {
    const setting = await setUp()
    const solved = await openSession(setting)
    setting.sandbox.solve(solved.ticket.id)
    const closed = await openSession(setting, { conversationId: 'conv_02' })
    setting.sandbox.solve(closed.ticket.id)
    setting.sandbox.closeForGood(closed.ticket.id)
    const gone = await openSession(setting, { conversationId: 'conv_03' })
    setting.sandbox.remove(gone.ticket.id)
    const before = requests(setting, 'PUT', TICKET).length
    for (const { ticket } of [solved, closed, gone]) await setting.driver.closeTicket(ticket)
    expect(requests(setting, 'PUT', TICKET)).toHaveLength(before)
  })

  it('succeeds when its first attempt worked and was not answered', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    setting.clock.advance(5_000)
    fault(setting, 'PUT', TICKET, { effect: 'after' })
    await setting.driver.closeTicket(ticket)
    expect(rowOf(setting, ticket.id).status).toBe('solved')
  })

  it('the last words may still arrive', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    await setting.driver.closeTicket(ticket)
    await setting.driver.postMessage(
      ticket,
      says(EVE, '( The user has ended the session. )', { author: { type: 'bot' } })
    )
    expect(shown(setting, ticket.id)).toMatchObject({ status: 'solved' })
    expect(shown(setting, ticket.id).entries.at(-1)?.kind).toBe('note')
  })
})
