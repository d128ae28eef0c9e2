/** Who speaks to customers, and who the app is. */
import { afterEach, describe, expect, it } from 'vitest'
import type { SessionEvent } from '../provider'
import { parseWebhook } from './webhook'
import { closeAll, fromCustomer, setUp } from './testing'

afterEach(closeAll)

const ADA = 'U0ADA000001'
const GRACE = 'U0GRACE0001'
const MALLORY = 'U0MALLORY01'
const BOT_USER = 'U0HITLROUTER'

const open = async (config: Record<string, unknown> = {}) => {
  const setting = await setUp(config)
  const ticket = await setting.openTicket()
  setting.sandbox.switches.scopes.add('usergroups:read')
  const read = async () => (await setting.driver.catchUp?.(ticket, undefined))?.events ?? []
  return { ...setting, ticket, read }
}
const delivered = (events: SessionEvent[]): string[] =>
  events.flatMap((event) =>
    event.type === 'message-posted' && event.parts[0]?.type === 'text' ? [event.parts[0].text] : []
  )
const notes = (events: SessionEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'message-posted' && event.undelivered ? [event.undelivered] : []))
const noteIds = (events: SessionEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'message-posted' && event.undelivered ? [event.id] : []))

describe('in a channel that is shared with another company', () => {
  it('people of the own workspace speak to the customer, others are told that they don’t, once', async () => {
    const { sandbox, ticket, deliver, read } = await open()
    sandbox.share(ticket.id)
    sandbox.agentReplies(ticket.id, 'from Ada', { agentId: ADA })
    sandbox.agentReplies(ticket.id, 'from Mallory', { agentId: MALLORY })
    sandbox.agentReplies(ticket.id, 'again', {
      agentId: MALLORY,
      attachments: [{ name: 'a', contentType: 'text/plain' }],
    })
    sandbox.agentReplies(ticket.id, '// a note', { agentId: MALLORY })
    for (const events of [(await deliver()).events, await read()]) {
      expect(delivered(events)).toEqual(['from Ada'])
      expect(new Set(noteIds(events)).size).toBe(1)
      expect(events.filter(({ type }) => type === 'agent-assigned')).toMatchObject([{ agent: { id: ADA } }])
    }
    expect(notes(await read())[0]).toContain('Only people of this workspace')
  })

  it('claims and ends are theirs, too', async () => {
    const { sandbox, ticket, deliver } = await open()
    sandbox.share(ticket.id)
    sandbox.assign(ticket.id, MALLORY)
    sandbox.solve(ticket.id, { agentId: MALLORY })
    const { events } = await deliver()
    expect(events.map(({ type }) => type)).toEqual(['message-posted', 'message-posted'])
    expect(new Set(noteIds(events)).size).toBe(1)
    sandbox.solve(ticket.id, { agentId: ADA })
    expect((await deliver()).events.map(({ type }) => type)).toEqual(['ticket-closed'])
  })

  it('everybody speaks to the customer if the configuration says so', async () => {
    const { sandbox, ticket, deliver, read } = await open({ agents: 'anybody' })
    sandbox.share(ticket.id)
    sandbox.agentReplies(ticket.id, 'from Mallory', { agentId: MALLORY })
    expect(delivered((await deliver()).events)).toEqual(['from Mallory'])
    expect(delivered(await read())).toEqual(['from Mallory'])
  })

  it('colleagues in other workspaces of the organization are agents', async () => {
    const { sandbox, ticket, driver } = await open()
    const id = sandbox.postAsPerson(ticket.id, 'from the other workspace', { userTeam: 'T0SISTER001' })
    const [, ts = ''] = id.split(':')
    const event = {
      type: 'message',
      user: MALLORY,
      text: 'from the other workspace',
      channel: 'C0SUPPORT01',
      ts,
      thread_ts: ticket.id.split(':')[1],
      user_team: 'T0SISTER001',
    }
    const authorizations = [{ user_id: BOT_USER, is_bot: true, team_id: 'T0SANDBOX01', enterprise_id: 'E0COMPANY01' }]
    const request = sandbox.signed(JSON.stringify({ type: 'event_callback', event, authorizations }))
    // Slack has to be asked whether that workspace is one of the organization.
    expect(driver.parseWebhook(request).events).toMatchObject([{ type: 'ticket-changed' }])
  })
})

describe('members of a user group', () => {
  it.each(['@support', '@Support', 'S0SUPPORT01'])(
    'are the only agents if the configuration says so: %s',
    async (agents) => {
      const { sandbox, ticket, deliver, read, driver } = await open({ agents })
      sandbox.agentReplies(ticket.id, 'from Ada', { agentId: ADA })
      sandbox.agentReplies(ticket.id, 'from Grace', { agentId: GRACE })
      sandbox.agentReplies(ticket.id, '// from Grace', { agentId: GRACE })
      // Before this instance knows the members, the reading decides.
      expect((await deliver()).events.map(({ type }) => type)).toEqual([
        'ticket-changed',
        'ticket-changed',
        'ticket-changed',
      ])
      const events = await read()
      expect(delivered(events)).toEqual(['from Ada'])
      expect(notes(events)).toEqual([expect.stringContaining('Only members of the agents’ user group')])
      sandbox.agentReplies(ticket.id, 'more from Ada', { agentId: ADA })
      expect(delivered((await deliver()).events)).toEqual(['more from Ada'])
      await expect(driver.checkCredentials()).resolves.toBeDefined()
    }
  )

  it('need a scope and an existing group, and nothing else does', async () => {
    const { sandbox, driver } = await setUp({ agents: '@nobody' })
    await expect(driver.checkCredentials()).rejects.toMatchObject({
      message: expect.stringContaining('usergroups:read'),
    })
    sandbox.switches.scopes.add('usergroups:read')
    await expect(driver.checkCredentials()).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringContaining('no such user group'),
    })
    const target = { url: 'https://a.example/slack', installation: 'i', botId: 'b' }
    expect(driver.instructions?.(target)).toContain('usergroups:read')
    expect((await setUp()).driver.instructions?.(target)).not.toContain('usergroups:read')
  })
})

describe('the app’s own post', () => {
  it('without any mark is neither pushed nor read', async () => {
    const { sandbox, driver, ticket, deliver, read } = await open()
    await driver.postMessage(ticket, fromCustomer('customer words'))
    sandbox.echoUnmarked(ticket.id, 'customer words')
    expect((await deliver()).events).toEqual([])
    expect(await read()).toEqual([])
    expect((await driver.checkCredentials()).botId).toBe(BOT_USER)
  })

  it('without any mark reaches an instance that knows nothing as a hint', async () => {
    const { sandbox, ticket } = await open()
    sandbox.echoUnmarked(ticket.id, 'customer words')
    const known = {
      settings: { internalPrefix: '//', agents: 'workspace' as const },
      identity: {},
      members: undefined,
      nameOf: () => undefined,
    }
    const requests = sandbox.deliveries.waiting.map(({ request }) => request)
    expect(requests.flatMap((request) => parseWebhook(request, known).events)).toEqual([
      { type: 'ticket-changed', ticket: { ticketId: ticket.id } },
    ])
  })

  it('is known by one call per instance', async () => {
    const { calls, read } = await open()
    await read()
    await read()
    expect(calls('auth.test').length).toBeLessThanOrEqual(1)
  })
})

describe('the account', () => {
  it('keeps its id when the workspace is renamed or joins an organization', async () => {
    const { sandbox, driver } = await open()
    const before = await driver.checkCredentials()
    const answer = {
      ok: true,
      url: 'https://renamed.enterprise.slack.com/',
      team: 'Renamed',
      team_id: 'T0SANDBOX01',
      enterprise_id: 'E0COMPANY01',
      user: 'hitl-router',
      user_id: BOT_USER,
    }
    sandbox.server.addFault({
      kind: 'status',
      status: 200,
      body: answer,
      matches: ({ path }) => path.endsWith('auth.test'),
    })
    expect((await driver.checkCredentials()).id).toBe(before.id)
  })

  it('is never guessed', async () => {
    const { sandbox, driver } = await open()
    sandbox.server.addFault({ kind: 'status', status: 200, body: { ok: true, user_id: BOT_USER } })
    await expect(driver.checkCredentials()).rejects.toMatchObject({ code: 'unavailable' })
  })
})
