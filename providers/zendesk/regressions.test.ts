import { afterEach, describe, expect, it } from 'vitest'
import {
  bodyOf,
  capabilitiesOf,
  closeAll,
  EVE,
  openSession,
  requestFor,
  requests,
  ticketRow,
  messageFrom,
  setUp,
} from './testing'

afterEach(closeAll)

describe('the customer', () => {
  it('is the requester, the submitter and the author of all their messages', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    await setting.driver.postMessage(ticket, messageFrom(customer, 'and another thing'))
    const row = ticketRow(setting, ticket.id)
    const id = Number(customer.contactId)
    expect([row.requester_id, row.submitter_id]).toEqual([id, id])
    const authors = row.comments.filter((comment) => comment.public).map((comment) => comment.author_id)
    expect(authors).toEqual([id, id])
  })

  it('is created with the whole e-mail address, whatever characters it contains', async () => {
    const setting = await setUp()
    const email = 'eve+a&role=admin#x%20y=z;q@customer.example'
    const id = await capabilitiesOf(setting.driver).ensureContact({ ...EVE, email })
    expect(setting.sandbox.state.user(Number(id))).toMatchObject({ role: 'end-user', email })
  })

  it('is created without an e-mail address that is too long to be valid', async () => {
    const setting = await setUp()
    const email = `${'a'.repeat(300)}@customer.example`
    await capabilitiesOf(setting.driver).ensureContact({ ...EVE, email })
    const bodies = requests(setting, 'POST', /\/users/).map((request) => bodyOf(request)['user'])
    expect(bodies).toHaveLength(1)
    expect(bodies[0]).not.toHaveProperty('email')
  })
})

describe('existing users of the account', () => {
  it('keep their name, photo and role during a handoff', async () => {
    const setting = await setUp()
    const before = JSON.stringify(setting.sandbox.state.users)
    const { ticket, customer } = await openSession(setting, { title: 'Another bot’s name' })
    await setting.driver.postMessage(ticket, messageFrom(customer, 'hello'))
    await setting.driver.closeTicket(ticket)
    const known = new Set((JSON.parse(before) as { id: number }[]).map(({ id }) => id))
    expect(JSON.stringify(setting.sandbox.state.users.filter(({ id }) => known.has(id)))).toBe(before)
  })

  it('are found even when the account has more than one page of them', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    for (let count = 0; count < 150; count += 1)
      setting.sandbox.state.addUser({ name: `Agent ${count}`, role: 'agent' })
    const last = setting.sandbox.state.users.at(-1)
    setting.sandbox.agentReplies(ticket.id, 'From the last page', { agentId: String(last?.id) })
    const { events } = await capabilitiesOf(setting.driver).catchUp(ticket, undefined)
    expect(events.filter(({ type }) => type === 'message-posted')).toMatchObject([{ agent: { name: 'Agent 149' } }])
  })
})

describe('a ticket', () => {
  it('carries its external id from the start, without a later update', async () => {
    const setting = await setUp()
    const customer = { ...EVE, contactId: await capabilitiesOf(setting.driver).ensureContact(EVE) }
    const { id } = await setting.driver.openTicket(requestFor(customer, { transcript: [] }))
    const [created, ...more] = requests(setting, 'POST', /\/tickets$/)
    expect(more).toEqual([])
    expect(bodyOf(created)['ticket']).toMatchObject({ external_id: expect.stringContaining('conv_01') })
    expect(requests(setting, 'PUT', new RegExp(`/tickets/${id}$`))).toEqual([])
  })
})
