import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { providerNames } from '../../src/definition/registry'
import type { ViolationKind } from './judge'
import { type Break, faultsIn, ROUGH, WEATHERS, type WeatherName } from './kinds'
import { captureConsole } from './console-capture'
import { createRandom, createRolls } from './random'
import { countFaults, tooRare } from './report'
import { againOf, emptyTotals, runAll, runOne, sizeOf, withCrew, type Crew, type RunOptions, type Totals } from './run'
import { makeScript } from './script'
import { NEVER } from './testing'
import { simulatedTime } from './time'

/** All runs of this file share two processes. */
let crew: Crew
let end: () => void
let ended: Promise<void>
beforeAll(
  () =>
    new Promise<void>((resolve, reject) => {
      ended = withCrew(
        2,
        (started) =>
          new Promise<void>((over) => {
            crew = started
            end = over
            resolve()
          })
      )
      ended.catch(reject)
    })
)
afterAll(() => {
  end()
  return ended
})

const run = (options: Partial<RunOptions>) =>
  runAll({ seed: 'test', handoffs: 40, desks: [...providerNames], workers: 1, weather: 'rough', crew, ...options })

/** Breaks that only these desks can show. */
const DESK_OF: Partial<Record<Break, string[]>> = {
  account: ['slack'],
  contact: ['zendesk'],
  parts: ['intercom'],
  moves: ['zendesk'],
}

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
    const real = setTimeout
    const uninstall = clock.install()
    const signal = AbortSignal.timeout(0)
    await new Promise((resolve) => {
      real(resolve, 5)
    })
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
    expect(tooRare(totals(10_000, 300), ROUGH)).toEqual([])
    expect(tooRare(totals(10_000, 299), ROUGH)).toEqual(['crash: 299 in 10000 handoffs, 300 wanted'])
    expect(tooRare(totals(10_000, 299), { ...ROUGH, crash: 0 })).toEqual([])
  })

  it('are not reported if chance explains them in a short run', () => {
    expect(tooRare(totals(400, 15), ROUGH)).toEqual([])
    expect(tooRare(totals(400, 2), ROUGH)).toEqual(['crash: 2 in 400 handoffs, 12 wanted'])
  })
})

describe('a run', () => {
  const desks = [...providerNames]

  it('plays exactly the requested number of handoffs, even if the last batch is smaller', async () => {
    expect(sizeOf({ handoffs: 50 }, 40)).toBe(8)
    expect(sizeOf({ handoffs: 50 }, 48)).toBe(2)
    const totals = await run({ handoffs: 3, weather: 'calm' })
    expect(totals.handoffs).toBe(3)
  })

  it('prints the command that reproduces one of its handoffs', () => {
    const options: RunOptions = { seed: '5', handoffs: 50, desks, workers: 1, weather: 'rough' }
    expect(againOf(options, 3)).toBe('npm run chaos -- --seed 5 --only 3')
    expect(againOf(options, 49)).toBe('npm run chaos -- --seed 5 --handoffs 50 --only 49')
    expect(againOf({ ...options, desks: ['slack'], weather: 'calm', break: 'guard' }, 3)).toBe(
      'npm run chaos -- --seed 5 --desk slack --weather calm --break guard --only 3'
    )
  })
})

describe('chaos', () => {
  it('has the same outcome for the same seed, regardless of the number of workers', async () => {
    const outcome = ({ violations, faults, messages }: Totals) => ({ violations, faults, messages })
    // All batches in one process, then shared between several.
    const alone = await run({ workers: 1, handoffs: 24 })
    const shared = await run({ workers: 2, handoffs: 24 })
    expect(outcome(shared)).toEqual(outcome(alone))
  })

  it.each([
    ['calm', 120],
    ['lost-answers', 64],
    ['odd', 48],
    ['field', 40],
  ] as [WeatherName, number][])('finds no violation in %s weather', async (weather, handoffs) => {
    const totals = await run({ handoffs, weather })
    expect(totals.violations).toEqual([])
    expect(totals.messages).toBeGreaterThan(handoffs * 2.5)
  })

  it('finds no violation and no canary in rough weather, and injects faults', async () => {
    const totals = await run({ handoffs: 160 })
    expect(totals.violations.filter(({ kind }) => NEVER.includes(kind))).toEqual([])
    expect(totals.leaks).toEqual([])
    const kinds = Object.values(countFaults(totals, ROUGH)).filter((count) => count > 0)
    expect(kinds.length).toBeGreaterThan(20)
    expect(totals.messages).toBeGreaterThan(400)
  })

  it('finds no violation while desks fail and others take over', async () => {
    const totals = await run({ handoffs: 64, weather: 'failover' })
    expect(totals.violations).toEqual([])
    expect(totals.failedOver).toBeGreaterThan(3)
    const outages = Object.keys(totals.faults).filter((kind) => kind.startsWith('outage-'))
    expect(outages.toSorted()).toEqual(WEATHERS.failover.outages.map((kind) => `outage-${kind}`).toSorted())
  })

  it('counts a ticket of a start whose every answer was lost as no violation', async () => {
    const output = captureConsole()
    const found = await runOne({ seed: '1334804593', desks: [...providerNames], weather: 'rough' }, 22).finally(
      output.stop
    )
    expect(found.violations).toEqual([])
    expect(found.trace.filter((line) => line.includes('fault start-repeated'))).not.toEqual([])
  })

  // The intact router has no violations in this weather, so any violation is caused by the break.
  it.each([
    ['dedupe', 'rough', ['duplicated'], 'test'],
    ['reading', 'lost-answers', ['duplicated', 'tickets'], 'test'],
    ['guard', 'calm', ['lost', 'ended', 'announced', 'reordered'], 'test'],
    ['account', 'rough', ['lost'], 'test'],
    ['contact', 'odd', ['lost'], 'test'],
    ['parts', 'calm', ['lost'], 'test'],
    ['moves', 'odd', ['lost', 'ended'], 'test'],
    ['clocks', 'clocks', ['lost', 'reordered', 'announced', 'ended'], 'test'],
    ['outbox', 'failover', ['lost', 'waiting'], 'test'],
    ['orphans', 'failover', ['orphan'], '2'],
  ] as [Break, WeatherName, ViolationKind[], string][])(
    'finds violations of a router without %s within 200 handoffs',
    async (what, weather, kinds, seed) => {
      const isCaught = ({ violations }: Totals) => violations.some(({ kind }) => kinds.includes(kind))
      const desks = DESK_OF[what] ?? [...providerNames]
      const totals = await run({ seed, desks, handoffs: 200, break: what, weather, isEnough: isCaught })
      expect(isCaught(totals)).toBe(true)
    }
  )
})
