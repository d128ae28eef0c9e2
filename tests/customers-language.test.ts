/** Agents see which language the customer speaks, as the session or the customer's messages tell it. */
import { describe, expect, it } from 'vitest'
import { createStage } from './support/simulated'
import { DESKS } from './regressions/helpers'
import { SETTLED_MS, ticketsOf } from './support/handoffs'

const FRENCH = 'Bonjour, mon colis n’est jamais arrivé et je voudrais être remboursé'

const opened = async (desk: string, says: string, card: Record<string, unknown> = {}) => {
  const stage = await createStage()
  const order = [desk, ...DESKS.filter((name) => name !== desk)]
  const desks = order.map((name) => ({ desk: name, languages: 'en, fr, de' }))
  await stage.save(stage.configuration({ order, desks, defaultLanguage: 'en' }))
  const { bot } = stage.botpress
  const { conversationId } = bot.newCustomer({ name: 'Eve Customer' })
  await stage.finish(bot.customerSays(conversationId, says))
  await stage.finish(bot.startHitl(conversationId, { title: 'Late parcel', ...card }))
  await stage.pass(SETTLED_MS)
  const [ticket] = ticketsOf(stage)
  const shown = ticket?.entries.map(({ text }) => text).join('\n') ?? ''
  return { stage, ticket, language: /Language:\W*(\S+)/.exec(shown)?.[1] }
}

describe.each(DESKS)('at %s', (desk) => {
  it('is detected', async () => {
    const { language, ticket } = await opened(desk, FRENCH)
    expect(ticket?.desk).toBe(desk)
    expect(language).toBe('fr')
  })

  it('is what the session says, where it says it', async () => {
    expect((await opened(desk, FRENCH, { hitlSession: { language: 'de' } })).language).toBe('de')
  })

  it('is not the default language that routing assumes', async () => {
    expect((await opened(desk, '4711 👍')).language).toBeUndefined()
  })
})

it('Zendesk keeps it at the user', async () => {
  const { stage } = await opened('zendesk', FRENCH)
  const bodies = stage.sandbox('zendesk').server.requests.map(({ body }) => body.toString('utf8'))
  expect(bodies.some((body) => body.includes('"locale":"fr"'))).toBe(true)
})
