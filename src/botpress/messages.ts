import { z } from '@botpress/sdk'
import { asTyped } from '../../providers/kit/as-typed'
import { partToText } from '../../providers/kit/message-text'
import { cleanText, oneLine, wellFormed } from '../../providers/kit/text'
import type { AgentPart, MessagePart } from '../../providers/provider'
import { stringsIn, wordsIn } from './words'

const LONGEST_TITLE = 200

const text = z.string().min(1)
const title = z.string().nullish()

/** What a reader makes of a payload. Undefined: it can't read it. */
type Reader = (payload: unknown, author: Author) => Read | undefined

interface Read {
  parts: MessagePart[]
  /** The strings in the fields that the reader knows. */
  known: string[]
}

/** Who wrote a message. What the bot says is Markdown, what a customer types is not. */
type Author = 'customer' | 'bot'

/**
 * Readers of the payloads that the plugin and the history contain. The plugin repeats `type` inside the payload, and
 * other fields may be added.
 */
const READERS: Record<string, Reader> = {
  text: _reader(z.object({ text }), (payload, author) => [_said(payload.text, author)]),
  markdown: _reader(z.object({ markdown: text }), (payload) => [_markdown(payload.markdown)]),
  image: _reader(z.object({ imageUrl: text, title }), (payload) => [_file('image', payload.imageUrl, payload.title)]),
  audio: _reader(z.object({ audioUrl: text, title }), (payload) => [_file('audio', payload.audioUrl, payload.title)]),
  video: _reader(z.object({ videoUrl: text, title }), (payload) => [_file('video', payload.videoUrl, payload.title)]),
  file: _reader(z.object({ fileUrl: text, title }), (payload) => [_file('file', payload.fileUrl, payload.title)]),
  location: _reader(
    z.object({ latitude: z.number(), longitude: z.number(), address: z.string().nullish(), title }),
    ({ latitude, longitude, address, title: name }) => [
      {
        type: 'location',
        latitude,
        longitude,
        ...(name ? { title: cleanText(name) } : {}),
        ...(address ? { address: cleanText(address) } : {}),
      },
    ]
  ),
  choice: _reader(_options(), _optionsAsText),
  dropdown: _reader(_options(), _optionsAsText),
  card: _reader(_card(), _cardAsParts),
  carousel: _reader(z.object({ items: z.array(_card()) }), ({ items }) => items.flatMap(_cardAsParts)),
  bloc: _reader(z.object({ items: z.array(z.unknown()) }), ({ items }, author) =>
    items.flatMap((item) => _itemAsParts(item, author))
  ),
}

/**
 * A Botpress message as parts, in order; at least one. A payload that can't be read is named in its place. Words in
 * fields that no reader knows, such as the caption of a photo, follow as text.
 */
export const toParts = (type: string, payload: unknown, author: Author = 'bot'): MessagePart[] => {
  // The type comes from outside: it may be the name of a property that every object has.
  const read = Object.hasOwn(READERS, type) ? READERS[type]?.(payload, author) : undefined
  const isRead = read !== undefined && read.parts.length > 0
  const words = wordsIn(payload, new Set(read?.known), !isRead)
  return [...(isRead ? read.parts : [_unreadable(type)]), ..._asWords(words)]
}

/** A message for the bot, of a type that the hitl channel has. */
export interface BotpressMessage {
  type: 'text' | 'image' | 'audio' | 'video' | 'file' | 'bloc'
  payload: Record<string, unknown>
}

/**
 * An agent's message as one Botpress message: a single part in its own type, several parts as a bloc, so that they stay
 * together. `undefined`: there is nothing to send. `additionalData`: for the bot, see below.
 */
export const fromParts = (parts: AgentPart[], additionalData?: string): BotpressMessage | undefined => {
  const items = parts.flatMap(_fromPart)
  const [first] = items
  if (!first) return undefined
  const { type, payload }: BotpressMessage = items.length === 1 ? first : { type: 'bloc', payload: { items } }
  return { type, payload: { ...payload, ...(additionalData ? { additionalData } : {}) } }
}

/** What the customer reads in place of a file that can't be had. */
export const inPlaceOfFile = (name: string): string =>
  `[File${name ? ` “${name}”` : ''}: it can’t be shown here, please ask for it]`

/** Signs may be escaped by now. */
export const isInPlaceOfFile = (text: string): boolean =>
  /^\\?\[File(?: “.*”)?: it can’t be shown here, please ask for it\\?\]$/s.test(text.trim())

/** The plugin keeps it as a tag of the message that the customer gets. */
const LONGEST_ADDITIONAL_DATA = 499

/** What the bot may read about an agent's message, as JSON. The link goes first when it is too long. */
export const additionalData = (about: { desk: string; agentId: string; ticketUrl: string | undefined }): string => {
  const whole = inert(JSON.stringify(about))
  if (whole.length <= LONGEST_ADDITIONAL_DATA) return whole
  const { ticketUrl: _left, ...rest } = about
  const short = inert(JSON.stringify(rest))
  return short.length <= LONGEST_ADDITIONAL_DATA ? short : JSON.stringify({ desk: about.desk })
}

const _fromPart = (part: AgentPart): BotpressMessage[] => {
  switch (part.type) {
    case 'text':
      return part.text.trim() === '' ? [] : [{ type: 'text', payload: { text: inert(_shown(part)) } }]
    case 'file':
      return [
        {
          type: part.kind,
          payload: {
            [`${part.kind}Url`]: _inertAddress(part.url),
            ...(part.title ? { title: inert(oneLine(part.title, LONGEST_TITLE)) } : {}),
          },
        },
      ]
    case 'desk-file':
      return [{ type: 'text', payload: { text: inert(`[${partToText(part)} cannot be shown here]`) } }]
    case 'location': {
      const name = [part.title, part.address].filter(Boolean).join(', ')
      return [{ type: 'text', payload: { text: inert(`${name} ${part.latitude}, ${part.longitude}`.trim()) } }]
    }
  }
}

/** Botpress's texts are Markdown, which not every channel renders. */
const _shown = ({ text: content, format }: Extract<MessagePart, { type: 'text' }>): string =>
  format === 'plain' ? asTyped(cleanText(content)) : cleanText(content)

/** Studio evaluates double braces. An agent's text and name must stay plain text wherever the bot uses them. */
export const inert = (text: string): string => text.replace(/\{(?=\{)/g, '{\u200b')

/** The same for a URL, which must still lead to the same place. */
const _inertAddress = (url: string): string => url.replace(/\{(?=\{)/g, '%7B')

function _reader<Schema extends z.ZodTypeAny>(
  schema: Schema,
  read: (payload: z.infer<Schema>, author: Author) => MessagePart[]
): Reader {
  return (payload, author) => {
    const parsed = schema.safeParse(payload)
    if (!parsed.success) return undefined
    const data = parsed.data as z.infer<Schema>
    return { parts: read(data, author), known: stringsIn(data) }
  }
}

const blocItem = z.object({ type: z.string(), payload: z.unknown() }).passthrough()

function _itemAsParts(item: unknown, author: Author): MessagePart[] {
  const parsed = blocItem.safeParse(item)
  if (!parsed.success) return toParts('unknown', item, author)
  const { type, payload, ...beside } = parsed.data
  return payload === undefined
    ? toParts(type, beside, author)
    : [...toParts(type, payload, author), ..._asWords(wordsIn(beside, new Set(), false))]
}

function _asWords(words: string[]): MessagePart[] {
  return words.length > 0 ? [_typed(words.join('\n'))] : []
}

function _options() {
  return z.object({ text: z.string(), options: z.array(z.object({ label: z.string(), value: z.string().nullish() })) })
}

function _optionsAsText({ text: question, options }: { text: string; options: { label: string }[] }): MessagePart[] {
  return [
    ...(question.trim() ? [_markdown(question)] : []),
    ...(options.length > 0 ? [_typed(options.map((option) => `- ${option.label}`).join('\n'))] : []),
  ]
}

function _card() {
  return z.object({
    title: z.string(),
    subtitle: z.string().nullish(),
    imageUrl: z.string().nullish(),
    actions: z.array(z.object({ action: z.string(), label: z.string(), value: z.string().nullish() })).nullish(),
  })
}

function _cardAsParts(card: {
  title: string
  subtitle?: string | null
  imageUrl?: string | null
  actions?: { action: string; label: string; value?: string | null }[] | null
}): MessagePart[] {
  const lines = [
    card.title,
    ...(card.subtitle ? [card.subtitle] : []),
    ...(card.actions ?? []).map((action) =>
      action.action === 'url' ? `- ${action.label}: ${action.value ?? ''}` : `- ${action.label}`
    ),
  ]
  return [_typed(lines.join('\n')), ...(card.imageUrl ? [_file('image', card.imageUrl, card.title)] : [])]
}

function _said(content: string, author: Author): MessagePart {
  return author === 'customer' ? _typed(content) : _markdown(content)
}

function _typed(content: string): MessagePart {
  return { type: 'text', text: cleanText(content), format: 'plain' }
}

function _markdown(content: string): MessagePart {
  return { type: 'text', text: cleanText(content) }
}

function _file(kind: 'image' | 'audio' | 'video' | 'file', url: string, name: string | null | undefined): MessagePart {
  return { type: 'file', kind, url: wellFormed(url), ...(name ? { title: cleanText(name) } : {}) }
}

function _unreadable(type: string): MessagePart {
  const name = /^[\w-]{1,40}$/.test(type) ? type : 'unknown'
  return { type: 'text', text: `(a message of type “${name}” that cannot be shown here)`, format: 'plain' }
}
