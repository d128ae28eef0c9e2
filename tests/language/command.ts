/** `npm run language-accuracy`: the accuracy of language detection for short support messages, by language. */
import { runCommand, type Progress } from '../../playground/terminal/command'
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

interface Measured {
  firstUseMs: number
  /** By how many messages a conversation has: one, two, three. */
  all: { languages: Record<string, Score>; total: Score }[]
  european: Score[]
  pairs: Score[]
  outside: Score[]
}

const COUNTS = [1, 2, 3]

const _measure = async (progress: Progress): Promise<Measured> => {
  const started = performance.now()
  await detectLanguage(['hello there'], ['en', 'fr'])
  const firstUseMs = performance.now() - started
  const measure = async (about: string, languages: string[], configured: (language: string) => string[]) => {
    const scores: Score[][] = []
    for (const count of COUNTS) {
      progress(`${about}: ${count} of ${COUNTS.length}`)
      scores.push(await _scores(languages, count, configured))
    }
    return scores
  }
  const all = await measure('All languages configured', _languages, () => _languages)
  const others = _languages.filter((language) => language !== 'en')
  const unconfigured = _languages.filter((language) => !_european.includes(language))
  return {
    firstUseMs,
    all: all.map((scores) => ({
      languages: Object.fromEntries(_languages.map((language, index) => [language, scores[index] ?? _NONE])),
      total: _add(scores),
    })),
    european: (await measure('European languages', _european, () => _european)).map(_add),
    pairs: (await measure('English and one other', others, (language) => ['en', language])).map(_add),
    outside: (await measure('Not configured', unconfigured, () => _european)).map(_add),
  }
}

const _NONE: Score = { right: 0, undecided: 0, wrong: 0 }
const WIDTH = 26

const _text = ({ firstUseMs, all, european, pairs, outside }: Measured): string => {
  const row = (name: string, scores: Score[]): string => name.padEnd(WIDTH) + scores.map(_percent).join('   ')
  return [
    `${_languages.length} languages, ${Object.values(_all).flat().length} messages; right / default / wrong`,
    `first detection, including loading: ${firstUseMs.toFixed(0)} ms`,
    '',
    `${'all languages configured'.padEnd(28)}one message          two messages         three messages`,
    ..._languages.map((language) =>
      row(
        `${language}  ${languageName(language)}`,
        all.map(({ languages }) => languages[language] ?? _NONE)
      )
    ),
    row(
      'all',
      all.map(({ total }) => total)
    ),
    '',
    row(`${_european.join(' ')} configured`, european),
    row('English and one other', pairs),
    `${row('not configured', outside)}   (the default is right)`,
    '',
  ].join('\n')
}

await runCommand(
  {
    name: 'npm run language-accuracy',
    about: 'Measures how well the language of short support messages is detected, by language.',
    options: { json: { type: 'boolean', default: false, help: 'print the counts as JSON' } },
    examples: [
      ['', 'the shares as a table'],
      ['--json', 'the counts, for comparing two versions'],
    ],
    exits: { 0: 'measured', 1: 'it could not be measured' },
  },
  async ({ values, output, progress }) => {
    const measured = await _measure(progress)
    progress.end()
    output.out(values.json ? `${JSON.stringify(measured, undefined, 2)}\n` : _text(measured))
  }
)
