/** A webhook that was sent before its ticket moved, and comes after its session has followed. */
import { expect, it } from 'vitest'
import type { Sandbox } from '../../providers/kit/sandbox'
import { handOver, seenBy, SETTLED_MS } from '../support/handoffs'
import type { Stage } from '../support/simulated'
import { DESKS, startAt, takeDeliveries } from './helpers'

const cases = DESKS.flatMap((desk) => [
  [desk, 'warm'],
  [desk, 'cold'],
])

/** A channel gets another id, or the ticket is merged into another one of the same customer. */
const move = (stage: Stage, sandbox: Sandbox, id: string, upstreamId: string): string => {
  const into = sandbox.mergeTicket?.(id)
  if (into !== undefined) return into
  sandbox.changeAddress?.(id)
  const sessionId = stage.botpress.bot.downstreamOf(upstreamId)
  return sandbox.tickets().find(({ conversationId }) => conversationId === sessionId)?.id ?? ''
}

it.each(cases)('of a ticket at %s leaves the session whole, on a %s instance', async (desk, instance) => {
  const stage = await startAt(desk)
  const { sandbox, ticket, conversationId } = await handOver(stage)
  const { bot } = stage.botpress
  const { id } = ticket()
  const [agentId = '', other = ''] = sandbox.agents.map((agent) => agent.id)
  sandbox.assign(id, other)
  sandbox.agentReplies(id, 'before the move', { agentId })
  const late = takeDeliveries(sandbox)
  const movedTo = move(stage, sandbox, id, conversationId)
  const hints = takeDeliveries(sandbox)
  await stage.finish(bot.customerSays(conversationId, 'are you there?'))
  await stage.pass(SETTLED_MS)
  if (instance === 'cold') stage.restart()
  sandbox.deliveries.waiting.push(...hints, ...late)
  await stage.pass(SETTLED_MS)
  sandbox.agentReplies(movedTo, 'after the move', { agentId })
  await stage.pass(SETTLED_MS)
  const now = sandbox.tickets().find((one) => one.id === movedTo)
  expect(now?.status).toBe('open')
  expect(now?.entries.filter(({ text }) => /not delivered|no longer reach/.test(text))).toEqual([])
  expect(bot.isActive(conversationId)).toBe(true)
  expect(seenBy(stage, conversationId).at(-1)).toContain('after the move')
  sandbox.solve(movedTo, { agentId })
  await stage.pass(SETTLED_MS)
  expect(bot.isActive(conversationId)).toBe(false)
})

// At Zendesk nothing in the other ticket's webhooks tells that it is ours: the merge's own webhook does.
const marked = cases.filter(([desk]) => desk !== 'zendesk')

it.each(marked)(
  'of a ticket at %s brings what was said before the move, first, on a %s instance',
  async (desk, instance) => {
    const stage = await startAt(desk)
    const { sandbox, ticket, conversationId } = await handOver(stage)
    const { id } = ticket()
    const [agentId = ''] = sandbox.agents.map((agent) => agent.id)
    sandbox.agentReplies(id, 'one', { agentId })
    await stage.pass(SETTLED_MS)
    sandbox.agentReplies(id, 'two', { agentId })
    const movedTo = move(stage, sandbox, id, conversationId)
    sandbox.agentReplies(movedTo, 'three', { agentId })
    // Everything but the newest webhook is lost.
    const [last] = takeDeliveries(sandbox).slice(-1)
    if (instance === 'cold') stage.restart()
    if (last) sandbox.deliveries.waiting.push(last)
    await stage.pass(SETTLED_MS)
    sandbox.agentReplies(movedTo, 'four', { agentId })
    await stage.pass(SETTLED_MS)
    const seen = seenBy(stage, conversationId).flatMap((line) => /: (one|two|three|four)$/.exec(line)?.[1] ?? [])
    expect(seen).toEqual(['one', 'two', 'three', 'four'])
  }
)

it.each(cases)(
  'of a ticket at %s is lost: what was said before the customer’s words followed comes first, on a %s instance',
  async (desk, instance) => {
    const stage = await startAt(desk)
    const { sandbox, ticket, conversationId } = await handOver(stage)
    const { id } = ticket()
    const [agentId = ''] = sandbox.agents.map((agent) => agent.id)
    sandbox.agentReplies(id, 'one', { agentId })
    await stage.pass(SETTLED_MS)
    sandbox.agentReplies(id, 'two', { agentId })
    const movedTo = move(stage, sandbox, id, conversationId)
    takeDeliveries(sandbox)
    await stage.finish(stage.botpress.bot.customerSays(conversationId, 'are you there?'))
    takeDeliveries(sandbox)
    if (instance === 'cold') stage.restart()
    await stage.finish(stage.botpress.bot.customerSays(conversationId, 'hello?'))
    sandbox.agentReplies(movedTo, 'three', { agentId })
    await stage.pass(SETTLED_MS)
    sandbox.agentReplies(movedTo, 'four', { agentId })
    await stage.pass(SETTLED_MS)
    const seen = seenBy(stage, conversationId).flatMap((line) => /: (one|two|three|four)$/.exec(line)?.[1] ?? [])
    expect(seen).toEqual(['one', 'two', 'three', 'four'])
    const entries = sandbox.tickets().find((one) => one.id === movedTo)?.entries ?? []
    for (const text of ['are you there?', 'hello?']) expect(entries.filter((one) => one.text === text)).toHaveLength(1)
  }
)
