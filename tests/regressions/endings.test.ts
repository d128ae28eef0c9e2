/** A session ends exactly once, after its last message, and without invented messages. */
import { describe, expect, it } from 'vitest'
import type { ZendeskSandbox } from '../../providers/zendesk/sandbox'
import { captureConsole } from '../chaos/console-capture'
import { countSeen, handOver, seenBy, SETTLED_MS } from '../support/handoffs'
import type { Stage } from '../support/simulated'
import { action, DESKS, sessionAt, startAt } from './helpers'

const END = 'The human agent closed'

const stops = (stage: Stage) =>
  stage.botpress.runtime.store.events.withTags({}).filter(({ type }) => type.endsWith('hitlStopped')).length

describe.each(DESKS)('an end by the agent at %s', (desk) => {
  it('without a message shows only the end', async () => {
    const stage = await startAt(desk)
    const { bot } = stage.botpress
    const { conversationId, sandbox, ticket } = await handOver(stage)
    await bot.customerSays(conversationId, {
      type: 'bloc',
      payload: { items: [{ type: 'text', payload: { text: 'part of a bloc' } }] },
    })
    await stage.pass(SETTLED_MS)
    const before = seenBy(stage, conversationId)
    sandbox.solve(ticket().id)
    await stage.pass(SETTLED_MS)
    const [closing, ...more] = seenBy(stage, conversationId).slice(before.length)
    expect(closing).toContain(END)
    expect(more).toEqual([])
  })

  it('after an answer does not repeat the answer', async () => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk)
    sandbox.agentReplies(ticket().id, 'The last answer', { agentId })
    await stage.pass(SETTLED_MS)
    sandbox.solve(ticket().id, { agentId })
    await stage.pass(SETTLED_MS)
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, 'The last answer')).toBe(1)
    expect(countSeen(stage, conversationId, END)).toBe(1)
  })

  it('shows the last message once and before the end when deliveries are duplicated and concurrent', async () => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk, {
      switches: { latencyMs: 10 },
      instances: 3,
    })
    const { deliveries } = sandbox
    deliveries.mode = 'held'
    sandbox.solve(ticket().id, { agentId, text: 'These are my last words' })
    deliveries.waiting.push(...deliveries.waiting.map((delivery) => ({ ...delivery })))
    const sent = deliveries.flush({ parallel: true })
    await stage.pass(SETTLED_MS)
    await sent
    await stage.pass(SETTLED_MS)
    const lines = seenBy(stage, conversationId)
    const words = lines.flatMap((line, index) => (line.includes('These are my last words') ? [index] : []))
    const ends = lines.flatMap((line, index) => (line.includes(END) ? [index] : []))
    expect(words).toHaveLength(1)
    expect(ends).toEqual([lines.length - 1])
    expect(stage.botpress.bot.continued).toHaveLength(1)
    expect(stops(stage)).toBe(1)
  })

  it('by deleting the ticket is shown at the latest when the customer writes next', async () => {
    const { stage, sandbox, ticket, conversationId } = await sessionAt(desk)
    const { bot } = stage.botpress
    sandbox.remove(ticket().id)
    await stage.pass(SETTLED_MS)
    if (bot.isActive(conversationId)) await bot.customerSays(conversationId, 'are you still there?')
    await stage.pass(60_000)
    expect(bot.isActive(conversationId)).toBe(false)
    expect(countSeen(stage, conversationId, END)).toBe(1)
    expect(stops(stage)).toBe(1)
  })
})

describe.each(DESKS)('an end by the bot at %s', (desk) => {
  it('solves the ticket, notifies only agents, and causes no second end', async () => {
    const { stage, ticket, conversationId } = await sessionAt(desk)
    const before = ticket().entries.length
    await stage.botpress.bot.endByCustomer(conversationId)
    await stage.pass(SETTLED_MS)
    await stage.pass(SETTLED_MS)
    expect(ticket().status).toBe('solved')
    // Only notes and system entries: the desk would send any other entry to the customer.
    const kinds = ticket()
      .entries.slice(before)
      .map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind !== 'note' && kind !== 'system')).toEqual([])
    expect(stops(stage)).toBe(0)
    expect(countSeen(stage, conversationId, END)).toBe(0)
    expect(countSeen(stage, conversationId, 'You have ended')).toBe(1)
    expect(stage.botpress.bot.continued).toHaveLength(1)
  })

  it('is never taken for an agent’s end, even if Botpress fails to write it at first', async () => {
    const { stage, sandbox, conversationId, ticket } = await sessionAt(desk)
    const { bot, runtime } = stage.botpress
    const downstream = bot.downstreamOf(conversationId) ?? ''
    runtime.addFault({
      kind: 'status',
      // The client doesn't retry this one by itself.
      status: 409,
      by: 'integration',
      method: 'PUT',
      matches: (_request, body) => JSON.stringify(body).includes('botEndedAt'),
    })
    expect((await action(stage, 'stopHitl', { conversationId: downstream })).status).toBe(200)
    await stage.pass(180_000)
    const tags = runtime.store.conversations.get(downstream)?.tags ?? {}
    expect([tags['desk:botEndedAt'] !== undefined, tags['desk:agentEndedAt'] ?? '']).toEqual([true, ''])
    expect(sandbox.tickets().find(({ id }) => id === ticket().id)?.status).not.toBe('open')
  })

  it('succeeds for the customer when the desk fails, and the log names the unsolved ticket’s session', async () => {
    const { stage, sandbox, conversationId } = await sessionAt(desk)
    const downstream = stage.botpress.bot.downstreamOf(conversationId) ?? ''
    sandbox.server.addFault({ kind: 'status', status: 500, times: 10_000 })
    const output = captureConsole()
    let printed: string
    try {
      expect((await action(stage, 'stopHitl', { conversationId: downstream })).status).toBe(200)
      await stage.pass(180_000)
      printed = output.lines().join('\n')
    } finally {
      output.stop()
    }
    expect(printed).toContain('its ticket is not solved yet')
    expect(printed).toContain(downstream)
  })

  it('solves the ticket at the agent’s next action when the desk was unreachable', async () => {
    const { stage, sandbox, conversationId, ticket } = await sessionAt(desk)
    const downstream = stage.botpress.bot.downstreamOf(conversationId) ?? ''
    sandbox.server.addFault({ kind: 'status', status: 500, times: 10_000 })
    await action(stage, 'stopHitl', { conversationId: downstream })
    await stage.pass(60_000)
    sandbox.server.clearFaults()
    expect(ticket().status).toBe('open')
    sandbox.agentReplies(ticket().id, 'are you still there?')
    await stage.pass(SETTLED_MS)
    expect(ticket().status).not.toBe('open')
  })

  it('succeeds when the credentials have lost their permissions', async () => {
    const { stage, sandbox, conversationId } = await sessionAt(desk)
    sandbox.server.addFault({ kind: 'status', status: 403, times: 10_000 })
    await stage.botpress.bot.endByCustomer(conversationId)
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, 'You have ended')).toBe(1)
    expect(stage.botpress.bot.continued).toHaveLength(1)
    expect(stage.botpress.bot.isActive(conversationId)).toBe(false)
  })
})

describe('a ticket that Zendesk closes', () => {
  it('days after it was solved causes no second end', async () => {
    const { stage, ticket, conversationId, sandbox } = await sessionAt('zendesk')
    sandbox.solve(ticket().id)
    await stage.pass(SETTLED_MS)
    const before = seenBy(stage, conversationId)
    await stage.pass(4 * 24 * 60 * 60_000)
    const zendesk = sandbox as ZendeskSandbox
    zendesk.closeForGood(ticket().id)
    await stage.pass(SETTLED_MS)
    expect(seenBy(stage, conversationId)).toEqual(before)
    expect(stops(stage)).toBe(1)
  })

  it('by a merge ends the session, and the merge comment stays hidden', async () => {
    const { stage, ticket, conversationId, sandbox } = await sessionAt('zendesk')
    const zendesk = sandbox as ZendeskSandbox
    const target = zendesk.foreignTicket()
    zendesk.mergeTicket(ticket().id, target)
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, 'merged')).toBe(0)
    expect(countSeen(stage, conversationId, END)).toBe(1)
    expect(stage.botpress.bot.isActive(conversationId)).toBe(false)
  })
})
