/** What was listed is compared again: a Cloud that ignores a filter makes nothing look done. */
import { describe, expect, it } from 'vitest'
import { countSeen, handOver, JOINED, seenBy, SETTLED_MS } from '../support/handoffs'
import { DESKS, sessionAt, startAt } from './helpers'

const SWITCHES = { switches: { ignoresFilters: true } }

describe.each(DESKS)('at %s, where listings ignore tags and types', (desk) => {
  it('an agent’s end whose event got no answer reaches the bot once', async () => {
    for (const effect of ['before', 'after'] as const) {
      const { stage, sandbox, ticket, conversationId } = await sessionAt(desk, SWITCHES)
      // Both events of an assignment have the end's conversation in their payload.
      sandbox.assign(ticket().id, sandbox.agents[1]?.id ?? '')
      await stage.pass(SETTLED_MS)
      stage.botpress.runtime.addFault({ kind: 'status', status: 500, effect, by: 'integration', path: '/events' })
      sandbox.solve(ticket().id)
      await stage.pass(3 * SETTLED_MS)
      expect(countSeen(stage, conversationId, 'The human agent closed'), effect).toBe(1)
      expect(stage.botpress.bot.isActive(conversationId)).toBe(false)
    }
  })

  it('messages of agents arrive once, also those that are scheduled', async () => {
    const stage = await startAt(desk, SWITCHES)
    const others = [await handOver(stage), await handOver(stage)]
    const { sandbox, ticket, conversationId } = await handOver(stage)
    for (const other of others) sandbox.agentReplies(other.ticket().id, 'Another answer')
    sandbox.agentReplies(ticket().id, 'First answer')
    sandbox.agentReplies(ticket().id, 'Second answer')
    await stage.pass(2 * SETTLED_MS)
    const seen = seenBy(stage, conversationId)
    expect(seen.filter((line) => line.includes('answer')).map((line) => line.replace(/^.*: /, ''))).toEqual([
      'First answer',
      'Second answer',
    ])
    expect(countSeen(stage, conversationId, JOINED)).toBe(1)
  })

  it('an agent is told of a message that came after the end', async () => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk, SWITCHES)
    await stage.botpress.bot.endByCustomer(conversationId)
    await stage.pass(SETTLED_MS)
    sandbox.agentReplies(ticket().id, 'Too late', { agentId })
    await stage.pass(2 * SETTLED_MS)
    expect(ticket().entries.filter(({ text }) => text.includes('not delivered'))).toHaveLength(1)
  })
})
