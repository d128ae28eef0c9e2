/** What Markdown reads as more than itself. https://spec.commonmark.org/0.31.2/ and https://github.github.com/gfm/ */

/** Invisible, and neither white space nor punctuation to Markdown: it separates a sign from what gives it a meaning. */
export const WORD_JOINER = '\u2060'
/**
 * Invisible, and white space to Markdown parsers: a mark that is followed by it opens nothing, an address ends before
 * it.
 */
export const NO_BREAK_SPACE = '\ufeff'

/** An address that Markdown links by itself. It may not be touched. Ends before what closes a link around it. */
const ADDRESS = /(?:(?<![a-z0-9_\p{M}])https?:\/\/|(?<![^\s(*_~])www\.)(?:(?!\][([:]|&#?\w{1,31};)[^\s<>`\\])+/giu

/** Whether an address needs an end that nobody sees: behind it stands what is to be disarmed. */
export const runsOn = (next: string | undefined): boolean => /^[\]<>&`\\*_~]/.test(next ?? '')

/** Splits a text: every second piece is an address. `before`: the character before it. */
export const splitAtAddresses = (text: string, before = ''): string[] => {
  const pieces: string[] = []
  let position = 0
  for (const match of (before + text).matchAll(ADDRESS)) {
    // Marks at its end are none of it.
    const address = _withoutMarks(match[0])
    const start = match.index - before.length
    pieces.push(text.slice(position, start), address)
    position = start + address.length
  }
  return [...pieces, text.slice(position)]
}

const _withoutMarks = (address: string): string => {
  let start = address.length
  while (/[?!.,:;'"*_~]/.test(address[start - 1] ?? '')) start -= 1
  const mark = address.slice(start).search(/[*_~]/)
  return mark < 0 ? address : address.slice(0, start + mark)
}

/** Behind a letter, some parsers see an address and others don't: with signs of Markdown in it, it is none to all. */
const GLUED = /(?<=\S)(?:https?(?=:\/\/\S{0,200}[*_~`\\&[\]])|www(?=\.\S{0,200}[*_~`\\&[\]]))/gi

export const withoutGlued = (text: string, before = ''): string =>
  (before + text).replace(GLUED, `$&${WORD_JOINER}`).slice(before.length)

/** What makes a line more than text: a heading, quotation, item, rule, fence, underline or a table's second row. */
const BLOCK_START =
  /^ {0,3}(?:#{1,6}(?!\S)|>|[-+*](?!\S)|\d{1,9}[.)](?!\S)|(?:_[ \t]*){3,}$|(?:\*[ \t]*){3,}$|=+[ \t]*$|`{3}|~{3}|(?=[ \t|:]*-)[ \t|:-]+$)/

export const startsBlock = (line: string): boolean => BLOCK_START.test(line)

export const isPunctuation = (character: string): boolean => /^[\p{P}\p{S}]/u.test(character)

const _isSpace = (character: string): boolean => character === '' || /^\s/.test(character)

/** Whether a run of `*`, `_` or `~` between these two characters opens a mark. */
export const opensMark = (sign: string, before: string, after: string): boolean => {
  if (_isSpace(after)) return false
  if (sign === '~') return true
  const isOutside = _isSpace(before) || isPunctuation(before)
  if (sign === '_') return !/^[\p{L}\p{N}]/u.test(before)
  return isOutside || !isPunctuation(after)
}

/** Whether it closes one. */
export const closesMark = (sign: string, before: string, after: string): boolean => opensMark(sign, after, before)

/** The character before a position, whole. */
export const characterBefore = (text: string, at: number): string =>
  /[\udc00-\udfff]/.test(text[at - 1] ?? '') ? text.slice(Math.max(0, at - 2), at) : text.slice(Math.max(0, at - 1), at)

/** The character at a position, whole. */
export const characterAt = (text: string, at: number): string => {
  const point = text.codePointAt(at)
  return point === undefined ? '' : String.fromCodePoint(point)
}
