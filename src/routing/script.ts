/** Finds the Unicode scripts of a text, and the languages that use them. */

/** The parts of CLDR's combined scripts. Korean is hardly ever written in Han alone. */
const _PARTS: Record<string, string[]> = {
  Jpan: ['Hiragana', 'Katakana', 'Han'],
  Kore: ['Hangul'],
  Hans: ['Han'],
  Hant: ['Han'],
}

const _scriptsOf = (language: string): string[] => {
  const script = new Intl.Locale(language).maximize().script ?? 'Latin'
  return _PARTS[script] ?? [script]
}

const _count = (text: string, scripts: readonly string[]): number =>
  scripts.reduce((sum, script) => sum + (text.match(new RegExp(`\\p{Script=${script}}`, 'gu'))?.length ?? 0), 0)

export const letterCount = (text: string): number => text.match(/\p{L}/gu)?.length ?? 0

/** Removes addresses, numbers and emoji, which carry no language. */
export const onlyWords = (text: string): string =>
  text
    .split(/\s+/u)
    .filter((word) => !_isMailbox(word))
    .join(' ')
    .replace(/https?:\S+/gu, ' ')
    .replace(/[^\p{L}\p{M}'’ ]+/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim()

/** No regular expression: an unanchored one takes quadratic time on a long word without an @. */
const _isMailbox = (word: string): boolean => {
  const at = word.indexOf('@', 1)
  return at > 0 && at < word.length - 1
}

/** Removes Latin words from a text in another script: product names and technical English (`updateしたらWi-Fiがつながらない`). */
export const withoutForeignWords = (text: string): string => {
  const latin = _count(text, ['Latin'])
  const others = letterCount(text) - latin
  return others > 0 && others >= latin * 0.4 ? text.replace(/\p{Script=Latin}+/gu, ' ').trim() : text
}

/** The languages whose scripts cover at least half of the letters. Kana distinguish Japanese from Chinese. */
export const writtenLike = (text: string, languages: readonly string[]): string[] => {
  const letters = letterCount(text)
  const fitting = languages.filter((language) => _count(text, _scriptsOf(language)) >= letters / 2)
  const hasKana = _count(text, ['Hiragana', 'Katakana']) > 0
  const usesKana = (language: string): boolean => _scriptsOf(language).includes('Hiragana')
  if (hasKana) return fitting.filter(usesKana)
  return fitting.some((language) => !usesKana(language)) ? fitting.filter((language) => !usesKana(language)) : fitting
}

export const isLatin = (language: string): boolean => _scriptsOf(language).includes('Latn')
