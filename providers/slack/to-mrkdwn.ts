/**
 * Converts Markdown to Slack's mrkdwn.
 *
 * The Markdown may come from a stranger. Everything except formatting is escaped, so it can't contain mentions, special
 * commands or links with a false label. https://docs.slack.dev/messaging/formatting-message-text
 */
import { Lexer, type Token, type Tokens } from 'marked'

const WORD_JOINER = '\u2060'
const ZERO_WIDTH_SPACE = '\u200b'
const BROADCAST = /(?<![\p{L}\p{N}])@(?=(?:here|channel|everyone|group)\b)/giu

/** Escapes text so that it shows literally: no control sequences, no broadcast mentions. */
export const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replace(BROADCAST, `@${WORD_JOINER}`)

/** Escapes a name or title: one line, without formatting characters. */
export const escapeName = (name: string): string =>
  escapeText(
    name
      .replace(/[*_~`]/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
  )

/** Escapes a name for fields of plain text, which Slack doesn't unescape: `username`, buttons, headers. */
export const plainName = (name: string): string =>
  name.replaceAll('<', '‹').replaceAll('>', '›').replace(BROADCAST, `@${WORD_JOINER}`).replace(/\s+/g, ' ').trim()

/** A link that shows its full URL. URLs that aren't http(s) become plain text. */
export const linkTo = (url: string): string => {
  if (!/^https?:\/\/[^\s]/i.test(url) || url.length > MAX_LINK_LENGTH) return escapeText(url)
  const safe = url.replace(/[\s<>|"`\\]/g, (character) => encodeURIComponent(character))
  return `<${safe.replaceAll('&', '&amp;')}>`
}

/** A longer link could be cut when a text is split. */
const MAX_LINK_LENGTH = 2_000

/** A part of a message that should stay in one post. */
export interface Block {
  text: string
  /** Separates this block from the one before it. */
  gap: '\n' | '\n\n'
  /** The text is raw code. The caller escapes and fences it. */
  isCode: boolean
}

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
    if (text.length > remaining || !_isParsable(text)) return _plainBlocks(text.replace(/^\n+/, '').trimEnd())
    remaining -= text.length
    return _parse(text)
  })
}

const _isParsable = (markdown: string): boolean =>
  markdown.length <= MAX_MARKDOWN_LENGTH && (markdown.match(/[*_~[\]`<>!]/g)?.length ?? 0) <= MAX_MARKS

const _parse = (markdown: string): Block[] => {
  try {
    return _blocks(new Lexer({ gfm: true }).lex(markdown), 0)
  } catch {
    // The nesting exceeds the parser's stack. Only an attack nests that deep.
    return _plainBlocks(markdown)
  }
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

const _plainBlocks = (markdown: string): Block[] => [{ text: escapeText(markdown), gap: '\n\n', isCode: false }]

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
      return [{ text: token.raw.trimEnd(), gap: '\n', isCode: true }]
    case 'hr':
      return _text('———')
    case 'blockquote':
      return _blocks(token.tokens ?? [], depth).map((block) => ({
        ...block,
        isCode: false,
        text: (block.isCode ? escapeText(block.text) : block.text)
          .split('\n')
          .map((line) => `&gt; ${line}`)
          .join('\n'),
      }))
    case 'list':
      return _text(_list(token as Tokens.List, depth))
    case 'paragraph':
    case 'text':
      return _text(token.tokens ? _inline(token.tokens, {}) : escapeText(token.raw))
    default:
      return _text(escapeText(token.raw.trimEnd()))
  }
}

const _list = (list: Tokens.List, depth: number): string => {
  const start = list.start === '' ? 1 : list.start
  return list.items
    .map((item, index) => {
      const box = item.task ? (item.checked ? '☑ ' : '☐ ') : ''
      const marker = list.ordered ? `${start + index}. ` : depth % 2 === 0 ? '• ' : '◦ '
      const tokens = item.tokens.filter((token) => token.type !== 'checkbox')
      const text = _blocks(tokens, depth + 1)
        .map((block, at) => (at === 0 ? '' : '\n') + (block.isCode ? escapeText(block.text) : block.text))
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
  let text = ''
  for (const token of tokens) {
    const piece = _span(token, open)
    // Slack recognises a mark only at the edge of a word.
    const opensInWord = /^[*_~`]/.test(piece) && /[\p{L}\p{N}]$/u.test(text)
    const closesInWord = /[*_~`]$/.test(text) && /^[\p{L}\p{N}]/u.test(piece)
    text += (opensInWord || closesInWord ? ZERO_WIDTH_SPACE : '') + piece
  }
  return text
}

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
    case 'codespan': {
      const code = (token as Tokens.Codespan).text.replace(/\s+/g, ' ')
      return code.includes('`') ? escapeText(code) : `\`${escapeText(code)}\``
    }
    case 'br':
      return '\n'
    case 'link': {
      const link = token as Tokens.Link
      if (link.href === `mailto:${link.text}`) return escapeText(link.text)
      return _labelledLink(_inline(link.tokens, open), link.text, link.href)
    }
    case 'image': {
      const image = token as Tokens.Image
      return _labelledLink(escapeText(image.text), image.text, image.href)
    }
    case 'escape':
      return escapeText((token as Tokens.Escape).text)
    case 'text':
      return token.tokens ? _inline(token.tokens, open) : escapeText(token.raw)
    default:
      return escapeText(token.raw)
  }
}

/** Always shows the URL, because a label can be false. */
const _labelledLink = (label: string, text: string, url: string): string =>
  text === '' || _withoutScheme(text) === _withoutScheme(url) ? linkTo(url) : `${label} (${linkTo(url)})`

const _withoutScheme = (url: string): string => url.replace(/^https?:\/\//i, '').replace(/\/$/, '')

/** Marks each line by itself, because a mark doesn't reach beyond its line. */
const _withMark = (mark: string, text: string): string =>
  text
    .split('\n')
    .map((line) => (line.trim() === '' ? line : `${mark}${line.trim()}${mark}`))
    .join('\n')
