/**
 * Files in agents' messages. Intercom's addresses are signed and end after half an hour, so each file has a handle: its
 * conversation, its part and its place in it. Signed addresses elsewhere can't be renewed: a note takes their place.
 * https://www.intercom.com/help/en/articles/2339426
 */
import { ProviderError, withDetails } from '../errors'
import { htmlToMarkdown, htmlToParts } from '../kit/html-to-markdown'
import { escapeHtml } from '../kit/markdown-to-html'
import { shorten } from '../kit/message-text'
import type { AgentPart, DeskFile, DeskFilePart, MessagePart } from '../provider'
import type { Desk } from './desk'
import { isNotFound } from './failures'
import { partsOf, type Part } from './schemas'

type TextPart = Extract<MessagePart, { type: 'text' }>
type FilePart = Extract<MessagePart, { type: 'file' }>

export interface Content {
  parts: AgentPart[]
  /** What the customer doesn't receive: names of files and kinds of content. */
  missing: string[]
}

/** A part while it is being read. */
interface Reading {
  conversationId: string
  part: Part
  missing: string[]
  /** Files at Intercom in their order, each once: an address by the file's place. */
  files: Map<string, string>
}

/** What an agent's part says, in order. What can't be delivered is named in its place. */
export const contentOf = (part: Part, conversationId: string): Content => {
  const reading: Reading = { conversationId, part, missing: [], files: new Map() }
  return { parts: _partsIn(reading), missing: reading.missing }
}

const _partsIn = (reading: Reading): AgentPart[] => {
  const { body, attachments, metadata } = reading.part
  /** Of files elsewhere in the text. Intercom may list them as attachments too. */
  const places = new Set<string>()
  const inBody = htmlToParts(body ?? '').flatMap((part): AgentPart[] => {
    if (part.type === 'file') {
      places.add(_placeOf(part.url))
      return _file(reading, part)
    }
    return part.type === 'text' ? _withoutTemporaryLinks(reading, part) : [part]
  })
  const options = (metadata?.quick_reply_options ?? []).flatMap(({ text }) => (text?.trim() ? [text] : []))
  const attached = (attachments ?? []).flatMap(({ name, url, content_type: contentType }) => {
    const title = name?.trim() || undefined
    if (!url || !/^https:\/\//i.test(url)) return [_replaced(reading, title ?? WORDS.file)]
    const kind = _kind(contentType ?? '', title ?? url)
    return places.has(_placeOf(url)) ? [] : _file(reading, { type: 'file', kind, url, ...(title ? { title } : {}) })
  })
  const choices = options.length === 0 ? [] : [_list(options)]
  return [...inBody, ...choices, ...attached]
}

const _replaced = ({ missing }: Reading, name: string): TextPart => {
  missing.push(name)
  return { type: 'text', text: _plainNote(name), format: 'plain' }
}

/** A file at Intercom once, by its handle; one that lasts by its address; any other one by its name. */
const _file = (reading: Reading, part: FilePart): AgentPart[] => {
  if (_isFileAtIntercom(part.url)) return _deskFile(reading, part.url, part.title)
  return [_isTemporary(part.url) ? _replaced(reading, part.title ?? _nameIn(part.url) ?? WORDS[part.kind]) : part]
}

const _deskFile = (
  { conversationId, part, files }: Reading,
  url: string,
  title: string | undefined
): DeskFilePart[] => {
  const place = _placeOf(url)
  if (files.has(place)) return []
  const index = files.size
  files.set(place, url)
  const listed = part.attachments?.find((attachment) => attachment.url && _placeOf(attachment.url) === place)
  const name = listed?.name?.trim() || title || _nameIn(url)
  return [
    {
      type: 'desk-file',
      handle: `${conversationId}/${part.id}/${index}`,
      ...(name ? { name: shorten(name.replace(/\s+/g, ' '), LONGEST_NAME) } : {}),
      ...(listed?.content_type ? { contentType: listed.content_type } : {}),
      ...(typeof listed?.filesize === 'number' ? { size: listed.filesize } : {}),
    },
  ]
}

const HANDLE = /^(\d{1,25})\/(\w{1,40})\/(\d{1,4})$/

/** Opens the file behind a handle: its address is read anew, since the one that was announced has ended by now. */
export const readFile = async (desk: Desk, handle: string): Promise<DeskFile> => {
  const [, conversationId = '', partId = '', index = ''] = HANDLE.exec(handle) ?? []
  if (conversationId === '') throw _missing('its handle is not one of this desk')
  const conversation = await desk.api.conversation(conversationId).catch((error: unknown) => {
    throw isNotFound(error) ? _missing('the conversation no longer exists') : error
  })
  const part = partsOf(conversation).find(({ id, redacted }) => id === partId && !redacted)
  if (!part) throw _missing('the message no longer exists')
  const reading: Reading = { conversationId, part, missing: [], files: new Map() }
  const shown = _partsIn(reading).find((it): it is DeskFilePart => it.type === 'desk-file' && it.handle === handle)
  const address = [...reading.files.values()][Number(index)]
  if (!shown || address === undefined) throw _missing('the message does not show it any more')
  const file = await desk.api
    .download(address, (host) => INTERCOM_FILES.test(host))
    .catch((error: unknown) => {
      // The store refuses the file itself: it gets no credentials that could be wrong.
      const isRefused = error instanceof ProviderError && error.code === 'unauthorized'
      throw isRefused ? withDetails(error, { code: 'not-found', about: 'message' }) : error
    })
  const contentType = shown.contentType ?? file.contentType
  return {
    name: shown.name ?? file.name ?? 'file',
    ...(contentType ? { contentType } : {}),
    ...(file.size === undefined ? {} : { size: file.size }),
    bytes: file.bytes,
  }
}

const _missing = (why: string): ProviderError =>
  new ProviderError('intercom', 'not-found', `Could not read the file: ${why}`, { about: 'message' })

const LONGEST_NAME = 200
const WORDS = { image: 'an image', audio: 'a recording', video: 'a video', file: 'a file' } as const

/** For the customer. */
const _plainNote = (name: string): string => `[${_described(name)}: it can’t be shown here, please ask for it]`

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

/** Links to files at Intercom are replaced by their words, and the files follow the text. */
const _withoutTemporaryLinks = (reading: Reading, part: TextPart): AgentPart[] => {
  const files: DeskFilePart[] = []
  let isChanged = false
  const text = part.text.replace(LINK, (link: string, words: string | undefined, target: string | undefined) => {
    const address = target ?? link
    if (!_isFileAtIntercom(address)) return link
    const added = _deskFile(reading, address, undefined)
    files.push(...added)
    isChanged = true
    const isAddress = words === undefined || words.trim() === '' || _placeOf(words) === _placeOf(address)
    if (!isAddress) return words
    // An image that links to itself is there already.
    if (added.length === 0) return ''
    const name = _nameIn(address) ?? WORDS.file
    return part.format === 'plain' ? name : htmlToMarkdown(escapeHtml(name))
  })
  if (!isChanged) return [part]
  return text.trim() === '' ? files : [{ ...part, text: text.trim() }, ...files]
}

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
