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

/** Frequent characters that only one of the two written forms of Chinese has, in pairs. */
const SIMPLIFIED =
  '们个这来时为会国说发对经过还没问题请谢单订货钱电话吗么样让开关网线账户发票寄给买卖钟点号码联系客务图书处级东车长门见贝贵费资质' +
  '转换连错误试验证录软设备视频声音应该现实际办业员医药银行证择听读写学习觉难动态机场际认识'
const TRADITIONAL =
  '們個這來時為會國說發對經過還沒問題請謝單訂貨錢電話嗎麼樣讓開關網線賬戶發票寄給買賣鐘點號碼聯繫客務圖書處級東車長門見貝貴費資質' +
  '轉換連錯誤試驗證錄軟設備視頻聲音應該現實際辦業員醫藥銀行證擇聽讀寫學習覺難動態機場際認識'

const _onlyIn = (own: string, other: string): Set<string> => new Set([...own].filter((one) => !other.includes(one)))

const _simplified = _onlyIn(SIMPLIFIED, TRADITIONAL)
const _traditional = _onlyIn(TRADITIONAL, SIMPLIFIED)

/** `zh-Hans`, `zh-Hant`, or `zh` for a text whose characters both have. */
export const chineseOf = (text: string): string => {
  const count = (characters: Set<string>): number => [...text].filter((one) => characters.has(one)).length
  const difference = count(_traditional) - count(_simplified)
  if (difference === 0) return 'zh'
  return difference > 0 ? 'zh-Hant' : 'zh-Hans'
}
