/** What is posted once although it is sent more often, and what is known of a message that failed. */
import { afterEach, describe, expect, it } from 'vitest'
import { closeAll, failure, fromCustomer, isPost, says, setUp } from './testing'

afterEach(closeAll)

describe('messages that may be there', () => {
  it('stay unknown when looking fails too', async () => {
    const { driver, openTicket, sandbox, shown } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    sandbox.server.addFault({ ...says('fatal_error'), effect: 'after', matches: isPost })
    sandbox.server.addFault({ ...says('internal_error'), times: 9, matches: ({ path }) => path.endsWith('.replies') })
    expect(await failure(driver.postMessage(ticket, fromCustomer('once')))).toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    })
    expect(shown(ticket).entries).toHaveLength(2)
    sandbox.server.clearFaults()
    await driver.postMessage(ticket, fromCustomer('once', { mayExist: true }))
    expect(shown(ticket).entries).toHaveLength(2)
  })

  it('leave the outcome open when the second try is refused: the first may still be at work', async () => {
    const { driver, openTicket, sandbox } = await setUp()
    const ticket = await openTicket()
    sandbox.server.addFault({ ...says('fatal_error'), effect: 'before', matches: isPost })
    const limited = { ...says('ratelimited'), status: 429, headers: { 'retry-after': '30' }, times: 9, matches: isPost }
    sandbox.server.addFault(limited)
    expect(await failure(driver.postMessage(ticket, fromCustomer('once')))).toMatchObject({
      code: 'rate-limited',
      outcome: 'unknown',
      retryAfterMs: 30_000,
    })
  })

  it('that were refused for being too many were certainly not posted', async () => {
    const { driver, openTicket, sandbox } = await setUp()
    const ticket = await openTicket()
    const limited = { ...says('ratelimited'), status: 429, headers: { 'retry-after': '30' }, times: 9, matches: isPost }
    sandbox.server.addFault(limited)
    expect(await failure(driver.postMessage(ticket, fromCustomer('once')))).toMatchObject({
      code: 'rate-limited',
      outcome: 'none',
      retryAfterMs: 30_000,
    })
  })

  it('are looked for from when they were made, else for a day', async () => {
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

  it('stay unknown when a thread has no end', async () => {
    const { driver, openTicket, sandbox } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    sandbox.server.addFault({
      ...says(''),
      body: { ok: true, messages: [], has_more: true, response_metadata: { next_cursor: 'more' } },
      times: 99,
      matches: ({ path }) => path.endsWith('.replies'),
    })
    expect(await failure(driver.postMessage(ticket, fromCustomer('once', { mayExist: true })))).toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    })
  })

  it('are found in a thread of several pages', async () => {
    const { driver, openTicket, sandbox, shown } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    for (let index = 0; index < 450; index += 1) sandbox.agentReplies(ticket.id, `${index}`)
    const first = await driver.postMessage(ticket, fromCustomer('late'))
    const again = await driver.postMessage(ticket, fromCustomer('late', { mayExist: true }))
    expect(again).toEqual(first)
    expect(shown(ticket).entries).toHaveLength(452)
  })
})
