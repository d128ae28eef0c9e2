import { afterEach, describe, expect, it } from 'vitest'
import { bodyOf, capable, closeAll, EVE, fault, openSession, requests, rowOf, says, setUp, shown } from './testing'

afterEach(closeAll)

describe('the customer’s contact', () => {
  const withEmail = { ...EVE, email: 'eve@customer.example' }

  it('is an end user under our external id, and no mail is sent about it', async () => {
    const setting = await setUp()
    const id = await capable(setting.driver).ensureContact(withEmail)
    expect(setting.sandbox.state.user(Number(id))).toMatchObject({
      name: 'Eve Customer',
      email: 'eve@customer.example',
      external_id: 'botpress:user_eve',
      role: 'end-user',
    })
    expect(bodyOf(requests(setting, 'POST', /\/users/)[0]).user).toMatchObject({ skip_verify_email: true })
  })

  it('is one however often it is asked for', async () => {
    const setting = await setUp()
    const { ensureContact } = capable(setting.driver)
    const ids = [await ensureContact(withEmail), await ensureContact(withEmail), await ensureContact(EVE)]
    ids.push(...(await Promise.all([ensureContact(withEmail), ensureContact(EVE)])))
    expect(new Set(ids).size).toBe(1)
  })

  it('without an address has none, not an invented one', async () => {
    const setting = await setUp()
    const id = await capable(setting.driver).ensureContact(EVE)
    expect(setting.sandbox.state.user(Number(id))?.email).toBeNull()
    expect(requests(setting, 'POST', /\/users/)).toHaveLength(1)
  })

  it('takes nobody’s record over: an agent’s address makes a contact without address', async () => {
    const setting = await setUp()
    const [ada] = setting.sandbox.agents
    const before = { ...setting.sandbox.state.user(Number(ada?.id)) }
    const id = await capable(setting.driver).ensureContact({ ...EVE, email: 'ADA@acme.example' })
    expect(id).not.toBe(ada?.id)
    expect(setting.sandbox.state.user(Number(ada?.id))).toEqual(before)
    expect(setting.sandbox.state.user(Number(id))).toMatchObject({ role: 'end-user', email: null })
  })

  it('is whoever has the address, left as he is, when that is a customer', async () => {
    const setting = await setUp()
    const known = setting.sandbox.state.addUser({
      name: 'Eve from the shop',
      role: 'end-user',
      email: 'eve@customer.example',
      external_id: 'shop-17',
    })
    expect(await capable(setting.driver).ensureContact(withEmail)).toBe(String(known.id))
    expect(known).toMatchObject({ name: 'Eve from the shop', external_id: 'shop-17' })
  })

  it('is one after an answer that never came', async () => {
    const setting = await setUp()
    fault(setting, 'POST', /\/users$/, { effect: 'after' })
    const id = await capable(setting.driver).ensureContact(withEmail)
    const made = setting.sandbox.state.users.filter((user) => user.external_id === 'botpress:user_eve')
    expect(made.map((user) => String(user.id))).toEqual([id])
  })

  it('is made without an address that Zendesk refuses or that is none', async () => {
    const setting = await setUp()
    fault(setting, 'POST', /\/users$/, { status: 422, body: { error: 'RecordInvalid', details: { email: [] } } })
    const { ensureContact } = capable(setting.driver)
    const first = await ensureContact(withEmail)
    const second = await ensureContact({ ...EVE, id: 'user_x', email: 'a"b c@x' })
    for (const id of [first, second]) expect(setting.sandbox.state.user(Number(id))?.email).toBeNull()
  })

  it('is made again for a ticket when the desk has deleted it', async () => {
    const setting = await setUp()
    const { customer } = await openSession(setting)
    const gone = setting.sandbox.state.user(Number(customer.contactId))
    Object.assign(gone ?? {}, { active: false, external_id: null })
    const kept = await setting.driver.openTicket({
      conversationId: 'conv_03',
      botId: 'bot-1',
      title: 'Again',
      customer,
      transcript: [],
      options: {},
      mayExist: false,
    })
    const replaced = { id: kept.id, memo: kept.memo, conversationId: 'conv_03', contactId: customer.contactId }
    expect(rowOf(setting, kept.id).requester_id).toBe(Number(kept.memo))
    const keys = requests(setting, 'POST', /tickets$/).map((request) => request.headers['idempotency-key'])
    expect(new Set(keys).size).toBe(keys.length)
    await setting.driver.postMessage(replaced, says(customer, 'still me'))
    expect(shown(setting, kept.id).entries.at(-1)).toMatchObject({ kind: 'customer', text: 'still me' })
  })

  it('is found for a second person in the chat', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    await setting.driver.postMessage(ticket, says({ id: 'user_max', name: 'Max Friend' }, 'me too'))
    expect(shown(setting, ticket.id).entries.at(-1)).toMatchObject({ kind: 'customer', author: 'Max Friend' })
  })
})

describe('an agent', () => {
  it('is shown to customers by the alias', async () => {
    const setting = await setUp()
    const [ada, bob] = setting.sandbox.agents
    const { describeAgent } = capable(setting.driver)
    expect(await describeAgent(ada?.id ?? '')).toEqual({ id: ada?.id, name: 'Ada Agent', pictureUrl: ada?.pictureUrl })
    Object.assign(setting.sandbox.state.user(Number(bob?.id)) ?? {}, { alias: 'The night shift' })
    expect(await describeAgent(bob?.id ?? '')).toEqual({ id: bob?.id, name: 'The night shift' })
  })
})
