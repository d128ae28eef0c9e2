/** How well a language explains the words of a text, by lists of its most frequent spoken words. */
import { brotliDecompressSync } from 'node:zlib'
import spoken from './spoken-words.json'
import { SUPPORT_WORDS } from './support-words'

/** A support word counts like the spoken word at this rank. */
const SUPPORT_RANK = 60
/** Zipf's law, flattened at the top: the most frequent words are less alike than their ranks say. */
const OFFSET = 8
const UNKNOWN = 1e-5
/** A language without a list explains every word a little: it beats languages that know none of the words. */
const UNLISTED = 2e-4
/** A word without its diacritics is a little less certain than the same word with them. */
const FOLDED = 0.5
/** Enough words to decide. The newest ones count. */
const MOST_WORDS = 60

/** Letters that aren't a base letter with a mark, as people without their keyboard write them. */
const PLAIN: Record<string, string> = { ł: 'l', ø: 'o', đ: 'd', ı: 'i', ß: 'ss', æ: 'ae' }

const _fold = (word: string): string =>
  word
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[łøđıßæ]/gu, (letter) => PLAIN[letter] ?? letter)

/** Letters that a language doesn't have, where languages share an alphabet's other letters. */
const FOREIGN: Record<string, RegExp | undefined> = {
  ru: /[іїєґ]/u,
  uk: /[ыэъё]/u,
  sv: /[æø]/u,
  da: /[äö]/u,
  no: /[äö]/u,
  fi: /[æøõ]/u,
}
const IMPOSSIBLE = 1e-7

interface Ranks {
  exact: Map<string, number>
  folded: Map<string, number>
}

let _unpacked: Record<string, string | undefined> | undefined

/** The most frequent words of each language that has a list, separated by spaces, the most frequent one first. */
export const spokenWords = (): Record<string, string | undefined> =>
  (_unpacked ??= JSON.parse(brotliDecompressSync(Buffer.from(spoken.packed, 'base64')).toString()) as Record<
    string,
    string
  >)

const _ranks = new Map<string, Ranks>()

const _ranksOf = (language: string): Ranks | undefined => {
  const known = _ranks.get(language)
  const list = spokenWords()[language]
  if (known || list === undefined) return known
  const ranks: Ranks = { exact: new Map(), folded: new Map() }
  const add = (word: string, rank: number): void => {
    for (const [map, key] of [
      [ranks.exact, word],
      [ranks.folded, _fold(word)],
    ] as const)
      map.set(key, Math.min(map.get(key) ?? rank, rank))
  }
  for (const [rank, word] of list.split(' ').entries()) add(word, rank)
  for (const word of (SUPPORT_WORDS[language] ?? '').split(' ')) add(word, SUPPORT_RANK)
  _ranks.set(language, ranks)
  return ranks
}

const _probability = (word: string, language: string, { exact, folded }: Ranks): number => {
  if (FOREIGN[language]?.test(word)) return IMPOSSIBLE
  const rank = exact.get(word)
  if (rank !== undefined) return 1 / (rank + OFFSET)
  const similar = folded.get(_fold(word))
  return similar === undefined ? UNKNOWN : FOLDED / (similar + OFFSET)
}

export interface WordScore {
  /** Sum of the words' log probabilities. */
  score: number
  /** The part of the words that the language's list has, 0 to 1. 0 for a language without a list. */
  known: number
}

/** Scores a text of lower- or upper-case words, separated by spaces, in one language. */
export const scoreWords = (text: string, language: string): WordScore => {
  const words = text
    .toLowerCase()
    .split(/[ '’]+/u)
    .filter(Boolean)
    .slice(-MOST_WORDS)
  const ranks = _ranksOf(language)
  if (!ranks) return { score: words.length * Math.log(UNLISTED), known: 0 }
  const probabilities = words.map((word) => _probability(word, language, ranks))
  return {
    score: probabilities.reduce((sum, probability) => sum + Math.log(probability), 0),
    known: probabilities.filter((probability) => probability > UNKNOWN).length / Math.max(1, words.length),
  }
}
