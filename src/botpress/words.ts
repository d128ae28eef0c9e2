/** The words and addresses in a payload that no reader knows. */
import { cleanText } from '../../providers/kit/text'

/** Fields that hold what people read, whatever it looks like. */
const FOR_PEOPLE =
  /^(?:alt(?:text)?|body|captions?|comment|content|description|file_?name|footer|header|heading|label|message|name|note|question|subject|subtitle|summary|text|title)$/i
/** Fields that hold none of it. `additionalData` is for integrations. */
const TECHNICAL =
  /^(?:type|id|.*_id|.*Id|additionalData|metadata|mime_?type|contentType|hash|sha256|encoding|buttonLabel|placeholderText)$/
const MAX_DEPTH = 6
const MOST_WORDS = 100
/** Anything longer without a space is no word. */
const LONGEST_WORD = 200
const ADDRESS = /^https?:\/\/\S+$/i

const _hasSeveralWords = (text: string): boolean =>
  text.split(/\s+/, MOST_WORDS).filter((word) => /\p{L}/u.test(word)).length > 1

/** Every string in a value. */
export const stringsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [cleanText(value).trim()]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}

/**
 * The words in a value, in order, without those in `known`. A field that is for people by its name always counts. Any
 * other one counts if it holds several words or a web address; with `isUnread`, also if it holds a single word.
 */
export const wordsIn = (value: unknown, known: ReadonlySet<string>, isUnread: boolean): string[] => {
  const found = new Set<string>()
  const isShown = (words: string, field: string): boolean =>
    FOR_PEOPLE.test(field) ||
    ADDRESS.test(words) ||
    _hasSeveralWords(words) ||
    (isUnread && words.length <= LONGEST_WORD && /\p{L}/u.test(words))
  const visit = (inner: unknown, field: string, depth: number): void => {
    if (depth > MAX_DEPTH || found.size >= MOST_WORDS) return
    if (typeof inner === 'string') {
      const words = cleanText(inner).trim()
      if (words !== '' && !known.has(words) && isShown(words, field)) found.add(words)
    } else if (typeof inner === 'object' && inner !== null) {
      for (const [key, each] of Object.entries(inner)) {
        const name = Array.isArray(inner) ? field : key
        if (!TECHNICAL.test(name)) visit(each, name, depth + 1)
      }
    }
  }
  visit(value, '', 0)
  return [...found]
}
