/** Lists of desks and languages as people write them, with any separator. */
import { readLanguage } from './language'
import { after, cut, plain, type Piece } from './parsed'

/** How a message quotes a piece: with its position in a line, without it in a field of its own. */
export type Show = (piece: Piece) => string

export const inField: Show = ({ text }) => `"${text}"`

const _separator = /->|→|[,;|/\n>&+]|\band\b|\bthen\b|\bor\b/i

/** A name for comparing: `Alpha`, `alpha ` and `ALPHA` are one. */
const _key = (text: string): string => text.toLowerCase().replace(/[^\p{L}\d]/gu, '')

interface Named {
  provider: string
  title: string
}

export const deskNamed = <Desk extends Named>(text: string, desks: readonly Desk[]): Desk | undefined =>
  desks.find(({ provider, title }) => [_key(provider), _key(title)].includes(_key(text)))

/** Desks by name or title. A name that isn't known is a problem. */
export const readDesks = <Desk extends Named>(
  list: Piece,
  desks: readonly Desk[],
  show: Show,
  refuse: (problem: string) => void
): Desk[] =>
  _items({ ...list, text: plain(list.text) }, (text) => deskNamed(text, desks) !== undefined).flatMap((piece) => {
    const desk = deskNamed(piece.text, desks)
    if (desk) return [desk]
    const choice = desks.map(({ provider }) => provider).join(', ')
    refuse(`${show(piece)} isn't a configured desk; fill in its connection, or write one of ${choice}`)
    return []
  })

/** Languages by tag or name, as canonical tags. */
export const readLanguages = (list: Piece, show: Show, refuse: (problem: string) => void): string[] => {
  const tags = _items(list, (text) => readLanguage(text).tag !== undefined).flatMap((piece) => {
    const { tag, problem } = readLanguage(piece.text)
    if (tag !== undefined) return [tag]
    refuse(problem.replace(/^"[^"]*"/, () => show(piece)))
    return []
  })
  return [...new Set(tags)]
}

/** The items between separators. What is no name is cut at its spaces, if names are among the parts. */
const _items = (list: Piece, isName: (text: string) => boolean): Piece[] =>
  cut(list, _separator)
    .map((piece) => _unquoted(after(piece, /^\d+[.)]\s*/.exec(piece.text)?.[0].length ?? 0)))
    .flatMap((piece) => {
      const parts = cut(piece, /\s+(?:\d+[.)]\s+)?/)
      return !isName(piece.text) && parts.some(({ text }) => isName(text)) ? parts : [piece]
    })

/** Texts between commas and semicolons, each once. */
export const readList = (list: Piece, separator = /[,;|\n]|\bor\b/i): Piece[] => {
  const seen = new Set<string>()
  return cut(list, separator)
    .map(_unquoted)
    .filter(({ text }) => {
      const isNew = !seen.has(text)
      seen.add(text)
      return isNew
    })
}

/** `vip` for `"vip"`. */
const _unquoted = ({ text, at }: Piece): Piece => {
  const inside = /^["'“”„‘’](.+)["'“”‘’]$/.exec(text)?.[1]
  return inside === undefined ? { text, at } : { text: inside, at: at + 1 }
}

/** A field that is nothing but separators names nothing, and would stand for everything. */
export const namesNothing = (text: string | undefined): boolean => text !== undefined && !/[\p{L}\d]/u.test(text)
