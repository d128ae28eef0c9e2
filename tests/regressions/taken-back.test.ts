/** What is gone when its webhook comes: an agent's message, or the session's conversation at Botpress. */
import { describe, expect, it } from 'vitest'
import { seenBy } from '../support/handoffs'
import { DESKS, sessionAt } from './helpers'
import { connectInstances } from '../support/instances'

interface Deleting {
  deleteMessage(messageId: string): void
}

describe('a message at Slack that was deleted before its webhook came', () => {
  it('is not delivered, and the next one is', async () => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt('slack')
    sandbox.deliveries.mode = 'held'
    sandbox.agentReplies(ticket().id, 'a slip', { agentId })
    const [slip] = sandbox.deliveries.waiting.splice(0)
    const entry = ticket().entries.find(({ text }) => text === 'a slip')
    ;(sandbox as unknown as Deleting).deleteMessage(entry?.id ?? '')
    sandbox.deliveries.waiting.splice(0)
    sandbox.deliveries.mode = 'auto'
    if (!slip) throw new Error('There is no webhook')
    const { method, path, query, headers, body } = slip.request
    const reply = await stage.finish(stage.botpress.runtime.gateway.webhook({ method, path, query, headers, body }))
    expect(reply.status).toBe(200)
    sandbox.agentReplies(ticket().id, 'the right answer', { agentId })
    await stage.pass(12_000)
    const seen = seenBy(stage, conversationId).join('\n')
    expect(seen).not.toContain('a slip')
    expect(seen).toContain('the right answer')
  })
})

describe.each(DESKS)('an agent at %s whose user was deleted at Botpress', (desk) => {
  it('is made anew, and what they say next doesn’t come first', async () => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk)
    const { bot, runtime } = stage.botpress
    const sessionId = bot.downstreamOf(conversationId) ?? ''
    const { userId = '' } =
      runtime.store.messagesOf(sessionId).findLast(({ direction }) => direction === 'incoming') ?? {}
    runtime.store.users.remove(userId)
    sandbox.deliveries.mode = 'held'
    sandbox.agentReplies(ticket().id, 'one', { agentId })
    sandbox.agentReplies(ticket().id, 'two', { agentId })
    sandbox.deliveries.mode = 'auto'
    sandbox.agentReplies(ticket().id, 'three', { agentId })
    await stage.pass(120_000)
    const seen = seenBy(stage, conversationId).flatMap((line) => /: (one|two|three)$/.exec(line)?.[1] ?? [])
    expect(seen).toEqual(['one', 'two', 'three'])
  })
})

describe.each(DESKS)('an agent at %s whose user is deleted while their webhook is applied', (desk) => {
  it('is made anew at once, and what a colleague says next doesn’t come first', async () => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk)
    const { bot, runtime } = stage.botpress
    const sessionId = bot.downstreamOf(conversationId) ?? ''
    const { userId = '' } =
      runtime.store.messagesOf(sessionId).findLast(({ direction }) => direction === 'incoming') ?? {}
    const colleague = sandbox.agents.find(({ id }) => id !== agentId)?.id ?? ''
    // After the look-up of the agent, before their message is created.
    const [instance] = connectInstances(stage, 1).all
    instance?.delayAt(500, ({ path, body }) => path.endsWith('/initialize-incoming-message') && body.includes('one'))
    sandbox.deliveries.mode = 'held'
    sandbox.agentReplies(ticket().id, 'one', { agentId })
    sandbox.deliveries.mode = 'auto'
    sandbox.agentReplies(ticket().id, 'two', { agentId: colleague })
    await stage.pass(400)
    runtime.store.users.remove(userId)
    await stage.pass(120_000)
    const seen = seenBy(stage, conversationId).flatMap((line) => /: (one|two)$/.exec(line)?.[1] ?? [])
    expect(seen).toEqual(['one', 'two'])
  })
})

describe.each(DESKS)('a session at %s whose conversation was deleted at Botpress', (desk) => {
  it.each(['has', 'has never'])('is an orphan at an instance that %s met it: its agents are told', async (has) => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk)
    const { store } = stage.botpress.runtime
    store.conversations.remove(stage.botpress.bot.downstreamOf(conversationId) ?? '')
    if (has === 'has never') stage.restart()
    sandbox.agentReplies(ticket().id, 'anybody there?', { agentId })
    await stage.pass(120_000)
    expect(ticket().entries.filter(({ text }) => text.includes('conversation was deleted'))).toHaveLength(1)
    expect(ticket().status).not.toBe('open')
    const attempts = sandbox.deliveries.log.length
    await stage.pass(600_000)
    expect(sandbox.deliveries.log).toHaveLength(attempts)
  })

  it('stays as it is when it is another bot’s', async () => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk)
    const { runtime } = stage.botpress
    runtime.store.conversations.remove(stage.botpress.bot.downstreamOf(conversationId) ?? '')
    runtime.identity.botId = 'another_bot'
    stage.restart()
    sandbox.agentReplies(ticket().id, 'anybody there?', { agentId })
    await stage.pass(120_000)
    expect(ticket().entries.filter(({ text }) => text.includes('conversation was deleted'))).toEqual([])
  })
})
