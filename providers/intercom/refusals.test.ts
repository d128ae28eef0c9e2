/** What a refusal is about: the message, the contact, the teammate or the conversation. */
import { describe, expect, it } from 'vitest'
import { isMessageRejected, isProviderError, isTicketOver } from '../errors'
import { EVE, fault, openOne, requestOf, sandboxTicket, setUp, textOf, type Setup } from './testing'
import type { OutboundMessage, Ticket } from '../provider'

const noteOf = (text: string, more: Partial<OutboundMessage> = {}) => textOf(text, { author: { type: 'bot' }, ...more })
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => (isProviderError(error) ? error : undefined)
  )
const lastOf = (setup: Setup, ticket: Ticket) => sandboxTicket(setup, ticket).entries.at(-1)
const answer = (code: string, more: Record<string, unknown> = {}) => ({
  type: 'error.list',
  errors: [{ code, ...more }],
})

describe('intercom: the customer’s contact', () => {
  it('was merged: the message goes out as the conversation’s contact, which is returned', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.mergeContact?.(ticket.id)
    const posted = await setup.driver.postMessage(ticket, textOf('still me'))
    expect(lastOf(setup, ticket)).toMatchObject({ id: posted.messageIds[0], kind: 'customer', text: 'still me' })
    expect(posted.contactId).toBeTruthy()
    expect(posted.contactId).not.toBe(ticket.contactId)
    const before = setup.calls().length
    const next = { ...ticket, contactId: posted.contactId }
    const again = await setup.driver.postMessage(next, textOf('and me again', { id: 'msg_02' }))
    expect(again).toEqual({ messageIds: again.messageIds })
    expect(setup.calls().length).toBe(before + 1)
  })

  it('was merged after a message whose answer was lost: it is found, and not posted twice', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    await setup.driver.postMessage(ticket, textOf('once'))
    setup.sandbox.mergeContact?.(ticket.id)
    await setup.connect().postMessage(ticket, textOf('once', { mayExist: true }))
    expect(sandboxTicket(setup, ticket).entries.filter(({ text }) => text === 'once')).toHaveLength(1)
  })

  it('was archived: it is restored', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.archiveContact(ticket.id)
    const posted = await setup.driver.postMessage(ticket, textOf('back'))
    expect(posted).toEqual({ messageIds: [lastOf(setup, ticket)?.id] })
  })

  it('was deleted: another one is made and joins the conversation', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.deleteContact(ticket.id)
    const posted = await setup.driver.postMessage(ticket, textOf('a new me'))
    expect(lastOf(setup, ticket)).toMatchObject({ text: 'a new me', author: EVE.name })
    expect(posted.contactId).not.toBe(ticket.contactId)
  })

  it('was blocked: the message waits, and neither it nor the session is given up', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.blockContact(ticket.id)
    const error = await errorOf(setup.driver.postMessage(ticket, textOf('hello')))
    expect([error?.code, error?.outcome]).toEqual(['unauthorized', 'none'])
    expect([isTicketOver(error), isMessageRejected(error)]).toEqual([false, false])
  })

  it.each(['mergeContact', 'deleteContact', 'archiveContact'] as const)(
    'is not found when a handoff begins (%s): that is about the contact',
    async (move) => {
      const setup = await setUp()
      const ticket = await openOne(setup)
      setup.sandbox[move]?.(ticket.id)
      const request = requestOf({ conversationId: 'conv_02', customer: { ...EVE, contactId: ticket.contactId } })
      const error = await errorOf(setup.driver.openTicket(request))
      expect([error?.code, error?.about, error?.outcome]).toEqual(['not-found', 'contact', 'none'])
      const contactId = await setup.driver.ensureContact?.(EVE)
      const opened = await setup.driver.openTicket(
        requestOf({ conversationId: 'conv_02', customer: { ...EVE, contactId } })
      )
      expect(sandboxTicket(setup, { id: opened.id, conversationId: 'conv_02' }).customer).toContain(EVE.name)
    }
  )
})

describe('intercom: a teammate who left', () => {
  const OWNER = '991267000'
  const BEN = '991267002'

  it.each([
    ['configured', { adminId: BEN }, BEN, 'Olga Owner'],
    ['the owner of the token', {}, OWNER, 'Ada Agent'],
  ])('is replaced: notes and closes go on (%s)', async (_title, config, left, standIn) => {
    const setup = await setUp(config)
    const ticket = await openOne(setup)
    setup.sandbox.removeAgent?.(left)
    await setup.driver.postMessage(ticket, noteOf('for colleagues'))
    expect(lastOf(setup, ticket)).toMatchObject({ kind: 'note', author: standIn, text: 'for colleagues' })
    const before = setup.calls().length
    await setup.connect().closeTicket(ticket)
    expect(sandboxTicket(setup, ticket).status).toBe('solved')
    expect(setup.calls().length, 'the stand-in is remembered').toBe(before + 1)
    expect(setup.log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      expect.stringContaining('set Acting teammate'),
    ])
  })

  it('is replaced when a handoff begins: the note and the team are there', async () => {
    const setup = await setUp({ adminId: BEN })
    setup.sandbox.removeAgent?.(BEN)
    const ticket = await openOne(setup, { options: { queue: '5017691', tags: ['vip'] } })
    const { conversationId, tags, entries } = sandboxTicket(setup, ticket)
    expect([conversationId, tags]).toEqual(['conv_01', ['vip']])
    expect(entries.map(({ text }) => text)).toContain('assigned to team 5017691')
  })

  it('does not double a note that they wrote', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    await setup.driver.postMessage(ticket, noteOf('once'))
    setup.sandbox.removeAgent?.(OWNER)
    await setup.connect().postMessage(ticket, noteOf('once', { mayExist: true }))
    expect(sandboxTicket(setup, ticket).entries.filter(({ text }) => text === 'once')).toHaveLength(1)
  })

  it('leaves a conversation closed that they closed', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    await setup.driver.closeTicket(ticket)
    setup.sandbox.removeAgent?.(OWNER)
    await setup.driver.postMessage(ticket, textOf('one last word'))
    expect(sandboxTicket(setup, ticket).status).toBe('solved')
  })

  it('waits when the workspace cannot be asked for another one', async () => {
    const setup = await setUp({ adminId: BEN })
    const ticket = await openOne(setup)
    setup.sandbox.removeAgent?.(BEN)
    setup.sandbox.server.addFault(fault(/GET \/(me|admins)/, { status: 503, times: 99 }))
    const error = await errorOf(setup.driver.postMessage(ticket, noteOf('later')))
    expect([error?.code, error?.outcome]).toEqual(['unavailable', 'none'])
    setup.sandbox.server.clearFaults()
    await setup.driver.postMessage(ticket, noteOf('later'))
    expect(lastOf(setup, ticket)?.text).toBe('later')
  })
})

describe('intercom: a refused message', () => {
  const refused = async (status: number, body: unknown, message = textOf('hello')) => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.server.addFault(fault(/POST .*reply/, { status, body, times: 9 }))
    return errorOf(setup.driver.postMessage(ticket, message))
  }

  it.each([
    [400, answer('parameter_invalid', { field: 'body' })],
    [400, answer('parameter_not_found', { message: 'body is required' })],
    [413, answer('payload_too_large')],
    [422, answer('unprocessable_entity', { message: 'Body is too long' })],
    [422, answer('body_invalid')],
  ])('is about the message: %i %j', async (status, body) => {
    for (const message of [textOf('hello'), noteOf('hello')]) {
      const error = await refused(status, body, message)
      expect([error?.code, error?.about, error?.outcome]).toEqual(['rejected', 'message', 'none'])
    }
  })

  it.each([
    [400, answer('parameter_invalid', { field: 'admin_id' })],
    [400, answer('bad_request', { message: 'The request body is not JSON' })],
    [409, answer('conflict')],
    [422, {}],
    [422, answer('unprocessable_entity')],
    [422, answer('action_not_supported_for_somebody')],
    [422, answer('user_not_found')],
    [422, answer('conversation_locked')],
    [413, '<html>too large</html>'],
    [404, answer('not_found')],
    [404, answer('conversation_not_found')],
    [404, '<html>not found</html>'],
    [403, answer('api_plan_restricted')],
    [402, answer('payment_required')],
    [423, answer('locked')],
    [302, undefined],
  ])('is not about the message, and the conversation goes on: %i %j', async (status, body) => {
    for (const message of [textOf('hello'), noteOf('hello')]) {
      const error = await refused(status, body, message)
      expect(error?.outcome).toBe('none')
      expect([isMessageRejected(error), isTicketOver(error)]).toEqual([false, false])
    }
  })

  it('is the end only when the conversation itself is read and gone', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.remove(ticket.id)
    for (const message of [textOf('hello'), noteOf('hello')]) {
      expect((await errorOf(setup.driver.postMessage(ticket, message)))?.code).toBe('ended')
      setup.sandbox.server.addFault(fault(/GET \/conversations/, { status: 404, body: '<html></html>', times: 9 }))
      expect((await errorOf(setup.driver.postMessage(ticket, message)))?.code).toBe('unavailable')
      setup.sandbox.server.clearFaults()
    }
    await expect(setup.driver.closeTicket(ticket)).resolves.toBeUndefined()
    setup.sandbox.server.addFault(fault(/conversations/, { status: 404, body: '<html></html>', times: 9 }))
    expect((await errorOf(setup.driver.closeTicket(ticket)))?.code).toBe('unavailable')
    expect((await errorOf(setup.driver.catchUp?.(ticket, '1:2') ?? Promise.resolve()))?.code).toBe('unavailable')
  })

  it('closes nothing by mistake: a 404 for a close while the conversation is open is an error', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.server.addFault(fault(/parts$/, { status: 404, body: answer('not_found'), times: 9 }))
    expect((await errorOf(setup.driver.closeTicket(ticket)))?.code).toBe('not-found')
  })
})

describe('intercom: deliveries', () => {
  const attemptsFor = async (status: number | undefined) => {
    const setup = await setUp()
    setup.sandbox.deliveries.connect(() =>
      status === undefined ? Promise.reject(new Error('no answer')) : Promise.resolve({ status })
    )
    setup.sandbox.foreignTicket()
    setup.sandbox.deliveries.waiting.splice(1)
    await setup.sandbox.deliveries.flush()
    setup.sandbox.foreignTicket()
    return { attempts: setup.sandbox.deliveries.log.length, later: setup.sandbox.deliveries.waiting.length }
  }

  it('are repeated once after a failure, and never again after a 410', async () => {
    for (const status of [undefined, 400, 404, 500, 503]) {
      expect(await attemptsFor(status), String(status)).toMatchObject({ attempts: 2 })
    }
    expect(await attemptsFor(200)).toMatchObject({ attempts: 1 })
    expect((await attemptsFor(200)).later).toBeGreaterThan(0)
    expect(await attemptsFor(410)).toEqual({ attempts: 1, later: 0 })
    expect((await attemptsFor(429)).attempts).toBeGreaterThan(2)
  })
})
