/**
 * Hides what a configuration says from a text. The libraries are large and only loaded where something is hidden.
 *
 * What is hidden is named in its place: `[card number hidden]`. In doubt something is hidden: a number that could be a
 * card's is a smaller loss than a card's number in a ticket. The same text always gives the same result, since desks
 * recognise messages by their words.
 */
import type { Audience, HideLine, Kind } from './hide-lines'

/** A part of a text to hide: [start, end). */
interface Span {
  start: number
  end: number
  word: string
}

type Finder = (text: string) => Span[]

export interface Redactor {
  /** The text without what is hidden from this audience. */
  redact(text: string): string
}

const NOTHING: Redactor = { redact: (text) => text }

/** For one audience. Resolves at once, without loading anything, where nothing is hidden. Throws for a bad pattern. */
export const createRedactor = async (lines: readonly HideLine[], audience: Audience): Promise<Redactor> => {
  const own = lines.filter(({ audiences }) => audiences.includes(audience))
  if (own.length === 0) return NOTHING
  const kinds = new Set(own.flatMap((line) => line.kinds))
  const finders = await Promise.all([...kinds].map((kind) => FINDERS[kind]()))
  const patterns = await _compile(own.flatMap((line) => line.patterns))
  return {
    redact: (text) =>
      _hide(
        text,
        [...finders, ...patterns].flatMap((find) => find(text))
      ),
  }
}

/** Loads what redaction would load at its first use. */
export const loadRedaction = async (): Promise<void> => {
  await Promise.all([import('re2js'), ...Object.values(FINDERS).map((load) => load())])
}

/** What is wrong with a pattern, as a sentence without its subject. Undefined: nothing. */
export const patternProblem = async (pattern: string): Promise<string | undefined> => {
  const { RE2JS } = await import('re2js')
  try {
    if (RE2JS.compile(pattern).matcher('').find()) return 'fits everywhere, also where nothing stands: say more'
    return undefined
  } catch (error) {
    return `can't be used (${error instanceof Error ? error.message : 'an error'}): look-around and back-references don't exist here`
  }
}

const _hide = (text: string, spans: Span[]): string => {
  let result = ''
  let at = 0
  for (const { start, end, word } of spans.toSorted((one, other) => one.start - other.start || other.end - one.end)) {
    if (end <= at) continue
    // An overlap with what was just hidden is hidden with it.
    result += start < at ? '' : `${text.slice(at, start)}[${word} hidden]`
    at = end
  }
  return result + text.slice(at)
}

/** Spaces and signs that people put between the digits of a number. Invisible ones count. */
const GAP = '[\\s.\\-\u00a0\u200b-\u200d\u2010-\u2015\u2060]'
const CARD = new RegExp(`(?<![\\d])\\d(?:${GAP}{0,2}\\d){12,18}(?!\\d)`, 'g')
const IBAN = new RegExp(`(?<![A-Za-z\\d])[A-Za-z]{2}${GAP}?\\d{2}(?:${GAP}?[A-Za-z\\d]){11,30}`, 'g')
const EMAIL = /[^\s@<>()[\]{}"'`,;:!?]{1,64}@[^\s@<>()[\]{}"'`,;:!?/\\]{1,190}\.\p{L}{2,24}/gu
const PHONE_GAP = GAP.replace('[', '[/')
/** It begins with + or 0, or it is three groups in the American way. */
const PHONE = new RegExp(
  `(?<![\\d+])(?:\\+\\d(?:\\(0\\))?(?:${PHONE_GAP}{0,3}\\d){6,14}|\\(?0\\d{1,4}\\)?(?:${PHONE_GAP}{0,3}\\d){6,11}|\\(?[2-9]\\d{2}\\)?${GAP}{1,2}\\d{3}${GAP}\\d{4})(?!\\d)`,
  'g'
)

const DIGITS = /[^\d]/g

const FINDERS: Record<Kind, () => Promise<Finder>> = {
  cards: async () => {
    const { default: isLuhnNumber } = await import('validator/lib/isLuhnNumber.js')
    return (text) => _all(text, CARD, 'card number', (found) => isLuhnNumber(found.replaceAll(DIGITS, '')))
  },
  ibans: async () => {
    const { default: isIBAN } = await import('validator/lib/isIBAN.js')
    return (text) => [...text.matchAll(IBAN)].flatMap((match) => _ibanAt(match, isIBAN))
  },
  emails: async () => (text) => _all(text, EMAIL, 'e-mail address'),
  phones: async () => (text) => _all(text, PHONE, 'phone number'),
}

const _all = (text: string, pattern: RegExp, word: string, isIt: (found: string) => boolean = () => true): Span[] =>
  [...text.matchAll(pattern)]
    .filter(([found]) => isIt(found))
    .map(({ 0: found, index }) => ({ start: index, end: index + found.length, word }))

/** The words after an IBAN look like a part of it: the longest beginning that is one counts. */
const _ibanAt = ({ 0: found, index }: RegExpExecArray, isIBAN: (text: string) => boolean): Span[] => {
  for (let end = found.length; end >= 15; end -= 1) {
    if (!/[A-Za-z\d]$/.test(found.slice(0, end))) continue
    const bare = found.slice(0, end).replaceAll(/[^A-Za-z\d]/g, '')
    if (isIBAN(bare)) return [{ start: index, end: index + end, word: 'IBAN' }]
  }
  return []
}

/** Patterns run on an engine without backtracking: a hostile text costs time that grows with its length only. */
const _compile = async (patterns: string[]): Promise<Finder[]> => {
  if (patterns.length === 0) return []
  const { RE2JS } = await import('re2js')
  return patterns.map((pattern) => {
    const compiled = RE2JS.compile(pattern)
    return (text) => {
      const spans: Span[] = []
      const matcher = compiled.matcher(text)
      while (matcher.find()) {
        if (matcher.end() > matcher.start()) spans.push({ start: matcher.start(), end: matcher.end(), word: 'text' })
      }
      return spans
    }
  })
}
