/** Sessions in which nobody writes any more. */
import { describe, expect, it } from 'vitest'
import { countSeen, handOver, seenBy, SETTLED_MS } from './support/handoffs'
import { action } from './support/actions'
import { DESKS, sessionAt, startAt } from './regressions/helpers'

const MINUTE_MS = 60_000
const END = 'The human agent closed'

const endIdle = async (stage: Parameters<typeof action>[0], input: Record<string, unknown> = {}) =>
  (await action(stage, 'endIdleSessions', input)) as {
    status: number
    message?: string
    output?: Record<string, unknown>
  }

describe.each(DESKS)('an idle session at %s', (desk) => {
  it('ends: the customer hears of it once, and the ticket is solved with a note', async () => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk)
    sandbox.agentReplies(ticket().id, 'Is it better now?', { agentId })
    await stage.pass(SETTLED_MS)
    await stage.pass(31 * MINUTE_MS)
    const calls = [
      endIdle(stage, { idleMinutes: 30, say: 'We close this for now.' }),
      endIdle(stage, { idleMinutes: 30 }),
    ]
    await Promise.all(calls)
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, 'We close this for now.')).toBe(1)
    expect(countSeen(stage, conversationId, END)).toBe(1)
    expect(seenBy(stage, conversationId).at(-1)).toContain(END)
    expect(ticket().status).not.toBe('open')
    const notes = ticket().entries.filter(({ text }) => text.includes('Nobody wrote for 30 minutes'))
    expect(notes).toHaveLength(1)
    expect(await endIdle(stage, { idleMinutes: 30 })).toMatchObject({ output: { ended: 0, open: 0, complete: true } })
    sandbox.agentReplies(ticket().id, 'Too late', { agentId })
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, 'Too late')).toBe(0)
    expect(ticket().entries.some(({ text }) => text.includes('ended because nobody wrote'))).toBe(true)
  })

  it('goes on when somebody has written in time', async () => {
    const { stage, conversationId } = await sessionAt(desk)
    await stage.pass(29 * MINUTE_MS)
    await stage.botpress.bot.customerSays(conversationId, 'I am still here')
    await stage.pass(5 * MINUTE_MS)
    expect(await endIdle(stage, { idleMinutes: 30 })).toMatchObject({ output: { ended: 0, open: 1, complete: true } })
    expect(countSeen(stage, conversationId, END)).toBe(0)
  })

  it('is solved later when its desk is down at the end', async () => {
    const { stage, sandbox, ticket, conversationId } = await sessionAt(desk)
    await stage.pass(31 * MINUTE_MS)
    sandbox.server.addFault({ kind: 'status', status: 500, times: 200 })
    await endIdle(stage, { idleMinutes: 30 })
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, END)).toBe(1)
    sandbox.server.clearFaults()
    sandbox.agentReplies(ticket().id, 'Hello?', {})
    await stage.pass(SETTLED_MS)
    expect(ticket().status).not.toBe('open')
    expect(countSeen(stage, conversationId, END)).toBe(1)
  })
})

it('counts minutes of its own, and only those where the call says none', async () => {
  const stage = await startAt(DESKS[0] ?? '')
  const own = await handOver(stage, { hitlSession: { idleMinutes: 5 } })
  const other = await handOver(stage, {}, { name: 'Somebody else' })
  await stage.pass(10 * MINUTE_MS)
  expect(await endIdle(stage)).toMatchObject({ output: { ended: 1, open: 1, complete: true } })
  await stage.pass(SETTLED_MS)
  expect(countSeen(stage, own.conversationId, END)).toBe(1)
  expect(countSeen(stage, other.conversationId, END)).toBe(0)
})

it.each([{ idleMinutes: 0 }, { idleMinutes: 'ten' }, { say: 7 }])('%j is refused with a sentence', async (input) => {
  const stage = await startAt(DESKS[0] ?? '')
  const { status, message } = await endIdle(stage, input)
  expect(status).toBe(400)
  expect(message).toContain('End idle sessions takes')
})
