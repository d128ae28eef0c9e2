/** Retries post each message once, and errors say whether a message was posted. */
import { afterEach, describe, expect, it } from 'vitest'
import { closeAll, errorOf, fromCustomer, isPost, refusal, setUp } from './testing'

afterEach(closeAll)

describe('retried messages', () => {
  it('have an unknown outcome when the search fails, too', async () => {
    const { driver, openTicket, sandbox, ticketAt } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    sandbox.server.addFault({ ...refusal('fatal_error'), effect: 'after', matches: isPost })
    sandbox.server.addFault({
      ...refusal('internal_error'),
      times: 9,
      matches: ({ path }) => path.endsWith('.replies'),
    })
    expect(await errorOf(driver.postMessage(ticket, fromCustomer('once')))).toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    })
    expect(ticketAt(ticket).entries).toHaveLength(2)
    sandbox.server.clearFaults()
    await driver.postMessage(ticket, fromCustomer('once', { mayExist: true }))
    expect(ticketAt(ticket).entries).toHaveLength(2)
  })

  it('have an unknown outcome when only the second attempt is refused', async () => {
    const { driver, openTicket, sandbox } = await setUp()
    const ticket = await openTicket()
    sandbox.server.addFault({ ...refusal('fatal_error'), effect: 'before', matches: isPost })
    const limited = {
      ...refusal('ratelimited'),
      status: 429,
      headers: { 'retry-after': '30' },
      times: 9,
      matches: isPost,
    }
    sandbox.server.addFault(limited)
    expect(await errorOf(driver.postMessage(ticket, fromCustomer('once')))).toMatchObject({
      code: 'rate-limited',
      outcome: 'unknown',
      retryAfterMs: 30_000,
    })
  })

  it('were not posted when Slack refused them by its rate limit', async () => {
    const { driver, openTicket, sandbox } = await setUp()
    const ticket = await openTicket()
    const limited = {
      ...refusal('ratelimited'),
      status: 429,
      headers: { 'retry-after': '30' },
      times: 9,
      matches: isPost,
    }
    sandbox.server.addFault(limited)
    expect(await errorOf(driver.postMessage(ticket, fromCustomer('once')))).toMatchObject({
      code: 'rate-limited',
      outcome: 'none',
      retryAfterMs: 30_000,
    })
  })

  it('are searched for from their creation time, else for one day', async () => {
    const { driver, openTicket, sandbox, clock, calls } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    for (let index = 0; index < 450; index += 1) sandbox.agentReplies(ticket.id, `before ${index}`)
    clock.advance(60 * 60_000)
    const createdAt = clock.now()
    const first = await driver.postMessage(ticket, fromCustomer('once'))
    for (let index = 0; index < 250; index += 1) sandbox.agentReplies(ticket.id, `after ${index}`)
    clock.advance(20 * 60_000)
    expect(await driver.postMessage(ticket, fromCustomer('once', { mayExist: true, createdAt }))).toEqual(first)
    expect(calls('conversations.replies')).toHaveLength(1)
    expect(await driver.postMessage(ticket, fromCustomer('once', { mayExist: true }))).toEqual(first)
    clock.advance(25 * 60 * 60_000)
    const late = fromCustomer('late', { id: 'msg_02' })
    await driver.postMessage(ticket, { ...late, mayExist: true })
    expect(calls('conversations.replies').at(-1)).toMatchObject({
      oldest: ((clock.now() - 24 * 60 * 60_000 - 10 * 60_000) / 1_000).toFixed(6),
    })
  })

  it('have an unknown outcome when the thread is too long to search', async () => {
    const { driver, openTicket, sandbox } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    sandbox.server.addFault({
      ...refusal(''),
      body: { ok: true, messages: [], has_more: true, response_metadata: { next_cursor: 'more' } },
      times: 99,
      matches: ({ path }) => path.endsWith('.replies'),
    })
    expect(await errorOf(driver.postMessage(ticket, fromCustomer('once', { mayExist: true })))).toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    })
  })

  it('are found on any page of the thread', async () => {
    const { driver, openTicket, sandbox, ticketAt } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    for (let index = 0; index < 450; index += 1) sandbox.agentReplies(ticket.id, `${index}`)
    const first = await driver.postMessage(ticket, fromCustomer('late'))
    const again = await driver.postMessage(ticket, fromCustomer('late', { mayExist: true }))
    expect(again).toEqual(first)
    expect(ticketAt(ticket).entries).toHaveLength(452)
  })
})
