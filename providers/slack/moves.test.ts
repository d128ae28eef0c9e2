/** A channel gets another id; its threads stay the same. */
import { afterEach, describe, expect, it } from 'vitest'
import { closeAll, errorOf, fromCustomer, isPost, refusal, setUp, ticketRequest } from './testing'

afterEach(closeAll)

const open = async () => {
  const setting = await setUp()
  const ticket = await setting.openTicket({ transcript: [] })
  const cursor = undefined
  const presentId = () => setting.sandbox.tickets().find(({ conversationId }) => conversationId === 'conv_01')?.id
  return { ...setting, ticket, cursor, presentId }
}

describe('a thread whose channel has got another id', () => {
  it('takes messages, and says where it is now', async () => {
    const { sandbox, driver, ticket, presentId } = await open()
    const before = await driver.postMessage(ticket, fromCustomer('before'))
    expect(before.movedTo).toBeUndefined()
    sandbox.changeAddress?.(ticket.id)
    const after = await driver.postMessage(ticket, fromCustomer('after', { id: 'msg_02' }))
    expect(after.movedTo).toEqual({ id: presentId() })
    expect(presentId()).not.toBe(ticket.id)
    const moved = { ...ticket, id: after.movedTo?.id ?? '' }
    expect((await driver.postMessage(moved, fromCustomer('more', { id: 'msg_03' }))).movedTo).toBeUndefined()
    // What was posted before isn't posted again, and has the same id.
    expect(await driver.postMessage(moved, fromCustomer('before', { mayExist: true }))).toEqual(before)
    expect(
      sandbox
        .tickets()[0]
        ?.entries.map(({ text }) => text)
        .slice(1)
    ).toEqual(['before', 'after', 'more'])
  })

  it.each([0, 1, 2])('takes a message in doubt after two moves, when the instance has heard of %i', async (heard) => {
    const { sandbox, driver, ticket, deliver, presentId } = await open()
    sandbox.changeAddress?.(ticket.id)
    if (heard === 1) await deliver()
    sandbox.changeAddress?.(presentId() ?? '')
    if (heard === 2) await deliver()
    const message = fromCustomer('after', { mayExist: true })
    const posted = await driver.postMessage(ticket, message)
    expect(posted.movedTo).toEqual({ id: presentId() })
    expect(await driver.postMessage(ticket, message)).toEqual(posted)
    expect(sandbox.tickets()[0]?.entries.filter(({ text }) => text === 'after')).toHaveLength(1)
  })

  it('is read on, with the same ids for the same messages', async () => {
    const { sandbox, driver, ticket, presentId } = await open()
    const first = sandbox.agentReplies(ticket.id, 'one')
    const before = await driver.catchUp?.(ticket, undefined)
    sandbox.changeAddress?.(ticket.id)
    const second = sandbox.agentReplies(ticket.id, 'two')
    const after = await driver.catchUp?.(ticket, undefined)
    expect(after?.movedTo).toEqual({ id: presentId() })
    const ids = (after?.events ?? []).flatMap((event) => (event.type === 'message-posted' ? [event.id] : []))
    expect(ids).toEqual([first, second])
    expect(after?.events).toEqual(expect.arrayContaining(before?.events ?? []))
    const rest = await driver.catchUp?.({ ...ticket, id: after?.movedTo?.id ?? '' }, before?.cursor)
    expect(rest?.events).toHaveLength(2)
    expect(rest?.movedTo).toBeUndefined()
  })

  it('is recognised by its origin under the new id, in webhooks and buttons', async () => {
    const { sandbox, driver, ticket, deliver, presentId } = await open()
    sandbox.changeAddress?.(ticket.id)
    const id = sandbox.agentReplies(ticket.id, 'two')
    sandbox.assign(ticket.id, 'U0ADA000001')
    sandbox.addReaction(ticket.id, 'white_check_mark')
    const { events, ignored } = await deliver()
    expect(ignored).toEqual([expect.stringContaining('new id')])
    expect(events).toMatchObject([
      { type: 'agent-assigned', ticket: { ticketId: presentId(), origin: 'recent' } },
      { type: 'message-posted', id, ticket: { ticketId: presentId(), origin: 'recent' } },
      { type: 'agent-assigned', ticket: { ticketId: presentId(), conversationId: 'conv_01' } },
      { type: 'ticket-closed', ticket: { ticketId: presentId(), origin: 'possible' } },
    ])
    expect(await driver.findOrigin?.(presentId() ?? '')).toMatchObject({ conversationId: 'conv_01', isSolved: false })
  })

  it('is recognised even if its header was deleted', async () => {
    const { sandbox, driver, ticket, presentId, deliver } = await open()
    await driver.postMessage(ticket, fromCustomer('hello'))
    sandbox.deleteMessage(ticket.id)
    sandbox.changeAddress?.(ticket.id)
    await deliver()
    const id = sandbox.agentReplies(ticket.id, 'two')
    const { events } = await deliver()
    const key = { ticketId: sandbox.tickets()[0]?.id, origin: 'possible' }
    expect(events).toContainEqual(expect.objectContaining({ type: 'message-posted', id, ticket: key }))
    expect(await driver.findOrigin?.(key.ticketId ?? '')).toEqual({ conversationId: 'conv_01', isSolved: false })
    expect((await driver.catchUp?.(ticket, undefined))?.movedTo).toEqual({ id: key.ticketId })
    expect(presentId()).toBeUndefined()
  })

  it('is closed, and shows who has it', async () => {
    const { sandbox, driver, ticket, log } = await open()
    sandbox.changeAddress?.(ticket.id)
    await driver.reflect?.(ticket, { type: 'assigned', agent: { id: 'U0ADA000001', name: 'Ada' } })
    expect(sandbox.tickets()[0]).toMatchObject({ assignee: 'U0ADA000001' })
    await driver.closeTicket(ticket)
    expect(sandbox.tickets()[0]).toMatchObject({ status: 'solved' })
    expect(log.lines).toEqual([])
  })

  it('is found without a search by an instance that has received the event', async () => {
    const { sandbox, driver, ticket, deliver, calls } = await open()
    sandbox.changeAddress?.(ticket.id)
    await deliver()
    await driver.postMessage(ticket, fromCustomer('after'))
    expect(calls('users.conversations')).toEqual([])
    expect(calls('conversations.history')).toEqual([])
  })

  it('is searched for again only after a while when nothing is found', async () => {
    const { driver, ticket, calls, clock } = await open()
    const elsewhere = { ...ticket, id: 'C0NOWHERE01:1.000002' }
    const attempt = () => errorOf(driver.postMessage(elsewhere, fromCustomer('hello')))
    expect(await attempt()).toMatchObject({ code: 'misconfigured', about: 'account' })
    const once = calls('users.conversations').length
    expect(once).toBe(1)
    await attempt()
    expect(calls('users.conversations')).toHaveLength(once)
    clock.advance(60_000)
    await attempt()
    expect(calls('users.conversations')).toHaveLength(once + 1)
  })

  it('is not taken for ended while nobody knows: an outage during the search is an outage', async () => {
    const { sandbox, driver, ticket } = await open()
    sandbox.changeAddress?.(ticket.id)
    sandbox.server.addFault({
      kind: 'status',
      status: 503,
      times: 99,
      matches: ({ path }) => !path.endsWith('postMessage'),
    })
    const error = await errorOf(driver.postMessage(ticket, fromCustomer('hello')))
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'none' })
    await expect(driver.catchUp?.(ticket, undefined)).rejects.toMatchObject({ code: 'unavailable' })
    sandbox.server.clearFaults()
    expect((await driver.postMessage(ticket, fromCustomer('hello'))).movedTo).toBeDefined()
  })
})

describe('a new handoff', () => {
  it('goes to a private channel under the id that sharing has given to it', async () => {
    const { sandbox, driver } = await setUp({ channel: 'G0PUBLIC001' })
    sandbox.server.requests.length = 0
    await driver.checkCredentials().catch(() => undefined)
    const refused = await errorOf(driver.openTicket(ticketRequest()))
    expect(refused.code).toBe('misconfigured')
    const shared = await setUp({ channel: 'G0SUPPORT01' })
    expect((await shared.driver.openTicket(ticketRequest())).id).toMatch(/^C0SUPPORT01:/)
  })
})

describe('a session ends only when its thread is gone', () => {
  it.each(['thread_not_found', 'cannot_reply_to_message', 'invalid_thread_ts', 'message_not_found'])(
    'after %s, while the thread exists, it goes on',
    async (word) => {
      const { sandbox, driver, ticket } = await open()
      sandbox.server.addFault({ ...refusal(word), times: 3, matches: isPost })
      const error = await errorOf(driver.postMessage(ticket, fromCustomer('hello')))
      expect(error).toMatchObject({ code: 'not-found', about: 'ticket', outcome: 'none' })
      sandbox.server.clearFaults()
      await driver.postMessage(ticket, fromCustomer('hello'))
      sandbox.remove(ticket.id)
      sandbox.switches.deletedThreads = 'refuse'
      expect(await errorOf(driver.postMessage(ticket, fromCustomer('anyone?')))).toMatchObject({ code: 'ended' })
    }
  )

  it('after a post that landed outside its thread, while the thread exists, it goes on', async () => {
    const { sandbox, driver, ticket, ticketAt } = await open()
    const stray = { ok: true, channel: 'C0SUPPORT01', ts: '9.000001', message: { ts: '9.000001' } }
    sandbox.server.addFault({ kind: 'status', status: 200, body: stray, matches: isPost })
    expect(await errorOf(driver.postMessage(ticket, fromCustomer('hello')))).toMatchObject({ code: 'not-found' })
    await driver.postMessage(ticket, fromCustomer('hello'))
    expect(ticketAt(ticket).entries).toHaveLength(2)
  })
})
