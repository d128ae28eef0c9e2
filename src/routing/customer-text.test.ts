import { describe, expect, test } from 'vitest'
import { textLanguages } from './customer-text'
import { CUSTOMER_TEXTS } from './customer-texts'
import { desks, ranked, routing } from './rank.fixture'

const OFFICE = 'Mon-Fri 09:00-17:00'
const closed = { timeZone: 'Europe/Paris', desks: desks.map(({ provider }) => ({ desk: provider, hours: OFFICE })) }
const toCustomer = (config: object, language?: string, more: Parameters<typeof ranked>[2] = {}) =>
  ranked(config, language === undefined ? {} : { language }, more).messageForCustomer

describe('the router’s own texts', () => {
  test.each([
    [undefined, 'No agent is available at the moment. We open again Monday 09:00 (CET).'],
    ['en-US', 'No agent is available at the moment. We open again Monday 9:00 AM (GMT+1).'],
    ['de', 'Im Moment ist niemand erreichbar. Wir sind wieder für Sie da: Montag, 09:00 Uhr (MEZ).'],
    ['de-AT', 'Im Moment ist niemand erreichbar. Wir sind wieder für Sie da: Montag, 09:00 Uhr (MEZ).'],
    ['fr-CA', 'Aucun conseiller n’est disponible pour le moment. Réouverture : lundi 09 h 00 (UTC+1).'],
    ['nb', 'Ingen medarbeidere er ledige akkurat nå. Vi åpner igjen: mandag kl. 09:00 (CET).'],
    ['zh-TW', '目前沒有客服人員在線上。恢復服務時間：星期一上午9:00 (GMT+1)。'],
    ['ja', '現在、対応できる担当者がおりません。次の受付開始：9:00 (月曜日) (GMT+1)。'],
    ['tlh', 'No agent is available at the moment. We open again Monday 09:00 (CET).'],
  ])('%s: %s', (language, text) => expect(toCustomer(closed, language).replace(/\u202f|\u00a0/g, ' ')).toBe(text))

  test('exist in more than ten languages, whole, with an opening only where one is known', () => {
    expect(Object.keys(CUSTOMER_TEXTS).length).toBeGreaterThanOrEqual(20)
    for (const [tag, texts] of Object.entries(CUSTOMER_TEXTS)) {
      expect(() => new Intl.Locale(tag)).not.toThrow()
      expect(Object.keys(texts)).toEqual(Object.keys(CUSTOMER_TEXTS['en'] ?? {}))
      for (const [name, text] of Object.entries(texts)) {
        expect(text.includes('{opening}'), `${tag} ${name}`).toBe(name === 'closed' || name === 'receivedUntil')
        expect(text.replaceAll('{opening}', ''), `${tag} ${name}`).not.toMatch(/[{}]/)
        expect(text.trim(), `${tag} ${name}`).toBe(text)
      }
    }
  })

  test('are in the language of the customer’s words, where routing doesn’t ask for it', () => {
    const spoken = { language: 'de', confidence: 0.9, reason: 'the customer writes in German' }
    const ranking = ranked(closed, { spoken })
    expect(ranking.messageForCustomer).toContain('Wir sind wieder für Sie da: Montag, 09:00 Uhr')
    expect(ranking.language.source).toBe('none')
    expect(textLanguages(routing(closed))).toContain('de')
  })

  test('say when the handoff is taken, waits, or goes to the after-hours desk', () => {
    expect(toCustomer({}, 'es')).toBe('Un agente puede atenderle ahora.')
    expect(toCustomer({ ...closed, nobodyThere: 'open-anyway' }, 'it')).toBe(
      'Abbiamo ricevuto la sua richiesta e risponderemo a partire da: lunedì 09:00 (CET).'
    )
    const night = { ...closed, nobodyThere: 'after-hours', afterHoursDesk: 'gamma' }
    expect(toCustomer(night, 'sv')).toBe('Vårt vanliga team är inte tillgängligt just nu. Ett annat team tar över.')
    const full = { desks: desks.map(({ provider }) => ({ desk: provider, capacity: 1 })) }
    expect(toCustomer(full, 'nl', { load: { alpha: 1, beta: 1, gamma: 1 } })).toBe(
      'Op dit moment zijn al onze medewerkers in gesprek. Probeer het over een paar minuten opnieuw.'
    )
    const down = { alpha: { state: 'open' }, beta: { state: 'open' }, gamma: { state: 'open' } } as const
    expect(toCustomer({}, 'pl', { health: down })).toContain('Prosimy spróbować później.')
  })
})

describe('configured texts', () => {
  const config = {
    ...closed,
    refusalTexts: [
      'en: We are out. Back {opening}!',
      'Deutsch: Geschlossen bis {opening}.',
      'es-419: Volvemos {opening}.',
      'Closed / Fermé. {opening}',
    ],
  }

  test.each([
    ['en-GB', 'We are out. Back Monday 09:00 (CET)!'],
    ['de', 'Geschlossen bis Montag, 09:00 Uhr (MEZ).'],
    ['es-MX', 'Volvemos lunes 9:00 a.m. (GMT+1).'],
    ['es-ES', 'Volvemos lunes, 9:00 (CET).'],
    ['fr', 'Closed / Fermé. lundi 09:00 (UTC+1)'],
  ])('%s: %s', (language, text) => {
    expect(toCustomer(config, language).replace(/\u202f|\u00a0/g, ' ')).toBe(text)
  })

  test('leave out the sentence with the opening where none is known', () => {
    const health = { alpha: { state: 'open' }, beta: { state: 'open' }, gamma: { state: 'open' } } as const
    expect(toCustomer({ refusalTexts: config.refusalTexts }, 'en', { health })).toBe('We are out.')
    expect(toCustomer({ refusalTexts: config.refusalTexts }, 'de', { health })).toContain('Im Moment ist niemand')
  })
})

describe('a closed desk says when it opens', () => {
  test('also when it is full or down', () => {
    const limited = { ...closed, desks: closed.desks.map((desk) => ({ ...desk, capacity: 5 })) }
    const load = { alpha: 5, beta: 5, gamma: 5 }
    const down = { state: 'open' as const }
    for (const more of [{ load }, { health: { alpha: down, beta: down, gamma: down } }]) {
      const ranking = ranked(limited, {}, more)
      expect(ranking.decision).toMatchObject({ kind: 'refuse', opening: { text: 'Monday 09:00 Europe/Paris' } })
      expect(ranking.messageForCustomer).toContain('We open again Monday 09:00')
    }
  })
})
