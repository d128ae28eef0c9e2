import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextAsByHand, openAsByHand } from './hours.testing'

describe('business hours against an independent calendar', () => {
  test('120,000 random (calendar, zone, instant) cases agree on open or closed', () => {
    const counts = { compared: 0, open: 0, found: 0 }
    fc.assert(openAsByHand(20, counts), { numRuns: 6000 })
    expect(counts.compared).toBe(120_000)
    // The cases are worth something only if both answers are frequent.
    expect(counts.open / counts.compared).toBeGreaterThan(0.2)
    expect(counts.open / counts.compared).toBeLessThan(0.8)
  })

  test('the next opening and the next closing are what minute by minute scanning finds', () => {
    const counts = { compared: 0, open: 0, found: 0 }
    fc.assert(nextAsByHand(counts), { numRuns: 250 })
    expect(counts.found).toBeGreaterThan(250)
  })
})
