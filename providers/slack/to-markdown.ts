/**
 * Converts agents' Slack messages to Markdown.
 *
 * Slack sends `rich_text` blocks with everything that a person types. They are exact. The ambiguous mrkdwn is
 * only the fallback. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
 */
import {
  joinBlocks,
  toRuns,
  writeCode,
  writeParagraph,
  type Block,
  type Container,
  type Mark,
  type Run,
} from '../kit/markdown-writer'
import { linkTarget } from '../kit/addresses'
import {
  inlineElement,
  richTextBlock,
  richTextElement,
  type InlineElement,
  type MessageEvent,
  type RichTextElement,
} from './payloads'

/** Stands for a mentioned colleague: events contain only the id. */
const COLLEAGUE = '@colleague'

/** Converts a message's text to Markdown, without mentions of the app itself. Accepts any blocks. */
export const messageToMarkdown = (message: Pick<MessageEvent, 'text' | 'blocks'>, botUsers: string[]): string => {
  const elements = (message.blocks ?? []).flatMap((block) => {
    const parsed = richTextBlock.safeParse(block)
    return parsed.success ? parsed.data.elements : []
  })
  const blocks = elements.length > 0 ? _richText(elements, botUsers) : _mrkdwn(message.text ?? '', botUsers)
  return joinBlocks(blocks)
}

/** Resolves Slack's three entities. https://docs.slack.dev/messaging/formatting-message-text#escaping */
export const unescapeText = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')

const _richText = (elements: unknown[], botUsers: string[]): Block[] => {
  const blocks: Block[] = []
  const add = (block: Block | undefined): void => {
    if (block) blocks.push(block)
  }
  /** The lists that a deeper list can continue: list, item, list, item … */
  let open: Container[] = []
  for (const raw of elements) {
    const parsed = richTextElement.safeParse(raw)
    if (!parsed.success) continue
    const element = parsed.data
    if (element.type === 'rich_text_list') {
      open = _list(element, open, botUsers, add)
      continue
    }
    open = []
    const runs = _runs(element.elements ?? [], botUsers)
    if (element.type === 'rich_text_preformatted') {
      add(writeCode(runs.map((run) => run.text).join(''), element.language ?? '', []))
    } else {
      add(writeParagraph(runs, element.type === 'rich_text_quote' ? [{ kind: 'quote', started: false }] : [], 0))
    }
  }
  return blocks
}

const MAX_LIST_DEPTH = 8

const _list = (
  element: RichTextElement,
  open: Container[],
  botUsers: string[],
  add: (block: Block | undefined) => void
): Container[] => {
  const kind = element.style === 'ordered' ? 'numbers' : 'bullets'
  const depth = Math.min(Math.max(0, element.indent ?? 0), open.length / 2, MAX_LIST_DEPTH)
  const above = open.slice(0, depth * 2)
  const current = open[depth * 2]
  const list: Container =
    current?.kind === kind
      ? current
      : kind === 'numbers'
        ? { kind, started: false, next: (element.offset ?? 0) + 1 }
        : { kind, started: false }
  let containers = open
  for (const raw of element.elements ?? []) {
    const item = richTextElement.safeParse(raw)
    if (!item.success) continue
    const marker = list.kind === 'numbers' ? `${list.next}. ` : '- '
    if (list.kind === 'numbers') list.next += 1
    containers = [...above, list, { kind: 'item', started: false, marker }]
    add(writeParagraph(_runs(item.data.elements ?? [], botUsers), containers, 0))
  }
  return containers
}

const _runs = (elements: unknown[], botUsers: string[]): Run[] =>
  elements.flatMap((raw) => {
    const parsed = inlineElement.safeParse(raw)
    if (!parsed.success) return []
    const { style, url, type } = parsed.data
    const marks = MARKS.filter((mark) => style?.[mark] === true)
    const text = _textOf(parsed.data, botUsers)
    // A link on several lines would repeat its URL on each line.
    if (type === 'link') return toRuns(text.replace(/\s+/g, ' '), marks, linkTarget(url ?? ''))
    return toRuns(text, marks, undefined)
  })

const MARKS: Mark[] = ['bold', 'italic', 'strike', 'code']

const _textOf = (element: InlineElement, botUsers: string[]): string => {
  switch (element.type) {
    case 'link':
      return element.text || element.url || ''
    case 'emoji':
      return emojiOf(element.unicode) ?? `:${element.name ?? ''}:`
    case 'user':
      return botUsers.includes(element.user_id ?? '') ? '' : COLLEAGUE
    case 'usergroup':
    case 'team':
      return '@team'
    case 'channel':
      return '#channel'
    case 'broadcast':
      return `@${element.range ?? 'channel'}`
    case 'color':
      return element.value ?? ''
    case 'text':
      return element.text ?? ''
    case 'date':
      return element.fallback || '[a date that cannot be shown]'
    default:
      return element.text || element.url || `[a ${element.type.replaceAll('_', ' ')} that cannot be shown]`
  }
}

/** `1f44d-1f3fd` → 👍🏽 */
export const emojiOf = (unicode: string | null | undefined): string | undefined => {
  if (!unicode || !/^[0-9a-f]{1,6}(?:-[0-9a-f]{1,6})*$/i.test(unicode)) return undefined
  const points = unicode.split('-').map((point) => Number.parseInt(point, 16))
  return points.every((point) => point <= 0x10ffff) ? String.fromCodePoint(...points) : undefined
}

// mrkdwn
// ---------------------------------------------------------------------------------------------------------------

const _mrkdwn = (text: string, botUsers: string[]): Block[] =>
  text.split(/```\n?([\s\S]*?)```/).flatMap((piece, index): Block[] => {
    if (index % 2 === 1) return _asArray(writeCode(unescapeText(_plainControls(piece)), '', []))
    return _paragraphs(piece).flatMap(({ lines, containers }) =>
      _asArray(writeParagraph(_inline(lines.join('\n'), [], botUsers), containers, 0))
    )
  })

const _asArray = (block: Block | undefined): Block[] => (block ? [block] : [])

/** Groups lines: consecutive quoted lines, each bullet, and consecutive lines of text. */
const _paragraphs = (text: string): { lines: string[]; containers: Container[] }[] => {
  const paragraphs: { kind: string; lines: string[]; containers: Container[] }[] = []
  /** The open lists, each with its indentation. */
  let lists: { indent: number; containers: Container[] }[] = []
  for (const line of text.split('\n')) {
    const match = /^(?:(&gt;) ?|([ \t]*)[•◦▪▫‣]\ufe0e?\s+)(.*)$/.exec(line)
    const kind = match?.[1] ? 'quote' : match ? 'item' : 'text'
    const content = match?.[3] ?? line
    if (kind !== 'item') lists = []
    const last = paragraphs.at(-1)
    if (kind === 'item') {
      const indent = match?.[2]?.length ?? 0
      lists = lists.filter((list) => list.indent <= indent)
      const current = lists.at(-1)
      const isNew = current === undefined || (current.indent < indent && lists.length < MAX_LIST_DEPTH)
      const above = isNew ? (current?.containers ?? []) : current.containers.slice(0, -2)
      const list = isNew ? { kind: 'bullets' as const, started: false } : current.containers.at(-2)
      const item: Container = { kind: 'item', started: false, marker: '- ' }
      const containers = [...above, ...(list ? [list] : []), item]
      lists = [...(isNew ? lists : lists.slice(0, -1)), { indent: isNew ? indent : current.indent, containers }]
      paragraphs.push({ kind, lines: [content], containers })
    } else if (last?.kind === kind) last.lines.push(content)
    else paragraphs.push({ kind, lines: [content], containers: kind === 'quote' ? [{ kind, started: false }] : [] })
  }
  return paragraphs
}

/** Code, a control sequence, or text between marks. Marks count only at the edge of a word. */
const SPAN = /`([^`\n]+)`|<([^<>\n]+)>|(?<![\p{L}\p{N}\\])([*_~])(?=\S)((?:(?!\3)[^\n])+)(?<=\S)\3(?![\p{L}\p{N}])/gu
const MARK_OF_CHARACTER: Record<string, Mark | undefined> = { '*': 'bold', _: 'italic', '~': 'strike' }

const _inline = (text: string, marks: Mark[], botUsers: string[]): Run[] => {
  const runs: Run[] = []
  let position = 0
  for (const match of text.matchAll(SPAN)) {
    const [whole, code, control, character, marked] = match
    runs.push(...toRuns(unescapeText(text.slice(position, match.index)), marks, undefined))
    position = match.index + whole.length
    const mark = character ? MARK_OF_CHARACTER[character] : undefined
    if (code !== undefined) runs.push(...toRuns(unescapeText(_plainControls(code)), [...marks, 'code'], undefined))
    else if (control !== undefined) {
      const { text: visible, link } = _control(control, botUsers)
      runs.push(...toRuns(visible, marks, link))
    } else if (mark && marked !== undefined) {
      runs.push(..._inline(marked, marks.includes(mark) ? marks : [...marks, mark], botUsers))
    }
  }
  runs.push(...toRuns(unescapeText(text.slice(position)), marks, undefined))
  return runs
}

/** Removes the angle brackets that Slack puts around URLs even in code. */
const _plainControls = (code: string): string => code.replace(/<([^<>|\n]+)(?:\|[^<>\n]*)?>/g, '$1')

/** Converts a mention, link or special command. https://docs.slack.dev/messaging/formatting-message-text#advanced */
const _control = (control: string, botUsers: string[]): { text: string; link: string | undefined } => {
  const bar = control.indexOf('|')
  const target = unescapeText(bar === -1 ? control : control.slice(0, bar))
  const label = bar === -1 ? '' : unescapeText(control.slice(bar + 1))
  const id = target.slice(1)
  if (target.startsWith('@')) {
    const text = botUsers.includes(id) ? '' : label ? `@${label.replace(/^@/, '')}` : COLLEAGUE
    return { text, link: undefined }
  }
  if (target.startsWith('#')) return { text: label ? `#${label.replace(/^#/, '')}` : '#channel', link: undefined }
  if (target.startsWith('!')) {
    const command = id.split('^')[0] ?? ''
    if (command === 'subteam') return { text: label || '@team', link: undefined }
    return { text: label || (command === 'date' ? '' : `@${command}`), link: undefined }
  }
  return { text: label || target, link: linkTarget(target) }
}
