/** `npm run language-accuracy`: the accuracy of language detection for short support messages, by language. */
import { detectLanguage } from '../../src/routing/detect-language'
import { languageName, primaryLanguage } from '../../src/routing/language'
import samples from './samples.json'

interface Score {
  right: number
  /** Too uncertain: the router uses the default language. */
  undecided: number
  wrong: number
}

const _all = samples as Record<string, string[]>
const _languages = Object.keys(_all)
const _european = ['en', 'fr', 'de', 'es', 'it', 'nl', 'pt']

/** Conversations of `count` messages, one starting at each sample. */
const _conversations = (language: string, count: number): string[][] => {
  const texts = _all[language] ?? []
  return texts.map((_text, index) =>
    Array.from({ length: count }, (_slot, next) => texts[(index + next) % texts.length] ?? '')
  )
}

const _score = async (language: string, count: number, configured: string[]): Promise<Score> => {
  const score: Score = { right: 0, undecided: 0, wrong: 0 }
  for (const texts of _conversations(language, count)) {
    const detection = await detectLanguage(texts, configured)
    if (detection.language === undefined) score.undecided += 1
    else if (primaryLanguage(detection.language) === language) score.right += 1
    else score.wrong += 1
  }
  return score
}

const _percent = ({ right, undecided, wrong }: Score): string => {
  const share = (part: number): string => `${((100 * part) / (right + undecided + wrong)).toFixed(0)} %`.padStart(6)
  return share(right) + share(undecided) + share(wrong)
}

const _add = (scores: Score[]): Score =>
  scores.reduce((sum, { right, undecided, wrong }) => ({
    right: sum.right + right,
    undecided: sum.undecided + undecided,
    wrong: sum.wrong + wrong,
  }))

const _scores = (languages: string[], count: number, configured: (language: string) => string[]): Promise<Score[]> =>
  Promise.all(languages.map((language) => _score(language, count, configured(language))))

const started = performance.now()
await detectLanguage(['hello there'], ['en', 'fr'])
const firstUse = performance.now() - started

console.log(`${_languages.length} languages, ${Object.values(_all).flat().length} messages; right / default / wrong`)
console.log(`first detection, including loading: ${firstUse.toFixed(0)} ms\n`)
console.log(`${'all languages configured'.padEnd(28)}one message          two messages         three messages`)
const byCount = await Promise.all([1, 2, 3].map((count) => _scores(_languages, count, () => _languages)))
for (const [index, language] of _languages.entries()) {
  const name = `${language}  ${languageName(language)}`.padEnd(26)
  console.log(
    name + byCount.map((scores) => _percent(scores[index] ?? { right: 0, undecided: 0, wrong: 0 })).join('   ')
  )
}
console.log('all'.padEnd(26) + byCount.map((scores) => _percent(_add(scores))).join('   '))

const european = await Promise.all([1, 2, 3].map((count) => _scores(_european, count, () => _european)))
console.log(
  `\n${`${_european.join(' ')} configured`.padEnd(26)}${european.map((scores) => _percent(_add(scores))).join('   ')}`
)
const others = _languages.filter((language) => language !== 'en')
const pairs = await Promise.all([1, 2, 3].map((count) => _scores(others, count, (language) => ['en', language])))
console.log(`${'English and one other'.padEnd(26)}${pairs.map((scores) => _percent(_add(scores))).join('   ')}`)
const unconfigured = _languages.filter((language) => !_european.includes(language))
const outside = await Promise.all([1, 2, 3].map((count) => _scores(unconfigured, count, () => _european)))
console.log(
  `${'not configured'.padEnd(26)}${outside.map((scores) => _percent(_add(scores))).join('   ')}   (the default is right)`
)
