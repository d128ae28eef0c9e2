/** What a caller does late, on knowledge that another caller has outdated meanwhile. */
import { describe, expect, it } from 'vitest'
import { API_TIMEOUT_MS, START_LEASE_MS } from '../../src/botpress/timing'
import { seenBy, ticketsOf } from '../support/handoffs'
import { connectInstances, type Asked, type Instance } from '../support/instances'
import { DESKS, GIVEN_UP_MS, open } from '../support/outbox'
import type { Stage } from '../support/simulated'
import { action, startAt } from './helpers'

const emitsEnd = ({ side, path, body }: Asked): boolean =>
  side === 'api' && path.endsWith('/events') && body.includes('hitlStopped')

const storesContact = ({ side, method, path, body }: Asked): boolean =>
  side === 'api' && method === 'PUT' && path.includes('/users/') && !body.includes('lastDesk')

const tellsOfFailure = ({ side, path, body }: Asked): boolean =>
  side === 'api' && path.endsWith('/events') && body.includes('handoffFailedOver')

const recordsDesk = ({ side, method, path, body }: Asked): boolean =>
  side === 'api' && method === 'POST' && path.endsWith('/opening') && body.includes('"provider"')

const opensTicket = ({ method, path }: { method: string; path: string }): boolean =>
  method === 'POST' && !/oauth|contacts|users|auth|search/.test(path)

const inputFor = async (stage: Stage, desk: string) => {
  const { output } = await action(stage, 'createUser', { name: 'Eve', email: 'eve@customer.example' })
  return {
    userId: output?.userId,
    title: 'Printer on fire',
    messageHistory: [],
    hitlSession: { provider: desk, strict: true },
  }
}

const statusesOf = (stage: Stage): (string | undefined)[] =>
  stage.botpress.runtime.store.conversations
    .withTags({})
    .filter(({ tags }) => tags['desk:handoff'] !== undefined)
    .map(({ tags }) => tags['desk:status'])

describe.each(DESKS)('a stop at %s that empties the outbox for long', (desk) => {
  it('does not solve a ticket that an agent has ended and reopened meanwhile', async () => {
    const session = await open(desk, 2)
    const { stage, sandbox, ticket, instances, conversationId } = session
    const ada = sandbox.agents[0]?.id ?? ''
    await stage.pass(GIVEN_UP_MS)
    sandbox.agentReplies(ticket().id, 'Ada is here', { agentId: ada })
    await stage.pass(GIVEN_UP_MS)
    // The bot stops while the agent's end is on its way to the bot: its own tag follows later.
    for (const instance of instances.all) instance.delayAt(API_TIMEOUT_MS / 2, emitsEnd)
    sandbox.solve(ticket().id, { agentId: ada })
    await stage.pass(1_000)
    sandbox.server.addFault({
      kind: 'status',
      status: 503,
      times: 1_000_000,
      matches: ({ body }) => body.includes('one'),
    })
    await session.says('one last thing')
    const stopped = stage.botpress.bot.stopHitl(conversationId)
    await stage.pass(2 * API_TIMEOUT_MS)
    sandbox.reopen(ticket().id)
    // A thread of a chat can't be reopened: its ticket stays solved.
    const expected = ticket().status === 'open' && sandbox.customerReplies ? 'open' : 'solved'
    sandbox.server.clearFaults()
    await stage.finish(stopped)
    await stage.pass(GIVEN_UP_MS)
    expect(ticket().status).toBe(expected)
    expect(seenBy(stage, conversationId).length).toBeGreaterThan(2)
  })
})

describe.each(DESKS)('a start at %s that was overtaken', (desk) => {
  const ONE_SESSION = { status: 200, sessions: ['open'], tickets: 1 }
  const TOO_LONG_MS = START_LEASE_MS + 1_000

  /** Two runs of one handoff. The first one is slow, the second one takes its lock over. */
  const race = async (prepare: (slow: Instance, stage: Stage) => void) => {
    const stage = await startAt(desk)
    const input = await inputFor(stage, desk)
    const instances = connectInstances(stage, 2)
    const [slow] = instances.all
    if (!slow) throw new Error('There is no instance')
    prepare(slow, stage)
    instances.takeTurns(0)
    const first = action(stage, 'startHitl', input)
    await stage.pass(2_000)
    const second = await action(stage, 'startHitl', input)
    await first
    await stage.pass(TOO_LONG_MS)
    return {
      status: second.status,
      sessions: statusesOf(stage),
      tickets: ticketsOf(stage).length,
      slowCalls: slow.asked,
    }
  }

  it('does not write its failure over the session of its successor', async () => {
    const raced = await race((slow, stage) => {
      slow.delayAt(TOO_LONG_MS, tellsOfFailure)
      stage.sandbox(desk).server.addFault({ kind: 'status', status: 422, body: {}, matches: opensTicket })
    })
    expect(raced).toMatchObject(ONE_SESSION)
    expect(raced.slowCalls.filter(tellsOfFailure)).toHaveLength(1)
  })

  it('opens no second ticket after a slow write about its contact', async () => {
    const raced = await race((slow) => {
      // The process stands still, as functions do between requests: no time-out of its own ends the call.
      slow.delayAt(TOO_LONG_MS + 5_000, storesContact)
    })
    expect(raced).toMatchObject(ONE_SESSION)
  })
})

describe('a start during an outage of Botpress', () => {
  it.each(DESKS)(
    'after %s has refused asks one other desk, also when it cannot record that desk at first',
    async (desk) => {
      const stage = await startAt(desk)
      const input = { ...(await inputFor(stage, desk)), hitlSession: {} }
      const instances = connectInstances(stage, 1)
      stage.sandbox(desk).server.addFault({ kind: 'status', status: 403, body: {}, times: 1_000 })
      stage.botpress.runtime.addFault({ kind: 'status', status: 500, path: '/opening', method: 'POST', times: 3 })
      const { status } = await action(stage, 'startHitl', input)
      expect(status).toBe(200)
      const recorded = instances.all[0]?.asked.filter(recordsDesk) ?? []
      expect(recorded.length).toBeGreaterThan(3)
      const opened = ticketsOf(stage).map((ticket) => ticket.desk)
      expect(opened).toHaveLength(1)
      for (const { body } of recorded) expect(body).toContain(`"provider":"${opened[0]}"`)
    }
  )
})
