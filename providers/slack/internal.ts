/**
 * Decides whether an agent's reply is an internal note. The decision is made on what people see, at its first visible
 * characters: not on marks, mentions or characters without a shape. A mistake would show an internal note to the
 * customer, so what merely looks like a note isn't delivered either.
 */
import { inlineElement, richTextBlock, richTextElement, type InlineElement, type MessageEvent } from './payloads'
import { emojiOf, unescapeText } from './to-markdown'

/**
 * - no: the reply is for the customer.
 * - yes: it starts with the prefix.
 * - doubtful: it may be meant as a note. It stays in Slack, and its author is told.
 */
export type Internality = 'no' | 'yes' | 'doubtful'

export const internalityOf = (message: Pick<MessageEvent, 'text' | 'blocks'>, prefix: string): Internality => {
  const blocks = message.blocks ?? []
  const isExact = blocks.some((block) => richTextBlock.safeParse(block).success)
  const forms = [..._formsOfBlocks(blocks), ..._formsOfText(message.text ?? '', isExact)]
  const verdicts = forms.map((form) => _judge(form, prefix))
  if (verdicts.includes('yes')) return 'yes'
  return verdicts.includes('doubtful') ? 'doubtful' : 'no'
}

/** What an internal note says behind its prefix. Undefined: the message isn't one beyond doubt. */
export const noteIn = (message: Pick<MessageEvent, 'text' | 'blocks'>, prefix: string): string | undefined => {
  const blocks = message.blocks ?? []
  const forms = [..._formsOfBlocks(blocks), ..._formsOfText(message.text ?? '', false)]
  const wanted = _visible(prefix).trim() || prefix
  for (const { text, isTyped } of forms) {
    const shown = _afterMentions(_visible(text))
    if (!isTyped && shown.startsWith(wanted)) return shown.slice(wanted.length).trim()
  }
  return undefined
}

/** A beginning of the message, as people see it. */
interface Form {
  text: string
  /** As it was typed, with its marks. */
  isTyped?: true
  /** Emoji have their names, and it isn't known which. */
  namesEmoji?: boolean
}

/** Stands for a mention. Mentions before the prefix don't count. */
const MENTION = '\uFFFC'

const _judge = ({ text, isTyped, namesEmoji }: Form, prefix: string): Internality => {
  const shown = _afterMentions(_visible(text))
  const wanted = _visible(prefix).trim() || prefix
  if (shown.startsWith(wanted)) return isTyped ? 'doubtful' : 'yes'
  if (namesEmoji && /\p{Extended_Pictographic}/u.test(wanted) && /^:[\w+-]+:/.test(shown)) return 'doubtful'
  return _looksLike(_alike(shown), _alike(wanted)) ? 'doubtful' : 'no'
}

/** Characters without a shape: controls, formats, joiners, variation selectors, fillers. */
const INVISIBLE = /[\p{Cf}\p{Mn}\p{Me}\u115F\u1160\u2800\u3164\uFFA0]|(?![\t\n\r])\p{Cc}/gu

/** Normal forms of compatible characters, such as full-width ones, without what can't be seen. */
const _visible = (text: string): string => text.normalize('NFKC').replace(INVISIBLE, '')

/** Also without the comma or colon behind a mention; a colon may begin the name of an emoji. */
const BEFORE_PREFIX = new RegExp(`^(?:\\s|${MENTION}(?:[\\s,;]|:(?![\\w+-]+:))*)+`)
const _afterMentions = (text: string): string => text.replace(BEFORE_PREFIX, '')

const SLASHES = /[\u2044\u2215\u2571\u27CB\u29F8\u3033]/g

/** What people may take for the same: other slashes, other case, white space between characters. */
const _alike = (text: string): string =>
  text.replace(SLASHES, '/').replace(/\s+/g, '').replaceAll(MENTION, '').toLowerCase()

const WORD = /[\p{L}\p{N}]/u
const _startsWithWord = (text: string): boolean => WORD.test(String.fromCodePoint(text.codePointAt(0) ?? 0))

/** Whether the prefix is among the signs, emoji and list numbers before the first word. */
const _looksLike = (text: string, wanted: string): boolean => {
  const unnumbered = text.replace(/^[^\p{L}\p{N}]*\d{1,3}[.)]/u, '')
  if (_startsWithWord(wanted)) {
    return [text, unnumbered].some((form) => {
      const words = form.replace(/^[^\p{L}\p{N}]+/u, '')
      const rest = words.slice(wanted.length)
      return words.startsWith(wanted) && !(WORD.test(wanted.at(-1) ?? '') && _startsWithWord(rest))
    })
  }
  return [text, unnumbered].some((form) => {
    const at = form.indexOf(wanted)
    if (at < 0) return false
    // A named emoji, such as :lock:, is a sign, not a word.
    return !WORD.test(form.slice(0, at).replace(/:[\w+-]+:/g, ''))
  })
}

// The message's own forms
// ---------------------------------------------------------------------------------------------------------------

/** Longer beginnings change nothing, and a message may have 40,000 characters. */
const LONGEST_BEGINNING = 1_000

/** What is typed for a block of rich text. */
const TYPED: Record<string, string | undefined> = {
  rich_text_quote: '>',
  rich_text_preformatted: '```',
}

const _formsOfBlocks = (blocks: unknown[]): Form[] => {
  let shown = ''
  let typed = ''
  let named = ''
  const isFull = () => _visible(shown).replaceAll(MENTION, '').trim().length > 0 && shown.length > 200
  const addInline = (raw: unknown, before: string): void => {
    const parsed = inlineElement.safeParse(raw)
    if (!parsed.success) return
    const element = parsed.data
    const text = _shownBy(element)
    const marks = before + _marksOf(element)
    // Marks count only where the message begins.
    typed += _isBlank(shown) ? marks + text : text
    named += element.type === 'emoji' ? `:${element.name ?? ''}:` : text
    shown += text
  }
  const addElement = (raw: unknown, before: string): void => {
    const parsed = richTextElement.safeParse(raw)
    if (!parsed.success || isFull()) return
    const { type, style, elements } = parsed.data
    const mark = type === 'rich_text_list' ? (style === 'ordered' ? '1.' : '-') : (TYPED[type] ?? before)
    for (const child of elements ?? []) {
      if (type === 'rich_text_list') addElement(child, mark)
      else addInline(child, mark)
    }
    shown += '\n'
  }
  for (const block of blocks) {
    const richText = richTextBlock.safeParse(block)
    if (richText.success) for (const element of richText.data.elements) addElement(element, '')
    else shown += _otherBlock(block)
  }
  const cut = (text: string) => text.slice(0, LONGEST_BEGINNING)
  return [{ text: cut(shown) }, { text: cut(named) }, { text: cut(typed), isTyped: true }]
}

const _isBlank = (text: string): boolean => _visible(text).replaceAll(MENTION, '').trim() === ''

const _shownBy = ({ type, text, url, name, unicode, value, fallback }: InlineElement): string => {
  switch (type) {
    case 'user':
    case 'usergroup':
    case 'team':
    case 'channel':
    case 'broadcast':
      return MENTION
    case 'emoji':
      return emojiOf(unicode) ?? `:${name ?? ''}:`
    case 'link':
      return text || url || ''
    default:
      return text ?? value ?? fallback ?? ''
  }
}

const _marksOf = ({ style }: InlineElement): string =>
  [style?.bold ? '*' : '', style?.italic ? '_' : '', style?.strike ? '~' : '', style?.code ? '`' : ''].join('')

const _otherBlock = (block: unknown): string => {
  const { text } = (block ?? {}) as { text?: unknown }
  const words = typeof text === 'string' ? text : (text as { text?: unknown } | undefined)?.text
  return typeof words === 'string' ? `${_plain(words)}\n` : ''
}

/** mrkdwn with its marks. Formatting at its beginning is typed and shown in different characters. */
const _formsOfText = (text: string, isExact: boolean): Form[] => {
  const plain = _plain(text.slice(0, 2 * LONGEST_BEGINNING))
  return [
    { text: plain, namesEmoji: !isExact },
    { text: plain.replace(/[*_~`]/g, '').replace(/^[\s>•◦-]+/u, ''), isTyped: true },
  ]
}

/** Mentions become one sign, links their label. */
const _plain = (text: string): string =>
  unescapeText(
    text.replace(/<([^<>\n]+)>/g, (_whole, control: string) => {
      if (/^(?:@|#|!(?!date))/.test(control)) return MENTION
      const bar = control.indexOf('|')
      return bar === -1 ? control : control.slice(bar + 1)
    })
  )
