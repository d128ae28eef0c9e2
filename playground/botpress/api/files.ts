/** The Files API: rows of files, and their bytes behind an upload address and a public address. */
import { InvalidPayloadError, PayloadTooLargeError, ResourceNotFoundError } from '@botpress/client'
import { z } from '@botpress/sdk'
import { ownerOf } from '../tags'
import { pageOf, type StoredFile } from '../store'
import type { Cloud } from '../cloud'
import { UPLOAD_ROOT, type RuntimeReply } from '../server'
import type { Caller } from '../types'
import { pageQuery, parse, tagsSchema, timesOf, type Operation } from './operation'

const MINUTE_MS = 60_000
const LONGEST_LIFE_MS = 90 * 24 * 60 * MINUTE_MS
const LARGEST_BYTES = 100 * 1024 * 1024

const _upsertBody = z.object({
  key: z.string().min(1).max(500),
  tags: tagsSchema.optional(),
  size: z.number().int().positive(),
  index: z.boolean().optional(),
  indexing: z.record(z.unknown()).optional(),
  accessPolicies: z.array(z.enum(['public_content', 'integrations'])).optional(),
  contentType: z.string().min(1).max(250).optional(),
  expiresAt: z.string().optional(),
  publicContentImmediatelyAccessible: z.boolean().optional(),
  metadata: z.record(z.unknown()).optional(),
})

const _owner = (caller: Caller): string => ownerOf(caller) ?? 'bot'

/** The file, unless it expired: then it is deleted. */
const _alive = (cloud: Cloud, file: StoredFile | undefined): StoredFile | undefined => {
  if (!file || file.expiresAt === undefined || cloud.clock.now() < file.expiresAt) return file
  cloud.store.files.remove(file.id)
  return undefined
}

/** By id or by key, which is unique per owner. */
const _find = (cloud: Cloud, caller: Caller, idOrKey: string): StoredFile | undefined => {
  const files = cloud.store.files.withTags({})
  const mine = (file: StoredFile): boolean => caller.by === 'bot' || file.owner === _owner(caller)
  return _alive(
    cloud,
    files.find((file) => mine(file) && (file.id === idOrKey || file.key === idOrKey))
  )
}

const _view = (cloud: Cloud, file: StoredFile) => ({
  ...timesOf(file),
  botId: cloud.identity.botId,
  key: file.key,
  url: `${cloud.filesOrigin()}/files/${file.id}/${encodeURIComponent(file.key.split('/').at(-1) ?? file.key)}`,
  size: file.status === 'upload_completed' ? file.size : null,
  contentType: file.contentType,
  tags: file.tags,
  metadata: file.metadata,
  accessPolicies: file.accessPolicies,
  index: false,
  status: file.status,
  ...(file.expiresAt === undefined ? {} : { expiresAt: new Date(file.expiresAt).toISOString() }),
  owner: file.owner === 'bot' ? { type: 'bot', id: cloud.identity.botId } : { type: 'integration', alias: file.owner },
})

const _expiry = (cloud: Cloud, expiresAt: string | undefined): number | undefined => {
  if (expiresAt === undefined) return undefined
  const at = Math.floor(Date.parse(expiresAt) / MINUTE_MS) * MINUTE_MS
  const now = cloud.clock.now()
  if (Number.isNaN(at) || at <= now) throw new InvalidPayloadError('expiresAt: must be in the future')
  if (at > now + LONGEST_LIFE_MS) throw new InvalidPayloadError('expiresAt: cannot be more than 90 days from now')
  return at
}

/** An upload begins: the bytes follow at the upload address, which knows their number and type. */
export const upsertFile: Operation = (cloud, caller, { body }) => {
  const given = parse(_upsertBody, body)
  if (given.size > LARGEST_BYTES) throw new PayloadTooLargeError('size: the file is too large')
  const expiresAt = _expiry(cloud, given.expiresAt)
  const existing = _find(cloud, caller, given.key)
  const file: StoredFile = Object.assign(
    existing ?? cloud.store.files.insert({ ...cloud.store.row('file', {}), owner: _owner(caller) } as StoredFile),
    {
      key: given.key,
      tags: given.tags ?? {},
      metadata: given.metadata ?? {},
      size: given.size,
      contentType: given.contentType ?? 'application/octet-stream',
      accessPolicies: given.accessPolicies ?? [],
      isTagged: given.publicContentImmediatelyAccessible ?? false,
      status: 'upload_pending' as const,
      expiresAt,
      bytes: undefined,
      upload: `${(existing?.uploads ?? 0) + 1}`,
      uploads: (existing?.uploads ?? 0) + 1,
    }
  )
  cloud.store.touch(file)
  const uploadUrl = `${cloud.filesOrigin()}${UPLOAD_ROOT}${file.id}?upload=${file.upload}`
  return { file: { ..._view(cloud, file), uploadUrl } }
}

export const getFile: Operation = (cloud, caller, { params }) => {
  const file = _find(cloud, caller, params['id'] ?? '')
  if (!file) throw new ResourceNotFoundError(`File "${params['id'] ?? ''}" not found`)
  return { file: _view(cloud, file) }
}

export const deleteFile: Operation = (cloud, caller, { params }) => {
  const file = _find(cloud, caller, params['id'] ?? '')
  if (!file) throw new ResourceNotFoundError(`File "${params['id'] ?? ''}" not found`)
  cloud.store.files.remove(file.id)
  return {}
}

export const listFiles: Operation = (cloud, caller, { query }) => {
  const files = cloud.store.files
    .withTags({})
    .filter((file) => _alive(cloud, file) && (caller.by === 'bot' || file.owner === _owner(caller)))
  const page = pageOf(files, pageQuery(query), cloud.switches.pageSize)
  return { files: page.rows.map((file) => _view(cloud, file)), meta: page.meta }
}

export const CONTENT_ROOT = '/files/'

/** A request for a file's bytes. It carries no token: the address itself is the permission. */
export interface ContentRequest {
  method: string
  path: string
  query: string
  headers: Record<string, string>
  bytes: Uint8Array | undefined
}

/** As a store of objects answers, with an error in XML. */
const _refused = (status: number, code: string): RuntimeReply => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`,
})

/** The bytes of an upload, as its address was signed: number, type and tagging have to agree. */
export const receiveContent = (cloud: Cloud, request: ContentRequest): RuntimeReply => {
  const file = _alive(cloud, cloud.store.files.get(request.path.slice(UPLOAD_ROOT.length)))
  if (request.method !== 'PUT' || !file || new URLSearchParams(request.query).get('upload') !== file.upload) {
    return _refused(403, 'AccessDenied')
  }
  const { headers, bytes = new Uint8Array() } = request
  if (headers['authorization'] !== undefined) return _refused(400, 'InvalidArgument')
  if (headers['content-length'] === undefined) return _refused(411, 'MissingContentLength')
  const isSigned =
    headers['content-type'] === file.contentType &&
    Number(headers['content-length']) === file.size &&
    (headers['x-amz-tagging'] === 'public=true') === file.isTagged
  if (!isSigned) return _refused(403, 'SignatureDoesNotMatch')
  if (bytes.length !== file.size) return _refused(400, 'RequestTimeout')
  file.bytes = Uint8Array.from(bytes)
  file.status = 'upload_completed'
  cloud.store.touch(file)
  return { status: 200, headers: {} }
}

export const serveContent = (cloud: Cloud, { method, path }: ContentRequest): RuntimeReply => {
  const file = _alive(cloud, cloud.store.files.get(path.slice(CONTENT_ROOT.length).split('/')[0] ?? ''))
  const isPublic = file?.accessPolicies.includes('public_content') ?? false
  if (!file?.bytes || !isPublic || (method !== 'GET' && method !== 'HEAD')) return _refused(403, 'AccessDenied')
  return {
    status: 200,
    headers: { 'content-type': file.contentType, 'content-length': String(file.bytes.length) },
    bytes: file.bytes,
  }
}
