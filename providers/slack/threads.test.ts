import { afterEach, describe, expect, it } from 'vitest'
import { isMessageRejected, isTicketOver } from '../errors'
import { closeAll, EVE, errorOf, fromCustomer, isPost, refusal, setUp, ticketRequest } from './testing'

afterEach(closeAll)

describe('opening a ticket', () => {
  it('posts a header with buttons and the transcript as the first reply', async () => {
    const { driver, sandbox, calls } = await setUp()
    const opened = await driver.openTicket(ticketRequest({ options: { priority: 'urgent', tags: ['vip', 'fr'] } }))
    expect(opened.id).toMatch(/^C0SUPPORT01:\d+\.\d{6}$/)
    expect(opened.url).toMatch(
      /^https:\/\/app\.slack\.com\/client\/T0SANDBOX01\/C0SUPPORT01\/thread\/C0SUPPORT01-\d+\.\d{6}$/
    )
    expect(sandbox.server.requests).toHaveLength(2)
    const [root, transcript] = calls('chat.postMessage')
    expect(root).toMatchObject({
      channel: 'C0SUPPORT01',
      text: 'Late parcel – Eve Customer',
      unfurl_links: false,
      unfurl_media: false,
      metadata: { event_payload: { conversation_id: 'conv_01' } },
    })
    expect(root).not.toHaveProperty('thread_ts')
    expect(root).not.toHaveProperty('username')
    expect(JSON.stringify(root?.['blocks'])).toContain('*Customer:* Eve Customer (eve@customer.example)')
    expect(JSON.stringify(root?.['blocks'])).toContain('*Priority:* urgent')
    expect(transcript).toMatchObject({
      thread_ts: opened.id.split(':')[1],
      text: expect.stringContaining('*Eve Customer*: Where is it?'),
    })
    expect(sandbox.tickets()[0]).toMatchObject({ title: 'Late parcel', tags: ['vip', 'fr'], status: 'open' })
  })

  it('omits a missing e-mail address', async () => {
    const { driver, calls } = await setUp()
    await driver.openTicket(ticketRequest({ customer: { id: 'u', name: 'Eve' }, transcript: [] }))
    expect(calls('chat.postMessage')).toHaveLength(1)
    expect(JSON.stringify(calls('chat.postMessage')[0])).toContain('*Customer:* Eve"')
  })

  it('uses the requested channel and refuses a queue that isn’t a channel id', async () => {
    const { driver } = await setUp()
    const opened = await driver.openTicket(ticketRequest({ options: { queue: 'C0BILLING01' } }))
    expect(opened.id).toMatch(/^C0BILLING01:/)
    const error = await errorOf(driver.openTicket(ticketRequest({ options: { queue: 'billing' } })))
    expect(error.code).toBe('misconfigured')
    expect(error.message).toContain('id of a channel')
  })

  it('posts the whole of a long description into the thread', async () => {
    const { driver, sandbox } = await setUp()
    const words = Array.from({ length: 2_000 }, (_unused, index) => `d${index}`)
    await driver.openTicket(ticketRequest({ description: words.join(' ') }))
    const [root, ...replies] = sandbox.tickets()[0]?.entries ?? []
    expect(root?.text).toContain('d0 ')
    expect(
      replies
        .map(({ text }) => text)
        .join(' ')
        .match(/\bd\d+\b/g)
    ).toEqual(words)
  })

  it('completes the transcript of an interrupted attempt', async () => {
    const { driver, sandbox } = await setUp()
    sandbox.server.addFault({
      ...refusal('fatal_error'),
      times: 9,
      matches: (request) => isPost(request) && request.body.includes('"thread_ts"'),
    })
    const first = await driver.openTicket(ticketRequest())
    expect(sandbox.tickets()[0]?.entries).toHaveLength(1)
    sandbox.server.clearFaults()
    expect((await driver.openTicket(ticketRequest({ mayExist: true }))).id).toBe(first.id)
    expect((await driver.openTicket(ticketRequest({ mayExist: true }))).id).toBe(first.id)
    expect(sandbox.tickets()[0]?.entries).toHaveLength(2)
  })

  it('notifies nobody, whatever the customer’s name and text', async () => {
    const { driver, sandbox } = await setUp()
    const hostile =
      '<!channel> <!here> @here <@U0ADA000001> <#C0SUPPORT01|x> <https://evil.example|https://bank.example>'
    const customer = { ...EVE, name: hostile, email: '<!here>@evil.example' }
    const opened = await driver.openTicket(
      ticketRequest({
        title: hostile,
        description: hostile,
        customer,
        options: { tags: [hostile] },
        transcript: [{ author: 'customer', name: hostile, parts: [{ type: 'text', text: hostile }] }],
      })
    )
    const ticket = { id: opened.id, conversationId: 'conv_01' }
    await driver.postMessage(ticket, fromCustomer(hostile, { author: { type: 'customer', customer } }))
    await driver.postMessage(ticket, fromCustomer(hostile, { id: 'msg_02', author: { type: 'bot' } }))
    await driver.reflect?.(ticket, { type: 'assigned', agent: { id: 'U0ADA000001', name: '<!here>' } })
    expect(sandbox.switches.notifications).toEqual([])
    const bodies = sandbox.server.requests.map(({ body }) => body.toString('utf8')).join('\n')
    expect(bodies).not.toMatch(/<[!@#]|<[^<>]*\|/)
  })
})

describe('posting a message', () => {
  it('uses the customer’s name and picture, and the app’s own for the bot', async () => {
    const { driver, openTicket, calls, ticketAt } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    const customer = { ...EVE, pictureUrl: 'https://pictures.example/eve.png' }
    await driver.postMessage(ticket, fromCustomer('**hello**', { author: { type: 'customer', customer } }))
    await driver.postMessage(ticket, fromCustomer('a note', { id: 'msg_02', author: { type: 'bot' } }))
    const [, said, noted] = calls('chat.postMessage')
    expect(said).toMatchObject({ text: '*hello*', username: 'Eve Customer', icon_url: customer.pictureUrl })
    expect(said).not.toHaveProperty('as_user')
    expect(said).toMatchObject({ metadata: { event_payload: { message_id: 'msg_01', part: '0' } } })
    expect(noted).not.toHaveProperty('username')
    expect(ticketAt(ticket).entries.map(({ kind }) => kind)).toEqual(['note', 'customer', 'note'])
  })

  it('takes one call', async () => {
    const { driver, openTicket, sandbox } = await setUp()
    const ticket = await openTicket()
    const before = sandbox.server.requests.length
    await driver.postMessage(ticket, fromCustomer('hello'))
    expect(sandbox.server.requests).toHaveLength(before + 1)
  })

  it('waits for Slack’s limit of one message per second', async () => {
    const { driver, openTicket, sandbox, ticketAt, clock } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    sandbox.switches.limits = true
    const start = clock.now()
    await driver.postMessage(ticket, fromCustomer('word '.repeat(2_000)))
    expect(ticketAt(ticket).entries).toHaveLength(4)
    expect(clock.now() - start).toBeGreaterThanOrEqual(2_000)
  })

  it('leaves nothing in the channel when the thread was deleted', async () => {
    const { driver, openTicket, sandbox } = await setUp()
    const ticket = await openTicket()
    sandbox.remove(ticket.id)
    const error = await errorOf(driver.postMessage(ticket, fromCustomer('private words')))
    expect(error.code).toBe('ended')
    expect(sandbox.tickets()).toEqual([])
    sandbox.switches.deletedThreads = 'refuse'
    expect((await errorOf(driver.postMessage(ticket, fromCustomer('private words')))).code).toBe('ended')
  })

  it('continues a long message where an earlier attempt stopped', async () => {
    const { driver, openTicket, sandbox, ticketAt } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    const words = Array.from({ length: 2_000 }, (_unused, index) => `w${index}`)
    let posts = 0
    sandbox.server.addFault({
      ...refusal('ratelimited'),
      status: 429,
      headers: { 'retry-after': '30' },
      matches: (request) => isPost(request) && ++posts === 2,
    })
    const error = await errorOf(driver.postMessage(ticket, fromCustomer(words.join(' '))))
    expect(error).toMatchObject({ code: 'rate-limited', outcome: 'unknown', retryAfterMs: 30_000 })
    await driver.postMessage(ticket, fromCustomer(words.join(' '), { mayExist: true }))
    const said = ticketAt(ticket)
      .entries.slice(1)
      .map(({ text }) => text)
    expect(said.join(' ').match(/\bw\d+\b/g)).toEqual(words)
  })

  it.each(['internal_error', 'fatal_error', 'request_timeout', 'service_unavailable'])(
    'searches for the message after %s, whose outcome is unknown',
    async (errorCode) => {
      const { driver, openTicket, sandbox, ticketAt } = await setUp()
      const ticket = await openTicket({ transcript: [] })
      sandbox.server.addFault({ ...refusal(errorCode), effect: 'after', matches: isPost })
      const posted = await driver.postMessage(ticket, fromCustomer('once'))
      expect(
        ticketAt(ticket)
          .entries.map(({ id }) => id)
          .slice(1)
      ).toEqual(posted.messageIds)
      sandbox.server.addFault({ ...refusal(errorCode), effect: 'before', matches: isPost })
      await driver.postMessage(ticket, fromCustomer('and again', { id: 'msg_02' }))
      expect(ticketAt(ticket).entries).toHaveLength(3)
    }
  )
})

describe('Slack’s error codes', () => {
  it.each([
    ['invalid_auth', 'unauthorized', 'Bot User OAuth Token'],
    ['not_authed', 'unauthorized', 'Bot User OAuth Token'],
    ['account_inactive', 'unauthorized', 'Bot User OAuth Token'],
    ['token_revoked', 'unauthorized', 'Bot User OAuth Token'],
    ['missing_scope', 'unauthorized', 'scopes of the manifest'],
    ['channel_not_found', 'misconfigured', 'channel’s id'],
    ['not_in_channel', 'misconfigured', 'Invite the app'],
    ['is_archived', 'misconfigured', 'unarchive'],
    // The thread can't be read either, so it isn't known to be gone.
    ['thread_not_found', 'not-found', ''],
    ['cannot_reply_to_message', 'not-found', ''],
    ['message_not_found', 'not-found', ''],
    ['msg_too_long', 'rejected', ''],
    ['invalid_blocks', 'rejected', ''],
    ['no_text', 'rejected', ''],
    ['too_many_attachments', 'rejected', ''],
    ['org_login_required', 'unavailable', 'migrated'],
    ['external_channel_migrating', 'unavailable', 'migrated'],
    ['team_added_to_org', 'unavailable', 'migrated'],
    ['access_denied', 'unavailable', 'admin'],
    ['accesslimited', 'unavailable', 'networks'],
    ['ekm_access_denied', 'unavailable', 'suspended'],
    ['enterprise_is_restricted', 'unavailable', 'workspace'],
    ['team_access_not_granted', 'unavailable', 'admin'],
    ['two_factor_setup_required', 'unavailable', 'two-factor'],
    ['team_not_found', 'unavailable', 'token'],
    ['method_deprecated', 'unavailable', 'update the router'],
    ['a_word_of_tomorrow', 'unavailable', ''],
    ['constructor', 'unavailable', ''],
  ] as const)('%s', async (errorCode, code, advice) => {
    const { driver, openTicket, sandbox } = await setUp()
    const ticket = await openTicket()
    sandbox.server.addFault({ ...refusal(errorCode), times: 9 })
    const error = await errorOf(driver.postMessage(ticket, fromCustomer('hello')))
    expect(error.code).toBe(code)
    expect(error.outcome).toBe('none')
    expect(error.message).toContain(errorCode)
    expect(error.message).toContain(advice)
    expect(isMessageRejected(error)).toBe(code === 'rejected')
    expect(isTicketOver(error)).toBe(false)
  })
})
