import { afterEach, describe, expect, it } from 'vitest'
import {
  bodyOf,
  closeAll,
  fault,
  openSession,
  requests,
  ticketRow,
  messageFrom,
  setUp,
  ticketView,
  errorOf,
} from './testing'

afterEach(closeAll)
const TICKET = /\/api\/v2\/tickets\/\d+$/
const COMMENTS = /\/comments$/

describe('messages', () => {
  it('become public comments by the customer that carry the message id', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    const { messageIds } = await setting.driver.postMessage(ticket, messageFrom(customer, 'still broken'))
    const comment = ticketRow(setting, ticket.id).comments.at(-1)
    expect(messageIds).toEqual([String(comment?.id)])
    expect(comment).toMatchObject({
      public: true,
      author_id: Number(customer.contactId),
      custom: { botpress_message_id: 'msg_01' },
    })
    expect(requests(setting, 'PUT', TICKET)).toHaveLength(2)
  })

  it('take one call', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    const before = setting.sandbox.server.requests.length
    await setting.driver.postMessage(ticket, messageFrom(customer, 'one call'))
    expect(setting.sandbox.server.requests.length - before).toBe(1)
  })

  it('with the same text stay two, even if the outcome of the second is unknown', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    const first = await setting.driver.postMessage(ticket, messageFrom(customer, 'ok', { id: 'msg_01' }))
    fault(setting, 'PUT', TICKET, { effect: 'before' })
    const second = await setting.driver.postMessage(ticket, messageFrom(customer, 'ok', { id: 'msg_02' }))
    expect(second.messageIds).not.toEqual(first.messageIds)
    expect(ticketView(setting, ticket.id).entries.filter((entry) => entry.text === 'ok')).toHaveLength(2)
  })

  it.each([
    ['arrived', 'after', 2],
    ['did not arrive', 'before', 2],
  ] as const)('that %s are recognised by author, text and time without metadata', async (_what, effect, count) => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    await setting.driver.postMessage(ticket, messageFrom(customer, 'ok', { id: 'msg_01' }))
    setting.clock.advance(3_600_000)
    fault(setting, 'PUT', TICKET, { effect, kind: 'disconnect' })
    const { sleep } = setting.tools
    setting.tools.sleep = (ms) => {
      for (const comment of ticketRow(setting, ticket.id).comments) Object.assign(comment, { custom: undefined })
      return sleep(ms)
    }
    const { messageIds } = await setting.connect().postMessage(ticket, messageFrom(customer, 'ok', { id: 'msg_02' }))
    const said = ticketView(setting, ticket.id).entries.filter((entry) => entry.text === 'ok')
    expect(said).toHaveLength(count)
    expect(messageIds).toEqual([said[1]?.id])
  })

  it('of unknown outcome aren’t repeated if the comments can’t be read', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    fault(setting, 'PUT', TICKET, { effect: 'after' })
    fault(setting, 'GET', COMMENTS, { status: 500, times: 9 })
    const error = await errorOf(setting.driver.postMessage(ticket, messageFrom(customer, 'once')))
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'unknown' })
    expect(ticketView(setting, ticket.id).entries.filter((entry) => entry.text === 'once')).toHaveLength(1)
  })

  it('too long for one comment continue after the part that arrived', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    const text = Array.from({ length: 20_000 }, (_unused, index) => `w${index}`).join(' ')
    setting.sandbox.server.addFault({
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '60' },
      matches: (request) => request.method === 'PUT' && request.body.includes('msg_01/1'),
    })
    const error = await errorOf(setting.driver.postMessage(ticket, messageFrom(customer, text)))
    expect(error).toMatchObject({ code: 'rate-limited', outcome: 'unknown', retryAfterMs: 60_000 })
    const { messageIds } = await setting.driver.postMessage(ticket, messageFrom(customer, text, { mayExist: true }))
    expect(messageIds.length).toBeGreaterThan(1)
    const said = ticketView(setting, ticket.id).entries.slice(2)
    expect(said.map((entry) => entry.id)).toEqual(messageIds)
    expect(said.flatMap((entry) => entry.text.match(/w\d+/g) ?? []).join(' ')).toBe(text)
  })

  it('are sent again after an update conflict', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    fault(setting, 'PUT', TICKET, { status: 409 })
    await setting.driver.postMessage(ticket, messageFrom(customer, 'after all'))
    expect(ticketView(setting, ticket.id).entries.filter((entry) => entry.text === 'after all')).toHaveLength(1)
  })

  it('fail with the outcome “none” after repeated update conflicts', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting, { transcript: [] })
    fault(setting, 'PUT', TICKET, { status: 409, times: 9, body: {} })
    const error = await errorOf(setting.driver.postMessage(ticket, messageFrom(customer, 'busy')))
    expect(error).toMatchObject({ code: 'rejected', outcome: 'none' })
    expect(requests(setting, 'PUT', TICKET)).toHaveLength(4)
  })

  it('are found behind many later comments, without reading further back than their creation', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    for (let count = 0; count < 250; count += 1) setting.sandbox.agentReplies(ticket.id, `before ${count}`)
    setting.clock.advance(3_600_000)
    const createdAt = setting.clock.now()
    const first = await setting.driver.postMessage(ticket, messageFrom(customer, 'once'))
    for (let count = 0; count < 120; count += 1) setting.sandbox.agentReplies(ticket.id, `after ${count}`)
    setting.clock.advance(50 * 60_000)
    const again = messageFrom(customer, 'once', { mayExist: true })
    expect(await setting.driver.postMessage(ticket, again)).toEqual(first)
    const before = requests(setting, 'GET', COMMENTS).length
    expect(await setting.driver.postMessage(ticket, { ...again, createdAt })).toEqual(first)
    expect(requests(setting, 'GET', COMMENTS).length - before).toBeLessThanOrEqual(3)
  })

  it('aren’t confused with known messages of the same text without metadata', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    const first = await setting.driver.postMessage(ticket, messageFrom(customer, 'yes'))
    for (const comment of ticketRow(setting, ticket.id).comments) Object.assign(comment, { custom: null })
    const createdAt = setting.clock.now()
    const second = messageFrom(customer, 'yes', { id: 'msg_02', mayExist: true, createdAt, others: first.messageIds })
    const posted = await setting.driver.postMessage(ticket, second)
    expect(posted).not.toEqual(first)
    for (const comment of ticketRow(setting, ticket.id).comments) Object.assign(comment, { custom: null })
    expect(await setting.driver.postMessage(ticket, second)).toEqual(posted)
  })

  it('have an unknown outcome if they can’t be looked up or a second attempt is refused', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    const limited = { status: 429, times: 9, headers: { 'retry-after': '60' } }
    fault(setting, 'GET', COMMENTS, limited)
    expect(
      await errorOf(setting.driver.postMessage(ticket, messageFrom(customer, 'once', { mayExist: true })))
    ).toMatchObject({ code: 'rate-limited', outcome: 'unknown', retryAfterMs: 60_000 })
    setting.sandbox.server.clearFaults()
    fault(setting, 'PUT', TICKET, { status: 502 })
    fault(setting, 'PUT', TICKET, limited)
    expect(await errorOf(setting.driver.postMessage(ticket, messageFrom(customer, 'once')))).toMatchObject({
      code: 'rate-limited',
      outcome: 'unknown',
      retryAfterMs: 60_000,
    })
  })

  it('beyond Zendesk’s update limit fail with the time to wait', async () => {
    const setting = await setUp({ limits: true })
    const { ticket, customer } = await openSession(setting, { transcript: [] })
    for (let count = 0; count < 30; count += 1) {
      await setting.driver.postMessage(ticket, messageFrom(customer, `line ${count}`, { id: `msg_${count}` }))
    }
    const error = await errorOf(setting.driver.postMessage(ticket, messageFrom(customer, 'too much', { id: 'msg_30' })))
    expect(error).toMatchObject({ code: 'rate-limited', retryAfterMs: 120_000, outcome: 'none' })
    setting.clock.advance(601_000)
    await setting.driver.postMessage(ticket, messageFrom(customer, 'too much', { id: 'msg_30', mayExist: true }))
    expect(ticketView(setting, ticket.id).entries.at(-1)?.text).toBe('too much')
  })

  it('to a closed or deleted ticket fail with “ended”', async () => {
    const setting = await setUp()
    const first = await openSession(setting)
    setting.sandbox.solve(first.ticket.id)
    setting.sandbox.closeForGood(first.ticket.id)
    const second = await openSession(setting, { conversationId: 'conv_02' })
    setting.sandbox.remove(second.ticket.id)
    for (const { ticket, customer } of [first, second]) {
      const error = await errorOf(setting.driver.postMessage(ticket, messageFrom(customer, 'hello?')))
      expect(error).toMatchObject({ code: 'ended', outcome: 'none' })
    }
  })

  it('can’t inject markup or placeholders', async () => {
    const setting = await setUp()
    const { ticket, customer } = await openSession(setting)
    const evil = '<script>alert(1)</script> {{ticket.requester.email}} [click](https://evil.test)'
    await setting.driver.postMessage(ticket, messageFrom(customer, evil))
    const sent = bodyOf(requests(setting, 'PUT', TICKET).at(-1)).ticket?.comment as { html_body: string; body?: string }
    expect(sent.html_body).not.toMatch(/<script|\{\{/)
    expect(sent.html_body).toContain('&lt;script&gt;')
    expect(sent.body).toBeUndefined()
  })
})
