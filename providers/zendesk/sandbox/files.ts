/**
 * The sandbox's uploads and attachments.
 * https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-attachments/
 */
import type { SandboxRequest, SandboxResponse } from '../../kit/sandbox'
import { invalid, NOT_FOUND, type Body } from './answers'
import { isoTime, type AttachmentRow, type State } from './state'

const ORIGIN = 'https://acme.zendesk.com'
/** Where Zendesk keeps the bytes: another host, whose addresses are signed for a while. */
export const STORE = 'https://p18.zdusercontent.com'
const MAX_BYTES = 50 * 1024 * 1024
const TOKEN_LIFETIME_MS = 60 * 60_000
const SIGNATURE_LIFETIME_MS = 5 * 60_000

interface Upload {
  token: string
  expiresAt: number
  attachments: AttachmentRow[]
}

export type Files = ReturnType<typeof createFiles>

export const createFiles = (state: () => State, now: () => number) => {
  const uploads = new Map<string, Upload>()
  const all = new Map<number, AttachmentRow>()

  const add = (file: { name: string; contentType: string; bytes: Buffer; inline?: boolean }): AttachmentRow => {
    const id = state().nextId()
    const row: AttachmentRow = {
      id,
      file_name: file.name,
      content_url: `${ORIGIN}/attachments/token/t${id}/?name=${encodeURIComponent(file.name)}`,
      content_type: file.contentType,
      size: file.bytes.length,
      inline: file.inline ?? false,
      malware_scan_result: 'malware_not_found',
    }
    // Not enumerable: answers show an attachment without its bytes.
    Object.defineProperty(row, 'bytes', { value: file.bytes, writable: true })
    all.set(id, row)
    return row
  }

  const upload = (request: SandboxRequest): SandboxResponse => {
    const name = request.query.get('filename')
    const contentType = request.headers['content-type'] ?? ''
    if (!name)
      return { status: 400, body: { error: 'ParameterMissing', description: 'Parameter filename is required' } }
    if (contentType === '') return { status: 415, body: { error: 'UnsupportedMediaType', description: 'No type' } }
    if (request.body.length > MAX_BYTES) {
      return { status: 413, body: { error: 'AttachmentTooLarge', description: 'The file is too large' } }
    }
    if (request.body.length === 0) return invalid('attachment', 'Attachment: cannot be empty', 'BlankValue')
    const given = request.query.get('token')
    const known = given === null ? undefined : uploads.get(given)
    if (given !== null && (!known || known.expiresAt <= now())) return NOT_FOUND
    const target = known ?? {
      token: `upload${state().nextId()}`,
      expiresAt: now() + TOKEN_LIFETIME_MS,
      attachments: [],
    }
    const attachment = add({ name, contentType, bytes: request.body })
    target.attachments.push(attachment)
    uploads.set(target.token, target)
    const { token, attachments, expiresAt } = target
    return { status: 201, body: { upload: { token, expires_at: isoTime(expiresAt), attachments, attachment } } }
  }

  /** A link to a file opens for anybody who knows it, unless the account wants people to sign in. */
  const show = (request: SandboxRequest, isSignedIn: boolean): SandboxResponse | undefined => {
    const id = /^\/attachments\/token\/t(\d+)\/?$/.exec(request.path)?.[1]
    if (id !== undefined) {
      const row = all.get(Number(id))
      if (!row || row.deleted || row.size === 0) return { status: 404, body: 'Not found' }
      if (state().settings.privateAttachments && !isSignedIn) {
        return { status: 302, headers: { location: `${ORIGIN}/access/login` } }
      }
      const location = `${STORE}/attachment/1/${id}?expires=${now() + SIGNATURE_LIFETIME_MS}`
      return { status: 302, headers: { location } }
    }
    const stored = /^\/attachment\/1\/(\d+)$/.exec(request.path)?.[1]
    if (stored === undefined) return undefined
    // The store knows one kind of authentication, and refuses a second one.
    if (request.headers.authorization !== undefined) return { status: 400, body: 'InvalidArgument' }
    const row = all.get(Number(stored))
    if (!row || Number(request.query.get('expires')) < now()) return { status: 403, body: 'AccessDenied' }
    return {
      status: 200,
      headers: {
        'content-type': row.content_type,
        'content-length': String(row.bytes?.length ?? 0),
        'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(row.file_name)}`,
      },
      body: row.bytes ?? Buffer.alloc(0),
    }
  }

  return {
    add,
    upload,
    show,
    read: (id: string): SandboxResponse => {
      const row = all.get(Number(id))
      return row ? { status: 200, body: { attachment: row as unknown as Body } } : NOT_FOUND
    },
    /** The files behind these tokens, or the refusal of one that is unknown, used or too old. */
    take: (tokens: string[]): AttachmentRow[] | SandboxResponse => {
      const found = tokens.map((token) => uploads.get(token))
      if (found.some((it) => !it || it.expiresAt <= now())) {
        return invalid('uploads', 'Uploads: token is invalid or expired', 'InvalidValue')
      }
      for (const token of tokens) uploads.delete(token)
      return found.flatMap((it) => it?.attachments ?? [])
    },
  }
}
