/**
 * Detects which configured language a customer writes. The script decides where it can (Hangul is Korean). For
 * languages that share a script, lande decides: a small neural network over n-grams. `npm run language-accuracy`
 * measures the accuracy.
 */
import { languageName, primaryLanguage, type Detection } from './language'
import { isLatin, letterCount, onlyWords, withoutForeignWords, writtenLike } from './script'

/** At this confidence, one in twelve single messages of our samples is wrong, and one in sixty pairs of messages. */
const MIN_CONFIDENCE = 0.7

/** Minimum total likelihood of the configured languages. Below it, the customer probably writes another language. */
const MIN_LIKELIHOOD = 0.05

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
    return { language: only, confidence: 1, reason: `the customer writes in ${languageName(only)} letters` }
  }
  return _judge(await _likelihoods(text), candidates)
}

const _newest = (texts: readonly string[]): string => {
  let text = ''
  for (const next of texts.toReversed()) {
    text = `${onlyWords(next)} ${text}`.trim()
    if (text.length >= MAX_CHARACTERS) break
  }
  return text.slice(-MAX_CHARACTERS)
}

/** Loaded on first use, since most handoffs don't need it. */
const _likelihoods = async (text: string): Promise<Map<string, number>> => {
  const { default: lande } = await import('lande')
  return new Map(lande(text).map(([code, likelihood]) => [primaryLanguage(code), likelihood]))
}

const _judge = (likelihoods: Map<string, number>, candidates: readonly string[]): Detection => {
  const likely = (language: string): number => likelihoods.get(language) ?? 0
  const sum = candidates.reduce((total, language) => total + likely(language), 0)
  if (sum < MIN_LIKELIHOOD)
    return { confidence: sum, reason: 'the customer seems to write in none of the configured languages' }
  const best = candidates.reduce((one, other) => (likely(other) > likely(one) ? other : one))
  const confidence = likely(best) / sum
  const percent = `${Math.round(confidence * 100)} % sure`
  return confidence < MIN_CONFIDENCE
    ? { confidence, reason: `the customer may write in ${languageName(best)}, but that is only ${percent}` }
    : { language: best, confidence, reason: `the customer writes in ${languageName(best)} (${percent})` }
}
