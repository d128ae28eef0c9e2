/**
 * Text that comes from outside, made fit for where it goes: well-formed, without signs that nobody sees but a desk or a
 * terminal obeys, and no longer than its place.
 */

/** Longest name of a person, in UTF-16 units: Botpress and every desk take it. */
export const LONGEST_NAME = 200

const REPLACEMENT = '\ufffd'

/** With the flag `u`, only halves of a pair match. */
const HALF_PAIR = /\p{Surrogate}/gu

/** Replaces halves of surrogate pairs, which JSON parsers and databases refuse. */
export const wellFormed = (text: string): string => text.replace(HALF_PAIR, REPLACEMENT)

/** Control characters except tab and line feed. */
const CONTROL = /[^\P{Cc}\t\n]/gu
/** Overrides of the writing direction. They make a text look like another one. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
/** Invisible characters that no script needs in a name. */
const INVISIBLE = /\u034f|[\u00ad\u115f\u1160\u200b\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]/g

/** What a person typed, well-formed, with `\n` as the only line break and without control characters. */
export const cleanText = (text: string): string =>
  wellFormed(text)
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(CONTROL, '')

/** A replacer for JSON.stringify: a desk refuses the whole request for half a surrogate pair in one of its strings. */
export const wellFormedStrings = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? wellFormed(value) : value

/**
 * A name, title or label: one line of at most `limit` UTF-16 units, without control characters, overrides of the
 * writing direction and invisible characters. Empty when nothing visible is left.
 */
export const oneLine = (text: string, limit: number): string =>
  shorten(cleanText(text).replace(DIRECTION, '').replace(INVISIBLE, '').replace(/\s+/g, ' ').trim(), limit)

/**
 * A stranger's value in a log line or error: one line, with line breaks, escape sequences and invisible characters
 * written out, and cut.
 */
export const escapedLine = (text: string, limit: number): string =>
  shorten(text, limit)
    .replace(HALF_PAIR, REPLACEMENT)
    .replace(/[\p{Cc}\u2028\u2029]|[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu, _escape)

const NAMED: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const _escape = (character: string): string =>
  NAMED[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** No character that people see is longer. Longer ones are cut between code points. */
const LONGEST_CHARACTER = 64
/** Created at the first use: that takes milliseconds. */
let _segmenter: Intl.Segmenter | undefined
const _characters = (): Intl.Segmenter => (_segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' }))

/**
 * Shortens to `limit` UTF-16 units, including the ellipsis. Never cuts inside what people see as one character: an
 * emoji of several code points, a letter with its marks.
 */
export const shorten = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, _characterStart(text, limit - 1))}…`

/** Where to cut a text that is longer than `limit`: at most there, between characters where possible, never at zero. */
export const cutBefore = (text: string, limit: number): number =>
  _characterStart(text, limit) || _codePointStart(text, limit) || limit

const _characterStart = (text: string, at: number): number => {
  if (at <= 0) return 0
  const from = _codePointStart(text, Math.max(0, at - LONGEST_CHARACTER))
  const start =
    from +
    (_characters()
      .segment(text.slice(from, at + LONGEST_CHARACTER))
      .containing(at - from)?.index ?? 0)
  // The character began before the part that was looked at.
  return start === from && from > 0 ? _codePointStart(text, at) : start
}

const _codePointStart = (text: string, at: number): number =>
  /[\udc00-\udfff]/.test(text[at] ?? '') && /[\ud800-\udbff]/.test(text[at - 1] ?? '') ? at - 1 : at
