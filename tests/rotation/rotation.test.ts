import { expect, it } from 'vitest'
import { providers } from '../../src/definition/registry'
import { withBundle } from '../chaos/bundle'
import { measureRotation } from './measure'
import { INSTANCE } from './process'

const [first = '', second = '', third = ''] = Object.keys(providers)

it.each([false, true])(
  'keeps every desk within one of its share across processes (one of them killed: %s)',
  async (kill) => {
    const result = await withBundle(INSTANCE, (script) =>
      measureRotation({
        weights: { [first]: 5, [second]: 3, [third]: 2 },
        processes: 3,
        handoffs: 60,
        parallel: 12,
        kill,
        script,
      })
    )
    expect(result).toMatchObject({ failed: 0, tickets: 60 })
    for (const { desk, got, expected } of result.shares) expect(Math.abs(got - expected), desk).toBeLessThanOrEqual(1)
  }
)
