import { afterEach, describe, expect, it } from 'vitest'
import { providerNames } from '../../src/definition/registry'
import { INSTANCE } from '../rotation/process'
import { createWorld, type World } from '../../playground/world'
import { withBundle } from './bundle'
import { createFleet, type Fleet } from './fleet'
import { runProcesses } from './processes'
import { createRandom } from './random'
import { holdsCanary } from './console-capture'
import { NEVER_IN_REAL_TIME } from './testing'

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

let world: World | undefined
let fleet: Fleet | undefined
afterEach(async () => {
  fleet?.close()
  await world?.close()
})

describe('processes of the router', () => {
  it('are replaced by serving ones after a kill', async () => {
    world = await createWorld({ desks: [] })
    const random = createRandom('fleet')
    const of = world
    await withBundle(INSTANCE, async (script) => {
      fleet = await createFleet(of, { count: 2, random, script, onCutOff: () => {}, onOutput: () => {} })
      const before = fleet.pids()
      const killed = await fleet.killOne()
      expect(before).toContain(killed)
      expect(fleet.pids()).toHaveLength(2)
      expect(fleet.pids()).not.toContain(killed)
      expect(fleet.pids().map(isRunning)).toEqual([true, true])
      await expect.poll(() => isRunning(killed)).toBe(false)
      const replies = await Promise.all(Array.from({ length: 8 }, () => of.botpress.runtime.gateway.ping()))
      expect(replies.map((reply) => reply.status)).toEqual(Array.from({ length: 8 }, () => 200))
    })
  })

  it('deliver nothing to the wrong people when they are killed during their work', async () => {
    const printed: string[] = []
    const totals = await runProcesses({
      seed: 'test',
      handoffs: 3,
      desks: [...providerNames],
      processes: 2,
      onOutput: (text) => printed.push(text),
    })
    expect(printed.join('')).toContain('took a handoff')
    expect(printed.filter(holdsCanary)).toEqual([])
    expect(totals.handoffs).toBe(3)
    expect(totals.messages).toBeGreaterThan(0)
    expect(totals.faults['process-killed']).toBeGreaterThan(0)
    expect(totals.violations.filter(({ kind }) => NEVER_IN_REAL_TIME.includes(kind))).toEqual([])
  })
})
