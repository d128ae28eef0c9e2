/** Starts of the same handoff share one lock: they wait for each other, take over and find each other's tickets. */
import { describe, expect, it } from 'vitest'
import { withLock, LeaseLost, type Lease, type Operation } from '../../src/session/lock'
import { API_TIMEOUT_MS, START_LEASE_MS } from '../../src/botpress/timing'
import type { Call } from '../../src/botpress/call'
import { ticketsOf } from '../support/handoffs'
import { connectInstances } from '../support/instances'
import type { Stage } from '../support/simulated'
import { action, DESKS, startAt } from './helpers'

const AT_ONCE_MS = 3_000

const inputFor = async (stage: Stage, more: Record<string, unknown> = {}) => {
  const { output } = await action(stage, 'createUser', { name: 'Eve', email: 'eve@customer.example' })
  return { userId: output?.userId, title: 'Printer on fire', messageHistory: [], ...more }
}

describe('a start that failed at every desk', () => {
  it('lets a repeated start go on at once', async () => {
    const stage = await startAt(DESKS[0] ?? '', { sockets: false })
    const input = await inputFor(stage)
    for (const name of DESKS) stage.sandbox(name).server.addFault({ kind: 'status', status: 403, times: 1_000 })
    expect((await action(stage, 'startHitl', input)).message).toContain('No desk took the handoff')
    for (const name of DESKS) stage.sandbox(name).server.clearFaults()
    const from = stage.clock.now()
    expect((await action(stage, 'startHitl', input)).status).toBe(200)
    expect(stage.clock.now() - from).toBeLessThan(AT_ONCE_MS)
    expect(ticketsOf(stage)).toHaveLength(1)
  })

  it.each(DESKS)('leaves a ticket at %s that the repeated start finds', async (desk) => {
    const stage = await startAt(desk, { sockets: false })
    const input = await inputFor(stage, { hitlSession: { provider: desk, strict: true } })
    const { server, tickets } = stage.sandbox(desk)
    const opens = ({ method, path }: { method: string; path: string }): boolean =>
      method === 'POST' && !/oauth|contacts|users|auth|search/.test(path)
    server.addFault({ kind: 'status', status: 500, times: 10_000, matches: () => tickets().length > 0 })
    server.addFault({ kind: 'status', status: 500, effect: 'after', matches: opens })
    expect((await action(stage, 'startHitl', input)).message).toContain('No desk took the handoff')
    expect(tickets()).toHaveLength(1)
    server.clearFaults()
    const from = stage.clock.now()
    expect((await action(stage, 'startHitl', input)).status).toBe(200)
    expect(stage.clock.now() - from).toBeLessThan(AT_ONCE_MS)
    expect(ticketsOf(stage)).toHaveLength(1)
  })
})

describe('a repeated start', () => {
  it.each([
    ['GET', /\/messages$/],
    ['PUT', /\/conversations\/[^/]+$/],
  ] as [string, RegExp][])('is answered soon although a %s of %s hangs', async (method, path) => {
    const stage = await startAt(DESKS[0] ?? '', { sockets: false })
    const input = await inputFor(stage)
    const first = await action(stage, 'startHitl', input)
    let hung = 0
    const doesHang = (call: { method: string; path: string }): boolean =>
      call.method === method && path.test(call.path) && (hung += 1) === 1
    Object.assign(stage.botpress.runtime.switches, {
      latencyMs: (call: { method: string; path: string }) => (doesHang(call) ? API_TIMEOUT_MS : 0),
    })
    const from = stage.clock.now()
    // What agents write waits for the plugin from the answer on.
    expect((await action(stage, 'startHitl', input)).output).toEqual(first.output)
    expect(stage.clock.now() - from).toBeLessThan(AT_ONCE_MS)
    expect(ticketsOf(stage)).toHaveLength(1)
  })
})

describe('the lock of a start', () => {
  const PASSED_MS = START_LEASE_MS + 1_000

  /** Runs of one handoff, each in an instance of its own. */
  const scene = async () => {
    const stage = await startAt(DESKS[0] ?? '', { sockets: false })
    const { output } = await action(stage, 'startHitl', await inputFor(stage))
    const conversationId = output?.conversationId ?? ''
    const instances = connectInstances(stage, 1)
    await stage.pass(PASSED_MS)
    const open = (holder: string, provider: string, work: (lease: Lease, call: Call) => Promise<void>) =>
      instances.run((call) =>
        withLock(
          call,
          {
            conversationId,
            lock: 'opening',
            holder,
            operation: { kind: 'open', provider },
            patienceMs: 2 * START_LEASE_MS,
          },
          (lease) => work(lease, call)
        ).catch((error: unknown) => {
          outcomes.push([holder, error])
        })
      )
    const outcomes: [string, unknown][] = []
    return { stage, open, outcomes }
  }

  it('is renewed by a late run while no other run has taken over', async () => {
    const { stage, open, outcomes } = await scene()
    await stage.finish(
      open('first', 'alpha', async (lease, call) => {
        await call.environment.sleep(PASSED_MS)
        await lease.renew({ kind: 'open', provider: 'beta' })
        outcomes.push(['first', 'renewed'])
      })
    )
    expect(outcomes).toEqual([['first', 'renewed']])
  })

  it('is lost by a late run when another run has taken over, which knows the desk that was asked last', async () => {
    const { stage, open, outcomes } = await scene()
    let inDoubt: Operation[] = []
    const first = open('first', 'alpha', async (lease, call) => {
      await lease.renew({ kind: 'open', provider: 'beta', turn: 7 })
      await call.environment.sleep(2 * PASSED_MS)
      await lease.renew({ kind: 'open', provider: 'gamma' })
    })
    await stage.pass(1_000)
    const second = open('second', 'beta', async (lease, call) => {
      inDoubt = lease.inDoubt
      await call.environment.sleep(5 * PASSED_MS)
      await lease.renew()
    })
    await stage.finish(Promise.all([first, second]))
    expect(outcomes).toEqual([['first', expect.any(LeaseLost)]])
    expect(inDoubt.at(-1)).toEqual({ kind: 'open', provider: 'beta', turn: 7 })
  })

  it('is taken over at once by the same run, and by others after a failure', async () => {
    const { stage, open, outcomes } = await scene()
    const found: Operation[][] = []
    await stage.finish(
      open('first', 'alpha', async (_lease, call) => {
        await call.environment.sleep(PASSED_MS)
        throw new Error('too late to release')
      })
    )
    const from = stage.clock.now()
    const fail = (lease: Lease) => {
      found.push(lease.inDoubt)
      return Promise.reject(new Error('failed'))
    }
    await stage.finish(open('first', 'beta', fail))
    await stage.finish(open('second', 'gamma', fail))
    expect(stage.clock.now() - from).toBeLessThan(AT_ONCE_MS)
    expect(outcomes).toHaveLength(3)
    const providers = found.map((operations) => operations.map((one) => 'provider' in one && one.provider))
    expect(providers.map((names) => names.at(-1))).toEqual(['alpha', 'beta'])
  })
})
