/**
 * Files in agents' messages. What lies at the desk is read there and stored at Botpress before the message goes to the
 * customer, so that text and files of one message stay together and in order. What can't be had is named in its place.
 */
import { createHash } from 'node:crypto'
import { isApiError } from '@botpress/client'
import { isProviderError, isTransient } from '../../providers/errors'
import { cleanFileName } from '../../providers/kit/file-names'
import { kindOf, plainType, sniff, typeByName, UNKNOWN_TYPE } from '../../providers/kit/file-types'
import { collect, COLLECTED_BYTES, FileFailure, peek, tooLarge } from '../../providers/kit/files'
import { oneLine } from '../../providers/kit/text'
import type { AgentPart, DeskFilePart, MessagePart } from '../../providers/provider'
import { instanceCache } from '../botpress/memory'
import { inPlaceOfFile } from '../botpress/messages'
import { messageSettings } from '../botpress/message-settings'
import { findStored, NotStored, storeFile } from '../botpress/stored-files'
import type { Session } from '../session/session'
import type { Work } from './work'

/** What customers' channels take, and what passes in the time that a desk waits. */
export const LARGEST_FILE_BYTES = 50 * 1024 * 1024
const DAY_MS = 86_400_000
const LONGEST_SHOWN_NAME = 120
/** A file that breaks off is asked for so many times by an instance. Then the messages behind it count more. */
const MOST_TRIES = 3

/** A file that the customer doesn't get. */
export interface MissingFile {
  name: string
  /** Completes “the file …”. */
  why: string
}

export interface Hosted {
  parts: MessagePart[]
  missing: MissingFile[]
}

/** A file that can't be had, now or later. */
class Missing extends Error {
  public readonly why: string
  public constructor(why: string) {
    super(`The file ${why}`)
    this.why = why
  }
}

const _tries = instanceCache<number>('file tries', { lifetimeMs: 60 * 60_000, size: 1_000 })

/**
 * The parts of an agent's message with every file at an address that the customer can open. Idempotent: a file is
 * stored once, whoever repeats this. Throws when a later attempt may have what is missing.
 */
export const hostFiles = async (
  work: Work,
  session: Session,
  { id, parts }: { id: string; parts: AgentPart[] }
): Promise<Hosted> => {
  const missing: MissingFile[] = []
  const hosted: MessagePart[] = []
  for (const part of parts) {
    if (part.type !== 'desk-file') {
      hosted.push(part)
      continue
    }
    const key = _keyOf(work, session, id, part)
    try {
      hosted.push(await _host(work, key, part))
    } catch (error) {
      const why = _whyMissing(work, key, error)
      if (why === undefined) throw error
      const name = oneLine(part.name ?? '', LONGEST_SHOWN_NAME)
      missing.push({ name, why })
      hosted.push({ type: 'text', text: inPlaceOfFile(name), format: 'plain' })
      work.call.log.warn('A file of an agent is not delivered', {
        desk: work.desk.provider.name,
        conversationId: session.conversationId,
        why,
      })
    }
  }
  return { parts: hosted, missing }
}

/** For the agent, in one note. */
export const describeMissing = (missing: MissingFile[]): string =>
  missing.map(({ name, why }) => `The customer did not get the file${name ? ` “${name}”` : ''}: it ${why}.`).join('\n')

/** The same for every repetition, and without a word of the conversation but the file's name. */
const _keyOf = ({ desk }: Work, { ticket }: Session, messageId: string, part: DeskFilePart): string => {
  const place = [desk.provider.name, ticket.account ?? '', ticket.id, messageId, part.handle]
  const hash = createHash('sha256').update(JSON.stringify(place)).digest('hex').slice(0, 40)
  const type = plainType(part.contentType) || (typeByName(part.name ?? '') ?? '')
  return `agents/${hash}/${cleanFileName(part.name ?? '', type, 'file')}`
}

const _host = async (work: Work, key: string, part: DeskFilePart): Promise<MessagePart> => {
  const { call, desk } = work
  const { readFile } = desk.driver
  const limit = tooLarge(LARGEST_FILE_BYTES)
  if (!readFile) throw new Missing('cannot be read at the desk')
  if ((part.size ?? 0) > LARGEST_FILE_BYTES) throw limit
  if (part.size === 0) throw new Missing('is empty')
  const stored = await findStored(call, key)
  if (stored) return _filePart(stored.contentType, stored.url, stored.name)
  const file = await readFile.call(desk.driver, part.handle)
  const { start, whole } = await peek(file.bytes)
  try {
    if ((file.size ?? 0) > LARGEST_FILE_BYTES) throw limit
    if (start.length === 0) throw new Missing('is empty')
    const given = part.name ?? file.name
    const type = sniff(start, part.contentType ?? file.contentType, given)
    if (type === 'text/html' && !_mayBePage(part, given)) throw new Missing('could not be opened')
    const sized = file.size === undefined ? await collect(whole, COLLECTED_BYTES) : undefined
    const { url, name } = await storeFile(call, {
      key,
      name: cleanFileName(given, type, 'file'),
      contentType: _servedAs(type),
      size: sized?.length ?? file.size ?? 0,
      bytes: sized ? _once(sized) : _atMost(whole, LARGEST_FILE_BYTES),
      expiresAt: call.environment.now() + messageSettings(call.context.configuration).keepFilesDays * DAY_MS,
    })
    return _filePart(type, url, name)
  } finally {
    await whole.return(undefined)
  }
}

const _filePart = (type: string, url: string, title: string): MessagePart => ({
  type: 'file',
  kind: kindOf(type),
  url,
  title,
})

/** A vendor that asks for a login answers with a page in place of a file. */
const _mayBePage = ({ contentType }: DeskFilePart, name: string): boolean => {
  const told = plainType(contentType) || typeByName(name)
  return told === undefined || /html|xml|text\//.test(told)
}

/** What can hold scripts is downloaded, and never shown at Botpress's own address. */
const _servedAs = (type: string): string => (/html|svg|xml$/.test(type) ? UNKNOWN_TYPE : type)

async function* _once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  yield bytes
}

async function* _atMost(bytes: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > most) throw tooLarge(most)
    yield chunk
  }
}

/** Why the file can't be had for good. Undefined: a later attempt may have it. */
const _whyMissing = ({ call }: Work, key: string, error: unknown): string | undefined => {
  if (error instanceof Missing) return error.why
  if (error instanceof NotStored) return 'could not be stored'
  if (error instanceof FileFailure && error.isLasting) return error.why
  if (isProviderError(error) && !isTransient(error)) {
    return error.code === 'not-found' || error.code === 'rejected' ? 'could not be found' : 'may not be read'
  }
  // Botpress is asked for the message itself, too. A limit of the desk passes.
  if (isApiError(error) || (isProviderError(error) && error.code === 'rate-limited')) return undefined
  const tries = (_tries(call).get(key) ?? 0) + 1
  _tries(call).set(key, tries)
  return tries >= MOST_TRIES ? 'could not be loaded' : undefined
}
