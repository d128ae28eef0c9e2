/** The same through whole conversations, at every desk. */
import { describe, expect, it } from 'vitest'
import { DESKS, sessionAt } from '../regressions/helpers'
import { seenBy, SETTLED_MS } from '../support/handoffs'
import { signsOf, visibleInMarkdown } from '../support/visible'

const TYPED = [
  'C:\\x',
  '*a*',
  '[1]: https://x.test/a',
  '2*3*4=24',
  '__init__.py',
  '+ 33 6 12',
  '- 5',
  '1) one',
  '#',
  '\\\\srv',
]

describe.each(DESKS)('at %s', (desk) => {
  it('what an agent types reaches the customer', async () => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk)
    for (const text of TYPED) {
      sandbox.agentReplies(ticket().id, text, { agentId })
      await stage.pass(SETTLED_MS)
      const seen = seenBy(stage, conversationId).at(-1) ?? ''
      expect(signsOf(seen)).toContain(signsOf(text))
      expect(visibleInMarkdown(seen.slice(seen.indexOf(': ') + 2)).text || seen).toContain(signsOf(text))
    }
  })

  it('what a customer types reaches the agent, captions included', async () => {
    const { stage, ticket, conversationId } = await sessionAt(desk)
    const { bot } = stage.botpress
    for (const text of TYPED) await bot.customerSays(conversationId, text)
    const payload = { imageUrl: 'https://files.example/i.png', caption: 'It is *broken* here' }
    await bot.customerSays(conversationId, { type: 'image', payload })
    await stage.pass(SETTLED_MS)
    const shown = ticket()
      .entries.map(({ text }) => signsOf(text))
      .join('\n')
    for (const text of [...TYPED, payload.caption, payload.imageUrl]) expect(shown).toContain(signsOf(text))
  })
})
