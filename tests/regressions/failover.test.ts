/** A desk that is down doesn't keep the customer waiting: the next one takes over, with one ticket in the end. */
import { describe, expect, it } from 'vitest'
import { SETTLED_MS, ticketsOf } from '../support/handoffs'
import { action, DESKS, startAt } from './helpers'
import type { Stage } from '../support/simulated'

const SOON_MS = 8_000
const isTicketWrite = ({ method, path }: { method: string; path: string }): boolean =>
  method === 'POST' && !/oauth|contacts|users|auth|search/.test(path)

const start = async (stage: Stage, hitlSession: Record<string, unknown> = {}) => {
  const { output } = await action(stage, 'createUser', { name: 'Eve' })
  const from = stage.clock.now()
  const input = { userId: output?.userId, title: 'Printer', messageHistory: [], hitlSession }
  const started = await action(stage, 'startHitl', input)
  return { ...started, tookMs: stage.clock.now() - from }
}

type Outage = (stage: Stage, desk: string) => void

const OUTAGES: [string, Outage][] = [
  ['is down', (stage, desk) => stage.sandbox(desk).server.addFault({ kind: 'status', status: 503, times: 10_000 })],
  [
    'takes no ticket',
    (stage, desk) =>
      stage.sandbox(desk).server.addFault({ kind: 'status', status: 503, times: 10_000, matches: isTicketWrite }),
  ],
  [
    'takes a ticket, answers 503 and is down',
    (stage, desk) => {
      const { server, tickets } = stage.sandbox(desk)
      server.addFault({ kind: 'status', status: 503, times: 10_000, matches: () => tickets().length > 0 })
      server.addFault({ kind: 'status', status: 503, effect: 'after', matches: isTicketWrite })
    },
  ],
  ['breaks connections', (stage, desk) => stage.sandbox(desk).server.addFault({ kind: 'disconnect', times: 10_000 })],
  ['is silent', (stage, desk) => stage.sandbox(desk).server.addFault({ kind: 'timeout', times: 10_000 })],
]

describe.each(DESKS)('%s', (desk) => {
  it.each(OUTAGES)('%s: the next desk has the ticket soon', async (_what, begin) => {
    const stage = await startAt(desk, { sockets: false })
    begin(stage, desk)
    const { status, message, tookMs } = await start(stage)
    expect(message ?? status).toBe(200)
    expect(tookMs).toBeLessThan(SOON_MS)
    const { server, tickets, agents, agentReplies } = stage.sandbox(desk)
    server.clearFaults()
    expect(ticketsOf(stage).filter((ticket) => ticket.desk !== desk)).toHaveLength(1)
    for (const orphan of tickets()) {
      agentReplies(orphan.id, 'Hello', { agentId: agents[0]?.id ?? '' })
      await stage.pass(10 * SETTLED_MS)
    }
    const open = Object.values(stage.sandboxes).flatMap((sandbox) =>
      sandbox.tickets().filter((ticket) => ticket.status === 'open')
    )
    expect(open).toHaveLength(1)
    for (const { entries } of tickets())
      expect(entries.filter(({ text }) => text.includes('was taken up in another ticket'))).toHaveLength(1)
  })

  it.each(OUTAGES)('%s, and no other may take it: the bot learns it soon', async (what, begin) => {
    const stage = await startAt(desk, { sockets: false })
    begin(stage, desk)
    const { status, message, tookMs } = await start(stage, { provider: desk, strict: true })
    expect(status).toBe(400)
    expect(message).toContain('No desk took the handoff')
    expect(tookMs).toBeLessThan(SOON_MS + 2_000)
    if (what === 'is silent') expect(message).toMatch(/not answered for \d+ s/)
  })
})
