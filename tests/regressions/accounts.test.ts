/** A ticket's number is not its identity: the account belongs to it. */
import { describe, expect, it } from 'vitest'
import type { Stage } from '../support/simulated'
import { countSeen, handOver, seenBy, SETTLED_MS, ticketsOf } from '../support/handoffs'
import { DESKS, sessionAt, startAt } from './helpers'

interface Account {
  id: string
  credentials: string
  botId?: string
}

const installationOf = ({ botpress: { runtime } }: Stage) => {
  const { alias, integrationId } = runtime.identity
  const state = runtime.store.states.get([alias, 'integration', integrationId, 'installation'].join('|'))
  return state?.payload as { accounts: Record<string, Account> }
}

/** The session was opened with credentials of another account than those that are saved now. */
const moveSession = (stage: Stage, upstreamId: string, more: Record<string, string> = {}): void => {
  const { bot, runtime } = stage.botpress
  const conversation = runtime.store.conversations.get(bot.downstreamOf(upstreamId) ?? '')
  if (!conversation) throw new Error('There is no session')
  const tags = { account: 'another-account', ...more }
  const named = Object.entries(tags).map(([name, value]) => [`desk:${name}`, value])
  runtime.store.conversations.retag(conversation, Object.fromEntries(named) as Record<string, string>)
  stage.restart()
}

const isWrite = ({ method, path }: { method: string; path: string }): boolean =>
  method !== 'GET' && !/oauth|search|auth\.test|conversations\.(?:replies|history|info)|users\.info/.test(path)

describe.each(DESKS)('a session at %s', (desk) => {
  it('knows the account of its ticket', async () => {
    const stage = await startAt(desk)
    const { conversationId } = await handOver(stage)
    const { bot, runtime } = stage.botpress
    const { id } = installationOf(stage).accounts[desk] ?? { id: '' }
    expect(id).not.toBe('')
    expect(runtime.store.conversations.get(bot.downstreamOf(conversationId) ?? '')?.tags['desk:account']).toBe(id)
  })

  it('of another account is left alone, and says so', async () => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk)
    const { bot, runtime } = stage.botpress
    moveSession(stage, conversationId)
    const before = { entries: ticket().entries.length, requests: sandbox.server.requests.length }
    const seen = seenBy(stage, conversationId)
    await bot.customerSays(conversationId, 'are you there?')
    await stage.pass(SETTLED_MS)
    sandbox.agentReplies(ticket().id, 'In a ticket of the same number', { agentId })
    sandbox.assign(ticket().id, sandbox.agents[1]?.id ?? '')
    await stage.pass(SETTLED_MS)
    expect(seenBy(stage, conversationId)).toEqual(seen)
    sandbox.solve(ticket().id, { agentId })
    await stage.pass(SETTLED_MS)
    expect(bot.isActive(conversationId)).toBe(true)
    sandbox.reopen(ticket().id)
    const status = ticket().status
    await bot.endByCustomer(conversationId)
    await stage.pass(120_000)
    expect(seenBy(stage, conversationId).at(-1)).toContain('You have ended the session')
    expect(ticket().status).toBe(status)
    expect(
      ticket()
        .entries.slice(before.entries)
        .filter(({ kind }) => kind === 'note')
    ).toEqual([])
    expect(sandbox.server.requests.slice(before.requests).filter(isWrite)).toEqual([])
    const refusals = runtime.deliveries.filter(({ to, kind, status: answer }) => {
      return to === 'integration' && kind === 'message' && answer === 400
    })
    expect(refusals.length).toBeGreaterThan(0)
  })

  it('gets what agents write in its own account, though another session has the same number', async () => {
    const stage = await startAt(desk)
    const old = await handOver(stage)
    const current = await handOver(stage)
    moveSession(stage, old.conversationId, { ticketId: current.ticket().id })
    current.sandbox.agentReplies(current.ticket().id, 'Hello')
    await stage.pass(SETTLED_MS)
    expect([old, current].map(({ conversationId }) => countSeen(stage, conversationId, 'Hello'))).toEqual([0, 1])
  })

  it('goes on with other credentials of the same account, saved or about to be', async () => {
    const { stage, ticket, conversationId, sandbox, agentId } = await sessionAt(desk)
    const account = installationOf(stage).accounts[desk]
    Object.assign(account ?? {}, { credentials: 'of-earlier-credentials' })
    stage.restart()
    await stage.botpress.bot.customerSays(conversationId, 'are you there?')
    sandbox.agentReplies(ticket().id, 'Still here', { agentId })
    await stage.pass(SETTLED_MS)
    expect(ticket().entries.some(({ text }) => text === 'are you there?')).toBe(true)
    expect(countSeen(stage, conversationId, 'Still here')).toBe(1)
    await stage.save(stage.botpress.runtime.gateway.configuration as Record<string, unknown>)
    expect(installationOf(stage).accounts[desk]?.credentials).not.toBe('of-earlier-credentials')
  })

  it('waits while Botpress can’t say whose account it is', async () => {
    const { stage, ticket, conversationId } = await sessionAt(desk)
    const { bot, runtime } = stage.botpress
    stage.restart()
    for (const kind of ['timeout', 'status'] as const)
      runtime.addFault({ kind, status: 500, method: 'GET', path: /\/states\/integration\/.*\/installation$/ })
    await stage.finish(bot.customerSays(conversationId, 'are you there?'))
    await stage.finish(bot.customerSays(conversationId, 'hello?'))
    await stage.pass(SETTLED_MS)
    const texts = ticket().entries.flatMap(({ text }) => text.match(/are you there\?|hello\?/g) ?? [])
    expect(texts).toEqual(['are you there?', 'hello?'])
  })

  it('makes a contact of its own in another account', async () => {
    const stage = await startAt(desk)
    const { userId, conversationId, sandbox } = await handOver(stage)
    await stage.botpress.bot.endByCustomer(conversationId)
    await stage.pass(SETTLED_MS)
    const account = installationOf(stage).accounts[desk]
    Object.assign(account ?? {}, { id: 'another-account' })
    stage.restart()
    const from = sandbox.server.requests.length
    const second = stage.botpress.bot.newConversation(userId)
    await stage.finish(stage.botpress.bot.customerSays(second, 'my scanner smokes'))
    await stage.finish(stage.botpress.bot.startHitl(second, { title: 'Scanner' }))
    const asked = sandbox.server.requests.slice(from).map(({ method, path }) => `${method} ${path}`)
    expect(asked.some((request) => /users|contacts/.test(request))).toBe(desk !== 'slack')
    expect(ticketsOf(stage)).toHaveLength(2)
  })

  it('shows nothing that its own bot user has written, pushed or read', async () => {
    const { stage, ticket, conversationId, sandbox, agentId } = await sessionAt(desk)
    Object.assign(installationOf(stage).accounts[desk] ?? {}, { botId: agentId })
    stage.restart()
    sandbox.agentReplies(ticket().id, 'An own post without marks', { agentId })
    await stage.pass(SETTLED_MS)
    sandbox.agentReplies(ticket().id, 'An answer', { agentId: sandbox.agents[1]?.id ?? '' })
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, 'An own post')).toBe(0)
    expect(countSeen(stage, conversationId, 'An answer')).toBe(1)
    // Nor does a note answer it after the end.
    await stage.botpress.bot.endByCustomer(conversationId)
    await stage.pass(SETTLED_MS)
    const before = ticket().entries.length
    sandbox.agentReplies(ticket().id, 'Another own post', { agentId })
    await stage.pass(10 * SETTLED_MS)
    expect(
      ticket()
        .entries.slice(before)
        .filter(({ kind }) => kind === 'note')
    ).toEqual([])
  })
})
