import { z } from '@botpress/sdk'
import type { MessagePart } from '../../providers/provider'

const text = z.string().min(1)
const title = z.string().nullish()

/**
 * Readers of the payloads that the plugin and the history contain. Unknown fields are ignored, since the plugin repeats
 * `type` inside the payload and other fields may be added.
 */
const READERS: Record<string, (payload: unknown) => MessagePart[] | undefined> = {
  text: _reader(z.object({ text }), (payload) => [_text(payload.text)]),
  markdown: _reader(z.object({ markdown: text }), (payload) => [_text(payload.markdown)]),
  image: _reader(z.object({ imageUrl: text, title }), (payload) => [_file('image', payload.imageUrl, payload.title)]),
  audio: _reader(z.object({ audioUrl: text, title }), (payload) => [_file('audio', payload.audioUrl, payload.title)]),
  video: _reader(z.object({ videoUrl: text, title }), (payload) => [_file('video', payload.videoUrl, payload.title)]),
  file: _reader(z.object({ fileUrl: text, title }), (payload) => [_file('file', payload.fileUrl, payload.title)]),
  location: _reader(
    z.object({ latitude: z.number(), longitude: z.number(), address: z.string().nullish(), title }),
    ({ latitude, longitude, address, title: name }) => [
      { type: 'location', latitude, longitude, ...(name ? { title: name } : {}), ...(address ? { address } : {}) },
    ]
  ),
  choice: _reader(_options(), _optionsAsText),
  dropdown: _reader(_options(), _optionsAsText),
  card: _reader(_card(), _cardAsParts),
  carousel: _reader(z.object({ items: z.array(_card()) }), ({ items }) => items.flatMap(_cardAsParts)),
  bloc: _reader(z.object({ items: z.array(z.object({ type: z.string(), payload: z.unknown() })) }), ({ items }) =>
    items.flatMap((item) => _read(item.type, item.payload) ?? [_unreadable(item.type)])
  ),
}

/** A Botpress message as parts, in order; at least one. A part that can't be read is named instead of dropped. */
export const toParts = (type: string, payload: unknown): MessagePart[] => {
  const parts = _read(type, payload)
  return parts && parts.length > 0 ? parts : [_unreadable(type)]
}

/** The type comes from outside: it may be the name of a property that every object has. */
function _read(type: string, payload: unknown): MessagePart[] | undefined {
  return Object.hasOwn(READERS, type) ? READERS[type]?.(payload) : undefined
}

/** A message for the bot, of a type that the hitl channel has. */
export interface BotpressMessage {
  type: 'text' | 'image' | 'audio' | 'video' | 'file' | 'bloc'
  payload: Record<string, unknown>
}

/**
 * An agent's message as one Botpress message: a single part in its own type, several parts as a bloc, so that they stay
 * together. `undefined`: there is nothing to send.
 */
export const fromParts = (parts: MessagePart[]): BotpressMessage | undefined => {
  const items = parts.flatMap(_fromPart)
  const [first] = items
  if (!first) return undefined
  if (items.length === 1) return first
  return { type: 'bloc', payload: { items } }
}

const _fromPart = (part: MessagePart): BotpressMessage[] => {
  switch (part.type) {
    case 'text':
      return part.text.trim() === '' ? [] : [{ type: 'text', payload: { text: inert(part.text) } }]
    case 'file':
      return [
        {
          type: part.kind,
          payload: {
            [`${part.kind}Url`]: _inertAddress(part.url),
            ...(part.title ? { title: inert(part.title) } : {}),
          },
        },
      ]
    case 'location': {
      const name = [part.title, part.address].filter(Boolean).join(', ')
      return [{ type: 'text', payload: { text: inert(`${name} ${part.latitude}, ${part.longitude}`.trim()) } }]
    }
  }
}

/** Studio evaluates double braces. An agent's text and name must stay plain text wherever the bot uses them. */
export const inert = (text: string): string => text.replace(/\{(?=\{)/g, '{\u200b')

/** The same for a URL, which must still lead to the same place. */
const _inertAddress = (url: string): string => url.replace(/\{(?=\{)/g, '%7B')

function _reader<Schema extends z.ZodTypeAny>(schema: Schema, read: (payload: z.infer<Schema>) => MessagePart[]) {
  return (payload: unknown): MessagePart[] | undefined => {
    const parsed = schema.safeParse(payload)
    return parsed.success ? read(parsed.data as z.infer<Schema>) : undefined
  }
}

function _options() {
  return z.object({ text: z.string(), options: z.array(z.object({ label: z.string(), value: z.string().nullish() })) })
}

function _optionsAsText({ text: question, options }: { text: string; options: { label: string }[] }): MessagePart[] {
  return [_text([question, ...options.map((option) => `- ${option.label}`)].join('\n'))]
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
    `**${card.title}**`,
    ...(card.subtitle ? [card.subtitle] : []),
    ...(card.actions ?? []).map((action) =>
      action.action === 'url' ? `- ${action.label}: ${action.value ?? ''}` : `- ${action.label}`
    ),
  ]
  return [_text(lines.join('\n')), ...(card.imageUrl ? [_file('image', card.imageUrl, card.title)] : [])]
}

function _text(content: string): MessagePart {
  return { type: 'text', text: content }
}

function _file(kind: 'image' | 'audio' | 'video' | 'file', url: string, name: string | null | undefined): MessagePart {
  return { type: 'file', kind, url, ...(name ? { title: name } : {}) }
}

function _unreadable(type: string): MessagePart {
  return {
    type: 'text',
    text: `(a message of type “${/^[\w-]{1,40}$/.test(type) ? type : 'unknown'}” that cannot be shown here)`,
  }
}
