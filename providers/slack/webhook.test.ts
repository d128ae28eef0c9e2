import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import type { SessionEvent } from '../provider'
import { createTestClock, createTestTools } from '../conformance/tools'
import { slack } from '.'
import { settingsOf } from './config'
import { manifestFor } from './manifest'
import { closeAll, fromCustomer, setUp, ticketRequest } from './testing'

afterEach(closeAll)

const ADA = 'U0ADA000001'
const messages = (events: SessionEvent[]) => events.filter((event) => event.type === 'message-posted')

describe('an agent’s reply', () => {
  it('claims the ticket, is delivered and marks the ticket’s origin', async () => {
    const { sandbox, openTicket, deliver } = await setUp()
    const ticket = await openTicket()
    const id = sandbox.agentReplies(ticket.id, 'Hello Eve', { agentId: ADA })
    const key = { ticketId: ticket.id, origin: 'recent' }
    expect((await deliver()).events).toEqual([
      { type: 'agent-assigned', ticket: key, agent: { id: ADA }, ifUnassigned: true },
      { type: 'message-posted', ticket: key, id, agent: { id: ADA }, parts: [{ type: 'text', text: 'Hello Eve' }] },
    ])
  })

  it('that mentions the app arrives once, without the mention', async () => {
    const { sandbox, openTicket, deliver } = await setUp()
    const ticket = await openTicket()
    const id = sandbox.agentReplies(ticket.id, '<@U0HITLROUTER> done & <dusted>')
    const { events, requests } = await deliver()
    expect(requests).toHaveLength(2)
    expect(messages(events).map((event) => event.id)).toEqual([id])
    // Its second event lacks files, so it is a hint only.
    expect(events.at(-1)?.type).toBe('ticket-changed')
    expect(messages(events)[0]?.parts).toEqual([{ type: 'text', text: 'done & <dusted>', format: 'plain' }])
  })

  it.each([undefined, 'thread_broadcast', 'me_message', 'file_share'])(
    'of subtype %s is delivered',
    async (subtype) => {
      const { sandbox, openTicket, deliver } = await setUp()
      const ticket = await openTicket()
      sandbox.postAsPerson(ticket.id, 'words', subtype ? { subtype } : {})
      const { events } = await deliver()
      expect(messages(events)).toHaveLength(1)
      expect(events[0]?.ticket.ticketId).toBe(ticket.id)
    }
  )

  it.each(['channel_join', 'message_changed', 'message_deleted', 'message_replied', 'reminder_add', 'bot_message'])(
    'of subtype %s is ignored',
    async (subtype) => {
      const { sandbox, openTicket, deliver } = await setUp()
      const ticket = await openTicket()
      sandbox.postAsPerson(ticket.id, 'words', { subtype })
      expect(await deliver()).toMatchObject({ events: [], ignored: [expect.any(String)] })
    }
  )

  it('with files is delivered with handles for the files, which are no addresses', async () => {
    const { sandbox, openTicket, deliver } = await setUp()
    const ticket = await openTicket()
    const pdf = { name: 'invoice.pdf', contentType: 'application/pdf' }
    sandbox.agentReplies(ticket.id, 'see here', { attachments: [pdf, { name: 'map.png', contentType: 'image/png' }] })
    sandbox.agentReplies(ticket.id, '', { attachments: [pdf] })
    const [both, only] = messages((await deliver()).events)
    expect(both?.parts).toMatchObject([
      { type: 'text', text: 'see here' },
      { type: 'desk-file', name: 'invoice.pdf', contentType: 'application/pdf' },
      { type: 'desk-file', name: 'map.png', contentType: 'image/png' },
    ])
    expect(both?.undelivered).toBeUndefined()
    expect(only?.parts).toMatchObject([{ type: 'desk-file', name: 'invoice.pdf' }])
    expect(JSON.stringify([both, only])).not.toContain('files.slack.com')
  })

  it.each([
    ['//', '// not for Eve'],
    ['//', '   //not for Eve'],
    ['//', '<@U0HITLROUTER> // not for Eve'],
    ['>>', '>> not for Eve'],
    ['🔒', '🔒 not for Eve'],
    ['**', '** not for Eve'],
  ])('that starts with the prefix %s is internal: %s', async (internalPrefix, text) => {
    const { sandbox, openTicket, deliver } = await setUp({ internalPrefix })
    const ticket = await openTicket()
    sandbox.agentReplies(ticket.id, text, { attachments: [{ name: 'secret.pdf', contentType: 'application/pdf' }] })
    sandbox.postAsPerson(ticket.id, text, { blocks: [] })
    expect((await deliver()).events).toEqual([])
  })

  it('with the prefix as an emoji’s name is internal', async () => {
    const { sandbox, openTicket, deliver } = await setUp({ internalPrefix: '🔒' })
    const ticket = await openTicket()
    const elements = [
      { type: 'emoji', name: 'lock', unicode: '1f512' },
      { type: 'text', text: ' not for Eve' },
    ]
    const blocks = [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }]
    sandbox.postAsPerson(ticket.id, ':lock: not for Eve', { blocks })
    expect((await deliver()).events).toEqual([])
  })

  it('with the prefix elsewhere is delivered', async () => {
    const { sandbox, openTicket, deliver } = await setUp()
    const ticket = await openTicket()
    sandbox.agentReplies(ticket.id, 'see https://a.example // or not')
    expect(messages((await deliver()).events)).toHaveLength(1)
  })
})

describe('ignored messages', () => {
  it.each(['bot_message', 'plain'] as const)('include the router’s own posts, echoed as %s', async (form) => {
    const { sandbox, driver, openTicket, deliver } = await setUp()
    sandbox.switches.customisedEcho = form
    const ticket = await openTicket()
    await driver.postMessage(ticket, fromCustomer('an echo?'))
    await driver.postMessage(ticket, fromCustomer('a note', { id: 'msg_02', author: { type: 'bot' } }))
    await driver.reflect?.(ticket, { type: 'assigned', agent: { id: ADA, name: 'Ada' } })
    await driver.closeTicket(ticket)
    const { events, requests } = await deliver()
    expect(requests).toHaveLength(5)
    expect(events).toEqual([])
  })

  it('include those of other apps and of Slack, outside threads and in other people’s threads', async () => {
    const { sandbox, openTicket, deliver } = await setUp()
    const ticket = await openTicket()
    sandbox.botReplies?.(ticket.id, 'a reminder')
    sandbox.postAsPerson(ticket.id, 'by an app', { user: 'U0POLLY0001', botId: 'B0OTHERAPP1', appId: 'A0OTHERAPP1' })
    sandbox.postAsPerson(ticket.id, 'archived', { user: 'USLACK' })
    sandbox.postAsPerson(ticket.id, 'reminded', { user: 'USLACKBOT' })
    sandbox.postAsPerson(ticket.id, 'as ourselves', { user: 'U0HITLROUTER' })
    sandbox.foreignTicket()
    const { events, ignored } = await deliver()
    expect(events).toEqual([])
    expect(ignored).toHaveLength(7)
  })
})

describe('claiming and resolving', () => {
  it('buttons carry the conversation and get an empty 200', async () => {
    const { sandbox, driver, openTicket, deliver } = await setUp()
    const ticket = await openTicket()
    sandbox.assign(ticket.id, ADA)
    sandbox.solve(ticket.id, { agentId: ADA })
    const key = { ticketId: ticket.id, conversationId: 'conv_01', origin: 'recent' }
    const { events, requests } = await deliver()
    expect(events).toEqual([
      { type: 'agent-assigned', ticket: key, agent: { id: ADA }, ifUnassigned: true },
      { type: 'ticket-closed', ticket: key, reason: 'solved' },
    ])
    for (const request of requests) {
      expect(request.headers['content-type']).toBe('application/x-www-form-urlencoded')
      expect(driver.verifyWebhook(request, undefined)).toBe(true)
      expect(driver.parseWebhook(request).reply).toEqual({ status: 200, body: '' })
    }
  })

  it('form bodies are decoded with their plus signs', async () => {
    const { sandbox, driver } = await setUp()
    const payload = {
      type: 'block_actions',
      user: { id: ADA, name: 'Ada + Grace' },
      channel: { id: 'C1' },
      message: { ts: '1.2' },
      actions: [{ action_id: 'hitl_router_claim', value: 'conv + 01 %' }],
    }
    const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
    expect(body).toContain('+')
    const [event] = driver.parseWebhook(sandbox.signed(body)).events
    expect(event?.ticket).toMatchObject({ ticketId: 'C1:1.2', conversationId: 'conv + 01 %' })
  })

  it.each(['white_check_mark', 'heavy_check_mark'])(':%s: on the root resolves the ticket', async (reaction) => {
    const { sandbox, openTicket, deliver } = await setUp()
    const ticket = await openTicket()
    sandbox.addReaction(ticket.id, reaction)
    expect((await deliver()).events).toEqual([
      { type: 'ticket-closed', ticket: { ticketId: ticket.id, origin: 'possible' }, reason: 'solved' },
    ])
  })

  it('other reactions, the app’s own and those on other people’s messages do not', async () => {
    const { sandbox, openTicket, deliver } = await setUp()
    const ticket = await openTicket()
    sandbox.addReaction(ticket.id, '+1')
    sandbox.addReaction(ticket.id, 'white_check_mark', { userId: 'U0HITLROUTER' })
    const reply = sandbox.agentReplies(ticket.id, '// note')
    sandbox.addReaction(reply, 'white_check_mark')
    expect((await deliver()).events).toEqual([])
  })
})

describe('set-up', () => {
  it('a URL challenge gets its plain text back, and only if it is signed', async () => {
    const { sandbox, driver } = await setUp()
    const request = sandbox.signed(
      JSON.stringify({ type: 'url_verification', token: 'x', challenge: '3eZbrw1aBm2rZgRN' })
    )
    expect(driver.verifyWebhook(request, undefined)).toBe(true)
    expect(driver.verifyWebhook({ ...request, headers: {} }, undefined)).toBe(false)
    expect(driver).not.toHaveProperty('answerUnsigned')
    expect(driver.parseWebhook(request)).toMatchObject({
      events: [],
      reply: { status: 200, headers: { 'content-type': 'text/plain' }, body: '3eZbrw1aBm2rZgRN' },
    })
  })

  it.each([
    ['app_uninstalled', 'install it again'],
    ['tokens_revoked', 'install it again'],
    ['channel_archive', 'archived'],
  ])('%s is ignored with a reason for the log', async (type, reason) => {
    const { sandbox, deliver } = await setUp()
    sandbox.emit({ type, event_ts: '1.2' })
    expect(await deliver()).toMatchObject({ events: [], ignored: [expect.stringContaining(reason)] })
  })

  it('the instructions contain a manifest with both addresses, all events and all scopes', async () => {
    const { driver } = await setUp()
    const url = 'https://webhook.example.test/abc/slack'
    const text = driver.instructions?.({ url, installation: 'inst1', botId: 'b'.repeat(60) }) ?? ''
    const manifest = JSON.parse(text.slice(text.indexOf('{'))) as Record<string, unknown>
    expect(manifest).toMatchObject({
      settings: {
        event_subscriptions: { request_url: url },
        interactivity: { is_enabled: true, request_url: url },
        socket_mode_enabled: false,
      },
    })
    expect(JSON.stringify(manifest)).toContain('"message.channels","message.groups","reaction_added"')
    expect(JSON.stringify(manifest)).toContain('"chat:write","chat:write.customize"')
    const { name } = manifest['display_information'] as { name: string }
    expect(name.length).toBeLessThanOrEqual(35)
  })
})

it('the README contains the manifest of the instructions', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  const url = 'https://webhook.botpress.cloud/YOUR-ID/slack'
  expect(JSON.parse(/```json\n([^`]+)```/.exec(readme)?.[1] ?? '')).toEqual(
    manifestFor({ url, installation: 'inst1', botId: 'my-bot' })
  )
})

describe('configuration', () => {
  const config = { botToken: 'xoxb-1-a', signingSecret: 'abc', channel: 'C0123456789' }

  it.each([
    'C0123456789',
    ' #C0123456789 ',
    'G0123456789',
    'https://acme.slack.com/archives/C0123456789',
    'https://acme.slack.com/archives/C0123456789/p1766458026240809?thread_ts=1.2',
    'https://app.slack.com/client/T0123/C0123456789',
  ])('accepts the channel %s', (channel) => {
    expect(slack.config.safeParse({ ...config, channel }).success).toBe(true)
  })

  it.each(['#support', 'support', 'D0123456789', 'https://evil.example/archives/C0123456789', 'C0123456789 C1'])(
    'refuses the channel %s and explains what to enter',
    (channel) => {
      const parsed = slack.config.safeParse({ ...config, channel })
      expect(parsed.error?.issues[0]?.message).toContain('not its name')
    }
  )

  it('refuses other tokens and a token as signing secret', () => {
    expect(slack.config.safeParse({ ...config, botToken: 'xoxp-1' }).error?.issues[0]?.message).toContain('xoxb-')
    expect(slack.checkConfig?.(slack.config.parse({ ...config, signingSecret: 'xoxb-1-a' }))).toMatchObject([
      { field: 'signingSecret' },
    ])
  })

  it.each([
    [{}, ['botToken', 'signingSecret', 'channel']],
    [{ botToken: '', signingSecret: ' ', channel: '' }, ['botToken', 'signingSecret', 'channel']],
    [{ ...config, signingSecret: '\t' }, ['signingSecret']],
  ])('can be saved before the app exists: %j', (entered, fields) => {
    const parsed = slack.config.parse(entered)
    expect(slack.checkConfig?.(parsed)).toEqual(
      fields.map((field) => ({ field, problem: 'is missing', notReady: true }))
    )
  })

  it('works as far as it can without tokens: it has the manifest, verifies nothing and calls nobody', async () => {
    const { sandbox } = await setUp()
    const driver = slack.connect(slack.config.parse({}), { ...createTestToolsOf(sandbox) })
    const text = driver.instructions?.({ url: 'https://a.example/x/slack', installation: 'i', botId: 'b' })
    expect(text).toContain('"request_url": "https://a.example/x/slack"')
    expect(driver.verifyWebhook(sandbox.signed('{}'), undefined)).toBe(false)
    expect(driver.verifyWebhook(sandbox.signed('{}', { secret: ' ' }), undefined)).toBe(false)
    for (const call of [driver.checkCredentials(), driver.openTicket(ticketRequest())])
      await expect(call).rejects.toMatchObject({ code: 'misconfigured' })
    expect(sandbox.server.requests).toEqual([])
  })

  it('has // as prefix if none is entered', () => {
    for (const internalPrefix of [undefined, '', '  '])
      expect(settingsOf(slack.config.parse({ ...config, internalPrefix })).internalPrefix).toBe('//')
  })

  it.each([
    [undefined, 'workspace', ''],
    ['', 'workspace', ''],
    [' workspace ', 'workspace', ''],
    ['anybody', 'anybody', ''],
    [' @support ', 'user-group', 'support'],
    ['@anybody', 'user-group', 'anybody'],
    ['S0123456789', 'user-group', 'S0123456789'],
  ])('reads who the agents are: %j', (entered, agents, userGroup) => {
    expect(settingsOf(slack.config.parse({ ...config, agents: entered }))).toMatchObject({ agents, userGroup })
  })

  it.each(['support', 'anyone', '@two words', 'a@b'])('refuses other agents: %j', (agents) => {
    expect(slack.config.safeParse({ ...config, agents }).error?.issues[0]?.message).toContain('user group')
  })

  it('trims pasted values', async () => {
    const { driver } = await setUp({ botToken: `  ${createToken()}\n`, channel: ' C0SUPPORT01 ' })
    await expect(driver.checkCredentials()).resolves.toMatchObject({ description: expect.stringContaining('#support') })
  })
})

const createTestToolsOf = (sandbox: Awaited<ReturnType<typeof setUp>>['sandbox']) =>
  createTestTools({ clock: createTestClock(), sandboxes: [sandbox] })

const createToken = (): string => ['xoxb', '1000000000', '2000000000', 'sandboxtoken'].join('-')
