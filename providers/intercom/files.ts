/**
 * Files in agents' messages. Intercom's addresses are signed and end after half an hour, so none of them is delivered:
 * a note takes the file's place. https://www.intercom.com/help/en/articles/2339426
 */
import { htmlToMarkdown, htmlToParts } from '../kit/html-to-markdown'
import { shorten } from '../kit/message-text'
import type { MessagePart } from '../provider'
import { escapeHtml } from './format'
import type { Part } from './schemas'

type TextPart = Extract<MessagePart, { type: 'text' }>

export interface Content {
  parts: MessagePart[]
  /** What the customer doesn't receive: names of files and kinds of content. */
  missing: string[]
}

/** What an agent's part says, in order. What can't be delivered is named in its place. */
export const contentOf = ({ body, attachments, metadata }: Part): Content => {
  const missing: string[] = []
  /** Of the files in the text. Intercom may list them as attachments too. */
  const places = new Set<string>()
  const replaced = (name: string): MessagePart => {
    missing.push(name)
    return { type: 'text', text: _plainNote(name), format: 'plain' }
  }
  const file = (part: Extract<MessagePart, { type: 'file' }>): MessagePart =>
    _isTemporary(part.url) ? replaced(part.title ?? _nameIn(part.url) ?? WORDS[part.kind]) : part
  const inBody = htmlToParts(body ?? '').flatMap((part): MessagePart[] => {
    if (part.type === 'file') {
      places.add(_placeOf(part.url))
      return [file(part)]
    }
    if (part.type === 'text') return [_withoutTemporaryLinks(part, missing, places)]
    return [part]
  })
  const options = (metadata?.quick_reply_options ?? []).flatMap(({ text }) => (text?.trim() ? [text] : []))
  const attached = (attachments ?? []).flatMap(({ name, url, content_type: contentType }) => {
    const title = name?.trim() || undefined
    if (!url || !/^https:\/\//i.test(url)) return [replaced(title ?? WORDS.file)]
    const kind = _kind(contentType ?? '', title ?? url)
    return places.has(_placeOf(url)) ? [] : [file({ type: 'file', kind, url, ...(title ? { title } : {}) })]
  })
  const choices = options.length === 0 ? [] : [_list(options)]
  return { parts: [...inBody, ...choices, ...attached], missing }
}

const LONGEST_NAME = 200
const WORDS = { image: 'an image', audio: 'a recording', video: 'a video', file: 'a file' } as const

/** For the customer. */
const _plainNote = (name: string): string => `[${_described(name)}: it can’t be shown here, please ask for it]`

/** The same as Markdown: the name may have signs of its own. */
const _note = (name: string): string => htmlToMarkdown(`<p>${escapeHtml(_plainNote(name))}</p>`)

const _described = (name: string): string =>
  Object.values<string>(WORDS).includes(name) ? name : `file “${shorten(name.replace(/\s+/g, ' '), LONGEST_NAME)}”`

const _list = (options: string[]): MessagePart => ({
  type: 'text',
  text: htmlToMarkdown(`<ul>${options.map((option) => `<li>${escapeHtml(option)}</li>`).join('')}</ul>`),
})

/** Addresses of files in a workspace. Pictures of teammates (static.intercomassets.com) last. */
const INTERCOM_FILES = /(?:^|\.)(?:[\w-]*intercom-attachments[\w-]*|intercomcdn|intercomusercontent)\.[a-z]{2,6}$/i
/** Signatures of Intercom and of common stores. */
const SIGNED = /^(?:expires|signature|sig|x-amz-signature|x-goog-signature)$/i

/** Whether a file's address stops working some time after the message. */
const _isTemporary = (address: string): boolean => {
  const url = _parsed(address)
  if (!url) return true
  return INTERCOM_FILES.test(url.hostname) || [...url.searchParams.keys()].some((name) => SIGNED.test(name))
}

/** A link is left alone otherwise: signatures in it, as in a link to reset a password, are the agent's. */
const _isFileAtIntercom = (address: string): boolean => INTERCOM_FILES.test(_parsed(address)?.hostname ?? '')

/** Parameters of a signature: they differ each time the address is asked for. */
const SIGNATURE = /^(?:expires|signature|sig|req|policy|key-pair-id|awsaccesskeyid|x-(?:amz|goog)-.*)$/i

/** The same for all spellings of one file's address: signature, escapes and, for signed files, the host differ. */
const _placeOf = (address: string): string => {
  const url = _parsed(address)
  if (!url) return address
  const query = [...url.searchParams].filter(([name]) => !SIGNATURE.test(name)).map((pair) => pair.join('='))
  return [_isTemporary(address) ? '' : url.hostname, _decoded(url.pathname), ...query].join('\n')
}

const _nameIn = (address: string): string | undefined => {
  const name = _decoded(_parsed(address)?.pathname ?? '')
    .split('/')
    .at(-1)
  return name && /\.\w{1,8}$/.test(name) ? name : undefined
}

const _parsed = (address: string): URL | undefined => (URL.canParse(address) ? new URL(address) : undefined)

const _decoded = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** A link with its text, or a bare address. */
const LINK = /\[((?:[^[\]\\]|\\.)*)\]\((https?:\/\/[^\s)]+)\)|https?:\/\/[^\s<>)\]]+/gi

const _withoutTemporaryLinks = (part: TextPart, missing: string[], places: Set<string>): TextPart => ({
  ...part,
  text: part.text.replace(LINK, (link: string, text: string | undefined, target: string | undefined) => {
    const address = target ?? link
    if (!_isFileAtIntercom(address)) return link
    const name = _nameIn(address) ?? WORDS.file
    places.add(_placeOf(address))
    missing.push(name)
    const note = part.format === 'plain' ? _plainNote(name) : _note(name)
    return text?.trim() ? `${text} ${note}` : note
  }),
})

const EXTENSIONS: [RegExp, 'image' | 'audio' | 'video'][] = [
  [/\.(?:png|jpe?g|gif|webp|avif|heic|bmp|svg)$/i, 'image'],
  [/\.(?:mp3|m4a|aac|ogg|oga|opus|wav|flac)$/i, 'audio'],
  [/\.(?:mp4|m4v|mov|webm|mkv|avi)$/i, 'video'],
]

/** By content type, or by extension when the content type is generic. */
const _kind = (contentType: string, name: string): 'image' | 'audio' | 'video' | 'file' => {
  const main = /^(image|audio|video)\//i.exec(contentType)?.[1]?.toLowerCase()
  if (main === 'image' || main === 'audio' || main === 'video') return main
  const isSpecific =
    contentType !== '' && !/^(?:application\/(?:octet-stream|force-download)|binary\/)/i.test(contentType)
  if (isSpecific) return 'file'
  const path = name.replace(/[?#].*$/, '')
  return EXTENSIONS.find(([extension]) => extension.test(path))?.[1] ?? 'file'
}
