import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { createBotpressClock } from './clock'

const START = Date.UTC(2026, 5, 1, 9, 0, 0)

/** A machine whose clock is `aheadMs` ahead of Botpress's, and its calls. Each direction takes a while. */
const machine = (aheadMs: number) => {
  let time = START
  const clock = createBotpressClock(() => time + aheadMs)
  const call = (out: number, back: number) => {
    const sentAt = time + aheadMs
    time += out
    const stamp = time
    time += back
    return { sentAt, receivedAt: time + aheadMs, stamp }
  }
  return {
    clock,
    error: () => clock.now() - time,
    late: () => time - clock.earliest(),
    pass: (ms: number) => {
      time += ms
    },
    /** A write whose row has an exact stamp. */
    write: (out: number, back: number) => {
      const { stamp, ...moments } = call(out, back)
      clock.learn({ ...moments, from: stamp, until: stamp })
    },
    /** A read whose row was written `ageMs` before. */
    read: (out: number, back: number, ageMs: number) => {
      const { stamp, ...moments } = call(out, back)
      clock.learn({ ...moments, from: stamp - ageMs })
    },
    /** An answer with a date. */
    answer: (out: number, back: number) => {
      const { stamp, ...moments } = call(out, back)
      const from = Math.floor(stamp / 1_000) * 1_000
      clock.learn({ ...moments, from, until: from + 1_000 })
    },
  }
}

describe('Botpress’s time', () => {
  it('is the machine’s own while nothing is known', () => {
    const { clock, error, late } = machine(0)
    expect([error(), late()]).toEqual([0, 0])
    expect(clock.at(START)).toBe(START)
  })

  it.each([0, 40, -40, 2_000, -2_000, 5_000, -5_000, 3_600_000])(
    'is known to a call’s time after a write: %i ms',
    (ahead) => {
      const { write, error, late } = machine(ahead)
      write(30, 30)
      expect(Math.abs(error())).toBeLessThanOrEqual(60)
      expect(late()).toBeGreaterThanOrEqual(0)
      expect(late()).toBeLessThanOrEqual(60)
    }
  )

  it.each([2_000, -2_000, 5_000, -5_000])('is known to a second after the first answer: %i ms', (ahead) => {
    const { answer, pass, error, late } = machine(ahead)
    pass(700)
    answer(30, 30)
    expect(Math.abs(error())).toBeLessThanOrEqual(1_060)
    expect(late()).toBeGreaterThanOrEqual(0)
  })

  it('is at least what a row says that was written before', () => {
    const { read, error } = machine(-5_000)
    read(30, 30, 800)
    expect(error()).toBeGreaterThanOrEqual(-900)
    expect(error()).toBeLessThanOrEqual(0)
  })

  it('is believed anew when a clock was set', () => {
    let time = START
    const clock = createBotpressClock(() => time)
    clock.learn({ sentAt: time, receivedAt: time + 50, from: time + 20, until: time + 20 })
    time += 7_000
    const now = START + 1_000
    clock.learn({ sentAt: time, receivedAt: time + 50, from: now, until: now })
    expect(Math.abs(clock.now() - now)).toBeLessThanOrEqual(50)
  })

  it('is never earlier than the earliest, which is never too late', () => {
    const step = fc.record({
      kind: fc.constantFrom('write', 'read', 'answer', 'pass'),
      out: fc.integer({ min: 0, max: 6_000 }),
      back: fc.integer({ min: 0, max: 6_000 }),
      ms: fc.integer({ min: 0, max: 600_000 }),
    })
    fc.assert(
      fc.property(fc.integer({ min: -60_000, max: 60_000 }), fc.array(step, { maxLength: 20 }), (ahead, steps) => {
        const one = machine(ahead)
        let isKnown = false
        for (const { kind, out, back, ms } of steps) {
          if (kind === 'pass') one.pass(ms)
          else if (kind === 'read') one.read(out, back, ms)
          else one[kind as 'write' | 'answer'](out, back)
          isKnown ||= kind !== 'pass'
          // Once anything is known, what is scheduled by the earliest time comes in time.
          if (isKnown) expect(one.late()).toBeGreaterThanOrEqual(0)
          expect(one.clock.earliest()).toBeLessThanOrEqual(one.clock.now())
        }
      })
    )
  })
})
