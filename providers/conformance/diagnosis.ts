/** Conformance: a diagnosis reads only, never throws, and names what is wrong. */
import { describe, expect, it } from 'vitest'
import type { Finding } from '../provider'
import type { SandboxRequest } from '../kit/sandbox'
import { TARGET, type Suite } from './suite'

/** Signing in is a POST at some vendors, and changes nothing. */
const _isWrite = ({ method, path }: SandboxRequest): boolean =>
  method !== 'GET' && method !== 'HEAD' && !/\/oauth\/tokens$|\/auth\.test$/.test(path)

const _sentences = (findings: Finding[]): string[] => findings.flatMap(({ found, advice = '' }) => [found, advice])

export const describeDiagnosis = ({ descriptor, provider, setUp }: Suite): void => {
  if (!descriptor.capabilities.includes('diagnose')) return
  const diagnosed = async (config: Record<string, unknown> = {}, prepare?: (fixture: Fixture) => void) => {
    const fixture = await setUp()
    const parsed = provider.config.parse({ ...fixture.config, ...config }) as Record<string, unknown>
    // A new instance, which knows nothing of the account yet.
    const driver = provider.connect(parsed, { ...fixture.tools, memory: new Map() })
    prepare?.(fixture)
    const before = fixture.sandbox.server.requests.length
    const findings = (await driver.diagnose?.(TARGET)) ?? []
    return { findings, requests: fixture.sandbox.server.requests.slice(before), config: parsed }
  }
  type Fixture = Awaited<ReturnType<typeof setUp>>

  describe(`${provider.name}: diagnosis`, () => {
    it('finds nothing wrong after a save, and changes nothing', async () => {
      const { findings, requests } = await diagnosed()
      expect(findings.filter(({ state }) => state === 'wrong')).toEqual([])
      expect(findings.filter(({ state }) => state === 'right').length).toBeGreaterThan(1)
      expect(requests.length).toBeGreaterThan(0)
      expect(requests.filter(_isWrite).map(({ method, path }) => `${method} ${path}`)).toEqual([])
    })

    it('works without an address', async () => {
      const { driver } = await setUp()
      expect((await driver.diagnose?.({}))?.filter(({ state }) => state === 'wrong')).toEqual([])
    })

    it.each([
      ['refuses the credentials', { kind: 'status', status: 401, body: { error: 'invalid' }, times: 99 }],
      ['is down', { kind: 'status', status: 503, times: 99 }],
      ['does not answer', { kind: 'disconnect', times: 99 }],
      ['answers with a page', { kind: 'status', status: 200, body: '<html>Hello</html>', times: 99 }],
      ['answers with nonsense', { kind: 'status', status: 200, body: { nonsense: true }, times: 99 }],
    ] as const)('says what is wrong and what to do when the desk %s', async (_title, fault) => {
      const { findings, config } = await diagnosed({}, ({ sandbox }) => sandbox.server.addFault(fault))
      const wrong = findings.filter(({ state }) => state === 'wrong')
      expect(wrong.length).toBeGreaterThan(0)
      for (const { found, advice } of wrong) {
        expect(found.length).toBeGreaterThan(10)
        expect(advice?.length).toBeGreaterThan(10)
      }
      const secrets = Object.entries(config).filter(([field]) => /token|secret/i.test(field))
      for (const [field, value] of secrets)
        for (const sentence of _sentences(findings)) expect(sentence, field).not.toContain(String(value))
    })

    it('gives an advice with everything that is not right, in sentences without a full stop', async () => {
      const { findings } = await diagnosed()
      for (const { state, found, advice } of findings) {
        expect(advice !== undefined, found).toBe(state !== 'right')
        for (const sentence of [found, advice ?? '']) expect(sentence).not.toMatch(/[.!]$/)
      }
    })
  })
}
