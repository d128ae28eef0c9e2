/** Files at Slack: the three steps of an upload, and reading with a token. */
import type { SandboxRequest, SandboxResponse } from '../../kit/sandbox'
import { APP, BOT, BOT_TOKEN, BOT_USER, TEAM } from './people'
import type { Channel, StoredFile, Workspace } from './workspace'

type Args = Record<string, unknown>
type Answer = Record<string, unknown> & { ok: boolean }

const MAX_BYTES = 1024 ** 3
const _refuse = (error: string): Answer => ({ ok: false, error })

export interface FileStore {
  readonly files: Map<string, { file: StoredFile; bytes: Buffer; isShared: boolean }>
  /** Uploads that were asked for, by the last segment of their address. */
  readonly awaited: Map<string, { name: string; length: number; id: string }>
  /** The answer to the last step names no post: Slack is still at it. */
  isSlow: boolean
}

export const createFileStore = (): FileStore => ({ files: new Map(), awaited: new Map(), isSlow: false })

const _typeOf = (name: string): string => {
  const extension = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  const known: Record<string, string> = {
    png: 'image/png',
    jpg: 'image/jpeg',
    gif: 'image/gif',
    pdf: 'application/pdf',
  }
  const more: Record<string, string> = { txt: 'text/plain', mp3: 'audio/mpeg', mp4: 'video/mp4', webp: 'image/webp' }
  return known[extension] ?? more[extension] ?? 'application/octet-stream'
}

/** Keeps a person's file, with its bytes. */
export const addFile = (
  { files }: FileStore,
  workspace: Workspace,
  { name, contentType, bytes }: { name: string; contentType: string; bytes: Buffer },
  isShared = true
): StoredFile => {
  const id = workspace.nextId('F')
  const address = `https://files.slack.com/files-pri/${TEAM}-${id}/${encodeURIComponent(name)}`
  const file = {
    id,
    name,
    title: name,
    mimetype: contentType,
    size: bytes.length,
    mode: 'hosted',
    url_private: address,
    url_private_download: address.replace('/files-pri/', '/files-pri-download/'),
  }
  files.set(id, { file, bytes, isShared })
  return file
}

/** https://docs.slack.dev/reference/methods/files.getUploadURLExternal */
export const askForUpload = (args: Args, workspace: Workspace, { awaited }: FileStore): Answer => {
  const length = Number(args['length'])
  if (typeof args['filename'] !== 'string' || args['filename'] === '') return _refuse('invalid_arguments')
  if (!Number.isSafeInteger(length) || length <= 0) return _refuse('invalid_arguments')
  if (length > MAX_BYTES) return _refuse('file_upload_size_restricted')
  const id = workspace.nextId('F')
  const key = workspace.nextId('upload')
  awaited.set(key, { name: args['filename'], length, id })
  return { ok: true, upload_url: `https://files.slack.com/upload/v1/${key}`, file_id: id }
}

/** The bytes, and files that are read. Undefined: another path. */
export const handleFiles = (
  request: SandboxRequest,
  workspace: Workspace,
  store: FileStore,
  scopes: ReadonlySet<string>
): SandboxResponse | undefined => {
  const upload = /^\/upload\/v1\/(\w+)$/.exec(request.path)
  if (upload) {
    const awaited = store.awaited.get(upload[1] ?? '')
    if (!awaited || request.method !== 'POST') return { status: 404, body: 'not found' }
    if (request.headers['authorization'] !== undefined) return { status: 400, body: 'a credential where none belongs' }
    if (request.body.length !== awaited.length) return { status: 400, body: 'wrong length' }
    const { name, id } = awaited
    const contentType = _typeOf(name)
    const file = addFile(store, workspace, { name, contentType, bytes: request.body }, false)
    // The id was given before the bytes came.
    const kept = store.files.get(file.id)
    store.files.delete(file.id)
    if (kept) store.files.set(id, { ...kept, file: { ...kept.file, id } })
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: `OK - ${request.body.length}` }
  }
  const read = /^\/files-pri(?:-download)?\/\w+-(\w+)\//.exec(request.path)
  if (!read) return undefined
  const found = store.files.get(read[1] ?? '')
  const isAllowed = request.headers['authorization'] === `Bearer ${BOT_TOKEN}` && scopes.has('files:read')
  // Slack sends its sign-in page, with 200.
  if (!isAllowed)
    return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html>Sign in</html>' }
  if (!found) return { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>404</html>' }
  return { status: 200, headers: { 'content-type': found.file.mimetype }, body: found.bytes }
}

/** https://docs.slack.dev/reference/methods/files.completeUploadExternal */
export const completeUpload = (
  args: Args,
  workspace: Workspace,
  store: FileStore,
  channelFor: (args: Args) => Channel | Answer
): Answer => {
  const wanted = Array.isArray(args['files']) ? (args['files'] as { id?: string; title?: string }[]) : []
  if (wanted.length === 0) return _refuse('invalid_arguments')
  const kept = wanted.map(({ id }) => store.files.get(id ?? ''))
  if (kept.some((one) => one === undefined)) return _refuse('file_not_found')
  const files = kept.flatMap((one, index) =>
    one ? [{ ...one.file, title: wanted[index]?.title ?? one.file.name }] : []
  )
  for (const one of kept) if (one) one.isShared = true
  if (args['channel_id'] === undefined) return { ok: true, files: files.map(({ id, title }) => ({ id, title })) }
  const channel = channelFor({ ...args, channel: args['channel_id'] })
  if ('ok' in channel) return channel
  const threadTs = args['thread_ts']
  const root = channel.messages.find(({ ts }) => ts === threadTs)
  if (threadTs !== undefined && (!root || root.threadTs !== undefined)) return _refuse('thread_not_found')
  const stored = workspace.add(channel, {
    text: typeof args['initial_comment'] === 'string' ? args['initial_comment'] : '',
    user: BOT_USER,
    botId: BOT,
    appId: APP,
    subtype: 'file_share',
    files,
    ...(root ? { threadTs: root.ts } : {}),
  })
  const kind = channel.isPrivate ? 'private' : 'public'
  const place = { ts: stored.ts, thread_ts: root?.ts }
  return {
    ok: true,
    files: files.map(({ id, title }) => ({
      id,
      title,
      ...(store.isSlow ? {} : { shares: { [kind]: { [channel.id]: [place] } } }),
    })),
  }
}

/** https://docs.slack.dev/reference/methods/files.info */
export const fileInfo = (args: Args, { files }: FileStore): Answer => {
  const found = files.get(String(args['file']))
  if (!found) return _refuse('file_not_found')
  return found.file.mode === 'tombstone' ? _refuse('file_deleted') : { ok: true, file: found.file }
}
