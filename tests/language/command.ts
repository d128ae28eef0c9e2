/** `npm run language-accuracy`: how well the language of short support messages is told, per language and per configuration. */
import { detectLanguage } from '../../src/routing/detect-language'
import { languageName } from '../../src/routing/language'
import samples from './samples.json'

interface Score {
  right: number
  /** Not sure enough: the default language is taken, and it is said. */
  open: number
  wrong: number
}

const _all = samples as Record<string, string[]>
const _languages = Object.keys(_all)
const _european = ['en', 'fr', 'de', 'es', 'it', 'nl', 'pt']

/** What the customer has written by the time of the handoff: `count` messages, beginning at each in turn. */
const _conversations = (language: string, count: number): string[][] => {
  const texts = _all[language] ?? []
  return texts.map((_text, index) =>
    Array.from({ length: count }, (_slot, next) => texts[(index + next) % texts.length] ?? '')
  )
}

const _score = async (language: string, count: number, configured: string[]): Promise<Score> => {
  const score: Score = { right: 0, open: 0, wrong: 0 }
  for (const texts of _conversations(language, count)) {
    const detection = await detectLanguage(texts, configured)
    if (detection.language === undefined) score.open += 1
    else if (detection.language === language) score.right += 1
    else score.wrong += 1
  }
  return score
}

const _percent = ({ right, open, wrong }: Score): string => {
  const share = (part: number): string => `${((100 * part) / (right + open + wrong)).toFixed(0)} %`.padStart(6)
  return share(right) + share(open) + share(wrong)
}

const _add = (scores: Score[]): Score =>
  scores.reduce((sum, { right, open, wrong }) => ({
    right: sum.right + right,
    open: sum.open + open,
    wrong: sum.wrong + wrong,
  }))

const _scores = (languages: string[], count: number, configured: (language: string) => string[]): Promise<Score[]> =>
  Promise.all(languages.map((language) => _score(language, count, configured(language))))

const started = performance.now()
await detectLanguage(['hello there'], ['en', 'fr'])
const firstUse = performance.now() - started

console.log(
  `${_languages.length} languages, ${Object.values(_all).flat().length} messages; right / left to the default / wrong`
)
console.log(`first detection with loading: ${firstUse.toFixed(0)} ms\n`)
console.log(`${'all languages configured'.padEnd(28)}one message          two messages         three messages`)
const byCount = await Promise.all([1, 2, 3].map((count) => _scores(_languages, count, () => _languages)))
for (const [index, language] of _languages.entries()) {
  const name = `${language}  ${languageName(language)}`.padEnd(26)
  console.log(name + byCount.map((scores) => _percent(scores[index] ?? { right: 0, open: 0, wrong: 0 })).join('   '))
}
console.log('all'.padEnd(26) + byCount.map((scores) => _percent(_add(scores))).join('   '))

const europe = await Promise.all([1, 2, 3].map((count) => _scores(_european, count, () => _european)))
console.log(
  `\n${`${_european.join(' ')} configured`.padEnd(26)}${europe.map((scores) => _percent(_add(scores))).join('   ')}`
)
const others = _languages.filter((language) => language !== 'en')
const pairs = await Promise.all([1, 2, 3].map((count) => _scores(others, count, (language) => ['en', language])))
console.log(`${'English and the one'.padEnd(26)}${pairs.map((scores) => _percent(_add(scores))).join('   ')}`)
const strangers = _languages.filter((language) => !_european.includes(language))
const outside = await Promise.all([1, 2, 3].map((count) => _scores(strangers, count, () => _european)))
console.log(
  `${'the others, to those seven'.padEnd(26)}${outside.map((scores) => _percent(_add(scores))).join('   ')}   (left to the default is right)`
)
