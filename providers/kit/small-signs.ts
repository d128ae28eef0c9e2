/** Signs above and below the line, which plain text and Markdown have only for some characters. */

const _pairs = (plain: string, small: string): Map<string, string> => {
  const signs = [...small]
  return new Map([...plain].map((character, index) => [character, signs[index] ?? character]))
}

const SUPERSCRIPT = _pairs('0123456789+-=()nix', '⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣ')
const SUBSCRIPT = _pairs('0123456789+-=()', '₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎')
/** They are read the same on the line: 1st, 2nd, word™. */
const UNAMBIGUOUS = /^(?:st|nd|rd|th|er|re|e|o|a|[ªº®™©*†‡¹²³])$/i

/** “6” in 10<sup>6</sup> as ⁶, and what has no small sign as ^(…). */
export const toSuperscript = (text: string): string => _small(text, SUPERSCRIPT, '^')

export const toSubscript = (text: string): string => _small(text, SUBSCRIPT, '_')

const _small = (text: string, signs: Map<string, string>, mark: string): string => {
  const core = text.trim()
  if (core === '' || UNAMBIGUOUS.test(core)) return text
  const characters = [...core]
  const small = characters.every((character) => signs.has(character))
    ? characters.map((character) => signs.get(character)).join('')
    : `${mark}(${core})`
  return text.replace(core, () => small)
}
