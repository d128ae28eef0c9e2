import { afterEach, describe, expect, it } from 'vitest'
import type { SandboxRequest } from '../kit/sandbox'
import { closeAll, failure, isPost, setUp, ticketRequest } from './testing'

afterEach(closeAll)

describe('the header', () => {
  it('shows who claimed and that it is over, and keeps everything else', async () => {
    const { driver, openTicket, shown, calls } = await setUp()
    const ticket = await openTicket()
    await driver.reflect?.(ticket, { type: 'assigned', agent: { id: 'U0ADA000001', name: 'Ada *Lovelace*' } })
    const claimed = shown(ticket)
    expect(claimed.entries[0]?.text).toContain('Claimed by Ada Lovelace')
    expect(claimed).toMatchObject({
      title: 'Late parcel',
      customer: 'Eve Customer (eve@customer.example)',
      status: 'open',
    })
    expect(claimed).toMatchObject({ assignee: 'U0ADA000001', conversationId: 'conv_01' })
    expect(JSON.stringify(calls('chat.update')[0])).not.toContain('hitl_router_claim')
    await driver.reflect?.(ticket, { type: 'assigned', agent: { id: 'U0ADA000001', name: 'Ada *Lovelace*' } })
    expect(calls('chat.update')).toHaveLength(1)
    await driver.reflect?.(ticket, { type: 'closed', by: 'agent' })
    expect(shown(ticket).entries[0]?.text).toMatch(/Nothing came[^]*Resolved · was claimed by Ada Lovelace$/)
    expect(shown(ticket)).toMatchObject({ status: 'solved', conversationId: 'conv_01' })
    await driver.reflect?.(ticket, { type: 'assigned', agent: { id: 'U0GRACE0001', name: 'Grace' } })
    expect(shown(ticket).entries[0]?.text).not.toContain('Grace')
  })

  it('is one read and one write', async () => {
    const { driver, openTicket, sandbox } = await setUp()
    const ticket = await openTicket()
    const before = sandbox.server.requests.length
    await driver.reflect?.(ticket, { type: 'assigned', agent: { id: 'U0ADA000001', name: 'Ada' } })
    expect(sandbox.server.requests.slice(before).map(({ path }) => path)).toEqual([
      '/api/conversations.history',
      '/api/chat.update',
    ])
  })

  it('is resolved by closing, with one line in the thread however often', async () => {
    const { driver, openTicket, shown, sandbox } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    await driver.closeTicket(ticket)
    await driver.reflect?.(ticket, { type: 'closed', by: 'bot' })
    await driver.closeTicket(ticket)
    expect(shown(ticket)).toMatchObject({ status: 'solved' })
    expect(shown(ticket).entries.map(({ kind }) => kind)).toEqual(['note', 'note'])
    expect(shown(ticket).entries[1]?.text).toContain('has ended')
    sandbox.remove(ticket.id)
    await driver.closeTicket(ticket)
    await driver.closeTicket({ ...ticket, id: 'not a thread' })
  })
})

describe('the end', () => {
  const isUpdate = ({ path }: SandboxRequest) => path === '/api/chat.update'
  const failing = { kind: 'status' as const, status: 500, times: 9 }

  it('is said once, however often closing had to be tried', async () => {
    const { driver, openTicket, shown, sandbox } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    sandbox.server.addFault({ ...failing, matches: isUpdate })
    expect(await failure(driver.closeTicket(ticket))).toMatchObject({ code: 'unavailable' })
    expect(shown(ticket).entries).toHaveLength(1)
    sandbox.server.clearFaults()
    await driver.closeTicket(ticket)
    await driver.closeTicket(ticket)
    expect(shown(ticket)).toMatchObject({ status: 'solved' })
    expect(shown(ticket).entries).toHaveLength(2)
  })

  it('is shown even if it cannot be said', async () => {
    const { driver, openTicket, shown, sandbox, log } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    sandbox.server.addFault({ ...failing, matches: isPost })
    await driver.closeTicket(ticket)
    expect(shown(ticket)).toMatchObject({ status: 'solved' })
    expect(log.lines.map(({ level }) => level)).toContain('warn')
  })

  it('is shown again where a claim of the same moment has covered it', async () => {
    const { driver, openTicket, shown, sandbox, connect } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    let requests = 0
    const claiming = connect(async (config) => {
      requests += 1
      // The claim has read the header; now the end comes in between.
      if (requests === 2) await driver.closeTicket(ticket)
      return sandbox.server.transport(config)
    })
    await claiming.reflect?.(ticket, { type: 'assigned', agent: { id: 'U0ADA000001', name: 'Ada' } })
    expect(shown(ticket)).toMatchObject({ status: 'open' })
    await driver.reflect?.(ticket, { type: 'closed', by: 'bot' })
    expect(shown(ticket)).toMatchObject({ status: 'solved' })
    expect(shown(ticket).entries[0]?.text).toMatch(/Ended by the bot or the customer · was claimed by Ada$/)
  })
})

describe('checking the credentials', () => {
  it('names the workspace, the app and the channel', async () => {
    const { driver } = await setUp()
    await expect(driver.checkCredentials()).resolves.toBe('Sandbox as hitl-router in #support')
  })

  it('names the scopes that are missing', async () => {
    const { driver, sandbox } = await setUp()
    sandbox.switches.scopes.delete('reactions:read')
    sandbox.switches.scopes.delete('chat:write.customize')
    const error = await failure(driver.checkCredentials())
    expect(error.code).toBe('misconfigured')
    expect(error.message).toContain('scopes chat:write.customize, reactions:read:')
  })

  it('joins a public channel, and says how to get into a private one', async () => {
    const joining = await setUp({ channel: 'https://sandbox.slack.com/archives/C0PUBLIC001' })
    await expect(joining.driver.checkCredentials()).resolves.toContain('#not-joined')
    expect(joining.calls('conversations.join')).toEqual([{ channel: 'C0PUBLIC001' }])
    await expect(joining.driver.openTicket(ticketRequest())).resolves.toHaveProperty('id')
    const kept = await setUp({ channel: 'G0PRIVATE01' })
    const error = await failure(kept.driver.checkCredentials())
    expect(error.code).toBe('misconfigured')
    expect(error.message).toContain('/invite @hitl-router')
    const archived = await setUp({ channel: 'C0ARCHIVED1' })
    expect((await failure(archived.driver.checkCredentials())).message).toContain('archived')
    const wrong = await setUp({ channel: 'C0NOWHERE01' })
    expect((await failure(wrong.driver.checkCredentials())).message).toContain('Check the channel’s id')
  })

  it('refuses a token that Slack does not know', async () => {
    const { driver } = await setUp({ botToken: 'xoxb-other' })
    expect((await failure(driver.checkCredentials())).code).toBe('unauthorized')
  })
})
