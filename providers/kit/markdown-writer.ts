/** Writes runs of marked text as Markdown blocks, and Markdown without formatting as plain text. */
import type { MessagePart } from '../provider'
import {
  characterAt,
  characterBefore,
  closesMark,
  isPunctuation,
  NO_BREAK_SPACE,
  opensMark,
  runsOn,
  splitAtAddresses,
  startsBlock,
  withoutGlued,
  WORD_JOINER,
} from './markdown-signs'

export type Mark = 'bold' | 'italic' | 'strike' | 'code'

export interface Run {
  /** With collapsed white space. A lone '\n' is a line break. */
  text: string
  marks: Mark[]
  link: string | undefined
}

/** A block's parent. `started`: its first block is written, so its marker isn't repeated. */
export type Container =
  | { kind: 'quote'; started: boolean }
  | { kind: 'bullets'; started: boolean }
  | { kind: 'numbers'; started: boolean; next: number }
  | { kind: 'item'; started: boolean; marker: string }

export interface Block {
  text: string
  /** Separator from the previous block: an empty line, except between items of a list. */
  gap: string
}

/** A heading (level 1 to 6) or a paragraph (level 0). Undefined when it is empty. */
export const writeParagraph = (runs: Run[], containers: Container[], level: number): Block | undefined => {
  const isItem = containers.at(-1)?.kind === 'item'
  const lines = _inline(_merged(runs)).map((line, index) => _escapeStart(line, isItem && index === 0))
  if (lines.length === 0) return undefined
  if (level > 0) {
    // Signs at the end of a heading close it.
    const title = lines
      .filter(Boolean)
      .join(' ')
      .replace(/(?<=^|\s)(?=#+$)/, '\\')
    return _place([`${'#'.repeat(level)} ${title}`], containers)
  }
  // Two spaces are a line break in Markdown, and invisible where Markdown isn't rendered.
  return _place(
    lines.map((line, index) => (line && lines[index + 1] ? `${line}  ` : line)),
    containers
  )
}

/** The blocks as one text. */
export const joinBlocks = (blocks: Block[]): string =>
  blocks.map(({ gap, text }, index) => (index === 0 ? text : gap + text)).join('')

/**
 * Markdown that was written here, as a part of a message: plain if it has no formatting, and if plain text with the
 * same words would read otherwise as Markdown. It has none if writing its words again gives the same.
 */
export const textPart = (markdown: string): Extract<MessagePart, { type: 'text' }> => {
  const typed = splitAtAddresses(markdown)
    .map((piece, index) => (index % 2 === 1 ? piece : piece.replace(/\\([!-/:-@[-`{-~])/g, '$1')))
    .join('')
    .replace(/[\u2060\ufeff]/g, '')
    .replaceAll('  \n', '\n')
  if (typed === markdown.replaceAll('  \n', '\n')) return { type: 'text', text: markdown }
  const written = typed.split('\n\n').map((paragraph) => writeParagraph(toRuns(paragraph, [], undefined), [], 0)?.text)
  return written.join('\n\n') === markdown
    ? { type: 'text', text: typed, format: 'plain' }
    : { type: 'text', text: markdown }
}

/** A text as runs. Each line break is a run of its own. */
export const toRuns = (text: string, marks: Mark[], link: string | undefined): Run[] =>
  text
    .split(/(\n)/)
    .filter((piece) => piece !== '')
    .map((piece) => (piece === '\n' ? { text: piece, marks: [], link: undefined } : { text: piece, marks, link }))

export const writeCode = (code: string, language: string, containers: Container[]): Block | undefined => {
  const text = code.replace(/^\n/, '').trimEnd()
  if (!text) return undefined
  const fence = '`'.repeat(Math.max(3, _longestTicks(text) + 1))
  return _place([fence + language, ...text.split('\n'), fence], containers)
}

const _place = (lines: string[], containers: Container[]): Block => {
  let first = ''
  let rest = ''
  let shared = ''
  let isTight = false
  let insideItem = false
  for (const container of containers) {
    switch (container.kind) {
      case 'quote':
        first += '> '
        rest += '> '
        isTight = false
        break
      case 'item':
        first += container.started ? ' '.repeat(container.marker.length) : container.marker
        rest += ' '.repeat(container.marker.length)
        if (container.started) isTight = false
        insideItem = true
        break
      default:
        isTight = container.started || insideItem
    }
    if (container.started) shared = rest
    container.started = true
  }
  return {
    text: lines.map((line, index) => _join(index === 0 ? first : rest, line)).join('\n'),
    gap: isTight ? '\n' : `\n${shared.trimEnd()}\n`,
  }
}

const _join = (prefix: string, line: string): string => (line ? prefix + line : prefix.trimEnd())

const OPENERS: Record<Exclude<Mark, 'code'>, string> = { bold: '**', italic: '*', strike: '~~' }

/** The runs as lines. Marks touch the words, since `** word **` isn't bold. */
const _inline = (runs: Run[]): string[] => {
  const out: string[] = []
  const open: { mark: string; close: string }[] = []
  let punctuation = ''
  let space = ''
  let endsWithAddress = false
  /** What was written last, as people see it. */
  let last = ''

  const push = (text: string, seen = text): void => {
    if (text === '') return
    out.push(text)
    last = seen
  }
  const closeTo = (depth: number, next: string): void => {
    while (open.length > depth) {
      const close = open.pop()?.close ?? ''
      // Markdown ignores a closing mark between punctuation and a letter.
      const isIgnored = !close.startsWith(']') && isPunctuation(_lastOf(last)) && !space && next !== ''
      push(isIgnored ? WORD_JOINER + close : close)
    }
  }
  const flush = (depth: number, next: string): void => {
    if (open.length > depth && punctuation && !space && /^[\p{L}\p{N}]/u.test(next)) {
      closeTo(depth, punctuation)
      push(punctuation)
    } else {
      push(punctuation)
      closeTo(depth, next)
    }
    // An address would go on with what follows.
    if (endsWithAddress && !space && next) push(NO_BREAK_SPACE)
    push(space)
    punctuation = ''
    space = ''
    endsWithAddress = false
  }

  for (const run of runs) {
    const core = run.text.trim()
    if (!core) {
      // Collapse empty lines: keeping them all would take quadratic time.
      space = (space + run.text).replace(/[^\n]/g, '').slice(0, 2) || ' '
      continue
    }
    if (/^\s/.test(run.text) && !space) space = ' '
    const marks = _marksOf(run)
    let shared = 0
    while (shared < open.length && open[shared]?.mark === marks[shared]?.mark) shared += 1
    const next = characterAt(core, 0)
    flush(shared, next)
    for (const [index, { mark, open: opener, close }] of marks.slice(shared).entries()) {
      // Two marks of the same sign would be read as one, except those that open together.
      if (index === 0 && /[*~]$/.test(last) && last.at(-1) === opener[0]) push(NO_BREAK_SPACE)
      const isIgnored = opener !== '[' && isPunctuation(next) && /\S$/.test(last)
      push(isIgnored ? opener + WORD_JOINER : opener)
      open.push({ mark, close })
    }
    if (run.marks.includes('code')) push(_code(core))
    else {
      const sentenceEnd = /(?<=\S)[.,:!?]{1,3}$/.exec(core)?.[0] ?? ''
      const words = core.slice(0, core.length - sentenceEnd.length)
      const after = sentenceEnd || (/\s$/.test(run.text) ? ' ' : '')
      const isMarked = run.marks.length > 0
      push(_escape(words, { isLabel: run.link !== undefined, isMarked, before: _lastOf(last), after }), words)
      punctuation = sentenceEnd
      endsWithAddress = splitAtAddresses(words).at(-1) === ''
    }
    if (/\s$/.test(run.text)) space = ' '
  }
  space = ''
  flush(0, '')
  return _trimmed(out.join(''))
}

const _lastOf = (text: string): string => characterBefore(text, text.length)

/** The lines without spaces around them. At most one empty line in a row. */
const _trimmed = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line, index, lines) => line || (lines[index - 1] && index < lines.length - 1))

/** Escapes what makes a line more than text. */
const _escapeStart = (line: string, isItem: boolean): string => {
  const escaped = _escapeEnd(line)
  if (isItem && /^\[[ x]\]/i.test(line)) return `\\${escaped}`
  // Code in a line may start like a block of it.
  if (!startsBlock(line) || /^`{3,}[^`]+`/.test(line)) return escaped
  return escaped.replace(/^(\d*)/, '$1\\')
}

/** A backslash at the end of a line is a line break. */
const _escapeEnd = (line: string): string => (/(?<!\\)(?:\\\\)*\\$/.test(line) ? `${line}${WORD_JOINER}` : line)

const _marksOf = (run: Run): { mark: string; open: string; close: string }[] => {
  const marks = run.link === undefined ? [] : [{ mark: `link ${run.link}`, open: '[', close: `](${run.link})` }]
  // A mark in an address would close the one around it.
  if (splitAtAddresses(run.text).some((piece, index) => index % 2 === 1 && /[*~]/.test(piece))) return marks
  for (const [mark, sign] of Object.entries(OPENERS) as [Exclude<Mark, 'code'>, string][]) {
    if (run.marks.includes(mark)) marks.push({ mark, open: sign, close: sign })
  }
  return marks
}

/** Merges adjacent runs with the same marks. A link whose text is its address becomes plain text. */
const _merged = (runs: Run[]): Run[] => {
  const merged: { run: Run; key: string; texts: string[] }[] = []
  for (const run of runs) {
    const key = run.text === '\n' ? '\n' : `${run.marks.join(' ')} ${run.link ?? ''}`
    const last = merged.at(-1)
    if (last && last.key === key) last.texts.push(run.text)
    else merged.push({ run, key, texts: [run.text] })
  }
  return merged.map(({ run, texts }) => {
    const text = texts.join('').replace(/ {2,}/g, ' ')
    const isBare = run.link !== undefined && _withoutScheme(run.link) === _withoutScheme(text.trim())
    return { ...run, text, link: isBare ? undefined : run.link }
  })
}

const _withoutScheme = (address: string): string =>
  address.replace(/^(?:https?:\/\/|mailto:|tel:)/i, '').replace(/\/$/, '')

interface Surroundings {
  /** The text is a link's. */
  isLabel: boolean
  /** The text is inside marks. */
  isMarked: boolean
  before: string
  after: string
}

const SIGN = /\\|`|\*+|_+|~+|<|&|[[\]]/g

/** Escapes signs where Markdown would interpret them. Addresses stay unchanged, except in a link's text. */
const _escape = (text: string, { isLabel, isMarked, before, after }: Surroundings): string => {
  let position = 0
  return (isLabel ? [text] : splitAtAddresses(text, before))
    .map((piece, index) => {
      const start = position
      position += piece.length
      if (index % 2 === 1) {
        // Otherwise the address would go on behind the backslash.
        return runsOn(text[position]) ? `${piece}${NO_BREAK_SPACE}` : piece
      }
      const escaped = piece.replace(SIGN, (run, at: number) => {
        const end = start + at + run.length
        const previous = start + at === 0 ? before : characterBefore(text, start + at)
        const rest = text.slice(end, end + 40) + after
        const isRead = (isMarked && /^[*_~]/.test(run)) || _isRead(run, previous, rest, isLabel)
        return isRead ? run.replace(/./g, '\\$&') : run
      })
      return withoutGlued(escaped, start === 0 ? before : '')
    })
    .join('')
}

/** Whether Markdown reads a sign, or a run of them, as more than itself. */
const _isRead = (run: string, before: string, rest: string, isLabel: boolean): boolean => {
  const next = characterAt(rest, 0)
  switch (run[0]) {
    case '`':
      return true
    case '\\':
      // What comes next may be escaped, or be a mark.
      return next === '' || isPunctuation(next)
    // Another run may follow.
    case '<':
      return /^(?:[a-z/!?]|$)/i.test(rest)
    case '&':
      return /^#?\w{0,31}(?:;|$)/.test(rest)
    case '[':
      return isLabel
    case ']':
      return isLabel || next === '' || /^[([:]/.test(next)
    default:
      // Without a next character, a mark of ours may follow.
      return next === '' || opensMark(run[0] ?? '', before, next) || closesMark(run[0] ?? '', before, next)
  }
}

const _code = (text: string): string => {
  const ticks = '`'.repeat(_longestTicks(text) + 1)
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : ''
  return ticks + pad + text + pad + ticks
}

const _longestTicks = (text: string): number => {
  let longest = 0
  for (const [ticks] of text.matchAll(/`+/g)) longest = Math.max(longest, ticks.length)
  return longest
}
