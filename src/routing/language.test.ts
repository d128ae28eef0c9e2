import { describe, expect, test } from 'vitest'
import { detectLanguage } from './detect-language'
import { spokenWords } from './known-words'
import { frequentWords } from '../../tests/language/words'
import { chooseLanguage, languageTagProblem, primaryLanguage, serves } from './language'
import samples from '../../tests/language/samples.json'

describe('language matching', () => {
  test.each([
    ['fr', 'fr-CA', true],
    ['fr', 'FR', true],
    ['fr-CA', 'fr', true],
    ['fr-CA', 'fr-CA', true],
    ['fr-CA', 'fr-FR', false],
    ['fr', 'en', false],
    ['zh', 'zh-TW', true],
    ['zh-Hant', 'zh-TW', true],
    ['zh-Hans', 'zh-TW', false],
    ['no', 'nb-NO', true],
    ['sr-Latn', 'sr-RS', false],
    ['pt-BR', 'pt-PT', false],
    ['not a tag', 'fr', false],
  ])('%s serves %s: %s', (served, wanted, expected) => expect(serves(served, wanted)).toBe(expected))

  test.each([
    ['xx', `"xx" isn't a language; write one such as en, fr or pt-BR`],
    ['fr-', `"fr-" isn't a language; write one such as en, fr or pt-BR`],
    ['fr-XQ', `"fr-XQ" isn't a language; write one such as en, fr or pt-BR`],
  ])('refuses the tag %s', (tag, problem) => expect(languageTagProblem(tag)).toBe(problem))

  test.each(['en', 'fr-CA', 'zh-Hant', 'pt-br', 'fil'])('accepts the tag %s', (tag) =>
    expect(languageTagProblem(tag)).toBeUndefined()
  )

  test('three-letter codes name the same languages', () => {
    expect(['fra', 'cmn', 'nob', 'pes'].map(primaryLanguage)).toEqual(['fr', 'zh', 'no', 'fa'])
  })
})

describe('the language of a handoff', () => {
  const french = { language: 'fr', confidence: 0.98, reason: 'the customer writes in French (98 % sure)' }
  const unsure = { confidence: 0.5, reason: 'the customer may write in French, but that is only 50 % sure' }

  test('the session’s language takes precedence over the detected one', () => {
    expect(chooseLanguage('de-AT', french, 'en')).toEqual({
      language: 'de-AT',
      source: 'session',
      reason: 'the session says Austrian German',
    })
  })

  test('the detected language takes precedence over the default', () => {
    expect(chooseLanguage(undefined, french, 'en')).toEqual({
      language: 'fr',
      source: 'detected',
      reason: french.reason,
    })
  })

  test('the default applies when the detector isn’t confident, and the reason says so', () => {
    expect(chooseLanguage(undefined, unsure, 'en')).toEqual({
      language: 'en',
      source: 'default',
      reason: 'the customer may write in French, but that is only 50 % sure, so English, the default',
    })
  })

  test('an invalid language of the session is reported and skipped', () => {
    expect(chooseLanguage('gibberish', french, 'en').reason).toBe(
      `the session's language isn't usable ("gibberish" isn't a language; write one such as en, fr or pt-BR), the customer writes in French (98 % sure)`
    )
  })

  test('the language is unknown without any source', () => {
    expect(chooseLanguage(undefined, undefined, undefined)).toEqual({
      source: 'none',
      reason: 'the language is unknown, and there is no default',
    })
  })
})

describe('detection', () => {
  test('only configured languages are candidates', async () => {
    const text = ['ich möchte bitte mit einem Mitarbeiter sprechen']
    expect((await detectLanguage(text, ['en', 'de-AT'])).language).toBe('de')
    expect((await detectLanguage(text, ['en', 'fr'])).language).toBeUndefined()
  })

  test('the script decides where it can, without the detector', async () => {
    expect(await detectLanguage(['주문이 안 왔어요'], ['en', 'ko', 'ja', 'zh'])).toEqual({
      language: 'ko',
      confidence: 1,
      reason: 'the customer writes in Korean letters',
    })
    expect((await detectLanguage(['updateしたらWi-Fiがつながらない'], ['en', 'ja', 'zh'])).language).toBe('ja')
    expect((await detectLanguage(['我要退款'], ['en', 'ja', 'zh'])).language).toBe('zh')
    // The detector doesn't know Thai.
    expect((await detectLanguage(['ช่วยด้วยค่ะ'], ['en', 'th'])).language).toBe('th')
  })

  test('a text without words has no language', async () => {
    const nothing = { confidence: 0, reason: 'the customer has not written any words' }
    expect(await detectLanguage([], ['en', 'fr'])).toEqual(nothing)
    expect(await detectLanguage(['😡😡 1234 https://example.com me@example.com'], ['en', 'fr'])).toEqual(nothing)
    expect((await detectLanguage(['hello'], [])).language).toBeUndefined()
  })

  test('the newest words of a long text count', async () => {
    const long = Array.from({ length: 60 }, () => 'where is my order, I have been waiting for a week')
    expect(
      (
        await detectLanguage(
          [
            ...long,
            ...Array.from({ length: 15 }, () => 'ma commande n’est toujours pas arrivée, je voudrais un remboursement'),
          ],
          ['en', 'fr']
        )
      ).language
    ).toBe('fr')
  })

  test.each([
    ['hallo', ['de', 'en', 'es', 'fr'], 'de'],
    ['guten Tag', ['de', 'en', 'sv'], 'de'],
    ['hej', ['sv', 'en', 'nl'], 'sv'],
    ["Let's talk somewhere else", ['en', 'fr'], 'en'],
    ['Such a nice script!', ['en', 'ro', 'cs', 'de'], 'en'],
    ['my parcel never came', ['en', 'es'], 'en'],
    ['cancel my subscription', ['en', 'es'], 'en'],
    ['bom dia', ['pt', 'sv', 'en', 'fr', 'de', 'es', 'it', 'nl'], 'pt'],
    // As people write without their keyboard.
    ['ich will mein Geld zurueck', ['de', 'en', 'nl', 'sv'], 'de'],
    ['necesito devolucion', ['es', 'pt', 'it', 'en'], 'es'],
    ['добрий день', ['ru', 'uk', 'bg'], 'uk'],
  ])('a short message is recognised: %s', async (text, configured, language) => {
    const detection = await detectLanguage([text], configured)
    expect(detection.language).toBe(language)
    expect(detection.reason).not.toContain('100 %')
  })

  test('Traditional and Simplified Chinese are told apart', async () => {
    const chinese = async (text: string) => (await detectLanguage([text], ['en', 'zh-CN', 'zh-TW'])).language
    expect(await chinese('我的訂單在哪裡')).toBe('zh-Hant')
    expect(await chinese('我的订单在哪里')).toBe('zh-Hans')
    expect(await chinese('我要退款')).toBe('zh')
  })

  test('the lists of spoken words are those of the package that they come from', () => {
    expect(spokenWords()).toEqual(frequentWords())
  })

  test('the error rate on the samples (at least 15 languages with 12 messages each) doesn’t rise', async () => {
    const all = Object.entries(samples as Record<string, string[]>)
    const languages = all.map(([language]) => language)
    expect(all.length).toBeGreaterThanOrEqual(15)
    let [right, wrong, total] = [0, 0, 0]
    for (const [language, texts] of all) {
      expect(texts.length).toBeGreaterThanOrEqual(12)
      for (const [index, text] of texts.entries()) {
        const { language: found } = await detectLanguage([text, texts[(index + 1) % texts.length] ?? ''], languages)
        total += 1
        right += Number(found !== undefined && primaryLanguage(found) === language)
        wrong += Number(found !== undefined && primaryLanguage(found) !== language)
      }
    }
    expect(right / total).toBeGreaterThan(0.98)
    expect(wrong / total).toBeLessThan(0.02)
  })
})
