/** Who takes over where a language's or a rule's own desks can't. */
import { describe, expect, test } from 'vitest'
import { explain } from './explain'
import { desks, FRIDAY_EVENING, order, ranked, reasonOf } from './rank.fixture'

const OFFICE = 'Mon-Fri 09:00-17:00; Europe/Paris'
const withSettings = (settings: Record<string, Record<string, unknown>>) =>
  desks.map((desk) => ({ ...desk, ...(settings[desk.provider] && { settings: settings[desk.provider] }) }))

describe('a region falls back to its language before the default', () => {
  test.each([
    ['es-MX', 'es-419', ['alpha']],
    ['es-AR', 'es-419', ['alpha']],
    ['es-MX', 'es-ES', ['alpha']],
    ['es-ES', 'es-419', ['alpha']],
    ['es', 'es-MX', ['alpha']],
    ['fr-FR', 'fr-CA', ['alpha']],
    ['en-AU', 'en-001', ['alpha', 'beta']],
    ['en-DE', 'en-150', ['alpha', 'beta']],
    ['zh-HK', 'zh-TW', ['alpha']],
    ['zh-HK', 'zh-CN', ['beta']],
    ['pt-BR', 'es', ['beta']],
  ])('%s at desks with %s and en', (language, served, expected) => {
    const config = {
      desks: [
        { desk: 'alpha', languages: served },
        { desk: 'beta', languages: 'en-GB' },
        { desk: 'gamma', languages: 'de' },
      ],
      defaultLanguage: 'en',
    }
    expect(order(ranked(config, { language }))).toEqual(expected)
  })

  test('the nearest region first: es-MX, es-419, es-ES', () => {
    const languages = { alpha: 'es-ES', beta: 'es-419', gamma: 'es-MX' }
    const of = (names: (keyof typeof languages)[]) => ({
      desks: names.map((desk) => ({ desk, languages: languages[desk] })),
    })
    expect(order(ranked(of(['alpha', 'beta', 'gamma']), { language: 'es-MX' }))).toEqual(['beta', 'gamma', 'alpha'])
    const ranking = ranked(
      of(['alpha']),
      { language: 'es-MX' },
      { health: { beta: { state: 'open' }, gamma: { state: 'open' } } }
    )
    expect(order(ranking)[0]).toBe('alpha')
  })

  test('also where the desks of the region are closed', () => {
    const config = {
      desks: [
        { desk: 'alpha', languages: 'pt-BR', hours: OFFICE },
        { desk: 'beta', languages: 'pt-PT' },
        { desk: 'gamma', languages: 'en' },
      ],
    }
    const ranking = ranked(config, { language: 'pt-BR' })
    expect(order(ranking)).toEqual(['beta'])
    expect(ranking.notes).toEqual([
      'none of the desks for Brazilian Portuguese can take it now: desks for Portuguese of another region take over',
    ])
  })
})

describe('a language whose desks are closed', () => {
  const config = {
    desks: [
      { desk: 'alpha', languages: 'fr', hours: OFFICE },
      { desk: 'beta', languages: 'en' },
      { desk: 'gamma', languages: 'de' },
    ],
    defaultLanguage: 'en',
  }

  test('is refused by default, with the opening of its own desk', () => {
    expect(ranked(config, { language: 'fr' }).decision).toMatchObject({
      kind: 'refuse',
      opening: { text: 'Monday 09:00 Europe/Paris' },
    })
  })

  test.each([
    ['Use desks of the default language', ['beta']],
    ['default-language', ['beta']],
    ['Use any desk', ['beta', 'gamma']],
    ['Use no other desk', []],
  ])('%s: %j', (otherwise, expected) => {
    expect(order(ranked({ ...config, otherwise }, { language: 'fr' }))).toEqual(expected)
  })

  test('full or down desks are the same, and the explanation says who takes over', () => {
    const open = { ...config, desks: [{ desk: 'alpha', languages: 'fr', capacity: 2 }, ...config.desks.slice(1)] }
    const ranking = ranked({ ...open, otherwise: 'default-language' }, { language: 'fr' }, { load: { alpha: 2 } })
    expect(explain(ranking)).toContain(
      'Note: none of the desks for French can take it now: desks for English, the default language, take over'
    )
    const down = ranked(
      { ...open, otherwise: 'any-desk' },
      { language: 'fr' },
      { health: { alpha: { state: 'open' } } }
    )
    expect(order(down)).toEqual(['beta', 'gamma'])
  })

  test('whoever may take over comes after the own desks, so a failure goes on to them', () => {
    const monday = { instant: FRIDAY_EVENING - 6 * 3_600_000 }
    const ranking = ranked({ ...config, otherwise: 'any-desk' }, { language: 'fr' }, monday)
    expect(order(ranking)).toEqual(['alpha', 'beta', 'gamma'])
    expect(reasonOf(ranking, 'beta')).toBe('after those: desks for English, the default language, take over')
  })

  test('a strict request stays strict', () => {
    const ranking = ranked({ ...config, otherwise: 'any-desk' }, { language: 'fr', provider: 'alpha', strict: true })
    expect(order(ranking)).toEqual([])
  })
})

describe('a rule whose desks are closed', () => {
  const config = (line: string, more: object = {}) => ({
    desks: [
      { desk: 'gamma', hours: OFFICE },
      { desk: 'beta', languages: 'en' },
    ],
    defaultLanguage: 'en',
    rules: [line],
    ...more,
  })
  const vip = { tags: ['vip'] }

  test('decides for itself', () => {
    expect(order(ranked(config('tags vip -> gamma'), vip))).toEqual([])
    expect(order(ranked(config('tags vip -> gamma; otherwise any desk'), vip))).toEqual(['alpha', 'beta'])
    expect(order(ranked(config('tags vip -> gamma; otherwise default language'), vip))).toEqual(['alpha', 'beta'])
  })

  test('or follows the setting, which it may override', () => {
    const open = { otherwise: 'Use any desk' }
    expect(order(ranked(config('tags vip -> gamma', open), vip))).toEqual(['alpha', 'beta'])
    expect(order(ranked(config('tags vip -> gamma; otherwise refuse', open), vip))).toEqual([])
  })

  test('keeps its options for the desk that takes over, except its queue', () => {
    const ranking = ranked(config('tags vip -> gamma; queue 5; priority urgent; otherwise any desk'), vip)
    expect(ranking.desks[0]).toMatchObject({ provider: 'alpha', options: { priority: 'urgent' } })
    expect(ranking.desks[0]?.options.queue).toBeUndefined()
  })
})

describe('a desk that is not ready', () => {
  const unready = withSettings({}).map((desk) =>
    desk.provider === 'alpha' ? { ...desk, notReady: 'Bot token is missing' } : desk
  )

  test('is left out, and the explanation says what is missing', async () => {
    const { rank } = await import('./rank')
    const { routing } = await import('./rank.fixture')
    const ranking = rank({ routing: routing({}, unready), handoff: { id: 'h' }, instant: FRIDAY_EVENING })
    expect(order(ranking)).toEqual(['beta', 'gamma'])
    expect(reasonOf(ranking, 'alpha')).toBe('not ready: Bot token is missing')
    const standIn = rank({
      routing: routing({ nobodyThere: 'open-anyway' }, unready.slice(0, 1)),
      handoff: { id: 'h' },
      instant: FRIDAY_EVENING,
    })
    expect(standIn.decision.kind).toBe('refuse')
  })
})
