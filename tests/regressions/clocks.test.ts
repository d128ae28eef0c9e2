/** The clocks of instances differ by seconds: nothing is lost, doubled or reordered. */
import { describe, expect, it } from 'vitest'
import { countSeen, handOver, seenBy, SETTLED_MS, ticketsOf } from '../support/handoffs'
import { connectInstances } from '../support/instances'
import { DESKS, startAt } from './helpers'

/** Stated in docs/RELIABILITY.md. */
const TOLERATED_MS = 400

describe.each(DESKS)('a session at %s on instances whose clocks differ', (desk) => {
  it.each([
    [0, TOLERATED_MS],
    [TOLERATED_MS, 0],
    [-TOLERATED_MS / 2, TOLERATED_MS / 2],
  ])('by %i and %i ms is whole', async (one, other) => {
    for (const turn of [0, 1]) {
      const stage = await startAt(desk, { sockets: false, switches: { latencyMs: 20 } })
      const { bot, runtime } = stage.botpress
      const instances = connectInstances(stage, 2, { clocksMs: [one, other] })
      instances.takeTurns(turn)
      runtime.addFault({
        kind: 'status',
        status: 502,
        effect: 'after',
        by: 'bot',
        path: '/actions',
        times: 2,
        matches: (_call, body) => String((body as { type?: string }).type).endsWith(':startHitl'),
      })
      const { conversationId, sandbox, ticket } = await handOver(stage)
      expect(ticketsOf(stage)).toHaveLength(1)
      const agentId = sandbox.agents[0]?.id ?? ''
      const before = ticket().entries.length
      sandbox.agentReplies(ticket().id, 'one', { agentId })
      await stage.pass(100)
      sandbox.agentReplies(ticket().id, 'two', { agentId })
      await stage.finish(bot.customerSays(conversationId, 'three'))
      await stage.finish(bot.customerSays(conversationId, 'four'))
      await stage.pass(SETTLED_MS)
      sandbox.agentReplies(ticket().id, 'five', { agentId })
      await stage.pass(SETTLED_MS)
      sandbox.agentReplies(ticket().id, 'six', { agentId })
      await stage.pass(1_000)
      sandbox.solve(ticket().id, { agentId })
      await stage.pass(2 * SETTLED_MS)
      const answers = seenBy(stage, conversationId).flatMap((line) => /: (one|two|five|six)$/.exec(line)?.[1] ?? [])
      expect(answers).toEqual(['one', 'two', 'five', 'six'])
      const said = ticket().entries.slice(before)
      expect(said.flatMap(({ text }) => /^(three|four)$/.exec(text)?.[1] ?? [])).toEqual(['three', 'four'])
      expect(countSeen(stage, conversationId, 'joined')).toBe(1)
      expect(countSeen(stage, conversationId, 'The human agent closed')).toBe(1)
      expect(said.filter(({ text }) => text.includes('not delivered'))).toEqual([])
    }
  })
})
