/** Orphan tickets: tickets of the router without a session, left by a handoff that never learned of them. */
import { describe, expect, it } from 'vitest'
import { handOver, seenBy, SETTLED_MS, ticketsOf } from '../support/handoffs'
import type { Stage } from '../support/simulated'
import { DESKS, startAt } from './helpers'

/** The desk creates the ticket, loses the response, and then stays unreachable until its faults are cleared. */
const loseResponses = (stage: Stage, desk: string): void => {
  const { server, tickets } = stage.sandbox(desk)
  const isCreated = (): boolean => tickets().length > 0
  const isWrite = ({ method, path }: { method: string; path: string }): boolean =>
    method === 'POST' && !/oauth|contacts|users|auth|search/.test(path)
  server.addFault({ kind: 'status', status: 500, times: 10_000, matches: isCreated })
  server.addFault({ kind: 'status', status: 500, effect: 'after', matches: isWrite })
}

const orphanAt = async (desk: string, hitlSession: Record<string, unknown>) => {
  const stage = await startAt(desk, { sockets: false })
  const { bot } = stage.botpress
  const { conversationId } = bot.newCustomer({ name: 'Eve Customer' })
  await stage.finish(bot.customerSays(conversationId, 'my printer burns'))
  loseResponses(stage, desk)
  const input = { title: 'Printer on fire', description: 'It burns', hitlSession }
  const refusal = await stage.finish(
    bot.startHitl(conversationId, input).then(
      () => undefined,
      (error: unknown) => String(error)
    )
  )
  const sandbox = stage.sandbox(desk)
  sandbox.server.clearFaults()
  const orphan = () => {
    const [ticket, ...others] = sandbox.tickets()
    expect(others).toEqual([])
    if (!ticket) throw new Error('No ticket was left')
    return ticket
  }
  const notesAfterReply = async (text: string): Promise<string[]> => {
    sandbox.agentReplies(orphan().id, text, { agentId: sandbox.agents[0]?.id ?? '' })
    await stage.pass(10 * 60_000)
    return orphan().entries.flatMap((entry) => (entry.kind === 'note' ? [entry.text] : []))
  }
  return { stage, conversationId, refusal, orphan, notesAfterReply }
}

describe.each(DESKS)('an orphan ticket at %s', (desk) => {
  it('is closed when an agent replies in it, with a note that the handoff had failed', async () => {
    const { stage, conversationId, refusal, orphan, notesAfterReply } = await orphanAt(desk, {
      provider: desk,
      strict: true,
    })
    expect(refusal).toContain('No desk took the handoff')
    const before = seenBy(stage, conversationId)
    const notes = await notesAfterReply('Hello, I am Ada')
    expect(notes.filter((note) => note.includes('had failed'))).toHaveLength(1)
    expect(orphan().status).not.toBe('open')
    expect(seenBy(stage, conversationId)).toEqual(before)
  })

  it('causes no loop of requests when an agent solves it', async () => {
    const { stage, orphan } = await orphanAt(desk, { provider: desk, strict: true })
    const sandbox = stage.sandbox(desk)
    const before = sandbox.server.requests.length
    sandbox.solve(orphan().id)
    await stage.pass(30 * 60_000)
    expect(orphan().status).not.toBe('open')
    expect(sandbox.server.requests.length - before).toBeLessThan(12)
  })

  it('is also closed after another desk took the handoff, and the session continues there', async () => {
    const { stage, conversationId, refusal, orphan, notesAfterReply } = await orphanAt(desk, {})
    expect(refusal).toBeUndefined()
    const notes = await notesAfterReply('Hello, I am Ada')
    expect(notes.filter((note) => note.includes('was taken up in another ticket'))).toHaveLength(1)
    expect(orphan().status).not.toBe('open')
    expect(seenBy(stage, conversationId).join('\n')).not.toContain('I am Ada')
    const [session, ...others] = ticketsOf(stage).filter((ticket) => ticket.desk !== desk)
    expect(others).toEqual([])
    expect(session?.status).toBe('open')
    stage.sandbox(session?.desk ?? '').agentReplies(session?.id ?? '', 'Here I am')
    await stage.pass(SETTLED_MS)
    expect(seenBy(stage, conversationId).join('\n')).toContain('Here I am')
  })
})

describe.each(DESKS)('a ticket at %s of another bot’s installation', (desk) => {
  it('stays unchanged, and its deliveries are accepted', async () => {
    const identity = { botId: 'another-bot' }
    const stage = await startAt(desk, { identity })
    const { sandbox, ticket } = await handOver(stage)
    const { store } = stage.botpress.runtime
    for (const { id } of store.conversations.withTags({}))
      if (ticket().conversationId === id) store.conversations.remove(id)
    stage.botpress.runtime.identity.botId = 'bot-1'
    stage.restart()
    const before = ticket().entries.length
    const deliveredBefore = sandbox.deliveries.log.length
    sandbox.agentReplies(ticket().id, 'Hello, I am Ada')
    await stage.pass(10 * 60_000)
    const statuses = sandbox.deliveries.log.slice(deliveredBefore).map(({ reply }) => reply?.status)
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(
      ticket()
        .entries.slice(before)
        .map(({ kind }) => kind)
    ).not.toContain('note')
    expect(ticket().status).toBe('open')
  })
})
