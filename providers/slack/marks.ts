/**
 * Marks in a text that may still be cut. Until then, characters that no text may contain stand for them, so that a cut
 * inside a marked span can close and reopen it, and a typed sign is never taken for a mark.
 */
export type MarkSign = '*' | '_' | '~' | '`'

const SIGNS: MarkSign[] = ['*', '_', '~', '`']
const FIRST = 0xfdd0

const _opening = (index: number): string => String.fromCharCode(FIRST + 2 * index)
const _closing = (index: number): string => String.fromCharCode(FIRST + 2 * index + 1)

const PLACEHOLDER = /[\ufdd0-\ufdd7]/g

/** The span between marks. */
export const mark = (sign: MarkSign, text: string): string => {
  const index = SIGNS.indexOf(sign)
  return _opening(index) + text + _closing(index)
}

export const startsWithMark = (text: string): boolean => /^[\ufdd0-\ufdd7]/.test(text)
export const endsWithMark = (text: string): boolean => /[\ufdd0-\ufdd7]$/.test(text)

/** Unicode reserves these characters for such use: they are no text. */
export const withoutPlaceholders = (text: string): string => text.replace(PLACEHOLDER, '\ufffd')

/** The pieces of one text with real marks. A span that was cut is closed at the end of each piece, and reopened. */
export const showMarks = (pieces: string[]): string[] => {
  let open: number[] = []
  return pieces.map((piece) => {
    const reopened = open.map(_opening).join('')
    const still = [...open]
    for (const [placeholder] of piece.matchAll(PLACEHOLDER)) {
      const code = placeholder.charCodeAt(0) - FIRST
      if (code % 2 === 0) still.push(code / 2)
      else still.pop()
    }
    open = still
    const closed = still.toReversed().map(_closing).join('')
    // Marks touch the words.
    const started = reopened === '' ? piece : piece.trimStart()
    return (reopened + (closed === '' ? started : started.trimEnd()) + closed).replace(
      PLACEHOLDER,
      (found) => SIGNS[(found.charCodeAt(0) - FIRST) >> 1] ?? ''
    )
  })
}
