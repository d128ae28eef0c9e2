/** Files in the sandbox's conversations: uploads with a reply, and addresses that end after half an hour. */
import { randomUUID } from 'node:crypto'
import { z } from '@botpress/sdk'
import type { SandboxRequest, SandboxResponse } from '../../kit/sandbox'
import { invalid, Refusal } from './http'

export interface StoredAttachment {
  name: string
  readonly url: string
  contentType: string
  bytes?: Uint8Array
}

export const STORE = 'https://downloads.intercomcdn.com'
const LIFETIME_S = 1_800
const MOST_FILES = 10
const MAX_BODY_BYTES = 60 * 1024 * 1024

export const attachmentFiles = z
  .array(z.object({ content_type: z.string().min(1), name: z.string().min(1), data: z.string().min(1) }))
  .optional()

export const createFiles = (seconds: () => number) => {
  const files = new Map<string, StoredAttachment>()
  let ids = 7_000

  /** Its address is signed anew each time that it is read. */
  const add = (file: { name: string; contentType: string; bytes: Uint8Array }): StoredAttachment => {
    const path = `/i/o/sbx1nter/${(ids += 1)}/${encodeURIComponent(file.name)}`
    const stored: StoredAttachment = {
      ...file,
      get url() {
        return `${STORE}${path}?expires=${seconds() + LIFETIME_S}&signature=${randomUUID()}`
      },
    }
    files.set(path, stored)
    return stored
  }

  return {
    add,
    /** What comes with a reply. Base64 must be valid, and a body may not be too long. */
    addAll: (list: z.infer<typeof attachmentFiles>, request: SandboxRequest): StoredAttachment[] => {
      if (request.body.length > MAX_BODY_BYTES) throw new Refusal(413, 'request_too_large', 'The request is too large')
      if ((list ?? []).length > MOST_FILES) throw invalid('attachment_files has more than 10 files')
      return (list ?? []).map(({ content_type: contentType, name, data }) => {
        const isBase64 = data.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(data)
        if (!isBase64) throw invalid('attachment_files.data is not Base64')
        return add({ name, contentType, bytes: Buffer.from(data, 'base64') })
      })
    },
    /** The store: no credentials, and no file behind an address that has ended. */
    show: (request: SandboxRequest): SandboxResponse | undefined => {
      if (!request.path.startsWith('/i/o/')) return undefined
      const file = files.get(request.path)
      if (request.headers.authorization !== undefined) return { status: 400, body: 'InvalidArgument' }
      if (Number(request.query.get('expires')) < seconds()) return { status: 403, body: 'AccessDenied' }
      if (!file || !request.query.get('signature')) return { status: 404, body: 'NoSuchKey' }
      const bytes = Buffer.from(file.bytes ?? [])
      return {
        status: 200,
        headers: { 'content-type': file.contentType, 'content-length': String(bytes.length) },
        body: bytes,
      }
    },
  }
}
