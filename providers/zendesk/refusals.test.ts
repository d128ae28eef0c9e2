import { afterEach, describe, expect, it } from 'vitest'
import { NO_HELP_DESK } from './sandbox/answers'
import {
  closeAll,
  errorOf,
  EVE,
  fault,
  messageFrom,
  openSession,
  requests,
  setUp,
  ticketRow,
  ticketView,
  TICKET,
} from './testing'

afterEach(closeAll)

const startSession = async () => {
  const setting = await setUp()
  const session = await openSession(setting, { transcript: [] })
  const post = (text: string, more: Parameters<typeof messageFrom>[2] = {}) =>
    setting.driver.postMessage(session.ticket, messageFrom(session.customer, text, more))
  const entries = () => ticketView(setting, session.ticket.id).entries.slice(1)
  const updates = () => requests(setting, 'PUT', TICKET).length
  return { ...session, setting, sandbox: setting.sandbox, post, entries, updates }
}

describe('a message of a customer', () => {
  it('who was merged into another user is a comment of that user, who is remembered', async () => {
    const { sandbox, ticket, customer, setting, post, entries } = await startSession()
    sandbox.mergeContact(ticket.id)
    const { requester_id: requester } = ticketRow(setting, ticket.id)
    expect(String(requester)).not.toBe(customer.contactId)
    const posted = await post('still me')
    expect(posted.contactId).toBe(String(requester))
    expect(ticketRow(setting, ticket.id).comments.at(-1)).toMatchObject({ author_id: requester, public: true })
    expect(entries().map(({ kind, text }) => [kind, text])).toEqual([['customer', 'still me']])
    // The core passes what it has learned.
    const learned = { ...ticket, contactId: posted.contactId }
    const before = setting.sandbox.server.requests.length
    const next = await setting.driver.postMessage(
      learned,
      messageFrom({ ...customer, contactId: posted.contactId }, 'and again', { id: 'msg_02' })
    )
    expect(next).toEqual({ messageIds: [expect.any(String)] })
    expect(setting.sandbox.server.requests.length - before).toBe(1)
  })

  it('who was merged again after their contact had been replaced is a comment of the newest user', async () => {
    const { sandbox, ticket, customer, setting } = await startSession()
    sandbox.mergeContact(ticket.id)
    sandbox.mergeContact(ticket.id)
    const { requester_id: requester } = ticketRow(setting, ticket.id)
    const memo = `1>${customer.contactId}`
    const posted = await setting.driver.postMessage({ ...ticket, memo }, messageFrom(customer, 'still me'))
    expect(posted.contactId).toBe(String(requester))
  })

  it('of several comments is complete, although their contact was merged', async () => {
    const { sandbox, ticket, post, entries } = await startSession()
    sandbox.mergeContact(ticket.id)
    const text = Array.from({ length: 20_000 }, (_unused, index) => `w${index}`).join(' ')
    const { messageIds } = await post(text)
    expect(entries().map(({ id }) => id)).toEqual(messageIds)
    expect(
      entries()
        .flatMap((entry) => entry.text.match(/w\d+/g) ?? [])
        .join(' ')
    ).toBe(text)
  })

  it.each(['suspendContact', 'deleteContact'] as const)(
    'who can write no comments any more is a note that names them (%s)',
    async (move) => {
      const { sandbox, ticket, post, entries } = await startSession()
      sandbox[move](ticket.id)
      const posted = await post('still me')
      expect(posted).toEqual({ messageIds: [entries()[0]?.id] })
      expect(entries()).toMatchObject([{ kind: 'note', text: expect.stringMatching(/^Eve Customer .*\n+still me$/s) }])
    }
  )

  it('that became a note is found again, with metadata and without', async () => {
    const { sandbox, ticket, setting, post, entries } = await startSession()
    sandbox.suspendContact(ticket.id)
    const createdAt = setting.clock.now()
    const first = await post('once')
    const again = { mayExist: true, createdAt }
    expect(await post('once', again)).toEqual(first)
    for (const comment of ticketRow(setting, ticket.id).comments) Object.assign(comment, { custom: null })
    expect(await post('once', again)).toEqual(first)
    expect(entries()).toHaveLength(1)
  })

  it('isn’t given to an agent who made themselves the requester', async () => {
    const { sandbox, setting, ticket, post, entries } = await startSession()
    sandbox.deleteContact(ticket.id)
    ticketRow(setting, ticket.id).requester_id = Number(sandbox.agents[0]?.id)
    expect(await post('still me')).not.toHaveProperty('contactId')
    expect(entries()).toMatchObject([{ kind: 'note', author: 'Botpress Router' }])
  })

  it('isn’t given to another requester while their own contact writes', async () => {
    const { sandbox, setting, ticket, customer, post, entries } = await startSession()
    const other = sandbox.state.addUser({ name: 'Somebody Else', role: 'end-user' })
    ticketRow(setting, ticket.id).requester_id = other.id
    expect(await post('still me')).not.toHaveProperty('contactId')
    sandbox.state.user(Number(customer.contactId) || 0)!.suspended = true
    await post('suspended', { id: 'msg_02' })
    expect(entries()).toMatchObject([{ author: 'Eve Customer' }, { kind: 'note' }])
  })

  it('who joined the chat gets a contact anew, and never the requester’s', async () => {
    const { sandbox, setting, ticket, entries } = await startSession()
    const max = { id: 'user_max', name: 'Max Friend' }
    const gone = sandbox.state.addUser({ name: 'Max Friend', role: 'end-user', active: false })
    const message = messageFrom({ ...max, contactId: String(gone.id) }, 'me too')
    expect(await setting.driver.postMessage(ticket, message)).not.toHaveProperty('contactId')
    expect(entries()).toMatchObject([{ kind: 'customer', author: 'Max Friend', text: 'me too' }])
  })
})

describe('a refusal', () => {
  it.each([
    ['the ticket can be read', { status: 404, body: {} }, { code: 'not-found', about: 'account' }],
    ['the account has another address', { ...NO_HELP_DESK }, { code: 'unavailable', about: 'account' }],
    ['a proxy answers', { status: 404, body: '<!doctype html>' }, { code: 'unavailable', about: 'account' }],
    ['the account is locked', { status: 423, body: { error: 'Locked' } }, { code: 'unavailable', about: 'account' }],
    ['the credentials’ user may not', { status: 403, body: {} }, { code: 'unauthorized', about: 'agent' }],
    ['too large', { status: 413, body: {} }, { code: 'rejected', about: 'message' }],
  ])('is not the ticket’s end where %s', async (_what, more, expected) => {
    const { setting, post, entries } = await startSession()
    fault(setting, 'PUT', TICKET, { times: 9, ...more })
    expect(await errorOf(post('hello?'))).toMatchObject({ ...expected, outcome: 'none' })
    setting.sandbox.server.clearFaults()
    await post('hello?')
    expect(entries().map(({ text }) => text)).toEqual(['hello?'])
  })

  it.each([
    ['of the account’s address', NO_HELP_DESK],
    ['that says nothing', { status: 404, body: {} }],
    ['of a proxy', { status: 404, body: '<!doctype html>' }],
  ])('404 %s is not the ticket’s end either, when the ticket is read', async (_what, more) => {
    const { setting, ticket, cursor, post } = await startSession()
    setting.sandbox.server.addFault({ kind: 'status', times: 99, ...more })
    expect(await errorOf(post('hello?'))).not.toMatchObject({ code: 'ended' })
    expect(await errorOf(setting.driver.catchUp?.(ticket, cursor) ?? Promise.resolve())).toMatchObject({
      code: 'unavailable',
    })
    expect(await errorOf(setting.driver.closeTicket(ticket))).toMatchObject({ code: 'unavailable' })
  })

  it('that names the comment is the message’s, at once', async () => {
    const { setting, post, updates } = await startSession()
    const body = { error: 'RecordInvalid', details: { comment: [{ description: 'Comment: is too long' }] } }
    fault(setting, 'PUT', TICKET, { status: 422, body, times: 9 })
    expect(await errorOf(post('hello?'))).toMatchObject({ code: 'rejected', about: 'message', outcome: 'none' })
    expect(updates()).toBe(1)
  })

  it('for an unknown reason costs the customer’s name at most: the message is a note', async () => {
    const { setting, post, entries } = await startSession()
    fault(setting, 'PUT', TICKET, { status: 422, body: { error: 'RecordInvalid' } })
    await post('hello?')
    expect(entries()).toMatchObject([{ kind: 'note', text: expect.stringContaining('hello?') }])
  })

  it('of everything is not the message’s', async () => {
    const { setting, post, entries } = await startSession()
    fault(setting, 'PUT', TICKET, { status: 422, body: { error: 'RecordInvalid' }, times: 9 })
    const error = await errorOf(post('hello?'))
    expect(error).toMatchObject({ code: 'rejected', outcome: 'none' })
    expect(error).not.toMatchObject({ about: 'message' })
    setting.sandbox.server.clearFaults()
    await post('hello?', { mayExist: true })
    expect(entries().map(({ text }) => text)).toEqual(['hello?'])
  })

  it('of this text alone is the message’s, and agents are told that it is missing', async () => {
    const { setting, post, entries } = await startSession()
    setting.sandbox.server.addFault({
      kind: 'status',
      status: 422,
      body: { error: 'RecordInvalid', details: { base: [{ description: 'no such luck' }] } },
      times: 99,
      matches: (request) => request.method === 'PUT' && request.body.includes('poison'),
    })
    for (const mayExist of [false, true]) {
      expect(await errorOf(post('poison', { mayExist, createdAt: setting.clock.now() }))).toMatchObject({
        code: 'rejected',
        about: 'message',
      })
    }
    await post('next', { id: 'msg_02' })
    expect(entries()).toMatchObject([{ kind: 'note', text: expect.stringContaining('missing') }, { text: 'next' }])
  })

  it('quotes no customer', async () => {
    const { sandbox, setting, ticket, post } = await startSession()
    sandbox.suspendContact(ticket.id)
    setting.sandbox.server.addFault({
      kind: 'status',
      status: 403,
      times: 9,
      matches: (request) => request.method === 'PUT' && request.body.includes('"public":false'),
    })
    const error = await errorOf(post('my secret'))
    expect(String(error) + JSON.stringify(setting.log.lines)).not.toMatch(/Eve|secret/)
  })

  it('is explained by the ticket only if the ticket can be asked', async () => {
    const { setting, post } = await startSession()
    const body = { error: 'RecordInvalid', details: { comment: [{}] } }
    fault(setting, 'PUT', TICKET, { status: 422, body, times: 9 })
    fault(setting, 'GET', TICKET, { status: 503, times: 99 })
    expect(await errorOf(post('hello?'))).toMatchObject({ code: 'rejected', about: 'account', outcome: 'none' })
  })
})

describe('the credentials’ user', () => {
  it('who was suspended or demoted keeps nobody’s session from going on later', async () => {
    const { sandbox, setting, ticket, cursor, post, entries } = await startSession()
    sandbox.setOwnRole('end-user')
    expect(await errorOf(post('hello?'))).toMatchObject({ code: 'unauthorized' })
    expect(await errorOf(setting.driver.closeTicket(ticket))).toMatchObject({ code: 'unauthorized' })
    expect(await errorOf(setting.driver.catchUp?.(ticket, cursor) ?? Promise.resolve())).toMatchObject({
      code: 'unauthorized',
    })
    sandbox.setOwnRole('admin')
    await post('hello?')
    expect(entries().map(({ text }) => text)).toEqual(['hello?'])
  })

  it('who can’t be assigned leaves solving to the agents', async () => {
    const { setting, ticket, entries } = await startSession()
    const refuses = { error: 'RecordInvalid', details: { assignee: [{ description: 'Assignee: is invalid' }] } }
    setting.sandbox.server.addFault({
      kind: 'status',
      status: 422,
      body: refuses,
      times: 99,
      matches: (request) => request.method === 'PUT' && request.body.includes('"status":"solved"'),
    })
    for (let round = 0; round < 3; round += 1) await setting.driver.closeTicket(ticket)
    expect(entries()).toMatchObject([{ kind: 'note', text: expect.stringContaining('Please solve it') }])
    expect(setting.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(3)
  })
})

describe('a ticket that an account’s rules keep open', () => {
  it('gets one note that asks the agents to solve it', async () => {
    const { sandbox, setting, ticket, entries } = await startSession()
    sandbox.settings.requiredToSolve = 'Order number'
    await setting.driver.closeTicket(ticket)
    await setting.driver.closeTicket(ticket)
    expect(entries()).toMatchObject([{ kind: 'note', text: expect.stringContaining('Please solve it') }])
    sandbox.settings.requiredToSolve = undefined
    await setting.driver.closeTicket(ticket)
    expect(ticketView(setting, ticket.id).status).toBe('solved')
  })
})

describe('a new ticket', () => {
  it('of a suspended customer is refused, and the refusal is about the contact', async () => {
    const { sandbox, setting, ticket, customer } = await startSession()
    sandbox.suspendContact(ticket.id)
    const error = await errorOf(
      setting.driver.openTicket({
        conversationId: 'conv_02',
        botId: 'bot-1',
        title: 'Again',
        customer,
        transcript: [],
        options: { priority: 'high' },
        mayExist: false,
      })
    )
    expect(error).toMatchObject({ code: 'rejected', about: 'contact', outcome: 'none' })
    expect(String(error)).not.toContain(EVE.name)
  })
})
