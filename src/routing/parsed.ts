/** The result of parsing a text: a value, or all problems with it, one sentence each. */
export type Parsed<Value> = { value: Value; problems?: undefined } | { value?: undefined; problems: string[] }

/** A piece of a text with its start position, counted from 0. Messages count positions from 1. */
export interface Piece {
  text: string
  at: number
}

/** Splits a text at a separator. Pieces are trimmed and keep their positions; empty pieces are dropped. */
export const cut = (piece: Piece, separator: RegExp): Piece[] => {
  const pieces: Piece[] = []
  let from = 0
  const keep = (to: number): void => {
    const part = trimmed({ text: piece.text.slice(from, to), at: piece.at + from })
    if (part.text !== '') pieces.push(part)
  }
  for (const { index, 0: found } of piece.text.matchAll(new RegExp(separator.source, `g${separator.flags}`))) {
    keep(index)
    from = index + found.length
  }
  keep(piece.text.length)
  return pieces
}

export const trimmed = ({ text, at }: Piece): Piece => ({
  text: text.trim(),
  at: at + text.length - text.trimStart().length,
})

/** `"25:00" (character 5)` */
export const quote = ({ text, at }: Piece): string => `"${text}" (character ${at + 1})`

/** The trimmed rest after the first `length` characters. */
export const after = ({ text, at }: Piece, length: number): Piece =>
  trimmed({ text: text.slice(length), at: at + length })

/** Without the given signs at its end. (A regular expression for that takes quadratic time on long runs of them.) */
export const withoutTrailing = (text: string, signs: string): string => {
  let end = text.length
  while (end > 0 && signs.includes(text[end - 1] ?? '')) end -= 1
  return text.slice(0, end)
}

/** Hyphens and dashes that word processors and keyboards write. */
const _DASHES = /[\u00ad\u02d7\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d]/g

/** A text as a person would read it aloud: one kind of hyphen and space, no wide signs. Positions stay the same. */
export const plain = (text: string): string =>
  text
    .replace(/[\u0080-\uffff]/g, (sign) => {
      const usual = sign.normalize('NFKC')
      return usual.length === 1 ? usual : sign
    })
    .replace(_DASHES, '-')
    .replace(/[\u200b-\u200f\u2060\ufeff]/g, ' ')

/** Replaces remarks in parentheses by spaces. A remark with a digit may hold a time, so it stays. */
export const withoutRemarks = (text: string): string =>
  text.replace(/\([^()\d]*\)/g, (remark) => ' '.repeat(remark.length))

/** The entries of a line. Separators alone are none. */
export const entriesOf = (text: string): Piece[] =>
  cut({ text: withoutRemarks(plain(text)), at: 0 }, /[;\n]/).filter((piece) => /[\p{L}\d]/u.test(piece.text))
