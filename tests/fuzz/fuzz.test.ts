import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ATTACKS } from './attacks'
import { mutate, mutations } from './hostile'
import type { Target } from './target'

const command = (...args: string[]): Promise<{ code: number; out: string }> =>
  new Promise((resolve) => {
    const script = fileURLToPath(new URL('command.ts', import.meta.url))
    execFile(process.execPath, ['--import', 'tsx', script, ...args], (error, out) =>
      resolve({ code: error ? 1 : 0, out })
    )
  })

describe('mutations', () => {
  it('change neither the original nor Object.prototype', () => {
    const original = { a: [1, { b: 'c' }], d: null }
    const before = JSON.stringify(original)
    fc.assert(
      fc.property(mutations, (changes) => {
        JSON.stringify(mutate(original, changes))
        expect(JSON.stringify(original)).toBe(before)
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      { numRuns: 300 }
    )
  })
})

describe('attacks', () => {
  /** A router that answers every request with this status. */
  const answering = (status: number): Target =>
    ({
      genuine: [
        {
          desk: 'slack',
          request: {
            method: 'POST',
            path: '/slack',
            query: '',
            headers: { 'x-slack-signature': 'v0=1' },
            body: '{"a":1}',
          },
        },
      ],
      send: () => Promise.resolve({ status }),
    }) as unknown as Target

  it.each(ATTACKS.filter(({ isHarmless }) => isHarmless))('report $name that the router accepts', async (attack) => {
    const requests = fc.sample(attack.request, { seed: 1, numRuns: 50 })
    const outcomes = await Promise.all(requests.map((request) => attack.run(answering(200), request)))
    expect(outcomes.filter((outcome) => outcome?.startsWith('answered 200')).length).toBeGreaterThan(20)
  })

  it('change no state, crash nothing and get a clear answer', async () => {
    const { code, out } = await command('--runs', '1800', '--seed', '7')
    expect(out).toContain(' 0 kinds of attack got through')
    expect(code).toBe(0)
  })
})
