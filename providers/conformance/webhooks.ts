/** Conformance: webhooks – signatures and parsing. */
import { describe, expect, it } from 'vitest'
import { createTestClock, createTestTools } from './tools'
import type { Suite } from './suite'

export const describeWebhooks = ({ descriptor, provider, setUp }: Suite): void => {
  describe(`${provider.name}: signatures`, () => {
    const signedBody = '{"say":"hello"}'

    it('accepts the vendor’s signature', async () => {
      const { sandbox, driver, subscription } = await setUp()
      expect(driver.verifyWebhook(sandbox.signed(signedBody), subscription)).toBe(true)
    })

    it('refuses a changed body, missing or malformed headers, another or no secret, and another vendor', async () => {
      const { sandbox, driver, subscription } = await setUp()
      const good = sandbox.signed(signedBody)
      expect(driver.verifyWebhook({ ...good, body: '{"say":"hellp"}' }, subscription), 'a changed byte').toBe(false)
      expect(driver.verifyWebhook({ ...good, body: '' }, subscription), 'no body').toBe(false)
      for (const name of Object.keys(good.headers)) {
        if (!/signature|timestamp/i.test(name)) continue
        expect(
          driver.verifyWebhook({ ...good, headers: { ...good.headers, [name]: undefined } }, subscription),
          `no ${name}`
        ).toBe(false)
        expect(
          driver.verifyWebhook({ ...good, headers: { ...good.headers, [name]: '' } }, subscription),
          `empty ${name}`
        ).toBe(false)
        expect(
          driver.verifyWebhook({ ...good, headers: { ...good.headers, [name]: 'ü'.repeat(40) } }, subscription),
          `odd ${name}`
        ).toBe(false)
      }
      expect(driver.verifyWebhook({ ...good, headers: {} }, subscription), 'no headers').toBe(false)
      expect(
        driver.verifyWebhook(sandbox.signed(signedBody, { secret: 'another secret' }), subscription),
        'another secret'
      ).toBe(false)
      expect(driver.verifyWebhook(descriptor.foreignRequest(), subscription), 'another vendor').toBe(false)
      if (descriptor.capabilities.includes('subscribe')) {
        expect(driver.verifyWebhook(good, undefined), 'no subscription').toBe(false)
        const emptied = Object.fromEntries(Object.keys(subscription ?? {}).map((key) => [key, '']))
        expect(driver.verifyWebhook(good, emptied), 'an empty secret').toBe(false)
      }
    })

    it.each(descriptor.vectors)('verifies the vector: $title, valid: $valid', async (vector) => {
      const clock = createTestClock(vector.now)
      const sandbox = descriptor.createSandbox({ now: clock.now })
      const config = provider.config.parse({ ...sandbox.config, ...vector.config })
      const driver = provider.connect(config, createTestTools({ clock, sandboxes: [] }))
      expect(driver.verifyWebhook(vector.request, vector.subscription)).toBe(vector.valid)
    })

    it('is tested with a valid and an invalid vector', () => {
      expect(descriptor.vectors.some((vector) => vector.valid)).toBe(true)
      expect(descriptor.vectors.some((vector) => !vector.valid)).toBe(true)
    })
  })

  describe(`${provider.name}: parsing`, () => {
    it.each([
      '',
      '{',
      'null',
      '[]',
      '"text"',
      '17',
      '{}',
      '{"type":null}',
      '{"__proto__":{"polluted":true}}',
      'payload=%7B',
      'payload=',
    ])('ignores a malformed body: %s', async (body) => {
      const { sandbox, driver } = await setUp()
      const parsed = driver.parseWebhook({ ...sandbox.signed('{}'), body })
      expect(parsed.events).toEqual([])
      expect(parsed.ignored).toBeTruthy()
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    })

    it.each(descriptor.unknownPayloads)('ignores an unknown webhook and gives a reason: %.60s', async (body) => {
      const { sandbox, driver } = await setUp()
      const parsed = driver.parseWebhook(sandbox.signed(body))
      expect(parsed.events).toEqual([])
      expect(parsed.ignored).toBeTruthy()
    })
  })
}
