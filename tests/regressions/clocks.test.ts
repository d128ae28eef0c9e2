/** The clocks of instances differ by seconds: nothing is lost, doubled or reordered. */
import { describe, expect, it } from 'vitest'
import { countSeen, handOver, seenBy, SETTLED_MS, ticketsOf } from '../support/handoffs'
import { connectInstances } from '../support/instances'
import { DESKS, startAt } from './helpers'

const range = (count: number) => Array.from({ length: count }, (_unused, index) => index)

/** How far the clocks of the instances are ahead, in milliseconds. */
const CLOCKS: [string, number[]][] = [
  ['400 ms', [0, 400]],
  ['2 s', [2_000, 0]],
  ['-2 s', [0, -2_000]],
  ['5 s', [0, 5_000]],
  ['-5 s', [-5_000, 0]],
  ['up to 5 s, of eight instances', [0, 5_000, -5_000, 2_000, -2_000, 400, -400, 1_000]],
  ['5 s, of eight instances', range(8).map((index) => (index % 2 === 0 ? 5_000 : -5_000))],
]

describe.each(DESKS)('a session at %s on instances whose clocks differ', (desk) => {
  it.each(CLOCKS)('by %s is whole, warm and cold', async (_what, clocksMs) => {
    for (const [turn, isWarm] of [
      [0, false],
      [1, false],
      [0, true],
    ] as const) {
      const stage = await startAt(desk, { sockets: false, switches: { latencyMs: 20 } })
      const { bot, runtime } = stage.botpress
      const instances = connectInstances(stage, clocksMs.length, { clocksMs })
      instances.takeTurns(turn)
      if (isWarm) {
        // Every instance has served another session before.
        const other = await handOver(stage)
        for (const index of clocksMs.keys()) {
          await stage.finish(bot.customerSays(other.conversationId, `warm ${index}`))
          await stage.pass(1_000)
        }
        await stage.finish(bot.endByCustomer(other.conversationId))
        await stage.pass(SETTLED_MS)
      }
      const before = ticketsOf(stage).length
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
      expect(ticketsOf(stage)).toHaveLength(before + 1)
      const agentId = sandbox.agents[0]?.id ?? ''
      const entries = ticket().entries.length
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
      const said = ticket().entries.slice(entries)
      expect(said.flatMap(({ text }) => /^(three|four)$/.exec(text)?.[1] ?? [])).toEqual(['three', 'four'])
      expect(countSeen(stage, conversationId, 'joined')).toBe(1)
      expect(countSeen(stage, conversationId, 'The human agent closed')).toBe(1)
      expect(said.filter(({ text }) => text.includes('not delivered'))).toEqual([])
    }
  })
})
