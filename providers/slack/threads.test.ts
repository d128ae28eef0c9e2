import { afterEach, describe, expect, it } from 'vitest'
import { closeAll, EVE, failure, fromCustomer, isPost, says, setUp, ticketRequest } from './testing'

afterEach(closeAll)

describe('opening', () => {
  it('takes two calls: the header with its buttons, and the transcript as the first reply', async () => {
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

  it('shows no e-mail where there is none', async () => {
    const { driver, calls } = await setUp()
    await driver.openTicket(ticketRequest({ customer: { id: 'u', name: 'Eve' }, transcript: [] }))
    expect(calls('chat.postMessage')).toHaveLength(1)
    expect(JSON.stringify(calls('chat.postMessage')[0])).toContain('*Customer:* Eve"')
  })

  it('goes to the channel that is asked for, and names what is wrong with one that is none', async () => {
    const { driver } = await setUp()
    const opened = await driver.openTicket(ticketRequest({ options: { queue: 'C0BILLING01' } }))
    expect(opened.id).toMatch(/^C0BILLING01:/)
    const error = await failure(driver.openTicket(ticketRequest({ options: { queue: 'billing' } })))
    expect(error.code).toBe('misconfigured')
    expect(error.message).toContain('id of a channel')
  })

  it('puts a long description into the thread as a whole', async () => {
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

  it('finishes the transcript of an attempt that broke off', async () => {
    const { driver, sandbox } = await setUp()
    sandbox.server.addFault({
      ...says('fatal_error'),
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

  it('rings at nobody, whatever the customer is called and says', async () => {
    const { driver, sandbox } = await setUp()
    const evil = '<!channel> <!here> @here <@U0ADA000001> <#C0SUPPORT01|x> <https://evil.example|https://bank.example>'
    const customer = { ...EVE, name: evil, email: '<!here>@evil.example' }
    const opened = await driver.openTicket(
      ticketRequest({
        title: evil,
        description: evil,
        customer,
        options: { tags: [evil] },
        transcript: [{ author: 'customer', name: evil, parts: [{ type: 'text', text: evil }] }],
      })
    )
    const ticket = { id: opened.id, conversationId: 'conv_01' }
    await driver.postMessage(ticket, fromCustomer(evil, { author: { type: 'customer', customer } }))
    await driver.postMessage(ticket, fromCustomer(evil, { id: 'msg_02', author: { type: 'bot' } }))
    await driver.reflect?.(ticket, { type: 'assigned', agent: { id: 'U0ADA000001', name: '<!here>' } })
    expect(sandbox.switches.notifications).toEqual([])
    const bodies = sandbox.server.requests.map(({ body }) => body.toString('utf8')).join('\n')
    expect(bodies).not.toMatch(/<[!@#]|<[^<>]*\|/)
  })
})

describe('messages', () => {
  it('speak with the customer’s name and picture, the bot in the app’s own voice', async () => {
    const { driver, openTicket, calls, shown } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    const customer = { ...EVE, pictureUrl: 'https://pictures.example/eve.png' }
    await driver.postMessage(ticket, fromCustomer('**hello**', { author: { type: 'customer', customer } }))
    await driver.postMessage(ticket, fromCustomer('a note', { id: 'msg_02', author: { type: 'bot' } }))
    const [, said, noted] = calls('chat.postMessage')
    expect(said).toMatchObject({ text: '*hello*', username: 'Eve Customer', icon_url: customer.pictureUrl })
    expect(said).not.toHaveProperty('as_user')
    expect(said).toMatchObject({ metadata: { event_payload: { message_id: 'msg_01', part: '0' } } })
    expect(noted).not.toHaveProperty('username')
    expect(shown(ticket).entries.map(({ kind }) => kind)).toEqual(['note', 'customer', 'note'])
  })

  it('are one call each', async () => {
    const { driver, openTicket, sandbox } = await setUp()
    const ticket = await openTicket()
    const before = sandbox.server.requests.length
    await driver.postMessage(ticket, fromCustomer('hello'))
    expect(sandbox.server.requests).toHaveLength(before + 1)
  })

  it('wait their second where Slack asks for it', async () => {
    const { driver, openTicket, sandbox, shown, clock } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    sandbox.switches.limits = true
    const start = clock.now()
    await driver.postMessage(ticket, fromCustomer('word '.repeat(2_000)))
    expect(shown(ticket).entries).toHaveLength(4)
    expect(clock.now() - start).toBeGreaterThanOrEqual(2_000)
  })

  it('do not land in the channel when the thread was deleted', async () => {
    const { driver, openTicket, sandbox } = await setUp()
    const ticket = await openTicket()
    sandbox.remove(ticket.id)
    const error = await failure(driver.postMessage(ticket, fromCustomer('private words')))
    expect(error.code).toBe('ended')
    expect(sandbox.tickets()).toEqual([])
    sandbox.switches.deletedThreads = 'refuse'
    expect((await failure(driver.postMessage(ticket, fromCustomer('private words')))).code).toBe('ended')
  })

  it('of several parts continue where an earlier attempt broke off', async () => {
    const { driver, openTicket, sandbox, shown } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    const words = Array.from({ length: 2_000 }, (_unused, index) => `w${index}`)
    let posts = 0
    sandbox.server.addFault({
      ...says('ratelimited'),
      status: 429,
      headers: { 'retry-after': '30' },
      matches: (request) => isPost(request) && ++posts === 2,
    })
    const error = await failure(driver.postMessage(ticket, fromCustomer(words.join(' '))))
    expect(error).toMatchObject({ code: 'rate-limited', outcome: 'unknown', retryAfterMs: 30_000 })
    await driver.postMessage(ticket, fromCustomer(words.join(' '), { mayExist: true }))
    const said = shown(ticket)
      .entries.slice(1)
      .map(({ text }) => text)
    expect(said.join(' ').match(/\bw\d+\b/g)).toEqual(words)
  })

  it.each(['internal_error', 'fatal_error', 'request_timeout', 'service_unavailable'])(
    'are looked for after %s, which says nothing about what happened',
    async (word) => {
      const { driver, openTicket, sandbox, shown } = await setUp()
      const ticket = await openTicket({ transcript: [] })
      sandbox.server.addFault({ ...says(word), effect: 'after', matches: isPost })
      const posted = await driver.postMessage(ticket, fromCustomer('once'))
      expect(
        shown(ticket)
          .entries.map(({ id }) => id)
          .slice(1)
      ).toEqual(posted.messageIds)
      sandbox.server.addFault({ ...says(word), effect: 'before', matches: isPost })
      await driver.postMessage(ticket, fromCustomer('and again', { id: 'msg_02' }))
      expect(shown(ticket).entries).toHaveLength(3)
    }
  )
})

describe('what Slack’s error words mean', () => {
  it.each([
    ['invalid_auth', 'unauthorized', 'Bot User OAuth Token'],
    ['not_authed', 'unauthorized', 'Bot User OAuth Token'],
    ['account_inactive', 'unauthorized', 'Bot User OAuth Token'],
    ['token_revoked', 'unauthorized', 'Bot User OAuth Token'],
    ['missing_scope', 'unauthorized', 'scopes of the manifest'],
    ['channel_not_found', 'misconfigured', 'channel’s id'],
    ['not_in_channel', 'misconfigured', 'Invite the app'],
    ['is_archived', 'misconfigured', 'unarchive'],
    ['thread_not_found', 'ended', ''],
    ['cannot_reply_to_message', 'ended', ''],
    ['message_not_found', 'not-found', ''],
    ['msg_too_long', 'rejected', ''],
    ['constructor', 'rejected', ''],
  ] as const)('%s', async (word, code, advice) => {
    const { driver, openTicket, sandbox } = await setUp()
    const ticket = await openTicket()
    sandbox.server.addFault({ ...says(word), times: 9 })
    const error = await failure(driver.postMessage(ticket, fromCustomer('hello')))
    expect(error.code).toBe(code)
    expect(error.outcome).toBe('none')
    expect(error.message).toContain(word)
    expect(error.message).toContain(advice)
  })
})
