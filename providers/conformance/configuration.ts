/** Conformance: configuration and connection. */
import { describe, expect, it } from 'vitest'
import type { ConfigSchema, Provider } from '../provider'
import { createTestClock, createTestTools } from './tools'
import type { Capability, Suite } from './suite'

const ALL_CAPABILITIES: Record<Capability, true> = {
  answerUnsigned: true,
  ensureContact: true,
  catchUp: true,
  findOrigin: true,
  readFile: true,
  reportFate: true,
  describeAgent: true,
  agentsAvailable: true,
  reflect: true,
  subscribe: true,
  unsubscribe: true,
  instructions: true,
  diagnose: true,
}

export const describeConfiguration = ({ descriptor, provider, openSandboxes, setUp }: Suite): void => {
  describe(`${provider.name}: configuration`, () => {
    it('has a name, a title and described fields, with credentials marked secret', () => {
      expect(provider.name).toMatch(/^[a-z][a-z-]*$/)
      expect(provider.title.length).toBeGreaterThan(1)
      const schema = provider.config.toJSONSchema() as { properties: Record<string, FieldSchema> }
      for (const [field, value] of Object.entries(schema.properties)) {
        expect(value.description, `${field} has a description`).toBeTruthy()
        expect(value['x-zui']?.title, `${field} has a title`).toBeTruthy()
        if (/token|secret|password|key$/i.test(field))
          expect(value['x-zui']?.secret, `${field} is marked secret`).toBe(true)
      }
    })

    it('refuses missing, mistyped and empty fields', () => {
      expect(_isRefused(provider, {})).toBe(true)
      expect(_isRefused(provider, { ...descriptor.createSandbox({ now: Date.now }).config, [firstField()]: 17 })).toBe(
        true
      )
      for (const field of Object.keys(descriptor.createSandbox({ now: Date.now }).config)) {
        const config: Record<string, unknown> = { ...descriptor.createSandbox({ now: Date.now }).config, [field]: '' }
        expect(_isRefused(provider, config), `an empty ${field}`).toBe(true)
      }
    })

    it('accepts the sandbox’s configuration and its credentials', async () => {
      const { driver, config } = await setUp()
      expect(provider.checkConfig?.(config) ?? []).toEqual([])
      const account = await driver.checkCredentials()
      expect(account.id).toMatch(/^\S+$/)
      expect(account.description).toMatch(/\S/)
    })
  })

  const firstField = (): string => Object.keys(provider.config.shape)[0] ?? ''

  describe(`${provider.name}: connection`, () => {
    it('makes no request before a method is called', async () => {
      const clock = createTestClock()
      const sandbox = descriptor.createSandbox({ now: clock.now })
      openSandboxes.push(sandbox)
      await sandbox.server.listen()
      provider.connect(provider.config.parse(sandbox.config), createTestTools({ clock, sandboxes: [sandbox] }))
      expect(sandbox.server.requests).toEqual([])
    })

    const absent = Object.keys(ALL_CAPABILITIES).filter((name) => !descriptor.capabilities.includes(name as Capability))
    it(`has the capabilities ${descriptor.capabilities.join(', ') || '(none)'} and lacks ${absent.join(', ') || '(none)'}`, async () => {
      const { driver } = await setUp()
      const present = Object.keys(ALL_CAPABILITIES).filter(
        (name) => name in driver && driver[name as Capability] !== undefined
      )
      expect(present.toSorted()).toEqual([...descriptor.capabilities].toSorted())
    })
  })
}

interface FieldSchema {
  description?: string
  'x-zui'?: { title?: string; secret?: boolean }
}

const _isRefused = (provider: Provider<ConfigSchema>, config: Record<string, unknown>): boolean => {
  const parsed = provider.config.safeParse(config)
  return !parsed.success || (provider.checkConfig?.(parsed.data) ?? []).length > 0
}
