/**
 * A customer's file on its way to a desk. It is opened where the customer's channel has put it, looked at, and passed
 * on as a stream: nothing keeps more than a few blocks of it in memory.
 */
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { pipeline, Readable } from 'node:stream'
import type { MessagePart } from '../provider'
import { cleanFileName, nameInAddress, nameInDisposition } from './file-names'
import { extensionOf, plainType, sniff, SNIFFED_BYTES } from './file-types'
import { partToText } from './message-text'
import type { Tools } from './tools'
import { isRefused, publicWeb, type WebAnswer } from './web'

export { kindOf, type FileKind } from './file-types'

export type FilePart = Extract<MessagePart, { type: 'file' }>

export interface FileLimits {
  maxBytes: number
  /**
   * Whether the vendor takes such a file. A string says why not: it completes “the file …” (“is of a type that Zendesk
   * refuses”).
   */
  accepts?(contentType: string, name: string): boolean | string
  /** The vendor asks for the number of bytes first. A file without it is collected, up to `COLLECTED_BYTES`. */
  needsSize?: boolean
}

export interface TakenFile {
  ok: true
  /** With an extension that fits the type. */
  name: string
  /** By its first bytes. */
  contentType: string
  /** Bytes: exactly as many follow. */
  size?: number
  /** Can be read once. Throws a `FileFailure` where the file breaks off or grows too large. */
  bytes: AsyncIterable<Uint8Array>
}

/** `why` completes “the file …”: “is larger than 50 MB”. */
export type NotTaken = { ok: false; why: string }

/** A file that breaks off or grows too large while it is read. `why` completes “the file …”. */
export class FileFailure extends Error {
  public override readonly name = 'FileFailure'
  public readonly why: string
  /** Whether it would fail again. */
  public readonly isLasting: boolean

  public constructor(why: string, { isLasting = false } = {}) {
    super(`The file ${why}`)
    this.why = why
    this.isLasting = isLasting
  }
}

export const tooLarge = (maxBytes: number): FileFailure =>
  new FileFailure(`is larger than ${sizeInWords(maxBytes)}`, { isLasting: true })

/** Why a file could not be read to its end, if that is what this error, or its cause, is about. */
export const fileFailureIn = (error: unknown): string | undefined => {
  if (error instanceof FileFailure) return error.why
  return error instanceof Error && error.cause !== undefined ? fileFailureIn(error.cause) : undefined
}

/** A file without a known size is collected up to this, in bytes. */
export const COLLECTED_BYTES = 8 * 1024 * 1024
/** A file that isn't complete after this time is left, in milliseconds. */
const LONGEST_READ_MS = 20_000
/** No answer, and no pause in it, may be longer, in milliseconds. */
const LONGEST_SILENCE_MS = 5_000
const MOST_REDIRECTS = 3

/** “50 MB”, as people write it. */
export const sizeInWords = (bytes: number): string => {
  const megabytes = bytes / (1024 * 1024)
  if (megabytes >= 1) return `${Math.floor(megabytes * 10) / 10} MB`
  return bytes >= 1024 ? `${Math.floor(bytes / 1024)} KB` : `${bytes} bytes`
}

/**
 * Opens a customer's file. Its address is a stranger's: only public addresses are opened, over HTTPS (HTTP where the
 * address itself says so), without credentials, and every redirect is checked like the first address. Never throws.
 */
export const takeFile = async (tools: Tools, part: FilePart, limits: FileLimits): Promise<TakenFile | NotTaken> => {
  const ends = Math.min(tools.now() + LONGEST_READ_MS, tools.deadline ?? Number.POSITIVE_INFINITY)
  let answer: WebAnswer | undefined
  try {
    const opened = await _open(tools, part.url, ends)
    answer = opened.answer
    const file = await _look(tools, part, limits, { ...opened, ends })
    if (!file.ok) answer.close()
    return file
  } catch (error) {
    answer?.close()
    return { ok: false, why: fileFailureIn(error) ?? 'could not be opened' }
  }
}

/** The text that stands for a file which the desk doesn't get: its title, its address and the reason. */
export const linkInstead = (part: FilePart, why: string): string =>
  `${partToText(part)} (not attached: the file ${why})`

/** All bytes of a file, for a vendor that takes no stream. Throws a `FileFailure` past `maxBytes`. */
export const collect = async (bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

interface Opened {
  answer: WebAnswer
  url: URL
}

const _open = async (tools: Tools, address: string, ends: number): Promise<Opened> => {
  let url = new URL(address)
  for (let redirects = 0; ; redirects += 1) {
    const timeoutMs = Math.min(LONGEST_SILENCE_MS, tools.timeoutMs, ends - tools.now())
    if (timeoutMs <= 0) throw new FileFailure('takes too long to load')
    const answer = await (tools.web ?? publicWeb)(url, { timeoutMs }).catch((error: unknown) => {
      throw new FileFailure(_whyUnopened(error))
    })
    if (answer.status >= 200 && answer.status <= 299) return { answer, url }
    answer.close()
    const { location } = answer.headers
    if (answer.status < 300 || answer.status > 399 || !location || redirects === MOST_REDIRECTS) {
      throw new FileFailure('could not be opened')
    }
    const next = new URL(location, url)
    if (url.protocol === 'https:' && next.protocol !== 'https:') throw new FileFailure('could not be opened')
    url = next
  }
}

const _whyUnopened = (error: unknown): string => {
  if (isRefused(error)) return 'has an address that may not be opened'
  return (error as { code?: unknown }).code === 'ETIMEDOUT' ? 'takes too long to load' : 'could not be opened'
}

const _look = async (
  tools: Tools,
  part: FilePart,
  limits: FileLimits,
  { answer, url, ends }: Opened & { ends: number }
): Promise<TakenFile | NotTaken> => {
  const encoding = plainType(answer.headers['content-encoding'])
  const length = Number(answer.headers['content-length'] ?? Number.NaN)
  const known = (encoding === '' || encoding === 'identity') && Number.isSafeInteger(length) ? length : undefined
  if (known !== undefined && known > limits.maxBytes) return { ok: false, why: tooLarge(limits.maxBytes).why }
  const counted = _counted(tools, _decompressed(answer.bytes, encoding), { max: limits.maxBytes, known, ends })
  const { start, whole } = await peek(counted)
  if (start.length === 0) return { ok: false, why: 'is empty' }
  const given = _givenName(part, answer, url)
  const contentType = sniff(start, answer.headers['content-type'], given ?? '')
  const name = cleanFileName(given ?? part.title ?? '', contentType, part.kind)
  const accepted = limits.accepts?.(contentType, name) ?? true
  if (accepted !== true) return { ok: false, why: accepted || 'is of a type that the desk refuses' }
  const taken = { ok: true, name, contentType } as const
  if (known !== undefined) return { ...taken, size: known, bytes: whole }
  if (!limits.needsSize) return { ...taken, bytes: whole }
  const collected = await collect(whole, Math.min(COLLECTED_BYTES, limits.maxBytes))
  return { ...taken, size: collected.length, bytes: _once(collected) }
}

/** A title that ends like a file's name is one. Otherwise the server or the address may know it. */
const _givenName = (part: FilePart, answer: WebAnswer, url: URL): string | undefined => {
  if (part.title !== undefined && extensionOf(part.title) !== '') return part.title
  return nameInDisposition(answer.headers['content-disposition']) ?? nameInAddress(url)
}

const DECOMPRESSORS: Record<string, () => NodeJS.ReadWriteStream> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/** Some servers compress unasked. What comes out is counted, so a bomb ends at the limit. */
const _decompressed = (bytes: AsyncIterable<Uint8Array>, encoding: string): AsyncIterable<Uint8Array> => {
  if (encoding === '' || encoding === 'identity') return bytes
  const make = Object.hasOwn(DECOMPRESSORS, encoding) ? DECOMPRESSORS[encoding] : undefined
  if (!make) throw new FileFailure('could not be opened')
  return pipeline(Readable.from(bytes), make(), () => undefined) as unknown as AsyncIterable<Uint8Array>
}

/** Ends a file that grows too large, breaks off, or takes too long because it trickles. */
async function* _counted(
  tools: Tools,
  bytes: AsyncIterable<Uint8Array>,
  { max, known, ends }: { max: number; known: number | undefined; ends: number }
): AsyncGenerator<Uint8Array> {
  let size = 0
  try {
    for await (const chunk of bytes) {
      size += chunk.length
      if (size > max) throw tooLarge(max)
      if (known !== undefined && size > known) break
      if (tools.now() > ends) throw new FileFailure('takes too long to load')
      yield chunk
    }
  } catch (error) {
    throw error instanceof FileFailure ? error : new FileFailure('broke off while it was loaded')
  }
  if (known !== undefined && size !== known) throw new FileFailure('broke off while it was loaded')
}

/** The first bytes of a file (up to `SNIFFED_BYTES` and a block more), and all of it, from the beginning. */
export const peek = async (
  bytes: AsyncIterable<Uint8Array>
): Promise<{ start: Uint8Array; whole: AsyncGenerator<Uint8Array> }> => {
  const chunks: Uint8Array[] = []
  let size = 0
  const rest = bytes[Symbol.asyncIterator]()
  while (size < SNIFFED_BYTES) {
    const next = await rest.next()
    if (next.done) break
    chunks.push(next.value)
    size += next.value.length
  }
  const start = Buffer.concat(chunks)
  return { start, whole: _joined(start, rest) }
}

async function* _joined(start: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield start
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.(undefined)
  }
}

async function* _once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  yield bytes
}
