import { afterEach, describe, expect, it } from 'vitest'
import { bodyOf, capable, closeAll, EVE, openSession, requestFor, requests, rowOf, says, setUp } from './testing'

afterEach(closeAll)

describe('one customer', () => {
  it('is requester, submitter and author of all that is said in his name', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    await setting.driver.postMessage(ticket, says(customer, 'and another thing'))
    const row = rowOf(setting, ticket.id)
    const id = Number(customer.contactId)
    expect([row.requester_id, row.submitter_id]).toEqual([id, id])
    const authors = row.comments.filter((comment) => comment.public).map((comment) => comment.author_id)
    expect(authors).toEqual([id, id])
  })

  it('is looked for by the whole address and nothing else, whatever signs it has', async () => {
    const setting = await setUp()
    const email = 'eve+a&role=admin#x%20y=z;q@customer.example'
    const { ensureContact } = capable(setting.driver)
    const taken = setting.sandbox.state.addUser({ name: 'Eve', role: 'end-user', email })
    expect(await ensureContact({ ...EVE, email })).toBe(String(taken.id))
    const [search] = requests(setting, 'GET', /users\/search$/)
    expect([...(search?.query.keys() ?? [])]).toEqual(['query'])
    expect(search?.query.get('query')).toBe(`email:"${email}"`)
  })

  it('with an address that no mailbox has is made without it', async () => {
    const setting = await setUp()
    const email = `${'a'.repeat(300)}@customer.example`
    await capable(setting.driver).ensureContact({ ...EVE, email })
    const bodies = requests(setting, 'POST', /\/users/).map((request) => bodyOf(request)['user'])
    expect(bodies).toHaveLength(1)
    expect(bodies[0]).not.toHaveProperty('email')
  })
})

describe('people of the account', () => {
  it('are written to by nobody: no name, photo or role is changed by a handoff', async () => {
    const setting = await setUp()
    const before = JSON.stringify(setting.sandbox.state.users)
    const { ticket, customer } = await openSession(setting, { title: 'Another bot’s name' })
    await setting.driver.postMessage(ticket, says(customer, 'hello'))
    await setting.driver.closeTicket(ticket)
    const known = new Set((JSON.parse(before) as { id: number }[]).map(({ id }) => id))
    expect(JSON.stringify(setting.sandbox.state.users.filter(({ id }) => known.has(id)))).toBe(before)
  })

  it('are found on whichever page they stand', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    for (let count = 0; count < 150; count += 1)
      setting.sandbox.state.addUser({ name: `Agent ${count}`, role: 'agent' })
    const last = setting.sandbox.state.users.at(-1)
    setting.sandbox.agentReplies(ticket.id, 'From the last page', { agentId: String(last?.id) })
    const { events } = await capable(setting.driver).catchUp(ticket, undefined)
    expect(events.filter(({ type }) => type === 'message-posted')).toMatchObject([{ agent: { name: 'Agent 149' } }])
  })
})

describe('a ticket', () => {
  it('is ours from its first moment: nothing is written into it later to say so', async () => {
    const setting = await setUp()
    const customer = { ...EVE, contactId: await capable(setting.driver).ensureContact(EVE) }
    const { id } = await setting.driver.openTicket(requestFor(customer, { transcript: [] }))
    const [created, ...more] = requests(setting, 'POST', /\/tickets$/)
    expect(more).toEqual([])
    expect(bodyOf(created)['ticket']).toMatchObject({ external_id: expect.stringContaining('conv_01') })
    expect(requests(setting, 'PUT', new RegExp(`/tickets/${id}$`))).toEqual([])
  })
})
