import { describe, expect, it } from 'vitest'
import { canaryIn, sentencesIn } from './canaries'
import { LISTENING } from './ear'

describe('every test file', () => {
  it('is listened to: what is printed by the console or straight to a stream is heard', async () => {
    // Were it not in vitest.config.ts, importing it here would be what makes it listen.
    const config = (await import('../../vitest.config')).default as { test?: { setupFiles?: string[] } }
    expect(config.test?.setupFiles).toContain('tests/regressions/leak-check.ts')
    expect(Reflect.get(globalThis, LISTENING)).toBe(true)
    const { takeHeard } = await import('./ear')
    for (const print of [
      (line: string) => console.info(line),
      (line: string) => console.error(new Error(line)),
      (line: string) => console.debug({ deep: { in: [line] } }),
      (line: string) => process.stdout.write(`${line}\n`),
      (line: string) => process.stderr.write(Buffer.from(`${line}\n`)),
    ]) {
      print('authorization: Bearer canary-of-a-test-1')
      expect(takeHeard()).toHaveLength(1)
    }
    console.info('A message waits for its desk (desk=slack conversationId=conv_01 waitMs=12000)')
    expect(takeHeard()).toEqual([])
  })
})

describe('a canary', () => {
  it.each([
    ['a credential', 'x-token: xoxb-1000000000-2000000000-sandboxtoken'],
    ['a signature', 'expected v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503'],
    ['a signing secret', 'secret HRkRd4BeOAoUkfZr+mhauJT64rvBASlJRoIyPsd3zeA= is wrong'],
    ['an address', 'no contact for eve@customer.example'],
    ['a name', 'opened for Eve Customer'],
    ['what was said', 'could not deliver “it still burns”'],
  ])('is %s', (_what, line) => {
    expect(canaryIn(line, ['it still burns'])).toBeDefined()
  })

  it('is no id, code or moment', () => {
    const line =
      'Zendesk took a handoff (conversationId=conv_0000000000000000000000000G desk=zendesk ticketId=C0SUPPORT01:1780304400.000100 status=429 at=2026-06-01T09:00:00.000Z)'
    expect(canaryIn(line, ['it still burns'])).toBeUndefined()
  })

  it('is every sentence that a test has somebody say', () => {
    const source = `
      await bot.customerSays(conversationId, 'it still burns')
      sandbox.agentReplies(ticket().id, "I can't see any fire", { agentId })
      sandbox.solve(ticket().id, { agentId, text: 'Put out the fire' })
      await stage.pass(60_000)
      expect(text).toContain('not a word of anybody')`
    expect(sentencesIn(source)).toEqual(['it still burns', "I can't see any fire", 'Put out the fire'])
  })
})
