/** Names of files, made true and safe to show and to save. */
import { extensionOf, extensionsOf, typeByName, UNKNOWN_TYPE } from './file-types'
import { oneLine, shorten } from './text'

/** In UTF-16 units, the extension included. Every desk and file system takes it. */
export const LONGEST_FILE_NAME = 120

/** Separators of paths, and what Windows refuses in a name. */
const FORBIDDEN = /[/\\:*?"<>|\u2044\u2215\uff0f\uff3c]/g

/**
 * A name as it can be shown and saved: one line without control, invisible and direction characters and separators,
 * with an extension that fits the type. `fallback` stands for a name of which nothing is left.
 */
export const cleanFileName = (name: string, type: string, fallback: string): string => {
  const line = oneLine(name, 1_000)
    .replace(FORBIDDEN, '-')
    .replace(/^[\s.]+|[\s.]+$/g, '')
  const extension = extensionOf(line)
  const stem =
    _fits(extension, type) && extension !== '' ? line.slice(0, -extension.length - 1) : _stem(line, extension)
  const ending = _fits(extension, type) ? extension : (extensionsOf(type)[0] ?? (type === UNKNOWN_TYPE ? 'bin' : ''))
  const base = shorten(stem.trim() || fallback, LONGEST_FILE_NAME - ending.length - 1)
  return ending === '' ? base : `${base}.${ending}`
}

/** An extension that belongs to another type is dropped. Anything else after a dot is part of the name. */
const _stem = (line: string, extension: string): string =>
  extension !== '' && typeByName(line) !== undefined ? line.slice(0, -extension.length - 1) : line

/** No extension fits what is known no better. An unknown extension fits a type without one of its own. */
const _fits = (extension: string, type: string): boolean => {
  const usual = extensionsOf(type)
  if (usual.length > 0) return usual.includes(extension)
  return typeByName(`x.${extension}`) === undefined
}

/** The file name in a `Content-Disposition`, in its extended form where it has one (RFC 6266). */
export const nameInDisposition = (header: string | undefined): string | undefined => {
  const extended = /filename\*\s*=\s*(?:utf-8|iso-8859-1)?'[^']*'([^;]+)/i.exec(header ?? '')?.[1]
  if (extended) return _decoded(extended.trim())
  const [, quoted, bare] = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]+))/i.exec(header ?? '') ?? []
  const name = (quoted?.replace(/\\(.)/g, '$1') ?? bare)?.trim()
  // Node reads headers as Latin-1. Many servers write UTF-8 there.
  return name === undefined ? undefined : _utf8(name)
}

/** The last part of an address's path, if it looks like a file's name. */
export const nameInAddress = (url: URL): string | undefined => {
  const last = _decoded(url.pathname.split('/').at(-1) ?? '')
  return extensionOf(last) === '' ? undefined : last
}

const _decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const _utf8 = (text: string): string => {
  if (!/[\x80-\xff]/.test(text) || /[^\0-\xff]/.test(text)) return text
  const decoded = Buffer.from(text, 'latin1').toString('utf8')
  return decoded.includes('\ufffd') ? text : decoded
}
