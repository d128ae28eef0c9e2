import { expect, it } from 'vitest'
import { providerNames } from '../../src/definition/registry'
import { withBundle } from '../chaos/bundle'
import { INSTANCE } from '../rotation/process'
import { measureCapacity } from './measure'

it('is never exceeded across processes, and no place is lost when one of them is killed', async () => {
  const [limited = '', other = ''] = providerNames
  const result = await withBundle(INSTANCE, (script) =>
    measureCapacity({
      desks: [limited, other],
      capacity: 3,
      processes: 3,
      sessions: 40,
      parallel: 12,
      kill: true,
      isHurried: true,
      script,
    })
  )
  expect([...result.failures.keys()]).toEqual([])
  expect(result.free).toBe(3)
  expect(result.most).toBeLessThanOrEqual(3)
  expect(result.taken).toBeGreaterThan(3)
})
