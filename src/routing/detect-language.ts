/**
 * Tells the language of what a customer wrote, among the configured ones. Writing comes first (Hangul is Korean); where several
 * languages share it, lande decides: a small neural network over n-grams, the most accurate detector that a bundle can carry.
 * `npm run language-accuracy` measures it.
 */
import { languageName, primaryLanguage, type Detection } from './language'
import { isLatin, letterCount, onlyWords, withoutForeignWords, writtenLike } from './script'

/** Of the single messages of our samples decided at this confidence, one in twelve is wrong; of two messages together, one in sixty. */
const ENOUGH_CONFIDENCE = 0.7

/** Of all languages that the detector knows, the configured ones must be this likely together: else the customer speaks another. */
const LEAST_LIKELY = 0.05

/** Enough to be sure, and little enough to be quick. */
const MOST_CHARACTERS = 600

/** The newest text comes last and counts first. */
export const detectLanguage = async (texts: readonly string[], configured: readonly string[]): Promise<Detection> => {
  const languages = [...new Set(configured.map(primaryLanguage))]
  const text = withoutForeignWords(_newest(texts))
  if (letterCount(text) === 0) return { confidence: 0, reason: 'the customer has not written any words' }
  const candidates = writtenLike(text, languages)
  const [only] = candidates
  if (!only) return { confidence: 0, reason: 'what the customer wrote is in none of the configured languages' }
  if (candidates.length === 1 && !isLatin(only)) {
    return { language: only, confidence: 1, reason: `the customer writes in ${languageName(only)} letters` }
  }
  return _judge(await _likelihoods(text), candidates)
}

const _newest = (texts: readonly string[]): string => {
  let text = ''
  for (const next of texts.toReversed()) {
    text = `${onlyWords(next)} ${text}`.trim()
    if (text.length >= MOST_CHARACTERS) break
  }
  return text.slice(-MOST_CHARACTERS)
}

/** Loaded at the first use only: most handoffs never need it. */
const _likelihoods = async (text: string): Promise<Map<string, number>> => {
  const { default: lande } = await import('lande')
  return new Map(lande(text).map(([code, likelihood]) => [primaryLanguage(code), likelihood]))
}

const _judge = (likelihoods: Map<string, number>, candidates: readonly string[]): Detection => {
  const likely = (language: string): number => likelihoods.get(language) ?? 0
  const sum = candidates.reduce((total, language) => total + likely(language), 0)
  if (sum < LEAST_LIKELY)
    return { confidence: sum, reason: 'the customer seems to write in none of the configured languages' }
  const best = candidates.reduce((one, other) => (likely(other) > likely(one) ? other : one))
  const confidence = likely(best) / sum
  const percent = `${Math.round(confidence * 100)} % sure`
  return confidence < ENOUGH_CONFIDENCE
    ? { confidence, reason: `the customer may write in ${languageName(best)}, but that is only ${percent}` }
    : { language: best, confidence, reason: `the customer writes in ${languageName(best)} (${percent})` }
}
