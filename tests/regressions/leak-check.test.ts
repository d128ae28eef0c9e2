import { describe, expect, it } from 'vitest'
import { canaryIn, sentencesIn } from './canaries'
import { CHECKING } from './leak-check'

describe('the leak check', () => {
  it('runs in every test file and sees the console and both output streams', async () => {
    // The import above also installs the check. Only vitest.config.ts shows that every test file has it.
    const config = (await import('../../vitest.config')).default as { test?: { setupFiles?: string[] } }
    expect(config.test?.setupFiles).toContain('tests/regressions/leak-check.ts')
    expect(Reflect.get(globalThis, CHECKING)).toBeDefined()
    const { takeLeaks } = await import('./leak-check')
    for (const print of [
      (line: string) => console.info(line),
      (line: string) => console.error(new Error(line)),
      (line: string) => console.debug({ deep: { in: [line] } }),
      (line: string) => process.stdout.write(`${line}\n`),
      (line: string) => process.stderr.write(Buffer.from(`${line}\n`)),
    ]) {
      print('authorization: Bearer canary-of-a-test-1')
      expect(takeLeaks()).toHaveLength(1)
    }
    console.info('A message waits for its desk (desk=slack conversationId=conv_01 waitMs=12000)')
    expect(takeLeaks()).toEqual([])
  })
})

describe('a canary', () => {
  it.each([
    ['a credential', 'x-token: xoxb-1000000000-2000000000-sandboxtoken'],
    ['a signature', 'expected v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503'],
    ['a signing secret', 'secret HRkRd4BeOAoUkfZr+mhauJT64rvBASlJRoIyPsd3zeA= is wrong'],
    ['an e-mail address', 'no contact for eve@customer.example'],
    ['a name', 'opened for Eve Customer'],
    ['a customer’s message', 'could not deliver “it still burns”'],
  ])('is %s', (_kind, line) => {
    expect(canaryIn(line, ['it still burns'])).toBeDefined()
  })

  it('is never an id, a code or a time', () => {
    const line =
      'Zendesk took a handoff (conversationId=conv_0000000000000000000000000G desk=zendesk ticketId=C0SUPPORT01:1780304400.000100 status=429 at=2026-06-01T09:00:00.000Z)'
    expect(canaryIn(line, ['it still burns'])).toBeUndefined()
  })

  it('is every sentence that a person says in a test', () => {
    const source = `
      await bot.customerSays(conversationId, 'it still burns')
      sandbox.agentReplies(ticket().id, "I can't see any fire", { agentId })
      sandbox.solve(ticket().id, { agentId, text: 'Put out the fire' })
      await stage.pass(60_000)
      expect(text).toContain('not a word of anybody')`
    expect(sentencesIn(source)).toEqual(['it still burns', "I can't see any fire", 'Put out the fire'])
  })
})
