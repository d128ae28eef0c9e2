import { describe, expect, it } from 'vitest'
import { performed } from '../terminal/testing'
import { isPermissive, LICENCES, licencesCommand, listLicences } from './main'

describe('the licences', () => {
  it('of everything that is deployed are permissive', async () => {
    const { code, out, error } = await performed(LICENCES, licencesCommand, [])
    expect(error).toBe('')
    expect(code).toBe(0)
    expect(out).toMatch(/^axios@\S+ +MIT$/m)
    expect(out, 'nothing of development').not.toMatch(/^vitest@/m)
    expect(out).toMatch(/\d+ packages: \d+ MIT/)
  })

  it('of every package are known', async () => {
    const listed = await listLicences()
    expect(listed.length).toBeGreaterThan(100)
    expect(listed.filter(({ licence }) => licence === undefined).map(({ name }) => name)).toEqual([])
  })

  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['MIT AND ISC', true],
    ['MIT AND GPL-3.0-only', false],
    ['GPL-3.0-only', false],
    ['SEE LICENSE IN LICENSE.md', false],
    [undefined, false],
  ])('%s is permissive: %s', (expression, expected) => {
    expect(isPermissive(expression)).toBe(expected)
  })
})
