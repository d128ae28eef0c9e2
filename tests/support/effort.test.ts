import { describe, expect, it } from 'vitest'
import { excessiveGrowth } from './effort'

/** The growth of work whose run takes as many milliseconds as it returns. */
const growthOf = (work: (length: number) => number, noiseMs: number[] = []) =>
  excessiveGrowth(work, 1_000, async (run) => Number(await run()) + (noiseMs.shift() ?? 0))

describe('excessive growth', () => {
  it('is found in quadratic work', async () => {
    expect(await growthOf((length) => length ** 2 / 10_000)).toBe(16)
  })

  it('is not found in linear work, however long it takes', async () => {
    expect(await growthOf((length) => length)).toBeUndefined()
  })

  it('is not found in work that is too short to measure', async () => {
    expect(await growthOf((length) => length ** 2 / 1_000_000)).toBeUndefined()
  })

  it('is not found when a busy machine spoils some measurements', async () => {
    expect(await growthOf((length) => length / 10, [0, 90_000, 0, 90_000])).toBeUndefined()
  })
})
