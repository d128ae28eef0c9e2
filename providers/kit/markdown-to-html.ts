/**
 * Converts Markdown to HTML for a desk's notes, in blocks that can be packed into comments.
 *
 * The Markdown may quote a stranger. Everything but formatting is escaped, raw HTML is shown as typed, and a link shows
 * its address, so no label can hide where it leads.
 */
import type { Token, Tokens } from 'marked'
import { addressesIn, linkTarget } from './addresses'
import { decodeEntities } from './html-tokens'
import libraries from './libraries.cjs'
import { cutBefore } from './text'

/** How much fits into one post, measured in the vendor's own way. */
export type Fits = (html: string) => boolean

const SIGNS: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (sign) => SIGNS[sign] ?? sign)

/** Plain text with its line breaks, and addresses linked under their own text. */
export const plainToHtml = (text: string): string =>
  addressesIn(text)
    .map((piece, index) =>
      index % 2 === 1 ? `<a href="${escapeHtml(piece)}">${escapeHtml(piece)}</a>` : _lines(escapeHtml(piece))
    )
    .join('')

const _lines = (html: string): string => html.replaceAll('\n', '<br>')

/**
 * Plain text as paragraphs that fit, in order and complete. It is divided at the end of a line or word where possible,
 * never inside a character.
 */
export const plainBlocks = (text: string, fits: Fits, wrap: Wrap = _paragraph): string[] => {
  const blocks: string[] = []
  let rest = text
  while (rest !== '') {
    let end = rest.length
    while (!fits(wrap(rest.slice(0, end)))) end = _earlier(rest, end)
    blocks.push(wrap(rest.slice(0, end)))
    rest = rest.slice(end)
  }
  return blocks
}

type Wrap = (text: string) => string

const _paragraph: Wrap = (text) => `<p>${plainToHtml(text.replace(/^\n+|\n+$/g, ''))}</p>`

/** A place at which to divide the text, clearly before `end`. */
const _earlier = (text: string, end: number): number => {
  const target = Math.max(1, Math.min(end - 1, Math.floor(end * 0.8)))
  const stretch = text.slice(0, target)
  const at = Math.max(stretch.lastIndexOf('\n'), stretch.lastIndexOf(' ')) + 1
  return at > target / 2 ? at : cutBefore(text, target)
}

/**
 * Limits for the parser, whose time grows with the square of the number of marks. Longer texts are read paragraph by
 * paragraph, and what exceeds the limits there is shown as typed.
 */
const MAX_MARKDOWN_LENGTH = 8_000
const MAX_MARKS = 300
const MAX_DEPTH = 12

/** Markdown as blocks of HTML, each of which fits. */
export const markdownBlocks = (markdown: string, fits: Fits): string[] => {
  if (_isParsable(markdown)) return _parsed(markdown, fits)
  return _paragraphsOf(markdown).flatMap((paragraph) =>
    _isParsable(paragraph) ? _parsed(paragraph, fits) : plainBlocks(paragraph, fits)
  )
}

const _isParsable = (markdown: string): boolean =>
  markdown.length <= MAX_MARKDOWN_LENGTH && (markdown.match(/[*_~[\]`<>!@]/g)?.length ?? 0) <= MAX_MARKS

/** Paragraphs, with fenced code in one piece. */
const _paragraphsOf = (markdown: string): string[] => {
  const paragraphs: string[][] = [[]]
  let fence: string | undefined
  for (const line of markdown.split('\n')) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (fence === undefined && line.trim() === '') paragraphs.push([])
    else paragraphs.at(-1)?.push(line)
    if (fence === undefined) fence = mark
    else if (mark?.startsWith(fence)) fence = undefined
  }
  return paragraphs.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
}

const _parsed = (markdown: string, fits: Fits): string[] => {
  let tokens: Token[]
  try {
    const Lexer = libraries.lexer()
    tokens = new Lexer({ gfm: true }).lex(markdown)
  } catch {
    // The nesting exceeds the parser's stack. Only an attack nests that deep.
    return plainBlocks(markdown, fits)
  }
  return tokens.flatMap((token) => _fitting(token, fits))
}

/** A block that fits, or its parts: the items of a list, the lines of code, the words of a paragraph. */
const _fitting = (token: Token, fits: Fits): string[] => {
  const html = _block(token, 0)
  if (html === '' || fits(html)) return html === '' ? [] : [html]
  if (token.type === 'list') {
    const list = token as Tokens.List
    const start = Number(list.start) || 1
    return list.items.flatMap((item, index) => {
      const alone = _block({ ...list, start: start + index, items: [item] } as Token, 0)
      return fits(alone) ? [alone] : plainBlocks(item.text, fits)
    })
  }
  if (token.type === 'code') return plainBlocks((token as Tokens.Code).text, fits, _code)
  if (token.type === 'paragraph') return _dividedParagraph(token as Tokens.Paragraph, fits)
  return plainBlocks(token.raw.trim(), fits)
}

/** Divided between its links, marks and words, never inside one of them as far as they fit. */
const _dividedParagraph = ({ tokens }: Tokens.Paragraph, fits: Fits): string[] => {
  const blocks: string[] = []
  let line = ''
  const atoms = tokens.flatMap((token) =>
    token.type === 'text' && !('tokens' in token && token.tokens)
      ? token.raw.split(/(?<=\s)/).map((word) => _text(decodeEntities(word)))
      : [_inline([token], 0)]
  )
  for (const atom of atoms) {
    if (line !== '' && !fits(`<p>${line}${atom}</p>`)) {
      blocks.push(`<p>${line}</p>`)
      line = ''
    }
    if (fits(`<p>${atom}</p>`)) line += atom
    else blocks.push(...plainBlocks(_shownIn(atom), fits))
  }
  return line === '' ? blocks : [...blocks, `<p>${line}</p>`]
}

const _shownIn = (html: string): string => decodeEntities(html.replace(/<br>/g, '\n').replace(/<[^>]*>/g, ''))

const _code: Wrap = (text) => `<pre><code>${escapeHtml(text)}</code></pre>`

const _block = (token: Token, depth: number): string => {
  if (depth > MAX_DEPTH) return `<p>${_lines(escapeHtml(token.raw))}</p>`
  switch (token.type) {
    case 'space':
    case 'def':
      return ''
    case 'hr':
      return '<hr>'
    case 'heading':
      return `<p><strong>${_inline((token as Tokens.Heading).tokens, depth)}</strong></p>`
    case 'code':
      return _code((token as Tokens.Code).text)
    case 'blockquote':
      return `<blockquote>${_blocks((token as Tokens.Blockquote).tokens, depth + 1)}</blockquote>`
    case 'list':
      return _list(token as Tokens.List, depth)
    case 'table':
      return _table(token as Tokens.Table, depth)
    case 'html':
      return `<p>${_lines(escapeHtml(token.raw.trim()))}</p>`
    case 'paragraph':
    case 'text': {
      const { tokens } = token as Tokens.Paragraph
      const html = tokens ? _inline(tokens, depth) : _text(decodeEntities(token.raw))
      return html.trim() === '' ? '' : `<p>${html}</p>`
    }
    default:
      return `<p>${_lines(escapeHtml(token.raw))}</p>`
  }
}

const _blocks = (tokens: Token[], depth: number): string => tokens.map((token) => _block(token, depth)).join('')

const _list = (list: Tokens.List, depth: number): string => {
  const items = list.items.map((item) => {
    const box = item.task ? (item.checked ? '☑ ' : '☐ ') : ''
    const content = item.tokens
      .filter((token) => (token.type as string) !== 'checkbox')
      // The text of a tight item is no paragraph of its own.
      .map((token) => _block(token, depth + 1).replace(/^<p>([\s\S]*)<\/p>$/, token.type === 'text' ? '$1' : '$&'))
      .join('')
    return `<li>${box}${content}</li>`
  })
  if (!list.ordered) return `<ul>${items.join('')}</ul>`
  const start = Number(list.start)
  return `<ol${start > 1 ? ` start="${start}"` : ''}>${items.join('')}</ol>`
}

const _table = ({ header, rows }: Tokens.Table, depth: number): string => {
  const row = (cells: Tokens.TableCell[], name: 'th' | 'td'): string =>
    `<tr>${cells.map(({ tokens }) => `<${name}>${_inline(tokens, depth)}</${name}>`).join('')}</tr>`
  const body = rows.map((cells) => row(cells, 'td')).join('')
  return `<table><thead>${row(header, 'th')}</thead><tbody>${body}</tbody></table>`
}

const _text = (text: string): string => plainToHtml(text)

const _inline = (tokens: Token[], depth: number): string =>
  tokens
    .map((token): string => {
      if (depth > MAX_DEPTH) return escapeHtml(token.raw)
      switch (token.type) {
        case 'strong':
          return `<strong>${_inline((token as Tokens.Strong).tokens, depth + 1)}</strong>`
        case 'em':
          return `<em>${_inline((token as Tokens.Em).tokens, depth + 1)}</em>`
        case 'del':
          return `<s>${_inline((token as Tokens.Del).tokens, depth + 1)}</s>`
        case 'codespan':
          return `<code>${escapeHtml((token as Tokens.Codespan).text)}</code>`
        case 'br':
          return '<br>'
        case 'link':
          return _link(token as Tokens.Link, depth)
        case 'image':
          return _labelled(decodeEntities((token as Tokens.Image).text), (token as Tokens.Image).href, token.raw)
        case 'escape':
          return escapeHtml((token as Tokens.Escape).text)
        case 'text': {
          const { tokens: inner } = token as Tokens.Text
          return inner ? _inline(inner, depth + 1) : _text(decodeEntities(token.raw))
        }
        default:
          return _lines(escapeHtml(token.raw))
      }
    })
    .join('')

const _link = (token: Tokens.Link, depth: number): string => {
  const shown = _shownIn(_inline(_withoutLinks(token.tokens), depth + 1))
  return _labelled(shown, token.href, token.raw)
}

/** A link in a link would close the outer one. */
const _withoutLinks = (tokens: Token[]): Token[] =>
  tokens.map((token) => (token.type === 'link' || token.type === 'image' ? { ...token, type: 'unknown' } : token))

const _labelled = (label: string, address: string, raw: string): string => {
  const target = linkTarget(decodeEntities(address))
  if (!target) return escapeHtml(raw)
  const plain = target.replace(/^(?:mailto|tel):/i, '')
  const href = escapeHtml(target)
  if (label.trim() === '' || [target, plain, address].includes(label.trim())) {
    return `<a href="${href}">${escapeHtml(label.trim() || plain)}</a>`
  }
  return `<a href="${href}">${escapeHtml(label)}</a> (${escapeHtml(plain)})`
}

/** Blocks joined in order into as few posts as fit them. */
export const packed = (blocks: string[], fits: Fits): string[] => {
  const posts: string[] = []
  for (const block of blocks) {
    const last = posts.at(-1)
    if (last !== undefined && fits(last + block)) posts[posts.length - 1] = last + block
    else posts.push(block)
  }
  return posts
}
