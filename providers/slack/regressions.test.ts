import { afterEach, describe, expect, it } from 'vitest'
import { closeAll, fromCustomer, setUp } from './testing'

afterEach(closeAll)

describe('a button', () => {
  it('is answered to Slack alone: nothing is said at its response_url, and nothing in the channel', async () => {
    const { sandbox, deliver, openTicket, driver } = await setUp()
    const ticket = await openTicket()
    const before = sandbox.server.requests.length
    sandbox.assign(ticket.id, 'U0ADA000001')
    sandbox.solve(ticket.id)
    const { requests, events } = await deliver()
    expect(requests.every(({ body }) => body.includes('response_url'))).toBe(true)
    expect(events.map(({ type }) => type)).toEqual(['agent-assigned', 'ticket-closed'])
    for (const request of requests) expect(driver.parseWebhook(request).reply).toEqual({ status: 200, body: '' })
    expect(sandbox.server.requests).toHaveLength(before)
  })
})

describe('a delivery that Slack repeats', () => {
  it('means the same as the first, whatever its headers count', async () => {
    const { sandbox, driver, openTicket } = await setUp()
    const ticket = await openTicket()
    sandbox.agentReplies(ticket.id, 'said once')
    const [first] = sandbox.deliveries.waiting
    const { body = '' } = first?.request ?? {}
    const again = [1, 2, 3].map((number) => ({
      ...sandbox.signed(body),
      headers: {
        ...sandbox.signed(body).headers,
        'x-slack-retry-num': String(number),
        'x-slack-retry-reason': 'http_timeout',
      },
    }))
    const ids = again.map((request) => {
      expect(driver.verifyWebhook(request, undefined)).toBe(true)
      return driver.parseWebhook(request).events.flatMap((event) => (event.type === 'message-posted' ? [event.id] : []))
    })
    expect(new Set(ids.map((found) => found.join())).size).toBe(1)
    expect(ids[0]).toHaveLength(1)
  })
})

describe('a post', () => {
  it('never asks to be shown as a user, to be read for links, or to be seen by one person only', async () => {
    const { driver, openTicket, calls, sandbox } = await setUp()
    const ticket = await openTicket()
    await driver.postMessage(ticket, fromCustomer('hello'))
    await driver.closeTicket(ticket)
    for (const post of calls('chat.postMessage')) {
      for (const field of ['as_user', 'reply_broadcast', 'mrkdwn', 'attachments'])
        expect(post).not.toHaveProperty(field)
      expect(post).toMatchObject({ parse: 'none', link_names: false, unfurl_links: false, unfurl_media: false })
    }
    expect(sandbox.server.requests.filter(({ path }) => !path.startsWith('/api/'))).toEqual([])
  })
})
