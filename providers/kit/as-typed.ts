import {
  characterAt,
  characterBefore,
  NO_BREAK_SPACE,
  opensMark,
  runsOn,
  splitAtAddresses,
  startsBlock,
  withoutGlued,
  WORD_JOINER,
} from './markdown-signs'

/**
 * Plain text that reads as it was typed, whether or not it is rendered as Markdown. Botpress's texts are rendered by
 * some channels (webchat, Telegram, WhatsApp) and not by others (SMS, Messenger), and the router doesn't know which one
 * the customer uses.
 *
 * So there are no backslashes: where Markdown would hide or change a sign, an invisible character stands beside it.
 * Only a pair of backticks has no such remedy. Most texts stay as they are.
 */
export const asTyped = (text: string): string => {
  const lines = text.split('\n')
  return _inline(
    lines.map((line, index) => {
      const start = /^(?: {4}| {0,3}\t)/.test(line) || startsBlock(line) ? WORD_JOINER : ''
      const isContinued = line.trim() !== '' && (lines[index + 1] ?? '').trim() !== ''
      // Two spaces are a line break in Markdown, and invisible where Markdown isn't rendered.
      return `${start}${line.trimEnd()}${isContinued ? '  ' : ''}`
    })
  ).join('\n')
}

const SIGN = /\\|\*+|_+|~+|`+|<|&|\]/g

const _inline = (lines: string[]): string[] => {
  /** The last place of a sign: a mark that nothing can close opens nothing. */
  const last = new Map<string, { line: number; at: number }>()
  const ticks = new Set<string>()
  let hasCode = false
  for (const [line, text] of lines.entries()) {
    for (const { 0: run, index: at } of text.matchAll(/[*_~]|`+/g)) {
      last.set(run, { line, at })
      if (run.startsWith('`')) {
        hasCode ||= ticks.has(run)
        ticks.add(run)
      }
    }
  }
  return lines.map((text, line) => {
    const isRepeated = (run: string, at: number): boolean => {
      const later = last.get(run)
      return later !== undefined && (later.line > line || (later.line === line && later.at > at))
    }
    let position = 0
    return splitAtAddresses(text)
      .map((piece, index) => {
        const start = position
        position += piece.length
        if (index % 2 === 1) {
          // Otherwise the address would go on behind the invisible character.
          return runsOn(text[position]) ? `${piece}${NO_BREAK_SPACE}` : piece
        }
        const shown = piece.replace(SIGN, (run, at: number) => {
          const from = start + at
          const end = from + run.length
          return _disarmed(run, characterBefore(text, from), text.slice(end, end + 40), () =>
            run.startsWith('`') ? hasCode : isRepeated(run.slice(0, 1), end - 1)
          )
        })
        return withoutGlued(shown)
      })
      .join('')
  })
}

/** A sign, with an invisible character behind it where Markdown would read it as more than itself. */
const _disarmed = (run: string, before: string, rest: string, isRepeated: () => boolean): string => {
  const after = characterAt(rest, 0)
  switch (run[0]) {
    case '\\':
      return /^[!-/:-@[-`{-~]|^ *$/.test(rest) ? run + WORD_JOINER : run
    case '<':
      return /^[a-z/!?]/i.test(rest) ? run + WORD_JOINER : run
    case '&':
      return /^#?\w{1,31};/.test(rest) ? run + WORD_JOINER : run
    case ']':
      return /^[([:]/.test(rest) ? run + WORD_JOINER : run
    case '`':
      return isRepeated() ? run.replaceAll('`', '\\`') : run
    default:
      return opensMark(run.slice(0, 1), before, after) && isRepeated() ? run + NO_BREAK_SPACE : run
  }
}
