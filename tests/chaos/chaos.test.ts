import { describe, expect, it } from 'vitest'
import { providerNames } from '../../src/definition/registry'
import type { ViolationKind } from './judge'
import { type Break, faultsIn, ROUGH, type WeatherName } from './kinds'
import { createRandom, createRolls } from './random'
import { countFaults, tooRare } from './report'
import { emptyTotals, runAll, type RunOptions, type Totals } from './run'
import { makeScript } from './script'
import { freshSeed, NEVER } from './testing'
import { simulatedTime } from './time'

const LONG_MS = 240_000
const run = (options: Partial<RunOptions>) =>
  runAll({ seed: 'test', handoffs: 40, desks: [...providerNames], workers: 2, weather: 'rough', ...options })

describe('random numbers', () => {
  it('depend only on the seed', () => {
    const numbers = (seed: string) => Array.from({ length: 5 }, createRandom(seed).next)
    expect(numbers('a')).toEqual(numbers('a'))
    expect(numbers('a')).not.toEqual(numbers('b'))
  })

  it('are evenly distributed', () => {
    const random = createRandom('even')
    const counts = [0, 0, 0, 0]
    for (let times = 0; times < 4_000; times += 1) counts[random.between(0, 3)]! += 1
    for (const count of counts) expect(count).toBeGreaterThan(900)
  })

  it('at one place do not depend on draws at other places', () => {
    const [quiet, busy] = [createRolls('seed'), createRolls('seed')]
    busy('elsewhere')
    expect(busy('here').random.next()).toBe(quiet('here').random.next())
  })

  it('make the same script for the same seed and handoff', () => {
    expect(makeScript('1', 7, ['slack'])).toEqual(makeScript('1', 7, ['slack']))
    expect(makeScript('1', 7, ['slack'])).not.toEqual(makeScript('1', 8, ['slack']))
  })
})

describe('simulated time', () => {
  it('runs timers in order of their due time', async () => {
    const clock = simulatedTime()
    const from = clock.now()
    const order: number[] = []
    const sleep = async (ms: number) => {
      await clock.sleep(ms)
      order.push(ms)
    }
    await clock.run(Promise.all([sleep(60_000), sleep(10), sleep(3_600_000), sleep(10)]))
    expect(order).toEqual([10, 10, 60_000, 3_600_000])
    expect(clock.now() - from).toBe(3_600_000)
  })

  it('rejects work that waits for something that never comes', async () => {
    await expect(simulatedTime().run(new Promise(() => {}))).rejects.toThrow('never comes')
  })

  it('disables AbortSignal time-outs, which pass in real time', async () => {
    const clock = simulatedTime()
    const uninstall = clock.install()
    const signal = AbortSignal.timeout(0)
    // The processor is kept busy for longer than that.
    for (const from = performance.now(); performance.now() - from < 5;);
    await clock.settle()
    uninstall()
    expect(signal.aborted).toBe(false)
  })
})

describe('faults that were too rare', () => {
  const totals = (handoffs: number, each: number): Totals => ({
    ...emptyTotals(),
    handoffs,
    faults: { ...Object.fromEntries(faultsIn(ROUGH).map((kind) => [kind, 1_000])), crash: each },
  })

  it('are reported with their count', () => {
    expect(tooRare(totals(10_000, 500), ROUGH)).toEqual([])
    expect(tooRare(totals(10_000, 499), ROUGH)).toEqual(['crash: 499 in 10000 handoffs, 500 wanted'])
    expect(tooRare(totals(10_000, 499), { ...ROUGH, crash: 0 })).toEqual([])
  })

  it('are not reported if chance explains them in a short run', () => {
    expect(tooRare(totals(400, 15), ROUGH)).toEqual([])
    expect(tooRare(totals(400, 5), ROUGH)).toEqual(['crash: 5 in 400 handoffs, 20 wanted'])
  })
})

describe('chaos', () => {
  it(
    'has the same outcome for the same seed, regardless of the number of workers',
    async () => {
      const outcome = ({ violations, faults, messages }: Totals) => ({ violations, faults, messages })
      // All batches in one process, then shared between several.
      const [alone, shared] = await Promise.all([run({ workers: 1, handoffs: 24 }), run({ workers: 3, handoffs: 24 })])
      expect(outcome(shared)).toEqual(outcome(alone))
    },
    LONG_MS
  )

  it.each([
    ['calm', 200],
    ['lost-answers', 100],
  ] as [WeatherName, number][])(
    'finds no violation in %s weather',
    async (weather, handoffs) => {
      const totals = await run({ handoffs, weather })
      expect(totals.violations).toEqual([])
      expect(totals.messages).toBeGreaterThan(handoffs * 2.5)
    },
    LONG_MS
  )

  it.each(['test', freshSeed()])(
    'finds no violation and no canary in rough weather, and injects faults (seed %s)',
    async (seed) => {
      const totals = await run({ seed, handoffs: 80 })
      const again = `npm run chaos -- --seed ${seed} --handoffs 80`
      expect(
        totals.violations.filter(({ kind }) => NEVER.includes(kind)),
        again
      ).toEqual([])
      expect(totals.leaks, again).toEqual([])
      const kinds = Object.values(countFaults(totals, ROUGH)).filter((count) => count > 0)
      expect(kinds.length, again).toBeGreaterThan(20)
      expect(totals.messages, again).toBeGreaterThan(200)
    },
    LONG_MS
  )

  // The intact router has no violations in this weather, so any violation is caused by the break.
  it.each([
    ['dedupe', 'rough', ['duplicated']],
    ['reading', 'lost-answers', ['duplicated', 'tickets']],
    ['guard', 'calm', ['lost', 'ended', 'announced', 'reordered']],
  ] as [Break, WeatherName, ViolationKind[]][])(
    'finds violations of a router without %s within 200 handoffs',
    async (what, weather, kinds) => {
      const isCaught = ({ violations }: Totals) => violations.some(({ kind }) => kinds.includes(kind))
      const totals = await run({ handoffs: 200, break: what, weather, isEnough: isCaught })
      expect(isCaught(totals)).toBe(true)
    },
    LONG_MS
  )
})
