/** The in-memory store of the local Cloud. Tags have their full names: `desk:id`, `hitl#upstream`. */
import { InvalidQueryError } from '@botpress/client'
import type { Payload, Tags } from './types'

export interface Row {
  id: string
  /** Sequence number of the creation. */
  created: number
  /** Sequence number of the last change. */
  changed: number
  createdAt: number
  updatedAt: number
  tags: Tags
}

export interface User extends Row {
  /** Alias of the integration that owns it. */
  owner: string
  name?: string
  pictureUrl?: string
  attributes?: Record<string, string>
}

export interface Conversation extends Row {
  owner: string
  channel: string
}

export interface Message extends Row {
  conversationId: string
  userId: string
  type: string
  payload: Payload
  direction: 'incoming' | 'outgoing'
  origin?: 'synthetic'
  /** Scheduled, and not found before its time. */
  hidden?: boolean
}

export interface Event extends Row {
  /** Alias of the integration that emitted it, or 'bot'. */
  owner: string
  type: string
  payload: Payload
  conversationId?: string
  userId?: string
  messageId?: string
  status: 'pending' | 'processed' | 'ignored' | 'failed' | 'scheduled' | 'canceled'
  failureReason: string | null
}

export interface State extends Row {
  type: string
  subject: string
  name: string
  payload: Payload
  expiry?: number
}

export interface StoredFile extends Row {
  /** Alias of the integration that owns it, or 'bot'. */
  owner: string
  key: string
  metadata: Record<string, unknown>
  size: number
  contentType: string
  accessPolicies: string[]
  /** Whether the upload has to say that it is public. */
  isTagged: boolean
  status: 'upload_pending' | 'upload_completed'
  expiresAt: number | undefined
  bytes: Uint8Array | undefined
  /** Signs the address of the current upload. */
  upload: string
  /** How often an upload was begun. */
  uploads: number
}

export interface Table<T extends Row> {
  insert(row: T): T
  get(id: string): T | undefined
  remove(id: string): void
  /** Sets tags. An empty value removes the tag. */
  retag(row: T, changes: Tags): void
  /** Rows with all of these tags, in no particular order. Without tags: all rows. */
  withTags(tags: Tags): T[]
  readonly size: number
}

const _createTable = <T extends Row>(): Table<T> => {
  const rows = new Map<string, T>()
  const byTag = new Map<string, Set<T>>()
  const key = (name: string, value: string): string => `${name}\u0000${value}`
  const unindex = (row: T, name: string): void => {
    const value = row.tags[name]
    if (value === undefined) return
    const set = byTag.get(key(name, value))
    set?.delete(row)
    if (set?.size === 0) byTag.delete(key(name, value))
  }
  const index = (row: T, name: string, value: string): void => {
    const set = byTag.get(key(name, value)) ?? new Set()
    byTag.set(key(name, value), set.add(row))
  }
  return {
    insert: (row) => {
      rows.set(row.id, row)
      for (const [name, value] of Object.entries(row.tags)) index(row, name, value)
      return row
    },
    get: (id) => rows.get(id),
    remove: (id) => {
      const row = rows.get(id)
      for (const name of row ? Object.keys(row.tags) : []) unindex(row as T, name)
      rows.delete(id)
    },
    retag: (row, changes) => {
      const tags = { ...row.tags }
      for (const [name, value] of Object.entries(changes)) {
        unindex(row, name)
        if (value === '') {
          delete tags[name]
        } else {
          tags[name] = value
          index(row, name, value)
        }
      }
      row.tags = tags
    },
    withTags: (tags) => {
      const wanted = Object.entries(tags)
      if (wanted.length === 0) return [...rows.values()]
      let smallest: Set<T> | undefined
      for (const [name, value] of wanted) {
        const set = byTag.get(key(name, value))
        if (!set) return []
        if (!smallest || set.size < smallest.size) smallest = set
      }
      return [...(smallest ?? [])].filter((row) => wanted.every(([name, value]) => row.tags[name] === value))
    },
    get size() {
      return rows.size
    },
  }
}

export interface Store {
  readonly users: Table<User>
  readonly conversations: Table<Conversation>
  readonly events: Table<Event>
  readonly messages: Table<Message>
  /** The messages of a conversation, oldest first, including hidden ones. */
  messagesOf(conversationId: string): readonly Message[]
  readonly states: Map<string, State>
  readonly files: Table<StoredFile>
  /** The fields that every row has. */
  row(kind: 'user' | 'conv' | 'msg' | 'evt' | 'state' | 'file', tags: Tags): Row
  touch(row: Row): void
}

/** `firstId` keeps the ids of two Clouds apart. */
export const createStore = (now: () => number, firstId = 0): Store => {
  let counter = firstId
  const byConversation = new Map<string, Message[]>()
  const messages = _createTable<Message>()
  return {
    users: _createTable<User>(),
    conversations: _createTable<Conversation>(),
    events: _createTable<Event>(),
    states: new Map(),
    files: _createTable<StoredFile>(),
    messages: {
      ...messages,
      insert: (row) => {
        const list = byConversation.get(row.conversationId) ?? []
        byConversation.set(row.conversationId, list)
        list.push(row)
        return messages.insert(row)
      },
      remove: (id) => {
        const row = messages.get(id)
        if (row) {
          const others = byConversation.get(row.conversationId)?.filter((other) => other !== row)
          byConversation.set(row.conversationId, others ?? [])
        }
        messages.remove(id)
      },
    },
    messagesOf: (conversationId) => byConversation.get(conversationId) ?? [],
    row: (kind, tags) => {
      counter += 1
      // The Cloud's ids have 28 to 36 characters.
      const id = `${kind}_${counter.toString(36).toUpperCase().padStart(26, '0')}`
      return { id, created: counter, changed: counter, createdAt: now(), updatedAt: now(), tags }
    },
    touch: (row) => {
      counter += 1
      row.changed = counter
      row.updatedAt = now()
    },
  }
}

export interface PageQuery {
  nextToken?: string
  sortField?: 'createdAt' | 'updatedAt'
  sortDirection?: 'asc' | 'desc'
}

/** One page, newest first by default. The token names a position, so new rows don't shift the pages. */
export const pageOf = <T extends Row>(
  rows: T[],
  query: PageQuery,
  size: number
): { rows: T[]; meta: { nextToken?: string } } => {
  const position = (row: T): number => (query.sortField === 'updatedAt' ? row.changed : row.created)
  const sign = query.sortDirection === 'asc' ? 1 : -1
  const after = query.nextToken === undefined ? undefined : _readToken(query.nextToken)
  const rest = rows
    .filter((row) => after === undefined || sign * (position(row) - after) > 0)
    .toSorted((a, b) => sign * (position(a) - position(b)))
  const page = rest.slice(0, size)
  const last = page.at(-1)
  const nextToken = last && rest.length > size ? Buffer.from(`after:${position(last)}`).toString('base64') : undefined
  return { rows: page, meta: nextToken === undefined ? {} : { nextToken } }
}

const _readToken = (token: string): number => {
  const match = /^after:(\d+)$/.exec(Buffer.from(token, 'base64').toString('utf8'))
  if (!match) throw new InvalidQueryError("The nextToken isn't valid")
  return Number(match[1])
}
