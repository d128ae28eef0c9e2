import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rotate, type Weighted } from './rotation'

const pool = (...weights: number[]): Weighted[] =>
  weights.map((weight, index) => ({ provider: `desk-${index + 1}`, weight }))

const counts = (desks: Weighted[], takers: string[]): number[] =>
  desks.map(({ provider }) => takers.filter((taker) => taker === provider).length)

describe('rotation', () => {
  test('spreads 5:3:2 evenly over ten turns', () => {
    const desks = pool(5, 3, 2)
    const takers = Array.from({ length: 10 }, (_turn, turn) => rotate(desks, turn)[0] as string)
    expect(counts(desks, takers)).toEqual([5, 3, 2])
    expect(takers.map((taker) => taker.at(-1)).join('')).toBe('1213121213')
  })

  test('keeps every desk within one turn of its share, for any weights and number of turns', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const desks = pool(...weights)
        const round = weights.reduce((sum, weight) => sum + weight, 0)
        const had = weights.map(() => 0)
        for (let turn = 0; turn < 2 * round; turn += 1) {
          const holder = desks.findIndex(({ provider }) => provider === rotate(desks, turn)[0])
          had[holder] = (had[holder] ?? 0) + 1
          for (const [index, weight] of weights.entries()) {
            expect(Math.abs((had[index] ?? 0) - ((turn + 1) * weight) / round)).toBeLessThan(1)
          }
        }
      }),
      { numRuns: 200 }
    )
  })

  test('handles large turn numbers', () => {
    const desks = pool(5, 3, 2)
    expect(rotate(desks, 10_000_000_003)).toEqual(rotate(desks, 3))
  })

  test('shares the turns of a missing desk by weight, while the others keep their own turns', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 3, maxLength: 5 }),
        fc.nat(4),
        fc.integer({ min: 1, max: 200 }),
        (weights, drawn, turns) => {
          const desks = pool(...weights)
          const missing = desks[drawn % desks.length] as Weighted
          const offers = Array.from({ length: turns }, (_turn, turn) => rotate(desks, turn))
          const takers = offers.map(([first, second]) => (first === missing.provider ? second : first) as string)
          const missed = offers.filter(([first]) => first === missing.provider).length
          const left = desks.filter((desk) => desk !== missing)
          const rest = left.reduce((sum, { weight }) => sum + weight, 0)
          for (const { provider, weight } of left) {
            const own = offers.filter(([first]) => first === provider).length
            const taken = takers.filter((taker) => taker === provider).length
            expect(taken).toBeGreaterThanOrEqual(own)
            expect(Math.abs(taken - own - (missed * weight) / rest)).toBeLessThan(1)
          }
        }
      ),
      { numRuns: 200 }
    )
  })

  test('offers every turn to every desk once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 6 }), fc.nat(1000), (weights, turn) => {
        const desks = pool(...weights)
        expect(rotate(desks, turn).toSorted()).toEqual(desks.map(({ provider }) => provider).toSorted())
      })
    )
  })
})
