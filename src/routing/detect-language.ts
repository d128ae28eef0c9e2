/**
 * Detects which configured language a customer writes. The script decides where it can (Hangul is Korean). For
 * languages that share a script, two witnesses decide: lande, a small neural network over n-grams, and lists of the
 * most frequent spoken words, which know the short messages that handoffs begin with. `npm run language-accuracy`
 * measures the accuracy.
 */
import { languageName, primaryLanguage, type Detection } from './language'
import { chineseOf, isLatin, letterCount, onlyWords, withoutForeignWords, writtenLike } from './script'

/** Below this confidence the default language is the better guess. */
const MIN_CONFIDENCE = 0.5

/** Minimum total likelihood of the configured languages. Below it, the customer probably writes another language. */
const MIN_LIKELIHOOD = 0.05
/** Unless a configured language knows this part of the words. */
const MANY_KNOWN = 0.4

/** Weights of the two witnesses, chosen on our samples. */
const LANDE_WEIGHT = 0.15
const WORDS_WEIGHT = 0.6
const LANDE_FLOOR = 0.01

/** Enough text for a confident result, and fast to process. */
const MAX_CHARACTERS = 600

/** `texts`: oldest first. The newest texts count most. */
export const detectLanguage = async (texts: readonly string[], configured: readonly string[]): Promise<Detection> => {
  const languages = [...new Set(configured.map(primaryLanguage))]
  const text = withoutForeignWords(_newest(texts))
  if (letterCount(text) === 0) return { confidence: 0, reason: 'the customer has not written any words' }
  const candidates = writtenLike(text, languages)
  const [only] = candidates
  if (!only) return { confidence: 0, reason: "the customer's text is in none of the configured languages" }
  if (candidates.length === 1 && !isLatin(only)) {
    const language = only === 'zh' ? chineseOf(text) : only
    return { language, confidence: 1, reason: `the customer writes in ${languageName(language)} letters` }
  }
  const witnessOf = await _witnesses(text)
  return _judge(candidates.map(witnessOf))
}

const _newest = (texts: readonly string[]): string => {
  let text = ''
  for (const next of texts.toReversed()) {
    text = `${onlyWords(next)} ${text}`.trim()
    if (text.length >= MAX_CHARACTERS) break
  }
  return text.slice(-MAX_CHARACTERS)
}

/** Loaded on first use, since most handoffs don't need them. */
const _witnesses = async (text: string) => {
  const [{ default: lande }, { scoreWords }] = await Promise.all([import('lande'), import('./known-words')])
  const likelihoods = new Map(lande(text).map(([code, likelihood]) => [primaryLanguage(code), likelihood]))
  return (language: string): Witness => ({
    language,
    likelihood: likelihoods.get(language) ?? 0,
    ...scoreWords(text, language),
  })
}

interface Witness {
  language: string
  /** lande's, 0 to 1 over all languages. */
  likelihood: number
  /** As in `WordScore`. */
  score: number
  known: number
}

const _judge = (witnesses: readonly Witness[]): Detection => {
  const total = witnesses.reduce((sum, { likelihood }) => sum + likelihood, 0)
  const known = Math.max(...witnesses.map((witness) => witness.known))
  if (total < MIN_LIKELIHOOD && known < MANY_KNOWN)
    return { confidence: total, reason: 'the customer seems to write in none of the configured languages' }
  const scored = witnesses.map(({ language, likelihood, score }) => ({
    language,
    score: LANDE_WEIGHT * Math.log(likelihood + LANDE_FLOOR) + WORDS_WEIGHT * score,
  }))
  const best = scored.reduce((one, other) => (other.score > one.score ? other : one))
  const confidence = 1 / scored.reduce((sum, { score }) => sum + Math.exp(score - best.score), 0)
  const name = languageName(best.language)
  // A guess is never certain.
  const percent = `${Math.min(99, Math.round(confidence * 100))} % sure`
  return confidence < MIN_CONFIDENCE
    ? { confidence, reason: `the customer may write in ${name}, but that is only ${percent}` }
    : { language: best.language, confidence, reason: `the customer writes in ${name} (${percent})` }
}
