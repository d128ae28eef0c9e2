/** What reading a text that people wrote gives: the value, or everything that is wrong with it, one sentence each. */
export type Parsed<Value> = { value: Value; problems?: undefined } | { value?: undefined; problems: string[] }

/** A piece of a text that people wrote, and where it begins (counted from 0; people are shown positions counted from 1). */
export interface Piece {
  text: string
  at: number
}

/** Cuts a text at a separator. Pieces lose the blanks around them and keep their place; empty ones are left out. */
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

/** Reads what remains after the given number of characters. */
export const after = ({ text, at }: Piece, length: number): Piece =>
  trimmed({ text: text.slice(length), at: at + length })
