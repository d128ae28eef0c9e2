/**
 * Sends one post with its files, which Intercom takes as Base64 within the JSON of the reply. They are read, encoded
 * and sent as they come: the text follows them in the body, since only then is it known which of them are attached.
 * https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/conversations/replyconversation
 */
import { isProviderError } from '../errors'
import { fileFailureIn, takeFile, type FilePart, type TakenFile } from '../kit/files'
import { filesIn, written, type Post } from '../kit/posts'
import { wellFormed } from '../kit/text'
import type { Tools } from '../kit/tools'
import type { Desk } from './desk'
import { bodyOf, writingOf } from './format'
import type { Part } from './schemas'

/** Intercom takes ten files with a reply. */
export const MOST_FILES = 10
/** Intercom publishes no limit for the API. These stay below those of its gateways, in bytes. */
export const MAX_FILE_BYTES = 20 * 1024 * 1024
const MAX_TOTAL_BYTES = 30 * 1024 * 1024
/** After a failed attempt, which may have taken too long, only small files are tried again. */
const MAX_REPEATED_BYTES = 2 * 1024 * 1024
/** What is kept of the time for finding out whether the reply arrived, in milliseconds. */
const RESERVE_MS = 3_000
const LEAST_MS = 1_000

export interface Reply {
  conversationId: string
  /** The fields of the reply other than its body and its files. */
  fields: Record<string, string>
  post: Post
  isNote: boolean
  isRepeated: boolean
  purpose: string
}

/** Resolves to the parts in the answer. A file that can't be attached becomes a link with the reason. */
export const sendReply = async (desk: Desk, reply: Reply): Promise<Part[]> => {
  const { api, tools } = desk
  const files = filesIn(reply.post)
  const unattached = new Map<FilePart, string>()
  const text = (): string => bodyOf(written(reply.post, writingOf(reply.isNote), unattached), reply.isNote)
  for (;;) {
    const waiting = files.filter((file) => !unattached.has(file))
    if (waiting.length === 0) {
      return api.reply(reply.conversationId, { ...reply.fields, body: text() }, reply.purpose)
    }
    const current: { file?: FilePart } = {}
    try {
      return await api.replyWithFiles(
        reply.conversationId,
        _body(tools, { reply, waiting, unattached, current, text }),
        reply.purpose
      )
    } catch (error) {
      if (!isProviderError(error)) throw error
      const why = fileFailureIn(error)
      const isRefused = error.outcome === 'none' && (error.code === 'rejected' || error.status === 413)
      if (why !== undefined && current.file) unattached.set(current.file, why)
      else if (isRefused) {
        for (const file of waiting) unattached.set(file, 'is refused by Intercom')
        desk.tools.log.warn('Intercom refuses a message with files. It is posted with links', {
          ticketId: reply.conversationId,
          error: error.message,
        })
      } else throw error
    }
  }
}

interface Writer {
  reply: Reply
  waiting: FilePart[]
  unattached: Map<FilePart, string>
  /** The file that is being sent. */
  current: { file?: FilePart }
  text(): string
}

async function* _body(tools: Tools, { reply, waiting, unattached, current, text }: Writer): AsyncGenerator<Uint8Array> {
  const deadline = tools.deadline === undefined ? undefined : tools.deadline - RESERVE_MS
  const fields = JSON.stringify(reply.fields)
  yield Buffer.from(fields.slice(0, -1))
  let room = reply.isRepeated ? MAX_REPEATED_BYTES : MAX_TOTAL_BYTES
  let count = 0
  for (const file of waiting) {
    current.file = file
    if (deadline !== undefined && deadline - tools.now() < LEAST_MS) {
      unattached.set(file, 'could not be attached in time')
      continue
    }
    const taken = await takeFile({ ...tools, deadline }, file, { maxBytes: Math.min(MAX_FILE_BYTES, room) })
    if (!taken.ok) {
      unattached.set(file, taken.why)
      continue
    }
    const head = JSON.stringify({ content_type: taken.contentType, name: taken.name })
    yield Buffer.from(`${count === 0 ? ',"attachment_files":[' : ','}${head.slice(0, -1)},"data":"`)
    for await (const chunk of base64(taken.bytes, (bytes) => (room -= bytes))) yield chunk
    yield Buffer.from('"}')
    count += 1
  }
  delete current.file
  yield Buffer.from(`${count === 0 ? '' : ']'},"body":${JSON.stringify(wellFormed(text()))}}`)
}

/** Base64 of a stream, in chunks. `count` is told of the bytes. */
export async function* base64(
  bytes: AsyncIterable<Uint8Array>,
  count: (bytes: number) => unknown = () => undefined
): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0)
  for await (const chunk of bytes) {
    count(chunk.length)
    const all = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    const whole = all.length - (all.length % 3)
    rest = all.subarray(whole)
    if (whole > 0) yield Buffer.from(all.subarray(0, whole).toString('base64'))
  }
  if (rest.length > 0) yield Buffer.from(rest.toString('base64'))
}

/** A file of ours, such as the transcript, as a field of the reply. */
export const attachment = ({
  name,
  contentType,
  bytes,
}: Pick<TakenFile, 'name' | 'contentType'> & { bytes: Uint8Array }) => ({
  content_type: contentType,
  name,
  data: Buffer.from(bytes).toString('base64'),
})
