/**
 * Converts Markdown to Slack's mrkdwn.
 *
 * The Markdown may come from a stranger. Everything except formatting is escaped, so it can't contain mentions, special
 * commands or links with a false label. https://docs.slack.dev/messaging/formatting-message-text
 */
import type { Token, Tokens } from 'marked'
import { decodeEntities } from '../kit/html-tokens'
import libraries from '../kit/libraries.cjs'
import { characterAt, characterBefore } from '../kit/markdown-signs'
import {
  isEdge,
  linkTo,
  escapeText,
  literal,
  plainText,
  WORD_JOINER,
  ZERO_WIDTH_SPACE,
  type Surroundings,
} from './escape'
import { mark, startsWithMark, endsWithMark, type MarkSign } from './marks'

export { escapeName, escapeText, linkTo, plainName } from './escape'

/** A part of a message that should stay in one post. */
export interface Block {
  text: string
  /** Separates this block from the one before it. */
  gap: '\n' | '\n\n'
  /** The text is raw code. The caller escapes and fences it. */
  isCode: boolean
  /** Each line is quoted. The text holds no quotation marks yet. */
  isQuote?: boolean
}

/** Plain text as one block. `isUnmarked`: for a post in which marks don't count. */
export const plainToBlocks = (text: string, options?: { isUnmarked: boolean }): Block[] =>
  text.trim() === ''
    ? []
    : [{ text: plainText(text.trimEnd().replace(/^\s*\n/, ''), options), gap: '\n\n', isCode: false }]

/**
 * Limits for the parser, whose time grows with the square of the number of marks (4 KB of `*a_` take a second) and of
 * an address's length (24 KB of `a@aaa…@` take 1.5 s). Text beyond the limits is shown as typed, except fenced code.
 */
const MAX_MARKDOWN_LENGTH = 8_000
const MAX_MARKS = 300

/** Converts Markdown to blocks in linear time, whatever it contains. */
export const markdownToBlocks = (markdown: string): Block[] => {
  if (_isParsable(markdown)) return _parse(markdown)
  let remaining = MAX_MARKDOWN_LENGTH
  return _withoutFences(markdown).flatMap(({ text, isCode }): Block[] => {
    if (text.trim() === '') return []
    if (isCode) return [{ text: text.trimEnd(), gap: '\n\n', isCode }]
    if (text.length > remaining || !_isParsable(text)) return _unparsed(text)
    remaining -= text.length
    return _parse(text)
  })
}

const _isParsable = (markdown: string): boolean =>
  markdown.length <= MAX_MARKDOWN_LENGTH && (markdown.match(/[*_~[\]`<>!]/g)?.length ?? 0) <= MAX_MARKS

const _parse = (markdown: string): Block[] => {
  try {
    const Lexer = libraries.lexer()
    return _blocks(new Lexer({ gfm: true }).lex(markdown), 0)
  } catch {
    // The nesting exceeds the parser's stack. Only an attack nests that deep.
    return _unparsed(markdown)
  }
}

/** Only quotations are read. */
const _unparsed = (markdown: string): Block[] => {
  const groups: { isQuote: boolean; lines: string[] }[] = []
  for (const line of markdown.split('\n')) {
    const isQuote = /^ {0,3}>/.test(line)
    const last = groups.at(-1)
    const text = isQuote ? line.replace(/^ {0,3}> ?/, '') : line
    if (last?.isQuote === isQuote) last.lines.push(text)
    else groups.push({ isQuote, lines: [text] })
  }
  return groups.flatMap(({ isQuote, lines }) => plainToBlocks(lines.join('\n')).map((block) => ({ ...block, isQuote })))
}

/** Splits Markdown into fenced code and the text between. An unclosed fence is text. */
const _withoutFences = (markdown: string): { text: string; isCode: boolean }[] => {
  const pieces: { text: string; isCode: boolean }[] = []
  const lines = markdown.split('\n')
  const last = lines.findLastIndex((line) => FENCE_END.test(line))
  let from = 0
  let fence = -1
  for (const [index, line] of lines.entries()) {
    if (fence < 0 && index < last && FENCE.test(line)) fence = index
    else if (fence >= 0 && FENCE_END.test(line)) {
      pieces.push({ text: lines.slice(from, fence).join('\n'), isCode: false })
      pieces.push({ text: lines.slice(fence + 1, index).join('\n'), isCode: true })
      from = index + 1
      fence = -1
    }
  }
  pieces.push({ text: lines.slice(from).join('\n'), isCode: false })
  return pieces
}

const FENCE = /^```[^`]*$/
const FENCE_END = /^```\s*$/

const _blocks = (tokens: Token[], depth: number): Block[] => {
  const blocks: Block[] = []
  let gap: Block['gap'] = '\n\n'
  for (const token of tokens) {
    if (token.type === 'space') gap = '\n\n'
    else {
      for (const block of _block(token, depth)) {
        if (block.text.trim() === '') continue
        blocks.push({ ...block, gap })
        gap = '\n'
      }
      // The raw text of lists and paragraphs may include the empty line after them.
      gap = /\n[ \t]*\n\s*$/.test(token.raw) ? '\n\n' : '\n'
    }
  }
  return blocks
}

const _text = (text: string): Block[] => [{ text, gap: '\n', isCode: false }]

const _block = (token: Token, depth: number): Block[] => {
  switch (token.type) {
    case 'heading':
      return _text(_withMark('*', _inline(token.tokens ?? [], { bold: true })))
    case 'code':
      return [{ text: (token as Tokens.Code).text.trimEnd(), gap: '\n', isCode: true }]
    case 'table':
      return [{ text: _table(token as Tokens.Table), gap: '\n', isCode: true }]
    case 'hr':
      return _text('———')
    case 'blockquote':
      return _quoted(_blocks(token.tokens ?? [], depth))
    case 'list':
      return _text(_list(token as Tokens.List, depth))
    case 'paragraph':
    case 'text':
      return _text(token.tokens ? _inline(token.tokens, {}) : plainText(decodeEntities(token.raw)))
    default:
      return _text(plainText(token.raw.trimEnd()))
  }
}

/** A quotation in a quotation shows its own mark: Slack has one level. */
const _quoted = (blocks: Block[]): Block[] => {
  const text = blocks
    .map(({ gap, isCode, isQuote, ...block }, index) => {
      const lines = isCode ? plainText(block.text) : block.text
      const shown = isQuote ? lines.replace(/^/gm, '&gt; ') : lines
      return (index === 0 ? '' : gap) + shown
    })
    .join('')
  return text.trim() === '' ? [] : [{ text, gap: '\n', isCode: false, isQuote: true }]
}

const _table = ({ header, rows }: Tokens.Table): string => {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`
  return [
    line(header.map(({ tokens }) => _plain(tokens))),
    `|${header.map(() => '---').join('|')}|`,
    ...rows.map((row) => line(row.map(({ tokens }) => _plain(tokens)))),
  ].join('\n')
}

/** The text of spans, without marks and not escaped. */
const _plain = (tokens: Token[]): string =>
  tokens
    .map((token): string => {
      switch (token.type) {
        case 'link': {
          const { href, text, tokens: inner } = token as Tokens.Link
          return _isSameAddress(text, href) ? text : `${_plain(inner)} (${href})`
        }
        case 'image':
          return `${(token as Tokens.Image).text} (${(token as Tokens.Image).href})`
        case 'br':
          return ' '
        case 'codespan':
        case 'escape':
          return (token as Tokens.Codespan).text
        case 'text':
        case 'html':
          return decodeEntities(token.raw)
        default:
          return 'tokens' in token && token.tokens ? _plain(token.tokens) : token.raw
      }
    })
    .join('')

const _list = (list: Tokens.List, depth: number): string => {
  const start = list.start === '' ? 1 : list.start
  return list.items
    .map((item, index) => {
      const box = item.task ? (item.checked ? '☑ ' : '☐ ') : ''
      const delimiter = /^\s*\d+([.)])/.exec(item.raw)?.[1] ?? '.'
      const marker = list.ordered ? `${start + index}${delimiter} ` : depth % 2 === 0 ? '• ' : '◦ '
      const tokens = item.tokens.filter((token) => token.type !== 'checkbox')
      const text = _blocks(tokens, depth + 1)
        .map(({ text, isCode, isQuote }, at) => {
          const lines = isCode ? plainText(text) : isQuote ? text.replace(/^/gm, '&gt; ') : text
          return (at === 0 ? '' : '\n') + lines
        })
        .join('')
      const [first = '', ...rest] = text.split('\n')
      return [marker + box + first, ...rest.map((line) => `    ${line}`)].join('\n')
    })
    .join('\n')
}

/** The marks that are open around a span. */
interface OpenMarks {
  bold?: boolean
  italic?: boolean
  strike?: boolean
}

const _inline = (tokens: Token[], open: OpenMarks): string => {
  const isMarked = open.bold === true || open.italic === true || open.strike === true
  let text = ''
  const merged = _merged(tokens)
  for (const [index, token] of merged.entries()) {
    const before = characterBefore(text, text.length)
    if (typeof token === 'string') {
      const next = merged[index + 1]
      const after = typeof next === 'object' && next.type !== 'br' ? '*' : ''
      const words = _literalWords(token, { before, after, isMarked })
      text += (endsWithMark(text) && !isEdge(characterAt(words, 0)) ? ZERO_WIDTH_SPACE : '') + words
    } else {
      const piece = _span(token, open)
      // Slack recognises a mark only at the edge of a word.
      const isInWord =
        (startsWithMark(piece) && !startsWithMark(before) && !isEdge(before)) ||
        (endsWithMark(text) && !isEdge(characterAt(piece, 0)) && !startsWithMark(piece))
      text += (isInWord ? ZERO_WIDTH_SPACE : '') + piece
    }
  }
  return text
}

/** Literal text of several tokens is escaped as one: a sign depends on what is beside it. */
const _merged = (tokens: Token[]): (Token | string)[] => {
  const merged: (Token | string)[] = []
  for (const token of tokens) {
    const words = _wordsOf(token)
    const last = merged.at(-1)
    if (words === undefined) merged.push(token)
    else if (typeof last === 'string') merged[merged.length - 1] = last + words
    else merged.push(words)
  }
  return merged
}

const _wordsOf = (token: Token): string | undefined => {
  if (token.type === 'escape') return (token as Tokens.Escape).text
  if (token.type === 'text' && !token.tokens) return decodeEntities(token.raw)
  if (token.type === 'codespan') {
    const { text } = token as Tokens.Codespan
    return text.includes('`') || text.trim() === '' ? text.replace(/\s+/g, ' ') : undefined
  }
  if (token.type === 'html') return token.raw
  return undefined
}

/** A quotation's sign at the start of a line is literal, too. */
const _literalWords = (text: string, surroundings: Surroundings): string =>
  literal(text, surroundings).replace(
    surroundings.before === '' || surroundings.before === '\n' ? /^(?=[^\S\n]*&gt;)/gm : /(?<=\n)(?=[^\S\n]*&gt;)/g,
    WORD_JOINER
  )

const _span = (token: Token, open: OpenMarks): string => {
  switch (token.type) {
    case 'strong':
      return open.bold
        ? _inline(token.tokens ?? [], open)
        : _withMark('*', _inline(token.tokens ?? [], { ...open, bold: true }))
    case 'em':
      return open.italic
        ? _inline(token.tokens ?? [], open)
        : _withMark('_', _inline(token.tokens ?? [], { ...open, italic: true }))
    case 'del':
      return open.strike
        ? _inline(token.tokens ?? [], open)
        : _withMark('~', _inline(token.tokens ?? [], { ...open, strike: true }))
    case 'codespan':
      return mark('`', escapeText((token as Tokens.Codespan).text.replace(/\s+/g, ' ')))
    case 'br':
      return '\n'
    case 'link': {
      const link = token as Tokens.Link
      if (link.raw === link.text || link.href === `mailto:${link.text}`) {
        return /^https?:/i.test(link.text) ? linkTo(link.text) : literal(link.text)
      }
      return _labelledLink(_inline(link.tokens, open), link.text, link.href)
    }
    case 'image': {
      const image = token as Tokens.Image
      return _labelledLink(literal(image.text), image.text, image.href)
    }
    case 'text':
      return _inline(token.tokens ?? [], open)
    default:
      return plainText(token.raw)
  }
}

/** Always shows the URL, because a label can be false. */
const _labelledLink = (label: string, text: string, url: string): string =>
  text === '' || _isSameAddress(text, url) ? linkTo(url) : `${label} (${linkTo(url)})`

const _isSameAddress = (text: string, url: string): boolean => _withoutScheme(text) === _withoutScheme(url)

const _withoutScheme = (url: string): string => url.replace(/^https?:\/\//i, '').replace(/\/$/, '')

/** Marks each line by itself, because a mark doesn't reach beyond its line. */
const _withMark = (sign: MarkSign, text: string): string =>
  text
    .split('\n')
    .map((line) => (line.trim() === '' ? line : mark(sign, line.trim())))
    .join('\n')
