import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { explain } from './explain'
import { rank } from './rank'
import { routing } from './rank.fixture'
import { attempts, type Situation } from './ranking'

describe('rank is pure and total', () => {
  const provider = fc.constantFrom('alpha', 'beta', 'gamma', 'delta')
  const languages = fc.constantFrom(undefined, 'fr', 'en, de', 'fr-CA')
  const configs = fc.record({
    strategy: fc.constantFrom('priority', 'round-robin', 'least-busy'),
    desks: fc.uniqueArray(
      fc.record({
        desk: fc.constantFrom('alpha', 'beta', 'gamma'),
        weight: fc.integer({ min: 1, max: 9 }),
        languages,
        capacity: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
        hours: fc.constantFrom(undefined, 'Mon-Fri 09:00-17:00', 'Fri 19:30-02:00', '24/7'),
      }),
      { selector: ({ desk }) => desk }
    ),
    rules: fc.array(
      fc.record({
        language: languages,
        tags: fc.constantFrom(undefined, 'vip'),
        share: fc.integer({ min: 1, max: 30 }),
        desks: fc.constantFrom('alpha', 'beta, gamma', undefined),
      }),
      { maxLength: 3 }
    ),
    timeZone: fc.constant('Europe/Paris'),
    stickyDays: fc.nat(5),
    nobodyThere: fc.constantFrom('refuse', 'open-anyway', 'after-hours'),
    afterHoursDesk: fc.constantFrom('alpha', 'gamma'),
  })
  const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined })
  const situations = fc.record({
    handoff: fc.record({
      id: fc.string(),
      provider: optional(provider),
      strict: fc.boolean(),
      language: fc.constantFrom(undefined, 'fr', 'de', 'tr', 'nonsense tag', ''),
      tags: fc.constantFrom(undefined, ['vip']),
      nobodyThere: fc.constantFrom(undefined, 'refuse' as const, 'open-anyway' as const, 'after-hours' as const),
    }),
    instant: fc.integer({ min: Date.parse('2025-12-29'), max: Date.parse('2026-01-12') }),
    health: fc.dictionary(
      provider,
      fc.record({ state: fc.constantFrom('open' as const, 'half-open' as const, 'closed' as const) })
    ),
    load: fc.dictionary(provider, fc.nat(5)),
    history: optional(fc.record({ provider, at: fc.integer({ min: 0, max: Date.parse('2026-01-12') }) })),
    turn: fc.constantFrom(undefined, 0, 7, 1234, -1, 0.5, Number.NaN),
  })

  test('every desk appears once, with a place or causes, and the decision follows from that', () => {
    fc.assert(
      fc.property(configs, situations, (config, situation) => {
        const whole: Situation = { routing: routing(config), ...situation }
        const ranking = rank(whole)
        expect(rank(whole)).toEqual(ranking)
        expect(ranking.desks.map((desk) => desk.provider).toSorted()).toEqual(['alpha', 'beta', 'gamma'])
        const eligible = ranking.desks.filter(({ outcome }) => outcome === 'eligible')
        expect(ranking.desks.slice(0, eligible.length)).toEqual(eligible)
        expect(eligible.map(({ place }) => place)).toEqual(eligible.map((_desk, index) => index + 1))
        for (const desk of ranking.desks) {
          expect(desk.reason).not.toBe('')
          expect(desk.causes.length > 0).toBe(desk.outcome === 'out')
        }
        expect(ranking.decision.kind === 'assign').toBe(eligible.length > 0)
        expect(attempts(ranking).length > 0).toBe(ranking.decision.kind !== 'refuse')
        const { provider: asked, strict, nobodyThere } = situation.handoff
        const isBound = strict && asked !== undefined && nobodyThere === undefined
        expect(isBound && attempts(ranking).some((desk) => desk.provider !== asked)).toBe(false)
        expect(explain(ranking).length).toBeGreaterThanOrEqual(5)
      }),
      { numRuns: 1000 }
    )
  })
})
