/** A webhook that was sent before its ticket moved, and comes after its session has followed. */
import { expect, it } from 'vitest'
import { handOver, seenBy, SETTLED_MS } from '../support/handoffs'
import { DESKS, startAt, takeDeliveries } from './helpers'

const cases = DESKS.flatMap((desk) => [
  [desk, 'warm'],
  [desk, 'cold'],
])

it.each(cases)('of a ticket at %s leaves the session whole, on a %s instance', async (desk, instance) => {
  const stage = await startAt(desk)
  const { sandbox, ticket, conversationId } = await handOver(stage)
  const { bot } = stage.botpress
  const { id } = ticket()
  const [agentId = '', other = ''] = sandbox.agents.map((agent) => agent.id)
  sandbox.assign(id, other)
  sandbox.agentReplies(id, 'before the move', { agentId })
  const late = takeDeliveries(sandbox)
  // A channel gets another id, or the ticket is merged into another one of the same customer.
  let movedTo = sandbox.mergeTicket?.(id)
  if (movedTo === undefined) {
    sandbox.changeAddress?.(id)
    const sessionId = bot.downstreamOf(conversationId)
    movedTo = sandbox.tickets().find((one) => one.conversationId === sessionId)?.id ?? ''
  }
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
