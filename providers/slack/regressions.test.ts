import { afterEach, describe, expect, it } from 'vitest'
import { closeAll, fromCustomer, setUp } from './testing'

afterEach(closeAll)

describe('a button press', () => {
  it('gets an empty 200 and nothing is posted, neither to its response_url nor to the channel', async () => {
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

describe('a redelivered event', () => {
  it('has the same message id as the first delivery', async () => {
    const { sandbox, driver, openTicket } = await setUp()
    const ticket = await openTicket()
    sandbox.agentReplies(ticket.id, 'said once')
    const [first] = sandbox.deliveries.waiting
    const { body = '' } = first?.request ?? {}
    const redeliveries = [1, 2, 3].map((number) => ({
      ...sandbox.signed(body),
      headers: {
        ...sandbox.signed(body).headers,
        'x-slack-retry-num': String(number),
        'x-slack-retry-reason': 'http_timeout',
      },
    }))
    const ids = redeliveries.map((request) => {
      expect(driver.verifyWebhook(request, undefined)).toBe(true)
      return driver.parseWebhook(request).events.flatMap((event) => (event.type === 'message-posted' ? [event.id] : []))
    })
    expect(new Set(ids.map((messageIds) => messageIds.join())).size).toBe(1)
    expect(ids[0]).toHaveLength(1)
  })
})

describe('a post', () => {
  it('never acts as a user, broadcasts a reply, links names or shows previews', async () => {
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
