import { afterEach, describe, expect, it } from 'vitest'
import type { Customer } from '../provider'
import {
  bodyOf,
  capabilitiesOf,
  closeAll,
  EVE,
  fault,
  openSession,
  requests,
  ticketRow,
  messageFrom,
  setUp,
  ticketView,
} from './testing'

afterEach(closeAll)

describe('the customer’s contact', () => {
  const eveWithEmail = { ...EVE, email: 'eve@customer.example' }

  it('is an end user with our external id, created without a verification mail', async () => {
    const setting = await setUp()
    const id = await capabilitiesOf(setting.driver).ensureContact(eveWithEmail)
    expect(setting.sandbox.state.user(Number(id))).toMatchObject({
      name: 'Eve Customer',
      email: 'eve@customer.example',
      external_id: 'botpress:user_eve',
      role: 'end-user',
    })
    expect(bodyOf(requests(setting, 'POST', /\/users/)[0]).user).toMatchObject({ skip_verify_email: true })
  })

  it('is created once, no matter how often it is requested', async () => {
    const setting = await setUp()
    const { ensureContact } = capabilitiesOf(setting.driver)
    const ids = [await ensureContact(eveWithEmail), await ensureContact(eveWithEmail), await ensureContact(EVE)]
    ids.push(...(await Promise.all([ensureContact(eveWithEmail), ensureContact(EVE)])))
    expect(new Set(ids).size).toBe(1)
  })

  it('has no e-mail address if the customer has none', async () => {
    const setting = await setUp()
    const id = await capabilitiesOf(setting.driver).ensureContact(EVE)
    expect(setting.sandbox.state.user(Number(id))?.email).toBeNull()
    expect(requests(setting, 'POST', /\/users/)).toHaveLength(1)
  })

  it('is created without an e-mail address that belongs to an agent, whose record stays unchanged', async () => {
    const setting = await setUp()
    const [ada] = setting.sandbox.agents
    const before = { ...setting.sandbox.state.user(Number(ada?.id)) }
    const id = await capabilitiesOf(setting.driver).ensureContact({ ...EVE, email: 'ADA@acme.example' })
    expect(id).not.toBe(ada?.id)
    expect(setting.sandbox.state.user(Number(ada?.id))).toEqual(before)
    expect(setting.sandbox.state.user(Number(id))).toMatchObject({ role: 'end-user', email: null })
  })

  it('is never another end user with the same e-mail address, who stays unchanged', async () => {
    const setting = await setUp()
    const known = setting.sandbox.state.addUser({
      name: 'Eve from the shop',
      role: 'end-user',
      email: 'eve@customer.example',
      external_id: 'shop-17',
    })
    const id = await capabilitiesOf(setting.driver).ensureContact(eveWithEmail)
    expect(id).not.toBe(String(known.id))
    expect(known).toMatchObject({ name: 'Eve from the shop', external_id: 'shop-17' })
    expect(setting.sandbox.state.user(Number(id))).toMatchObject({ external_id: 'botpress:user_eve', email: null })
  })

  it('is a separate one for each of two customers who type the same e-mail address', async () => {
    const setting = await setUp()
    const { ensureContact } = capabilitiesOf(setting.driver)
    const other = { ...eveWithEmail, id: 'user_other' }
    const ids = [await ensureContact(eveWithEmail), await ensureContact(other)]
    expect(new Set([...ids, await ensureContact(eveWithEmail), await ensureContact(other)]).size).toBe(2)
  })

  it('is created once when the first response is lost', async () => {
    const setting = await setUp()
    fault(setting, 'POST', /\/users$/, { effect: 'after' })
    const id = await capabilitiesOf(setting.driver).ensureContact(eveWithEmail)
    const made = setting.sandbox.state.users.filter((user) => user.external_id === 'botpress:user_eve')
    expect(made.map((user) => String(user.id))).toEqual([id])
  })

  it('is created without an e-mail address that Zendesk refuses or that isn’t valid', async () => {
    const setting = await setUp()
    fault(setting, 'POST', /\/users$/, { status: 422, body: { error: 'RecordInvalid', details: { email: [] } } })
    const { ensureContact } = capabilitiesOf(setting.driver)
    const first = await ensureContact(eveWithEmail)
    const second = await ensureContact({ ...EVE, id: 'user_x', email: 'a"b c@x' })
    for (const id of [first, second]) expect(setting.sandbox.state.user(Number(id))?.email).toBeNull()
  })

  it('is created again for a new ticket if the desk has deleted it', async () => {
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
    const { requester_id: requester } = ticketRow(setting, kept.id)
    expect(kept.memo).toBe(`${customer.contactId}>${requester}`)
    const keys = requests(setting, 'POST', /tickets$/).map((request) => request.headers['idempotency-key'])
    expect(new Set(keys).size).toBe(keys.length)
    const posted = await setting.driver.postMessage(replaced, messageFrom(customer, 'still me'))
    expect(posted.contactId).toBe(String(requester))
    expect(ticketView(setting, kept.id).entries.at(-1)).toMatchObject({ kind: 'customer', text: 'still me' })
  })

  it('has phone number, language and photo, as far as Zendesk takes them', async () => {
    const setting = await setUp()
    const { ensureContact } = capabilitiesOf(setting.driver)
    const more = { phone: '+49 (30) 123-4567', language: 'de', pictureUrl: 'https://x.test/eve.png' }
    const user = async (customer: Partial<Customer>) =>
      setting.sandbox.state.user(Number(await ensureContact({ ...EVE, ...customer })))
    const whole = { phone: '+49301234567', locale: 'de', photo: { content_url: more.pictureUrl } }
    expect(await user({ ...more, id: 'user_1' })).toMatchObject(whole)
    expect(await user({ ...more, id: 'user_2', email: 'eve@customer.example' })).toMatchObject(whole)
    expect(await user({ ...more, id: 'user_3', language: 'tlh', email: 'eva@customer.example' })).toMatchObject({
      locale: null,
    })
    const long = { phone: 'call me', language: 'a language', pictureUrl: `https://x.test/${'a'.repeat(300)}` }
    expect(await user({ ...long, id: 'user_4' })).toMatchObject({ phone: null, locale: null, photo: null })
  })

  it.each(['agent', 'admin', 'end-user'] as const)('that exists is matched and never changed: %s', async (role) => {
    const setting = await setUp()
    const { ensureContact } = capabilitiesOf(setting.driver)
    const id = await ensureContact(EVE)
    const user = setting.sandbox.state.user(Number(id))
    Object.assign(user ?? {}, { role, name: 'Eve of Support', phone: '+331234567', locale: 'fr' })
    const before = structuredClone(user)
    const others = { name: 'Somebody', phone: '+49301234567', language: 'de', pictureUrl: 'https://x.test/eve.png' }
    for (const customer of [EVE, { ...EVE, ...others }, { ...EVE, ...others, email: 'eve@customer.example' }]) {
      expect(await ensureContact(customer)).toBe(id)
      expect(user).toEqual(before)
    }
  })

  it('is created for a second person in the chat', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    await setting.driver.postMessage(ticket, messageFrom({ id: 'user_max', name: 'Max Friend' }, 'me too'))
    expect(ticketView(setting, ticket.id).entries.at(-1)).toMatchObject({ kind: 'customer', author: 'Max Friend' })
  })
})

describe('an agent', () => {
  it('is shown to customers under their alias', async () => {
    const setting = await setUp()
    const [ada, bob] = setting.sandbox.agents
    const { describeAgent } = capabilitiesOf(setting.driver)
    expect(await describeAgent(ada?.id ?? '')).toEqual({ id: ada?.id, name: 'Ada Agent', pictureUrl: ada?.pictureUrl })
    Object.assign(setting.sandbox.state.user(Number(bob?.id)) ?? {}, { alias: 'The night shift' })
    expect(await describeAgent(bob?.id ?? '')).toEqual({ id: bob?.id, name: 'The night shift' })
  })
})
