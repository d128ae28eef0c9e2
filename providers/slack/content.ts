/**
 * What a person's message holds: its words as Markdown, and the names of everything that can't be delivered. Nothing is
 * left out of both.
 */
import { shorten } from '../kit/message-text'
import type { DeskFilePart } from '../provider'
import {
  attachment,
  file,
  inlineElement,
  richTextBlock,
  richTextElement,
  type Attachment,
  type MessageEvent,
  type SlackFile,
} from './payloads'
import { messageToMarkdown } from './to-markdown'

export interface Content {
  /** Markdown. Empty: there are no words. */
  text: string
  /** Files that the customer gets. */
  files?: DeskFilePart[]
  /** Names of what isn't in the text, with an article: 'a forwarded message', 'the file “a.pdf”'. */
  missing: string[]
}

export const contentOf = (message: MessageEvent, botUsers: string[]): Content => {
  const blocks = (message.blocks ?? []).map((block) => _readBlock(block, botUsers))
  const words = blocks.flatMap(({ text }) => (text === '' ? [] : [text]))
  // The text repeats the blocks. It counts where they have no words.
  const own = words.length > 0 ? words : [messageToMarkdown({ text: message.text, blocks: undefined }, botUsers)]
  const attached = (message.attachments ?? []).map((raw) => _readAttachment(raw, own.join('\n'), botUsers))
  return {
    text: [...own, ...attached.map(({ text }) => text)].filter((text) => text.trim() !== '').join('\n\n'),
    files: (message.files ?? []).flatMap(_asDeskFile),
    missing: [
      ..._fileNames(message.files ?? []),
      ...new Set([...blocks, ...attached].flatMap(({ missing }) => missing)),
    ],
  }
}

const _nothing: Content = { text: '', missing: [] }
const _words = (text: string): Content => ({ text, missing: [] })
const _missing = (...missing: string[]): Content => ({ text: '', missing })

const _join = (contents: Content[], separator = '\n'): Content => ({
  text: contents
    .map(({ text }) => text)
    .filter((text) => text !== '')
    .join(separator),
  missing: contents.flatMap(({ missing }) => missing),
})

type Json = Record<string, unknown>
const _object = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
const _array = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])
const _string = (value: unknown): string => (typeof value === 'string' ? value : '')

// Blocks
// ---------------------------------------------------------------------------------------------------------------

/** https://docs.slack.dev/reference/block-kit/blocks */
const _readBlock = (block: unknown, botUsers: string[]): Content => {
  const fields = _object(block)
  switch (fields['type']) {
    case 'rich_text':
      return {
        text: messageToMarkdown({ text: '', blocks: [block] }, botUsers),
        missing: _unknownElements(block),
      }
    case 'table':
      return _words(_table(fields['rows'], botUsers))
    case 'section':
      return _join([
        _textObject(fields['text'], botUsers),
        ..._array(fields['fields']).map((field) => _textObject(field, botUsers)),
        _accessory(fields['accessory']),
      ])
    case 'header':
    case 'alert':
      return _textObject(fields['text'], botUsers)
    case 'markdown':
      return _words(_string(fields['text']))
    case 'context':
      return _join(
        _array(fields['elements']).map((element) =>
          _object(element)['type'] === 'image' ? _missing('a picture') : _textObject(element, botUsers)
        ),
        ' '
      )
    case 'image':
      return _missing(_named('the picture', 'a picture', fields['alt_text']))
    case 'video':
      return _missing(
        _named('the video', 'a video', _string(_object(fields['title'])['text']) || _string(fields['alt_text']))
      )
    case 'divider':
    // The files of this message are named already.
    case 'file':
      return _nothing
    case 'actions':
    case 'input':
      return _missing('buttons or fields')
    default:
      return _missing('a part that the router doesn’t know')
  }
}

const _named = (article: string, unnamed: string, name: unknown): string =>
  typeof name === 'string' && name.trim() !== '' ? `${article} “${_plainTitle(name)}”` : unnamed

const _accessory = (accessory: unknown): Content => {
  const { type } = _object(accessory)
  if (type === undefined) return _nothing
  return _missing(type === 'image' ? 'a picture' : 'buttons or fields')
}

const _textObject = (value: unknown, botUsers: string[]): Content => {
  const { type, text } = _object(value)
  if (typeof text !== 'string') return value === undefined || value === null ? _nothing : _missing('a text')
  return _words(
    type === 'plain_text' ? _plain(text, botUsers) : messageToMarkdown({ text, blocks: undefined }, botUsers)
  )
}

/** Plain text as Markdown. */
const _plain = (text: string, botUsers: string[]): string => {
  const section = { type: 'rich_text_section', elements: [{ type: 'text', text }] }
  return messageToMarkdown({ text: '', blocks: [{ type: 'rich_text', elements: [section] }] }, botUsers)
}

const INLINE = new Set(['text', 'link', 'emoji', 'user', 'usergroup', 'team', 'channel', 'broadcast', 'color', 'date'])
const ELEMENTS = new Set(['rich_text_section', 'rich_text_list', 'rich_text_quote', 'rich_text_preformatted'])

/** Elements of a rich text without a text: Slack adds kinds of them, such as canvases. */
const _unknownElements = (block: unknown): string[] => {
  const richText = richTextBlock.safeParse(block)
  if (!richText.success) return ['a text']
  const isKnown = (raw: unknown): boolean => {
    const element = richTextElement.safeParse(raw)
    if (!element.success) return false
    const { type, elements } = element.data
    if (!ELEMENTS.has(type)) return false
    return (elements ?? []).every((child) => (type === 'rich_text_list' ? isKnown(child) : _isKnownInline(child)))
  }
  return richText.data.elements.every(isKnown) ? [] : ['a part that the router doesn’t know']
}

const _isKnownInline = (raw: unknown): boolean => {
  const element = inlineElement.safeParse(raw)
  return element.success && (INLINE.has(element.data.type) || Boolean(element.data.text))
}

/** A Markdown table. Slack's tables may lack a header, so the first row is taken for one. */
const _table = (rows: unknown, botUsers: string[]): string => {
  const lines = _array(rows).map((row) => _array(row).map((cell) => _cell(cell, botUsers)))
  const width = Math.max(0, ...lines.map((cells) => cells.length))
  if (width === 0) return ''
  const written = lines.map((cells) => `| ${Array.from({ length: width }, (_, at) => cells[at] ?? '').join(' | ')} |`)
  const rule = `|${' --- |'.repeat(width)}`
  return [written[0], rule, ...written.slice(1)].join('\n')
}

const _cell = (cell: unknown, botUsers: string[]): string => {
  const { type, text } = _object(cell)
  const words =
    type === 'rich_text'
      ? messageToMarkdown({ text: '', blocks: [cell] }, botUsers)
      : _plain(typeof text === 'number' ? String(text) : _string(text), botUsers)
  return words
    .replace(/\s*\n\s*/g, ' ')
    .replace(/(?<!\\)\|/g, '\\|')
    .trim()
}

// Attachments and files
// ---------------------------------------------------------------------------------------------------------------

/** https://docs.slack.dev/reference/messaging/attachments – people's clients put pasted tables here, too. */
const _readAttachment = (raw: unknown, ownWords: string, botUsers: string[]): Content => {
  const parsed = attachment.safeParse(raw)
  if (!parsed.success) return _missing('an attachment')
  const attached = parsed.data
  // Another conversation's words aren't shown to a customer unasked.
  if (attached.is_share || attached.is_msg_unfurl) return _missing('a forwarded message')
  const address = attached.original_url || attached.from_url
  if (address) return _isInText(address, ownWords) ? _nothing : _missing('a preview')
  const tables = (attached.blocks ?? []).filter((block) => _object(block)['type'] === 'table')
  if (tables.length > 0 && tables.length === attached.blocks?.length)
    return _join(tables.map((block) => _readBlock(block, botUsers)))
  return _missing(_titleOf(attached))
}

/** A preview of a link adds nothing to the link. */
const _isInText = (address: string, text: string): boolean =>
  text.replaceAll('\\', '').includes(address.replace(/^https?:\/\//, '').replace(/[/\s].*$/, ''))

const _titleOf = ({ title, blocks, image_url: imageUrl, text, pretext, fields }: Attachment): string => {
  if (title?.trim()) return `the attachment “${_plainTitle(title)}”`
  const hasWords = Boolean(text?.trim() || pretext?.trim() || fields?.length || blocks?.length)
  return imageUrl && !hasWords ? 'a picture' : 'an attachment'
}

const MODES: Record<string, string | undefined> = {
  canvas: 'canvas',
  quip: 'canvas',
  space: 'post',
  post: 'post',
  list: 'list',
  snippet: 'snippet',
  email: 'e-mail',
}

/** A file that lies at Slack. Canvases, lists and files of other services can't be read. */
const _asDeskFile = (raw: unknown): DeskFilePart[] => {
  const parsed = file.safeParse(raw)
  if (!parsed.success || !_isReadable(parsed.data)) return []
  const { id, name, title, mimetype, size } = parsed.data
  const shown = shorten((name || title || '').replace(/[\s\p{Cc}]+/gu, ' ').trim(), MAX_TITLE_LENGTH)
  return [
    {
      type: 'desk-file',
      handle: id ?? '',
      ...(shown ? { name: shown } : {}),
      ...(mimetype ? { contentType: mimetype } : {}),
      ...(size === null || size === undefined ? {} : { size }),
    },
  ]
}

/** https://docs.slack.dev/reference/objects/file-object */
const _isReadable = (shared: SlackFile): boolean =>
  /^F[A-Z0-9]{2,60}$/.test(shared.id ?? '') &&
  !shared.is_external &&
  ['hosted', 'snippet', ''].includes(shared.mode ?? '') &&
  (_kindOf(shared) === 'file' || _kindOf(shared) === 'snippet')

/** Files of one kind are named together: “the files “a.pdf”, “b.png””. */
const _fileNames = (files: unknown[]): string[] => {
  const byKind = new Map<string, string[]>()
  for (const raw of files) {
    const parsed = file.safeParse(raw)
    if (parsed.success && _isReadable(parsed.data)) continue
    const kind = parsed.success ? _kindOf(parsed.data) : 'file'
    // A deleted file leaves an empty place.
    if (kind === undefined) continue
    const name = parsed.success ? parsed.data.name || parsed.data.title : undefined
    byKind.set(kind, [...(byKind.get(kind) ?? []), name?.trim() ? `“${_plainTitle(name)}”` : 'unnamed'])
  }
  return [...byKind].map(([kind, names]) => `the ${kind}${names.length === 1 ? '' : 's'} ${names.join(', ')}`)
}

const _kindOf = ({ mode, filetype }: SlackFile): string | undefined =>
  mode === 'tombstone' ? undefined : (MODES[mode ?? ''] ?? MODES[filetype ?? ''] ?? 'file')

const MAX_TITLE_LENGTH = 100

/** A title is quoted in a note for agents: one line, and no Markdown. */
const _plainTitle = (title: string): string =>
  shorten(title.replace(/[\s\p{Cc}]+/gu, ' ').trim(), MAX_TITLE_LENGTH).replace(/[\\`*_[\]<>~]/g, '\\$&')
