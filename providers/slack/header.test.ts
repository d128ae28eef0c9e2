import { afterEach, describe, expect, it } from 'vitest'
import type { SandboxRequest } from '../kit/sandbox'
import { closeAll, errorOf, isPost, setUp, ticketRequest } from './testing'

afterEach(closeAll)

describe('the header', () => {
  it('shows the claim and the end and keeps everything else', async () => {
    const { driver, openTicket, ticketAt, calls } = await setUp()
    const ticket = await openTicket()
    await driver.reflect?.(ticket, { type: 'assigned', agent: { id: 'U0ADA000001', name: 'Ada *Lovelace*' } })
    const claimed = ticketAt(ticket)
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
    expect(ticketAt(ticket).entries[0]?.text).toMatch(/Nothing came[^]*Resolved · was claimed by Ada Lovelace$/)
    expect(ticketAt(ticket)).toMatchObject({ status: 'solved', conversationId: 'conv_01' })
    await driver.reflect?.(ticket, { type: 'assigned', agent: { id: 'U0GRACE0001', name: 'Grace' } })
    expect(ticketAt(ticket).entries[0]?.text).not.toContain('Grace')
  })

  it('takes one read and one write to update', async () => {
    const { driver, openTicket, sandbox } = await setUp()
    const ticket = await openTicket()
    const before = sandbox.server.requests.length
    await driver.reflect?.(ticket, { type: 'assigned', agent: { id: 'U0ADA000001', name: 'Ada' } })
    expect(sandbox.server.requests.slice(before).map(({ path }) => path)).toEqual([
      '/api/conversations.history',
      '/api/chat.update',
    ])
  })

  it('shows a closed ticket as resolved, with one closing line however often it is closed', async () => {
    const { driver, openTicket, ticketAt, sandbox } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    await driver.closeTicket(ticket)
    await driver.reflect?.(ticket, { type: 'closed', by: 'bot' })
    await driver.closeTicket(ticket)
    expect(ticketAt(ticket)).toMatchObject({ status: 'solved' })
    expect(ticketAt(ticket).entries.map(({ kind }) => kind)).toEqual(['note', 'note'])
    expect(ticketAt(ticket).entries[1]?.text).toContain('has ended')
    sandbox.remove(ticket.id)
    await driver.closeTicket(ticket)
    await driver.closeTicket({ ...ticket, id: 'not a thread' })
  })
})

describe('closing a thread', () => {
  const isUpdate = ({ path }: SandboxRequest) => path === '/api/chat.update'
  const serverError = { kind: 'status' as const, status: 500, times: 9 }

  it('posts one closing line, however many attempts closing takes', async () => {
    const { driver, openTicket, ticketAt, sandbox } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    sandbox.server.addFault({ ...serverError, matches: isUpdate })
    expect(await errorOf(driver.closeTicket(ticket))).toMatchObject({ code: 'unavailable' })
    expect(ticketAt(ticket).entries).toHaveLength(1)
    sandbox.server.clearFaults()
    await driver.closeTicket(ticket)
    await driver.closeTicket(ticket)
    expect(ticketAt(ticket)).toMatchObject({ status: 'solved' })
    expect(ticketAt(ticket).entries).toHaveLength(2)
  })

  it('closes the header even if the closing line cannot be posted', async () => {
    const { driver, openTicket, ticketAt, sandbox, log } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    sandbox.server.addFault({ ...serverError, matches: isPost })
    await driver.closeTicket(ticket)
    expect(ticketAt(ticket)).toMatchObject({ status: 'solved' })
    expect(log.lines.map(({ level }) => level)).toContain('warn')
  })

  it('repairs the header after a claim of the same moment has overwritten the close', async () => {
    const { driver, openTicket, ticketAt, sandbox, connect } = await setUp()
    const ticket = await openTicket({ transcript: [] })
    let requests = 0
    const claimingDriver = connect(async (config) => {
      requests += 1
      // The claim has read the header and not yet written it.
      if (requests === 2) await driver.closeTicket(ticket)
      return sandbox.server.transport(config)
    })
    await claimingDriver.reflect?.(ticket, { type: 'assigned', agent: { id: 'U0ADA000001', name: 'Ada' } })
    expect(ticketAt(ticket)).toMatchObject({ status: 'open' })
    await driver.reflect?.(ticket, { type: 'closed', by: 'bot' })
    expect(ticketAt(ticket)).toMatchObject({ status: 'solved' })
    expect(ticketAt(ticket).entries[0]?.text).toMatch(/Ended by the bot or the customer · was claimed by Ada$/)
  })
})

describe('checking the credentials', () => {
  it('returns the workspace, the app and the channel', async () => {
    const { driver } = await setUp()
    await expect(driver.checkCredentials()).resolves.toMatchObject({
      description: 'Sandbox as hitl-router in #support',
    })
  })

  it('names missing scopes', async () => {
    const { driver, sandbox } = await setUp()
    sandbox.switches.scopes.delete('reactions:read')
    sandbox.switches.scopes.delete('chat:write.customize')
    const error = await errorOf(driver.checkCredentials())
    expect(error.code).toBe('misconfigured')
    expect(error.message).toContain('scopes chat:write.customize, reactions:read:')
  })

  it('joins a public channel and explains how to invite the app to a private one', async () => {
    const publicChannel = await setUp({ channel: 'https://sandbox.slack.com/archives/C0PUBLIC001' })
    await expect(publicChannel.driver.checkCredentials()).resolves.toMatchObject({
      description: expect.stringContaining('#not-joined'),
    })
    expect(publicChannel.calls('conversations.join')).toEqual([{ channel: 'C0PUBLIC001' }])
    await expect(publicChannel.driver.openTicket(ticketRequest())).resolves.toHaveProperty('id')
    const privateChannel = await setUp({ channel: 'G0PRIVATE01' })
    const error = await errorOf(privateChannel.driver.checkCredentials())
    expect(error.code).toBe('misconfigured')
    expect(error.message).toContain('/invite @hitl-router')
    const archived = await setUp({ channel: 'C0ARCHIVED1' })
    expect((await errorOf(archived.driver.checkCredentials())).message).toContain('archived')
    const wrong = await setUp({ channel: 'C0NOWHERE01' })
    expect((await errorOf(wrong.driver.checkCredentials())).message).toContain('Check the channel’s id')
  })

  it('refuses a token that Slack rejects', async () => {
    const { driver } = await setUp({ botToken: 'xoxb-other' })
    expect((await errorOf(driver.checkCredentials())).code).toBe('unauthorized')
  })
})
