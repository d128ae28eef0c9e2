/**
 * Converts agents' HTML to Markdown, or to plain text where it has no formatting.
 *
 * One pass over the tokens, without a tree or recursion, so time and memory are linear for any nesting.
 */
import type { MessagePart } from '../provider'
import { linkTarget, webAddress } from './addresses'
import { createTables } from './html-tables'
import { BLOCKS, DROPPED, tokenizeHtml, type Attributes } from './html-tokens'
import {
  joinBlocks,
  textPart,
  writeCode,
  writeParagraph,
  type Block,
  type Container,
  type Mark,
  type Run,
} from './markdown-writer'
import { toSubscript, toSuperscript } from './small-signs'

export { htmlToText } from './html-tokens'

/**
 * Converts HTML to Markdown. Images become `![alternative](address)`. Scripts, styles and comments are dropped. Links
 * other than http(s), mailto and tel keep only their text.
 */
export const htmlToMarkdown = (html: string): string =>
  _convert(html)
    .map((piece) =>
      'blocks' in piece ? joinBlocks(piece.blocks) : `![${piece.alt.replace(/[[\]\\]/g, '\\$&')}](${piece.url})`
    )
    .join('\n\n')

/** The same as parts of a message, in order: texts, and images. */
export const htmlToParts = (html: string): MessagePart[] =>
  _convert(html).map((piece) =>
    'blocks' in piece
      ? textPart(joinBlocks(piece.blocks))
      : { type: 'file', kind: 'image', url: piece.url, ...(piece.alt ? { title: piece.alt } : {}) }
  )

/** Dropped elements that show something: their address is kept, or else they are named. */
const EMBEDDED = new Map([
  ['iframe', 'a frame'],
  ['video', 'a video'],
  ['audio', 'a recording'],
  ['object', 'an object'],
  ['math', 'a formula'],
])
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
/** Emoji that editors send as images. */
const EMOJI = /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier}|\u200d|\ufe0f){1,16}$/u

type Piece = { blocks: Block[] } | { url: string; alt: string }

const _convert = (html: string): Piece[] => {
  const pieces: Piece[] = []
  let blocks: Block[] = []
  let runs: Run[] = []
  const depths: Record<Mark, number> = { bold: 0, italic: 0, strike: 0, code: 0 }
  const raised = { sup: 0, sub: 0 }
  const containers: Container[] = []
  const tooDeep = new Map<Container['kind'], number>()
  const tables = createTables()
  let link: string | undefined
  let linkIsSeen = false
  let linkChars = 0
  let skipped = 0
  /** What the dropped element shows, until its address is known. */
  let embedded: string | undefined
  let heading = 0
  let code: { text: string; language: string } | undefined

  const add = (block: Block | undefined): void => {
    if (block) blocks.push(block)
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
    if (blocks.length > 0) pieces.push({ blocks })
    blocks = []
  }
  const addRun = (run: Run): void => {
    if (tables.isOpen()) tables.add(run)
    else runs.push(run)
  }
  const addText = (text: string): void => {
    if (skipped > 0) return
    if (text.trim() !== '') linkIsSeen = true
    if (code) code.text += text
    else {
      const collapsed = text.replace(/[\u200b\ufeff]/g, '').replace(/[\s\u00a0]+/g, ' ')
      const shown = raised.sup > 0 ? toSuperscript(collapsed) : raised.sub > 0 ? toSubscript(collapsed) : collapsed
      const marks = (Object.keys(depths) as Mark[]).filter((mark) => depths[mark] > 0)
      linkChars += link?.length ?? 0
      addRun({ text: shown, marks, link: linkChars > MAX_LINK_CHARS ? undefined : link })
    }
  }
  const addPlainText = (text: string): void => addRun({ text, marks: [], link: undefined })
  const endLink = (): void => {
    // A link around a picture, or around nothing that can be shown.
    if (link !== undefined && (!linkIsSeen || code)) addText(code ? ` (${link}) ` : ` ${link} `)
    link = undefined
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
  const enterList = (list: Container): void => {
    // Editors put a list into a list, without an item between them. It belongs to the item before it.
    const above = containers.at(-1)
    if (above?.kind === 'bullets') enter({ kind: 'item', started: true, marker: '- ' })
    else if (above?.kind === 'numbers') enter({ kind: 'item', started: true, marker: '1. ' })
    enter(list)
  }
  const addImage = (attributes: Attributes): void => {
    const source = attributes.get('src')?.trim() ?? ''
    const url = webAddress(source)
    const alt = (attributes.get('alt') ?? '').replace(/\s+/g, ' ').trim()
    const isPixel = attributes.get('width') === '1' && attributes.get('height') === '1'
    if (isPixel) return
    if (EMOJI.test(alt)) addText(alt)
    else if (url && !tables.isOpen()) {
      endText()
      pieces.push({ url, alt })
    } else if (url) addText(` ${alt ? `${alt}: ` : ''}${url} `)
    else if (alt) addText(alt)
    else if (/^(?:cid|data|blob):/i.test(source)) addText(' [an image that cannot be shown] ')
  }
  const openBlock = (name: string, attributes: Attributes): void => {
    if (name === 'table') {
      if (!tables.isOpen()) endBlock()
      return tables.open()
    }
    if (tables.isOpen()) return name === 'tr' ? tables.row() : addPlainText('\n')
    endBlock()
    if (name === 'pre') code = { text: '', language: '' }
    else if (name === 'hr') add({ text: '---', gap: '\n\n' })
    else if (name === 'blockquote') enter({ kind: 'quote', started: false })
    else if (name === 'ul') enterList({ kind: 'bullets', started: false })
    else if (name === 'ol') {
      enterList({ kind: 'numbers', started: false, next: _number(attributes.get('start')) ?? 1 })
    } else if (/^h[1-6]$/.test(name)) heading = Number(name[1])
    else if (name === 'li') {
      if (containers.at(-1)?.kind === 'item') containers.pop()
      const list = containers.at(-1)
      if (list?.kind === 'numbers') list.next = _number(attributes.get('value')) ?? list.next
      enter({ kind: 'item', started: false, marker: list?.kind === 'numbers' ? `${list.next}. ` : '- ' })
      if (list?.kind === 'numbers') list.next += 1
    }
  }
  const closeBlock = (name: string): void => {
    if (name === 'table') {
      const rows = tables.close()
      if (rows) runs.push(...rows)
    }
    if (tables.isOpen()) return addPlainText(name === 'table' || name === 'tr' ? ' ' : '\n')
    endBlock()
    if (name === 'blockquote') leave('quote')
    else if (name === 'ul') leave('bullets')
    else if (name === 'ol') leave('numbers')
    else if (name === 'li') leave('item')
    else if (/^h[1-6]$/.test(name)) heading = 0
  }
  const openDropped = (name: string, attributes: Attributes): void => {
    const address = webAddress(attributes.get('src') ?? attributes.get('data'))
    if (address && (EMBEDDED.has(name) || name === 'source' || name === 'embed')) {
      embedded = undefined
      addPlainText(` ${address} `)
    } else if (skipped === 0) embedded = EMBEDDED.get(name)
  }
  const closeDropped = (): void => {
    skipped = Math.max(0, skipped - 1)
    if (skipped > 0 || embedded === undefined) return
    addPlainText(` [${embedded} that cannot be shown] `)
    embedded = undefined
  }

  tokenizeHtml(html, {
    text: addText,
    open: (name, attributes) => {
      if (DROPPED.has(name) || name === 'source' || name === 'embed') openDropped(name, attributes)
      if (DROPPED.has(name)) skipped += 1
      if (skipped > 0) return
      const mark = MARKS.get(name)
      if (name === 'a') {
        link = linkTarget(attributes.get('href'))
        linkIsSeen = false
      } else if (code) {
        if (name === 'br') code.text += '\n'
        else if (name === 'img') addText(webAddress(attributes.get('src')) ?? attributes.get('alt') ?? '')
        code.language ||= /(?:^|\s)lang(?:uage)?-([\w+#-]{1,20})/.exec(attributes.get('class') ?? '')?.[1] ?? ''
      } else if (mark) depths[mark] += 1
      else if (name === 'sup' || name === 'sub') raised[name] += 1
      else if (name === 'br') addPlainText('\n')
      else if (name === 'q') addText('“')
      else if (name === 'img') addImage(attributes)
      else if (name === 'input') addText(_checkbox(attributes))
      else if (name === 'td' || name === 'th') tables.cell()
      else if (BLOCKS.has(name)) openBlock(name, attributes)
    },
    close: (name) => {
      if (DROPPED.has(name)) closeDropped()
      else if (skipped === 0) {
        const mark = MARKS.get(name)
        if (name === 'a') endLink()
        else if (code) {
          if (name === 'pre') endCode()
        } else if (mark) depths[mark] = Math.max(0, depths[mark] - 1)
        else if (name === 'sup' || name === 'sub') raised[name] = Math.max(0, raised[name] - 1)
        else if (name === 'q') addText('”')
        else if (BLOCKS.has(name)) closeBlock(name)
      }
    },
  })
  endLink()
  endCode()
  while (tables.isOpen()) runs.push(...(tables.close() ?? []))
  endText()
  return pieces
}

const _number = (value: string | undefined): number | undefined => {
  const number = Number(value ?? Number.NaN)
  return Number.isSafeInteger(number) && number >= 0 && number < 1e9 ? number : undefined
}

const _checkbox = (attributes: Attributes): string => {
  if (attributes.get('type')?.toLowerCase() !== 'checkbox') return ''
  return attributes.has('checked') ? '☑ ' : '☐ '
}
