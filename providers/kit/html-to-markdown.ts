/**
 * Converts agents' HTML to Markdown.
 *
 * One pass over the tokens, without a tree or recursion, so time and memory are linear for any nesting.
 */
import { Tokenizer } from 'htmlparser2'
import type { MessagePart } from '../provider'
import { writeCode, writeParagraph, type Block, type Container, type Mark, type Run } from './markdown-writer'

/**
 * Converts HTML to Markdown. Images become `![alternative](address)`. Scripts, styles and comments are dropped. Links
 * other than
 * http(s), mailto and tel keep only their text.
 */
export const htmlToMarkdown = (html: string): string =>
  _convert(html)
    .map((piece) => ('text' in piece ? piece.text : `![${piece.alt.replace(/[[\]\\]/g, '\\$&')}](${piece.url})`))
    .join('\n\n')

/** The same, with images as separate parts, in order. */
export const htmlToParts = (html: string): MessagePart[] =>
  _convert(html).map((piece) =>
    'text' in piece
      ? { type: 'text', text: piece.text }
      : { type: 'file', kind: 'image', url: piece.url, ...(piece.alt ? { title: piece.alt } : {}) }
  )

/** The plain text, with entities decoded. */
export const htmlToText = (html: string): string => {
  const pieces: string[] = []
  let skipped = 0
  _tokenize(html, {
    text: (text) => {
      if (skipped === 0) pieces.push(text)
    },
    open: (name) => {
      if (DROPPED.has(name)) skipped += 1
      else if (name === 'br' || BLOCKS.has(name)) pieces.push('\n')
    },
    close: (name) => {
      if (DROPPED.has(name)) skipped = Math.max(0, skipped - 1)
      else if (BLOCKS.has(name)) pieces.push('\n')
    },
  })
  return pieces
    .join('')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n[ \n]*/g, '\n')
    .trim()
}

/** Elements whose content is dropped. */
const DROPPED = new Set(
  'script style head title template noscript svg math object canvas select textarea iframe video audio'.split(' ')
)
/** Dropped elements whose address is kept as text. */
const EMBEDDED = new Set(['iframe', 'video', 'audio'])
const BLOCKS = new Set(
  (
    'address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form ' +
    'h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody tfoot thead tr ul'
  ).split(' ')
)
const MARKS = new Map<string, Mark>([
  ['b', 'bold'],
  ['strong', 'bold'],
  ['i', 'italic'],
  ['em', 'italic'],
  ['s', 'strike'],
  ['del', 'strike'],
  ['strike', 'strike'],
  ['code', 'code'],
  ['kbd', 'code'],
  ['samp', 'code'],
  ['tt', 'code'],
])
/** Deeper nesting is flattened to this depth, since every level lengthens every line. */
const MAX_DEPTH = 16
/** Limit on the total length of link addresses: an address is repeated on each line of its link. */
const MAX_LINK_CHARS = 1_000_000

type Piece = { text: string } | { url: string; alt: string }
type Attributes = Map<string, string>

const _convert = (html: string): Piece[] => {
  const pieces: Piece[] = []
  let blocks: string[] = []
  let runs: Run[] = []
  const depths: Record<Mark, number> = { bold: 0, italic: 0, strike: 0, code: 0 }
  const containers: Container[] = []
  const tooDeep = new Map<Container['kind'], number>()
  let link: string | undefined
  let linkChars = 0
  let skipped = 0
  let heading = 0
  let tableDepth = 0
  let cells = 0
  let code: { text: string; language: string } | undefined

  const add = (block: Block | undefined): void => {
    if (block) blocks.push(blocks.length === 0 ? '' : block.gap, block.text)
  }
  const endBlock = (): void => {
    if (runs.length === 0) return
    add(writeParagraph(runs, containers, heading))
    runs = []
  }
  const endCode = (): void => {
    if (code) add(writeCode(code.text, code.language, containers))
    code = undefined
  }
  const endText = (): void => {
    endBlock()
    if (blocks.length > 0) pieces.push({ text: blocks.join('') })
    blocks = []
  }
  const addText = (text: string): void => {
    if (skipped > 0) return
    if (code) code.text += text
    else {
      const collapsed = text.replace(/[\u200b\ufeff]/g, '').replace(/[\s\u00a0]+/g, ' ')
      const marks = (Object.keys(depths) as Mark[]).filter((mark) => depths[mark] > 0)
      linkChars += link?.length ?? 0
      runs.push({ text: collapsed, marks, link: linkChars > MAX_LINK_CHARS ? undefined : link })
    }
  }
  const addPlainText = (text: string): void => {
    runs.push({ text, marks: [], link: undefined })
  }
  const enter = (container: Container): void => {
    if (containers.length < MAX_DEPTH) containers.push(container)
    else tooDeep.set(container.kind, (tooDeep.get(container.kind) ?? 0) + 1)
  }
  const leave = (kind: Container['kind']): void => {
    const flattened = tooDeep.get(kind) ?? 0
    const index = containers.findLastIndex((container) => container.kind === kind)
    if (flattened > 0) tooDeep.set(kind, flattened - 1)
    else if (index >= 0) containers.length = index
  }
  const addImage = (attributes: Attributes): void => {
    const url = _webAddress(attributes.get('src'))
    const alt = (attributes.get('alt') ?? '').replace(/\s+/g, ' ').trim()
    const isPixel = attributes.get('width') === '1' && attributes.get('height') === '1'
    if (isPixel) return
    if (url) {
      endText()
      pieces.push({ url, alt })
    } else if (alt) addText(alt)
  }

  const openBlock = (name: string, attributes: Attributes): void => {
    if (name === 'table') tableDepth += 1
    // A table row is one line, so cells cannot contain blocks.
    if (tableDepth > 0 && name !== 'table') {
      addPlainText(name === 'tr' ? '\n' : ' ')
      cells = name === 'tr' ? 0 : cells
      return
    }
    endBlock()
    if (name === 'pre') code = { text: '', language: '' }
    else if (name === 'hr') add({ text: '---', gap: '\n\n' })
    else if (name === 'blockquote') enter({ kind: 'quote', started: false })
    else if (name === 'ul') enter({ kind: 'bullets', started: false })
    else if (name === 'ol') enter({ kind: 'numbers', started: false, next: _start(attributes.get('start')) })
    else if (/^h[1-6]$/.test(name)) heading = Number(name[1])
    else if (name === 'li') {
      if (containers.at(-1)?.kind === 'item') containers.pop()
      const list = containers.at(-1)
      enter({ kind: 'item', started: false, marker: list?.kind === 'numbers' ? `${list.next}. ` : '- ' })
      if (list?.kind === 'numbers') list.next += 1
    }
  }
  const closeBlock = (name: string): void => {
    if (name === 'table') tableDepth = Math.max(0, tableDepth - 1)
    if (tableDepth > 0) return addPlainText(' ')
    endBlock()
    if (name === 'blockquote') leave('quote')
    else if (name === 'ul') leave('bullets')
    else if (name === 'ol') leave('numbers')
    else if (name === 'li') leave('item')
    else if (/^h[1-6]$/.test(name)) heading = 0
  }

  _tokenize(html, {
    text: addText,
    open: (name, attributes) => {
      if (EMBEDDED.has(name)) addText(` ${_webAddress(attributes.get('src')) ?? ''} `)
      if (DROPPED.has(name)) skipped += 1
      if (skipped > 0) return
      const mark = MARKS.get(name)
      if (code) {
        if (name === 'br') code.text += '\n'
        code.language ||= /(?:^|\s)lang(?:uage)?-([\w+#-]{1,20})/.exec(attributes.get('class') ?? '')?.[1] ?? ''
      } else if (mark) depths[mark] += 1
      else if (name === 'br') addPlainText('\n')
      else if (name === 'a') link = _target(attributes.get('href'))
      else if (name === 'img') addImage(attributes)
      else if (name === 'td' || name === 'th') {
        if (cells > 0) addPlainText(' | ')
        cells += 1
      } else if (BLOCKS.has(name)) openBlock(name, attributes)
    },
    close: (name) => {
      if (DROPPED.has(name)) skipped = Math.max(0, skipped - 1)
      else if (skipped === 0) {
        const mark = MARKS.get(name)
        if (code) {
          if (name === 'pre') endCode()
        } else if (mark) depths[mark] = Math.max(0, depths[mark] - 1)
        else if (name === 'a') link = undefined
        else if (BLOCKS.has(name)) closeBlock(name)
      }
    },
  })
  endCode()
  endText()
  return pieces
}

const _start = (value: string | undefined): number => {
  const start = Number(value ?? 1)
  return Number.isSafeInteger(start) && start >= 0 && start < 1e9 ? start : 1
}

const _webAddress = (address: string | undefined): string | undefined => {
  const url = address?.trim().replace(/^\/\//, 'https://')
  return url && /^https?:\/\/\S/i.test(url) ? _escapeAddress(url) : undefined
}

const _target = (href: string | undefined): string | undefined => {
  const address = href?.trim()
  return address && /^(?:mailto|tel):\S/i.test(address) ? _escapeAddress(address) : _webAddress(address)
}

const _escapeAddress = (url: string): string =>
  url.replace(/[\s()<>\\]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

interface TokenHandler {
  text(text: string): void
  open(name: string, attributes: Attributes): void
  close(name: string): void
}

/** Uses only the library's tokenizer: its parser is quadratic in the depth of the nesting. */
const _tokenize = (html: string, handler: TokenHandler): void => {
  let name = ''
  let attribute = ''
  let value = ''
  let attributes: Attributes = new Map()
  const ignore = (): void => {}
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      ontext: (start, end) => handler.text(html.slice(start, end)),
      ontextentity: (codepoint) => handler.text(String.fromCodePoint(codepoint)),
      onopentagname: (start, end) => {
        name = html.slice(start, end).toLowerCase()
        attributes = new Map()
      },
      onopentagend: () => handler.open(name, attributes),
      onselfclosingtag: () => {
        if (name !== 'svg' && name !== 'math') handler.open(name, attributes)
      },
      onclosetag: (start, end) => handler.close(html.slice(start, end).toLowerCase()),
      onattribname: (start, end) => {
        attribute = html.slice(start, end).toLowerCase()
        value = ''
      },
      onattribdata: (start, end) => {
        value += html.slice(start, end)
      },
      onattribentity: (codepoint) => {
        value += String.fromCodePoint(codepoint)
      },
      onattribend: () => {
        if (!attributes.has(attribute)) attributes.set(attribute, value)
      },
      oncdata: ignore,
      oncomment: ignore,
      ondeclaration: ignore,
      onend: ignore,
      onprocessinginstruction: ignore,
    }
  )
  tokenizer.write(html)
  tokenizer.end()
}
