/**
 * What a file is, by its first bytes. Names and declared types come from strangers.
 *
 * The marks are those of the WHATWG's MIME Sniffing Standard (https://mimesniff.spec.whatwg.org/) and of the formats'
 * own specifications.
 */

/** As many bytes as `sniff` looks at. */
export const SNIFFED_BYTES = 4_096

export type FileKind = 'image' | 'audio' | 'video' | 'file'

/** Types with their extensions, the usual one first. */
const EXTENSIONS: Record<string, string[]> = {
  'image/png': ['png', 'apng'],
  'image/jpeg': ['jpg', 'jpeg', 'jpe', 'jfif'],
  'image/gif': ['gif'],
  'image/webp': ['webp'],
  'image/avif': ['avif'],
  'image/heic': ['heic', 'heif'],
  'image/bmp': ['bmp'],
  'image/tiff': ['tif', 'tiff'],
  'image/x-icon': ['ico'],
  'image/svg+xml': ['svg'],
  'audio/mpeg': ['mp3', 'mpga'],
  'audio/mp4': ['m4a', 'mp4'],
  'audio/aac': ['aac'],
  'audio/amr': ['amr'],
  'audio/ogg': ['ogg', 'oga', 'opus'],
  'audio/webm': ['webm', 'weba'],
  'audio/wav': ['wav'],
  'audio/flac': ['flac'],
  'video/mp4': ['mp4', 'm4v'],
  'video/quicktime': ['mov', 'qt'],
  'video/3gpp': ['3gp', '3g2', '3gpp'],
  'video/webm': ['webm'],
  'video/x-matroska': ['mkv'],
  'video/ogg': ['ogv', 'ogg'],
  'video/x-msvideo': ['avi'],
  'video/mpeg': ['mpg', 'mpeg'],
  'application/pdf': ['pdf'],
  'application/zip': ['zip'],
  'application/gzip': ['gz', 'tgz'],
  'application/x-7z-compressed': ['7z'],
  'application/vnd.rar': ['rar'],
  'application/x-msdownload': ['exe', 'dll', 'com', 'scr'],
  'application/x-elf': ['elf'],
  'application/rtf': ['rtf'],
  'application/msword': ['doc'],
  'application/vnd.ms-excel': ['xls'],
  'application/vnd.ms-powerpoint': ['ppt'],
  'application/vnd.ms-outlook': ['msg'],
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': ['docx'],
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': ['xlsx'],
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': ['pptx'],
  'application/vnd.oasis.opendocument.text': ['odt'],
  'application/vnd.oasis.opendocument.spreadsheet': ['ods'],
  'application/vnd.oasis.opendocument.presentation': ['odp'],
  'application/epub+zip': ['epub'],
  'application/json': ['json'],
  'application/xml': ['xml', 'xsl'],
  'application/x-ole-storage': ['ole'],
  'text/html': ['html', 'htm', 'xhtml'],
  'text/plain': ['txt', 'log'],
  'text/csv': ['csv'],
  'text/markdown': ['md'],
  'text/calendar': ['ics'],
  'text/vcard': ['vcf'],
}

const BY_EXTENSION = new Map<string, string>()
for (const [type, extensions] of Object.entries(EXTENSIONS)) {
  for (const extension of extensions) if (!BY_EXTENSION.has(extension)) BY_EXTENSION.set(extension, type)
}

/** The type of a name's extension. Undefined: it has none, or none that says anything. */
export const typeByName = (name: string): string | undefined => BY_EXTENSION.get(extensionOf(name))

/** The extensions of a type, the usual one first. */
export const extensionsOf = (type: string): readonly string[] => EXTENSIONS[type] ?? []

/** Lower-case, without the dot. Empty: there is none. */
export const extensionOf = (name: string): string => /\.([a-z0-9]{1,8})$/i.exec(name)?.[1]?.toLowerCase() ?? ''

/** How Botpress shows a file of this type. A drawing that can hold scripts is a file. */
export const kindOf = (type: string): FileKind => {
  const main = /^(image|audio|video)\//.exec(type)?.[1] as FileKind | undefined
  return main === undefined || type === 'image/svg+xml' ? 'file' : main
}

/** Without parameters, in lower case. */
export const plainType = (type: string | undefined): string => (type ?? '').split(';')[0]?.trim().toLowerCase() ?? ''

const GENERIC = new Set(['', 'application/octet-stream', 'binary/octet-stream', 'application/force-download'])
export const UNKNOWN_TYPE = 'application/octet-stream'

/** Bytes at a place, as Latin-1. */
type Mark = [at: number, bytes: string]

const MARKS: [type: string, ...marks: Mark[]][] = [
  ['image/png', [0, '\x89PNG\r\n\x1a\n']],
  ['image/jpeg', [0, '\xff\xd8\xff']],
  ['image/gif', [0, 'GIF87a']],
  ['image/gif', [0, 'GIF89a']],
  ['image/webp', [0, 'RIFF'], [8, 'WEBP']],
  ['image/bmp', [0, 'BM'], [6, '\0\0\0\0']],
  ['image/tiff', [0, 'II*\0']],
  ['image/tiff', [0, 'MM\0*']],
  ['image/x-icon', [0, '\0\0\x01\0']],
  ['audio/wav', [0, 'RIFF'], [8, 'WAVE']],
  ['video/x-msvideo', [0, 'RIFF'], [8, 'AVI ']],
  ['audio/mpeg', [0, 'ID3']],
  ['audio/amr', [0, '#!AMR']],
  ['audio/flac', [0, 'fLaC']],
  ['video/mpeg', [0, '\0\0\x01\xba']],
  ['application/pdf', [0, '%PDF-']],
  ['application/zip', [0, 'PK\x03\x04']],
  ['application/zip', [0, 'PK\x05\x06']],
  ['application/gzip', [0, '\x1f\x8b\x08']],
  ['application/x-7z-compressed', [0, "7z\xbc\xaf'\x1c"]],
  ['application/vnd.rar', [0, 'Rar!\x1a\x07']],
  ['application/x-ole-storage', [0, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1']],
  ['application/rtf', [0, '{\\rtf']],
  ['application/x-elf', [0, '\x7fELF']],
  ['application/x-msdownload', [0, 'MZ']],
]

/** Brands of the ISO base media format, by the beginning of their names. */
const BRANDS: [string, string][] = [
  ['M4A', 'audio/mp4'],
  ['M4B', 'audio/mp4'],
  ['qt', 'video/quicktime'],
  ['3g', 'video/3gpp'],
  ['avi', 'image/avif'],
  ['hei', 'image/heic'],
  ['hev', 'image/heic'],
  ['mif1', 'image/heic'],
  ['msf1', 'image/heic'],
]

/** Types that share a container: the first bytes are the same, so the declared one may be true. */
const SHARED: Record<string, RegExp> = {
  'video/mp4': /^(?:video\/(?:mp4|quicktime|3gpp2?|x-m4v)|audio\/(?:mp4|x-m4a|m4a|aac|3gpp2?))$/,
  'audio/mp4': /^audio\/(?:mp4|x-m4a|m4a|aac)$/,
  'video/3gpp': /^(?:video|audio)\/3gpp2?$/,
  'video/webm': /^(?:video|audio)\/webm$/,
  'audio/ogg': /^(?:audio\/(?:ogg|opus)|application\/ogg)$/,
  'image/heic': /^image\/hei[cf](?:-sequence)?$/,
  'application/zip':
    /^application\/(?:zip|x-zip-compressed|epub\+zip|java-archive|vnd\.(?:openxmlformats|oasis|ms-|apple|android|google).*)$/,
  'application/x-ole-storage': /^application\/(?:msword|vnd\.ms-(?:excel|powerpoint|outlook|project)|x-ole-storage)$/,
  'application/gzip': /^application\/(?:gzip|x-gzip|x-tar|x-compressed-tar)$/,
  'application/xml': /^(?:application|text)\/(?:[\w.-]+\+)?xml$/,
}

/**
 * A file's type by its first bytes (up to `SNIFFED_BYTES`). What is declared, or follows from the name, counts only
 * where it is a finer word for what the bytes show: bytes of nothing known are never a picture, and markup in any
 * disguise is markup.
 */
export const sniff = (bytes: Uint8Array, declared: string | undefined, name: string): string => {
  const seen = _ofBytes(bytes)
  const claims = [plainType(declared), typeByName(name) ?? ''].filter((type) => !GENERIC.has(type))
  if (seen === 'text/plain') return claims.find(_isText) ?? seen
  if (seen !== undefined) return claims.find((type) => SHARED[seen]?.test(type)) ?? seen
  return claims.find((type) => !_hasMark(type) && !_isText(type) && kindOf(type) === 'file') ?? UNKNOWN_TYPE
}

/** Whether the first bytes would show this type: a file without them is of another. */
const _hasMark = (type: string): boolean =>
  MARKS.some(([known]) => known === type) || Object.values(SHARED).some((finer) => finer.test(type))

const _isText = (type: string): boolean =>
  (type.startsWith('text/') ||
    /^application\/(?:json|xml|x-ndjson|yaml|x-yaml|sql|javascript|[\w.-]+\+json)$/.test(type)) &&
  !/html|svg|xml/.test(type)

const _ofBytes = (bytes: Uint8Array): string | undefined => {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, SNIFFED_BYTES)).toString('latin1')
  const marked = MARKS.find(([, ...marks]) => marks.every(([at, mark]) => start.startsWith(mark, at)))?.[0]
  if (marked) return marked
  if (start.startsWith('ftyp', 4)) return BRANDS.find(([brand]) => start.startsWith(brand, 8))?.[1] ?? 'video/mp4'
  if (start.startsWith('\x1a\x45\xdf\xa3')) return start.includes('webm') ? 'video/webm' : 'video/x-matroska'
  if (start.startsWith('OggS')) return start.includes('\x80theora') ? 'video/ogg' : 'audio/ogg'
  // A frame of MPEG audio or ADTS: eleven bits set, but not the two bytes that begin a UTF-16 text.
  if (/^\xff[\xfa\xfb\xf2\xf3\xe2\xe3]/.test(start)) return 'audio/mpeg'
  if (/^\xff[\xf0\xf1\xf8\xf9]/.test(start)) return 'audio/aac'
  return _ofText(bytes, start)
}

/** Tags with which browsers take a text for a page, as the Sniffing Standard lists them. */
const PAGE =
  /^(?:<!doctype\s+html|<(?:html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|img|svg|object|embed|form|meta|link)(?:[\s>/]|$)|<!--)/i

/** Control characters that no text has. */
const _isBinary = (byte: number): boolean => byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== 0x1b)

const _ofText = (bytes: Uint8Array, latin: string): string | undefined => {
  const wide = latin.startsWith('\xff\xfe') ? 'utf-16le' : latin.startsWith('\xfe\xff') ? 'utf-16be' : undefined
  if (!wide && bytes.subarray(0, SNIFFED_BYTES).some(_isBinary)) return undefined
  const text = new TextDecoder(wide).decode(bytes.subarray(0, SNIFFED_BYTES)).trimStart()
  const content = text.replace(/^(?:<\?xml[^>]*>|<!--[\s\S]*?-->|<!doctype\s+svg[^>]*>|\s+)*/i, '')
  if (/^<svg[\s>]/i.test(content)) return 'image/svg+xml'
  if (PAGE.test(content) || PAGE.test(text) || /<script[\s>]|<html[\s>]/i.test(text)) return 'text/html'
  return text.startsWith('<?xml') ? 'application/xml' : 'text/plain'
}
