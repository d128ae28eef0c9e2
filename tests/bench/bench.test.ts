import { describe, expect, it } from 'vitest'
import { bundleRouter, bundleSdk, sizesOf } from '../../playground/build/bundle'
import { providerNames } from '../../src/definition/registry'
import { budgetOf, BUNDLE_BUDGET_KIB, exceededPackages, isWithin, packagesOf } from './budgets'
import { growthOfMessages } from './growth'
import { measureUnderLoad } from './load'
import { INSTANCES, measureDesk, measureOthers, type Measured } from './operations'

/** The operations over their budget, each with the list of its calls. */
const exceeded = (all: Measured[]): string[] =>
  all
    .filter((measured) => !isWithin(measured))
    .map(({ operation, desk, instance, cost }) => [`${operation} ${desk} (${instance})`, ...cost.list].join('\n'))

describe('the calls of every operation', () => {
  it('stay within their budgets without a desk', async () => {
    const all = await measureOthers()
    expect(all.filter((measured) => !budgetOf(measured))).toEqual([])
    expect(exceeded(all)).toEqual([])
  })

  it.each(providerNames.flatMap((desk) => INSTANCES.map((where) => [desk, where] as const)))(
    'stay within their budgets at %s, at the %s instance',
    async (desk, where) => {
      const all = await measureDesk(desk, where)
      expect(all.length).toBeGreaterThan(5)
      expect(all.filter((measured) => !budgetOf(measured))).toEqual([])
      expect(exceeded(all)).toEqual([])
    }
  )
})

describe('the calls of a session', () => {
  it.each(providerNames)('do not grow with its messages at %s', async (desk) => {
    const few = await growthOfMessages(desk, 12, 3)
    const many = await growthOfMessages(desk, 72, 3)
    for (const [index, { operation, cost }] of few.entries()) {
      const later = many[index]?.cost
      // Every tenth message writes down where the ticket was read.
      expect((later?.api ?? 0) - cost.api, operation).toBeLessThanOrEqual(3)
      expect((later?.desk ?? 0) - cost.desk, operation).toBeLessThanOrEqual(1)
    }
  })
})

describe('handoffs beyond the published rate limits', () => {
  it.each(providerNames)('are taken or refused, and leave no ticket behind at %s', async (desk) => {
    const load = await measureUnderLoad([desk], 100, 3)
    expect((load.taken[desk] ?? 0) + load.refused).toBe(load.handoffs)
    expect(load.tickets).toBe(0)
    // startHitl answers within its 25 s, and the plugin's call within 60 s.
    expect(load.longestMs).toBeLessThan(25_000)
  })

  it('go to the next desk', async () => {
    const load = await measureUnderLoad([...providerNames], 100, 3)
    expect(Object.values(load.taken).reduce((sum, count) => sum + count, 0) + load.refused).toBe(load.handoffs)
    expect(load.tickets).toBe(0)
  })
})

describe('the bundle', () => {
  it('stays within its budget', async () => {
    const [router, sdk] = await Promise.all([bundleRouter(), bundleSdk()])
    expect(exceededPackages(packagesOf(sizesOf(router), sizesOf(sdk)))).toEqual([])
    expect(router.code.length / 1_024).toBeLessThanOrEqual(BUNDLE_BUDGET_KIB)
  })
})
