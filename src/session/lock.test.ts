/** Who holds a lock, whatever any call takes. */
import { describe, expect, it } from 'vitest'
import { LEASE_MS, START_LEASE_MS } from '../botpress/timing'
import { action, newUser, startInput, startStage } from '../../tests/support/actions'
import { connectInstances, type Instance } from '../../tests/support/instances'
import type { Stage } from '../../tests/support/simulated'
import { LeaseLost, withLock, type Lease, type LockName } from './lock'

const scene = async () => {
  const stage = await startStage(undefined, { sockets: false })
  const { output } = await action(stage, 'startHitl', startInput(await newUser(stage)))
  return { stage, conversationId: output?.conversationId ?? '', instances: connectInstances(stage, 1) }
}

/** Numbers in [0, 1), the same for a seed. */
const seeded = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Each effect under a lock, in order, by the term that has made it. */
type Effects = { term: string; at: number }[]

/** Once another term has made an effect, an earlier one makes none. */
const expectOneAtATime = (effects: Effects, script: string): void => {
  const terms = effects.map(({ term }) => term)
  const runs = terms.filter((term, index) => term !== terms[index - 1])
  expect(new Set(runs).size, `${script}\n${JSON.stringify(effects)}`).toBe(runs.length)
}

describe('a lock, by random delays of every call', () => {
  const CALLERS = 5

  const play = async (seed: number, lock: LockName, stage: Stage, conversationId: string) => {
    const random = seeded(seed)
    const instances = connectInstances(stage, 1)
    const pick = (most: number): number => Math.floor(random() * most)
    const effects: Effects = []
    const delay = (instance: Instance): void => {
      for (let count = pick(4); count > 0; count -= 1) {
        const ms = [50, 400, 3_000, 9_000, 15_000, 25_000, 60_000, 200_000][pick(8)] ?? 0
        const chance = 0.1 + random() * 0.5
        instance.delayAt(ms, ({ side }) => side === 'api' && random() < chance, random() < 0.7 ? 'before' : 'after')
      }
      if (random() < 0.25) {
        let left = pick(6)
        instance.dieAt(random() < 0.5 ? 'before' : 'after', ({ side }) => side === 'api' && left-- === 0)
      }
    }
    const act = async (name: string, lease: Lease, sleep: (ms: number) => Promise<void>): Promise<void> => {
      await lease.confirm()
      for (let count = 1 + pick(3); count > 0; count -= 1) {
        lease.assertHeld()
        effects.push({ term: name, at: stage.clock.now() })
        await sleep([0, 30, 2_000, 7_000][pick(4)] ?? 0)
        if (random() < 0.3) await lease.renew()
      }
      if (random() < 0.2) throw new Error('failed')
    }
    const callers = Array.from({ length: CALLERS }, async (_unused, index) => {
      await stage.clock.sleep([0, 0, 100, 5_000, 21_000, 45_000][pick(6)] ?? 0)
      await instances
        .run(async (call) => {
          for (let turn = 0; turn < 2; turn += 1) {
            const request = { conversationId, lock, patienceMs: 90_000, operation: { kind: 'post' as const } }
            await withLock(call, request, (lease) => act(`${index}.${turn}`, lease, call.environment.sleep)).catch(
              () => undefined
            )
          }
        }, delay)
        .catch(() => undefined)
    })
    await stage.finish(Promise.all(callers))
    return { effects }
  }

  /** A conversation of the router that nobody has locked yet. */
  const newConversation = async ({ botpress: { runtime } }: Stage): Promise<string> => {
    const caller = { by: 'integration', alias: runtime.identity.alias } as const
    const created = await runtime.perform(caller, 'POST', '/v1/chat/conversations', { channel: 'hitl', tags: {} })
    return (created as { conversation: { id: string } }).conversation.id
  }

  it.each<LockName>(['toBot', 'toDesk', 'opening'])('%s has one holder at a time', async (lock) => {
    const { stage } = await scene()
    let terms = 0
    for (let seed = 1; seed <= 40; seed += 1) {
      const { effects } = await play(seed, lock, stage, await newConversation(stage))
      expectOneAtATime(effects, `${lock}, seed ${seed}`)
      terms += new Set(effects.map(({ term }) => term)).size
    }
    expect(terms).toBeGreaterThan(lock === 'opening' ? 40 : 120)
  })
})

describe('a lock that two callers find abandoned', () => {
  it.each([0, 299, 301, 5_000, 60_000])('is taken by one of them, though a write takes %i ms', async (ms) => {
    const { stage, conversationId, instances } = await scene()
    const effects: Effects = []
    const hold = (term: string, sleepMs: number, prepare?: (instance: Instance) => void) =>
      instances
        .run(
          (call) =>
            withLock(call, { conversationId, lock: 'toDesk', patienceMs: 120_000 }, async (lease) => {
              await lease.confirm()
              for (let count = 0; count < 3; count += 1) {
                lease.assertHeld()
                effects.push({ term, at: stage.clock.now() })
                await call.environment.sleep(sleepMs)
              }
            }).catch(() => undefined),
          prepare
        )
        .catch(() => undefined)
    void hold('dead', 0, (instance) =>
      instance.dieAt('before', ({ method, path }) => method === 'POST' && path.endsWith('/toDesk'))
    )
    await stage.pass(LEASE_MS + 1_000)
    const slow = (instance: Instance): void => {
      instance.delayAt(ms, ({ path }) => path.includes('/toDesk'))
      instance.delayAt(ms, ({ path }) => path.includes('/get-or-create'))
    }
    await stage.finish(Promise.all([hold('slow', 500, slow), hold('quick', 500), hold('third', 500)]))
    expectOneAtATime(effects, `${ms} ms`)
    expect(new Set(effects.map(({ term }) => term)).size).toBeGreaterThan(2)
  })
})

describe('a release that arrives late', () => {
  it('frees nobody else’s lock', async () => {
    const { stage, conversationId, instances } = await scene()
    const effects: Effects = []
    const hold = (term: string, delaysMs: number, workMs: number) =>
      instances.run(
        (call) =>
          withLock(call, { conversationId, lock: 'toBot', patienceMs: 200_000 }, async (lease) => {
            await lease.confirm()
            for (let count = 0; count < 3; count += 1) {
              lease.assertHeld()
              effects.push({ term, at: stage.clock.now() })
              await call.environment.sleep(workMs)
            }
          }),
        (instance) => {
          if (delaysMs > 0)
            instance.delayAt(delaysMs, ({ method, path }) => method === 'POST' && path.endsWith('/toBot'))
        }
      )
    const first = hold('first', LEASE_MS + 3_000, 0)
    await stage.pass(LEASE_MS + 1_000)
    // The second one holds the lock when the release of the first one arrives.
    const others = [hold('second', 0, 2_000)]
    await stage.pass(2_500)
    others.push(hold('third', 0, 2_000))
    await stage.finish(Promise.all([first, ...others]))
    expectOneAtATime(effects, 'late release')
    expect(effects).toHaveLength(9)
  })
})

describe('a lock that nobody contends for', () => {
  it('costs one call to take and one to release', async () => {
    const { stage, conversationId, instances } = await scene()
    const { calls } = stage.botpress.runtime
    const before = calls.length
    const take = (lock: LockName) =>
      instances.run((call) => withLock(call, { conversationId, lock, patienceMs: 0 }, (lease) => lease.confirm({})))
    await stage.finish(take('toBot').then(() => take('toBot')))
    const made = calls.slice(before).filter(({ by }) => by === 'integration')
    expect(made.map(({ operation }) => operation)).toEqual(['getOrSetState', 'setState', 'getOrSetState', 'setState'])
  })
})

describe('a start that is late', () => {
  it('takes itself over, unless another run was faster', async () => {
    const { stage, conversationId, instances } = await scene()
    const outcomes: string[] = []
    const run = (name: string, sleepMs: number) =>
      instances.run((call) =>
        withLock(call, { conversationId, lock: 'opening', patienceMs: 100_000, holder: name }, async (lease) => {
          await call.environment.sleep(sleepMs)
          await lease.renew({ kind: 'open', provider: name })
          outcomes.push(`${name} renewed`)
        }).catch((error: unknown) => {
          outcomes.push(`${name} ${error instanceof LeaseLost ? 'lost' : String(error)}`)
        })
      )
    await stage.pass(START_LEASE_MS)
    await stage.finish(run('alone', 3 * START_LEASE_MS))
    const first = run('first', 3 * START_LEASE_MS)
    await stage.pass(1_000)
    await stage.finish(Promise.all([first, run('second', 4_000)]))
    expect(outcomes[0]).toBe('alone renewed')
  })
})
