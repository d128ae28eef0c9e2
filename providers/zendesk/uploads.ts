/**
 * Brings a customer's files to Zendesk, as uploads that one comment refers to by a token. An upload that no comment
 * refers to does no harm, so it may be repeated.
 * https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-attachments/#upload-files
 */
import { z } from '@botpress/sdk'
import { isProviderError } from '../errors'
import { fileFailureIn, takeFile, type FilePart, type TakenFile } from '../kit/files'
import type { Tools } from '../kit/tools'
import { PROVIDER, type Api } from './api'

/** https://support.zendesk.com/hc/en-us/articles/4408832757146 */
export const MAX_FILE_BYTES = 50 * 1024 * 1024
/** What is kept of the time for posting the comment and for finding out whether it arrived, in milliseconds. */
const RESERVE_MS = 4_000
/** No upload begins with less than this left, in milliseconds. */
const LEAST_MS = 500

const uploadSchema = z.object({ upload: z.object({ token: z.string().min(1) }) })

export interface Uploaded {
  /** Stands for all files of the comment. Undefined: there is none. */
  token?: string
  /** Why the others are not attached. */
  unattached: Map<FilePart, string>
}

/** Uploads the files in order. Throws only when the whole message should wait: a rate limit, refused credentials. */
export const uploadFiles = async (api: Api, tools: Tools, files: readonly FilePart[]): Promise<Uploaded> => {
  const unattached = new Map<FilePart, string>()
  const deadline = tools.deadline === undefined ? undefined : tools.deadline - RESERVE_MS
  const limited: Tools = { ...tools, deadline }
  let token: string | undefined
  for (const file of files) {
    if (deadline !== undefined && deadline - tools.now() < LEAST_MS) {
      unattached.set(file, 'could not be attached in time')
      continue
    }
    const taken = await takeFile(limited, file, { maxBytes: MAX_FILE_BYTES, needsSize: true })
    if (!taken.ok) unattached.set(file, taken.why)
    else {
      try {
        token = await sendUpload(api, taken, { deadline, token })
      } catch (error) {
        unattached.set(file, _whyFailed(tools, error))
      }
    }
  }
  return { ...(token === undefined ? {} : { token }), unattached }
}

/** Resolves to the token under which the comment finds this file and those uploaded with `token`. */
export const sendUpload = async (
  api: Api,
  {
    name,
    contentType,
    size,
    bytes,
  }: Pick<TakenFile, 'name' | 'contentType' | 'size'> & { bytes: TakenFile['bytes'] | Uint8Array },
  { deadline, token }: { deadline: number | undefined; token: string | undefined }
): Promise<string> => {
  const { upload } = await api.within(deadline).request({
    method: 'POST',
    path: '/api/v2/uploads',
    query: { filename: name, token },
    headers: { 'content-type': contentType, ...(size === undefined ? {} : { 'content-length': String(size) }) },
    body: bytes,
    schema: uploadSchema,
    purpose: 'upload the file',
    about: 'message',
  })
  return upload.token
}

const _whyFailed = (tools: Tools, error: unknown): string => {
  const why = fileFailureIn(error)
  if (why !== undefined) return why
  if (!isProviderError(error) || error.code === 'rate-limited' || error.code === 'unauthorized') throw error
  tools.log.warn('A customer’s file could not be uploaded. A link stands for it', {
    provider: PROVIDER,
    error: error.message,
  })
  return error.code === 'rejected' ? 'is refused by Zendesk' : 'could not be uploaded to Zendesk'
}
