import { describe, expect, test } from 'vitest'
import {
  beginProbe,
  breakerEvent,
  formatBreaker,
  healthOf,
  parseBreaker,
  recordFailure,
  recordSuccess,
  type Breaker,
} from './breaker'

const failing = (times: number, instant: number): Breaker | undefined => {
  let breaker: Breaker | undefined
  for (let count = 0; count < times; count += 1) breaker = recordFailure(breaker, instant)
  return breaker
}

describe('circuit breaker', () => {
  test('opens after three consecutive failures', () => {
    expect(healthOf(undefined, 0)).toEqual({ state: 'closed' })
    expect(healthOf(failing(2, 1000), 1000)).toEqual({ state: 'closed' })
    expect(healthOf(failing(3, 1000), 1000)).toEqual({ state: 'open', until: 31_000 })
  })

  test('a success resets the count', () => {
    let breaker: Breaker | undefined = failing(2, 0)
    breaker = recordSuccess()
    expect(healthOf(recordFailure(breaker, 0), 0)).toEqual({ state: 'closed' })
  })

  test('is half-open after the pause; a probe keeps others away until it ends or times out', () => {
    const open = failing(3, 0)!
    expect(healthOf(open, 29_999).state).toBe('open')
    expect(healthOf(open, 30_000)).toEqual({ state: 'half-open' })
    const probed = beginProbe(open, 30_000)
    expect(healthOf(probed, 30_001)).toEqual({ state: 'open', until: 60_000 })
    expect(healthOf(probed, 60_000)).toEqual({ state: 'half-open' })
  })

  test('a failed probe doubles the pause, up to ten minutes', () => {
    let breaker = failing(3, 0)!
    const pauses: number[] = []
    for (let probe = 0; probe < 7; probe += 1) {
      const instant = breaker.openUntil!
      breaker = recordFailure(beginProbe(breaker, instant), instant)
      pauses.push(breaker.openUntil! - instant)
    }
    expect(pauses).toEqual([60_000, 120_000, 240_000, 480_000, 600_000, 600_000, 600_000])
  })

  test('a call in flight when it opens doesn’t extend the pause', () => {
    const open = failing(3, 0)!
    expect(recordFailure(open, 10)).toEqual(open)
  })

  test('reports when a desk went down and when it came back', () => {
    const open = failing(3, 0)
    expect(breakerEvent(failing(2, 0), open)).toBe('went-down')
    expect(breakerEvent(open, recordFailure(open, 30_000))).toBeUndefined()
    expect(breakerEvent(open, recordSuccess())).toBe('came-back')
    expect(breakerEvent(failing(1, 0), recordSuccess())).toBeUndefined()
  })

  test('is stored as a short text; an invalid text counts as healthy', () => {
    for (const breaker of [failing(1, 0)!, failing(3, 5)!, beginProbe(failing(4, 5)!, 99_999)]) {
      expect(parseBreaker(formatBreaker(breaker))).toEqual(breaker)
    }
    for (const text of [undefined, '', 'x', '3', '{"failures":3}']) expect(parseBreaker(text)).toBeUndefined()
  })
})
