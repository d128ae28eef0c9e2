/** What a person sees of a text, read independently of the product: Markdown, HTML and mrkdwn. */
import { Parser } from 'htmlparser2'
import { marked } from 'marked'

export interface Visible {
  /** Without white space and invisible characters. */
  text: string
  /** What its links and pictures lead to. */
  addresses: string[]
}

/** The signs of a text, without white space and what nobody sees. */
export const signsOf = (text: string): string => text.normalize('NFC').replace(/[\s\u200b\u2060\ufeff\u00ad]/g, '')

export const visibleInMarkdown = (markdown: string): Visible =>
  visibleInHtml(marked.parse(markdown, { async: false, gfm: true }))

/** Also shows what a browser draws: the markers of lists, check boxes, rules and pictures. */
export const visibleInHtml = (html: string): Visible => {
  let text = ''
  const addresses: string[] = []
  const lists: { isOrdered: boolean; next: number }[] = []
  const parser = new Parser({
    ontext: (words) => {
      text += words
    },
    onopentag: (name, attributes) => {
      const list = lists.at(-1)
      if (name === 'ul' || name === 'ol') {
        lists.push({ isOrdered: name === 'ol', next: Number(attributes['start'] ?? 1) })
      } else if (name === 'li') {
        text += list?.isOrdered ? ` ${Number(attributes['value'] ?? list.next)}. ` : ' • '
        if (list) list.next = Number(attributes['value'] ?? list.next) + 1
      } else if (name === 'input' && attributes['type'] === 'checkbox') {
        text += 'checked' in attributes ? '☑' : '☐'
      } else if (name === 'hr') text += '———'
      else if (name === 'q') text += '“'
      else if (name === 'a' && attributes['href']) addresses.push(attributes['href'])
      else if (name === 'img' && attributes['src']) addresses.push(attributes['src'])
      if (/^(?:p|div|br|li|tr|td|th|h\d|blockquote|pre|ul|ol|table)$/.test(name)) text += ' '
    },
    onclosetag: (name) => {
      if (name === 'ul' || name === 'ol') lists.pop()
      else if (name === 'q') text += '”'
      if (/^(?:p|div|li|tr|td|th|h\d|blockquote|pre|ul|ol|table)$/.test(name)) text += ' '
    },
  })
  parser.write(html)
  parser.end()
  return { text: signsOf(text), addresses }
}

/** Stands for a link, in which nothing is a mark. */
const LINK = '\ue000'
const EDGE = /[\s\p{P}\p{S}\u200b\ue000]/u

/** A post of the app in Slack. `isMarked`: its marks count, as they do unless `mrkdwn` is false. */
export const visibleInMrkdwn = (mrkdwn: string, isMarked = true): Visible => {
  const addresses: string[] = []
  const show = (text: string): string =>
    text
      .replace(/<(https?:\/\/[^<>|\s]+)>/g, (_whole, url: string) => {
        addresses.push(_unescaped(url))
        return LINK
      })
      .replace(/<[!@#][^>]*>/g, '\u0001control\u0001')
  const lines = (text: string): string => {
    const first = addresses.length
    const shown = show(text)
      .split('\n')
      .map((line) => _unescaped(isMarked ? _withoutMarks(line.replace(/^\s*&gt; ?/, '')) : line))
      .join('\n')
    let next = first
    return shown.replaceAll(LINK, () => addresses[next++] ?? '')
  }
  if (!isMarked) return { text: signsOf(lines(mrkdwn)), addresses }
  const text = mrkdwn
    .split(/```\n?([\s\S]*?)```/)
    .map((piece, index) => (index % 2 === 1 ? _unescaped(show(piece)) : lines(piece)))
    .join('\n')
  return { text: signsOf(text), addresses }
}

const _unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')

/** Drops the marks of spans: a mark stands at the edge of a word, beside a character that is no space. */
const _withoutMarks = (line: string): string => {
  let out = ''
  let position = 0
  while (position < line.length) {
    const sign = line[position] ?? ''
    const before = Array.from(line.slice(Math.max(0, position - 2), position)).at(-1) ?? ''
    const close = '*_~`'.includes(sign) && (before === '' || EDGE.test(before)) ? _closing(line, position) : -1
    if (close < 0) {
      out += sign
      position += 1
    } else {
      const inner = line.slice(position + 1, close)
      out += sign === '`' ? inner : _withoutMarks(inner)
      position = close + 1
    }
  }
  return out
}

const _closing = (line: string, open: number): number => {
  const sign = line[open] ?? ''
  if (/^(?:\s|$)/.test(line.slice(open + 1, open + 2))) return -1
  for (let at = open + 2; at < line.length; at += 1) {
    if (line[at] !== sign) continue
    const isEdge = at + 1 === line.length || EDGE.test(String.fromCodePoint(line.codePointAt(at + 1) ?? 32))
    if (isEdge && !/\s/.test(line[at - 1] ?? '')) return at
  }
  return -1
}
