/**
 * Markdown as Slack's mrkdwn.
 *
 * Whoever wrote the Markdown may be a stranger: everything that is not formatting is escaped, so that no mention, no special command and no link under a false
 * name gets through. https://docs.slack.dev/messaging/formatting-message-text
 */
import { Lexer, type Token, type Tokens } from 'marked'

const WORD_JOINER = '\u2060'
const ZERO_WIDTH_SPACE = '\u200b'
const BROADCAST = /(?<![\p{L}\p{N}])@(?=(?:here|channel|everyone|group)\b)/giu

/** Text that shows as it is: no control sequence, no mention that rings at everybody. */
export const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replace(BROADCAST, `@${WORD_JOINER}`)

/** A name or title on one line, without signs that format. */
export const escapeName = (name: string): string =>
  escapeText(
    name
      .replace(/[*_~`]/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
  )

/** A name where Slack shows plain text and escapes nothing: `username`, a button, a header. */
export const plainName = (name: string): string =>
  name.replaceAll('<', '‹').replaceAll('>', '›').replace(BROADCAST, `@${WORD_JOINER}`).replace(/\s+/g, ' ').trim()

/** An address as a link that shows where it leads; as words where it leads elsewhere than to the web. */
export const linkTo = (url: string): string => {
  if (!/^https?:\/\/[^\s]/i.test(url) || url.length > LONGEST_LINK) return escapeText(url)
  const safe = url.replace(/[\s<>|"`\\]/g, (sign) => encodeURIComponent(sign))
  return `<${safe.replaceAll('&', '&amp;')}>`
}

/** A longer one could not be kept whole when a text is split. */
const LONGEST_LINK = 2_000

/** A piece of a message that is best kept whole. */
export interface Block {
  text: string
  /** What stands between it and the block before it. */
  gap: '\n' | '\n\n'
  /** Whether the text is code, to be fenced by whoever puts it out. */
  isCode: boolean
}

/**
 * The parser's time grows with the square of the marks and more (4 KB of `*a_`: a second), and without any marks with the square of an address's
 * length (24 KB of `a@aaa…@`: a second and a half). What has so many or is so long is shown as it was typed, but for fenced code, which needs no parser.
 */
const LONGEST_MARKDOWN = 8_000
const MOST_MARKS = 300

export const markdownToBlocks = (markdown: string): Block[] => {
  if (_isParsable(markdown)) return _parsed(markdown)
  let room = LONGEST_MARKDOWN
  return _withoutFences(markdown).flatMap(({ text, isCode }): Block[] => {
    if (text.trim() === '') return []
    if (isCode) return [{ text: text.trimEnd(), gap: '\n\n', isCode }]
    if (text.length > room || !_isParsable(text)) return _plain(text.replace(/^\n+/, '').trimEnd())
    room -= text.length
    return _parsed(text)
  })
}

const _isParsable = (markdown: string): boolean =>
  markdown.length <= LONGEST_MARKDOWN && (markdown.match(/[*_~[\]`<>!]/g)?.length ?? 0) <= MOST_MARKS

const _parsed = (markdown: string): Block[] => {
  try {
    return _blocks(new Lexer({ gfm: true }).lex(markdown), 0)
  } catch {
    // Nested deeper than the parser's stack: nobody who wants to be understood writes that.
    return _plain(markdown)
  }
}

/** Fenced code, and what stands between. A fence that nobody closes is none. */
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

const _plain = (markdown: string): Block[] => [{ text: escapeText(markdown), gap: '\n\n', isCode: false }]

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
      // Lists and paragraphs may take the empty line after them into themselves.
      gap = /\n[ \t]*\n\s*$/.test(token.raw) ? '\n\n' : '\n'
    }
  }
  return blocks
}

const _text = (text: string): Block[] => [{ text, gap: '\n', isCode: false }]

const _block = (token: Token, depth: number): Block[] => {
  switch (token.type) {
    case 'heading':
      return _text(_marked('*', _inline(token.tokens ?? [], { bold: true })))
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

interface Open {
  bold?: boolean
  italic?: boolean
  strike?: boolean
}

const _inline = (tokens: Token[], open: Open): string => {
  let out = ''
  for (const token of tokens) {
    const piece = _span(token, open)
    // Slack sees a mark only at the edge of a word.
    const touches = /^[*_~`]/.test(piece) && /[\p{L}\p{N}]$/u.test(out)
    const touched = /[*_~`]$/.test(out) && /^[\p{L}\p{N}]/u.test(piece)
    out += (touches || touched ? ZERO_WIDTH_SPACE : '') + piece
  }
  return out
}

const _span = (token: Token, open: Open): string => {
  switch (token.type) {
    case 'strong':
      return open.bold
        ? _inline(token.tokens ?? [], open)
        : _marked('*', _inline(token.tokens ?? [], { ...open, bold: true }))
    case 'em':
      return open.italic
        ? _inline(token.tokens ?? [], open)
        : _marked('_', _inline(token.tokens ?? [], { ...open, italic: true }))
    case 'del':
      return open.strike
        ? _inline(token.tokens ?? [], open)
        : _marked('~', _inline(token.tokens ?? [], { ...open, strike: true }))
    case 'codespan': {
      const code = (token as Tokens.Codespan).text.replace(/\s+/g, ' ')
      return code.includes('`') ? escapeText(code) : `\`${escapeText(code)}\``
    }
    case 'br':
      return '\n'
    case 'link': {
      const link = token as Tokens.Link
      if (link.href === `mailto:${link.text}`) return escapeText(link.text)
      return _labelled(_inline(link.tokens, open), link.text, link.href)
    }
    case 'image': {
      const image = token as Tokens.Image
      return _labelled(escapeText(image.text), image.text, image.href)
    }
    case 'escape':
      return escapeText((token as Tokens.Escape).text)
    case 'text':
      return token.tokens ? _inline(token.tokens, open) : escapeText(token.raw)
    default:
      return escapeText(token.raw)
  }
}

/** The address is always shown: a label alone can claim to lead anywhere. */
const _labelled = (label: string, text: string, url: string): string =>
  text === '' || _bare(text) === _bare(url) ? linkTo(url) : `${label} (${linkTo(url)})`

const _bare = (url: string): string => url.replace(/^https?:\/\//i, '').replace(/\/$/, '')

/** Marks end with the line. */
const _marked = (mark: string, text: string): string =>
  text
    .split('\n')
    .map((line) => (line.trim() === '' ? line : `${mark}${line.trim()}${mark}`))
    .join('\n')
