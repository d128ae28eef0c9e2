/**
 * Customers' files in a thread. A file is uploaded first, which nobody sees; a second call shares all files of a
 * message in the thread, with its words above them. So a message is one post, and an upload that is given up does no
 * harm. https://docs.slack.dev/messaging/working-with-files#upload
 *
 * Such a post can carry no mark of ours and appears under the app's name. It begins with the customer's name, and is
 * found again by its files or by its words.
 */
import { isProviderError, ProviderError } from '../errors'
import { linkInstead, takeFile, type FilePart } from '../kit/files'
import { oneLine } from '../kit/text'
import type { Tools } from '../kit/tools'
import type { MessagePart } from '../provider'
import type { ReadMessage } from './answers'
import type { App } from './app'
import { escapeName } from './escape'
import type { MessageAddress } from './ids'
import { file as fileSchema } from './payloads'
import { sendOnce, toSlackTime } from './posting'
import { unescapeText } from './to-markdown'

/** Slack takes 1 GB; a message must not wait for more than this. */
export const MAX_FILE_BYTES = 100 * 1024 * 1024
const LONGEST_TITLE = 250
/** Time that is left for sharing the files after the last upload, in milliseconds. */
const SHARING_MS = 3_000
/** Clocks differ, so searches start well before the post. */
const LOOK_BACK_MS = 10 * 60_000
/** A search for an earlier post stops after this many pages. */
const MAX_PAGES = 20
/** The words above the files. https://docs.slack.dev/reference/methods/files.completeUploadExternal */
export const MAX_COMMENT_LENGTH = 3_000

export interface UploadedFile {
  id: string
  title: string
}

export interface Uploads {
  files: UploadedFile[]
  /** The message's parts with a text, the link and the reason, in place of each file that isn't uploaded. */
  parts: MessagePart[]
}

/**
 * Uploads a message's files, one after the other. Whatever can't be uploaded stays a link that says why. Throws when
 * Slack asks to wait; nothing is visible then.
 */
export const uploadFiles = async (app: App, parts: readonly MessagePart[]): Promise<Uploads> => {
  const { tools } = app
  const limited = _withTimeLeft(tools)
  const uploads: Uploads = { files: [], parts: [] }
  for (const part of parts) {
    if (part.type !== 'file') {
      uploads.parts.push(part)
      continue
    }
    const result = await _upload(app, limited, part)
    if (typeof result === 'string')
      uploads.parts.push({ type: 'text', text: linkInstead(part, result), format: 'plain' })
    else uploads.files.push(result)
  }
  return uploads
}

/** Resolves to why there is only a link. */
const _upload = async ({ api, tools }: App, limited: Tools, part: FilePart): Promise<UploadedFile | string> => {
  const taken = await takeFile(limited, part, { maxBytes: MAX_FILE_BYTES, needsSize: true })
  if (!taken.ok) return taken.why
  try {
    const { name, size = 0, bytes, contentType } = taken
    const { url, id } = await api.askForUpload(name, size)
    await api.upload(url, { bytes, size, contentType })
    // Slack shows the title above the file: the customer's caption, where there is one.
    return { id, title: oneLine(part.title ?? '', LONGEST_TITLE) || name }
  } catch (error) {
    if (!isProviderError(error) || error.code === 'rate-limited') throw error
    tools.log.warn('A customer’s file could not be uploaded, so agents get its link', { error: error.message })
    return error.code === 'misconfigured' || error.code === 'unauthorized'
      ? 'could not be uploaded: the Slack app may not write files'
      : 'could not be uploaded to Slack'
  }
}

/** The same tools, which end early enough for sharing what was uploaded. */
const _withTimeLeft = (tools: Tools): Tools =>
  Object.create(tools, {
    deadline: { get: () => (tools.deadline === undefined ? undefined : tools.deadline - SHARING_MS) },
  }) as Tools

export interface Share {
  files: UploadedFile[]
  /** mrkdwn above the files. */
  comment: string
}

/** Shares uploaded files in the thread. Resolves to the id of the post. */
export const shareFiles = ({ api, tools }: App, root: MessageAddress, share: Share): Promise<string> => {
  const ids = new Set(share.files.map(({ id }) => id))
  const send = () => api.shareFiles(root, share)
  const find = (since: string) =>
    _find(api.readThread(root, since, 'look for the files'), (message) =>
      _filesOf(message).some(({ id }) => ids.has(id ?? ''))
    )
  return sendOnce(tools, send, find)
}

export interface EarlierShare {
  /** How many files at most: some may have become links. */
  count: number
  /** The texts of the message, which stand above the files. */
  words: string[]
  since: number
  /** Timestamps, or ids of the first file, of other messages. */
  others: ReadonlySet<string>
}

/** A post of an earlier attempt, whose files had other ids: it has the same words. */
export const findShared = async ({ api, memory }: App, root: MessageAddress, earlier: EarlierShare) => {
  if (memory.identity.userId === undefined) await api.whoAmI()
  const wanted = earlier.words.map(_wordsOf)
  const since = toSlackTime(earlier.since - LOOK_BACK_MS)
  const { userId, botId } = memory.identity
  return _find(api.readThread(root, since, 'look for the files'), (message) => {
    const { user, text, bot_id: bot } = message
    const files = _filesOf(message)
    const isOurs = (userId !== undefined && user === userId) || (botId !== undefined && bot === botId)
    const isOther = [message.ts, ...files.map(({ id }) => id)].some((id) => id && earlier.others.has(id))
    if (!isOurs || isOther || files.length === 0 || files.length > earlier.count) return false
    const words = _wordsOf(text ?? '')
    return wanted.every((part) => words.includes(part))
  })
}

const _find = async (
  pages: AsyncIterable<ReadMessage[]>,
  isIt: (message: ReadMessage) => boolean
): Promise<string | undefined> => {
  let count = 0
  for await (const messages of pages) {
    const found = messages.find(isIt)
    if (found) return found.ts
    count += 1
    if (count === MAX_PAGES) {
      throw new ProviderError('slack', 'unavailable', 'Could not look for the files: the thread is too long', {
        outcome: 'unknown',
      })
    }
  }
  return undefined
}

const _filesOf = (message: ReadMessage) =>
  (Array.isArray(message['files']) ? (message['files'] as unknown[]) : []).flatMap((raw) => {
    const parsed = fileSchema.safeParse(raw)
    return parsed.success ? [parsed.data] : []
  })

/** Slack adds marks to addresses, so only letters and digits are compared. */
const _wordsOf = (text: string): string => unescapeText(text).replace(/[^\p{L}\p{N}]+/gu, '')

/** The words above the files: whose they are comes first. */
export const commentOf = (name: string | undefined, text: string): string => {
  const author = name === undefined ? '' : `*${escapeName(name) || 'Customer'}*`
  if (text === '') return author
  return author === '' ? text : `${author}: ${text}`
}
