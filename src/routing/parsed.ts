/** The result of parsing a text: a value, or all problems with it, one sentence each. */
export type Parsed<Value> = { value: Value; problems?: undefined } | { value?: undefined; problems: string[] }

/** A piece of a text with its start position, counted from 0. Messages count positions from 1. */
export interface Piece {
  text: string
  at: number
}

/** Splits a text at a separator. Pieces are trimmed and keep their positions; empty pieces are dropped. */
export const cut = (piece: Piece, separator: RegExp): Piece[] => {
  let at = piece.at
  const pieces: Piece[] = []
  for (const part of piece.text.split(new RegExp(`(${separator.source})`))) {
    if (part.trim() !== '' && !separator.test(part)) pieces.push(trimmed({ text: part, at }))
    at += part.length
  }
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
