/** The routes of the runtime API, as `@botpress/client` 1.35 calls them. */
import { MethodNotFoundError, ResourceNotFoundError } from '@botpress/client'
import type { Cloud } from '../cloud'
import type { Caller } from '../types'
import * as conversations from './conversations'
import * as events from './events'
import { deleteFile, getFile, listFiles, upsertFile } from './files'
import { initializeIncomingMessage } from './incoming'
import * as messages from './messages'
import type { Operation } from './operation'
import * as states from './states'
import * as users from './users'

export interface Route {
  method: string
  /** Path segments. A segment with a leading colon is a parameter. */
  segments: string[]
  name: string
  operation: Operation
}

/** A no-op: the local Cloud uses neither identifiers nor recurring registration. */
const _configureIntegration: Operation = () => ({})

const _route = (method: string, path: string, operations: Record<string, Operation>): Route => {
  const [entry] = Object.entries(operations)
  if (!entry) throw new Error(`No operation for ${path}`)
  return { method, segments: path.split('/'), name: entry[0], operation: entry[1] }
}

const { createConversation, getOrCreateConversation, getConversation, listConversations } = conversations
const { updateConversation, deleteConversation } = conversations
const { createMessage, getOrCreateMessage, getMessage, listMessages, updateMessage, deleteMessage } = messages
const { createEvent, getEvent, listEvents, cancelScheduledEvent } = events
const { createUser, getOrCreateUser, getUser, listUsers, updateUser, deleteUser } = users
const { getState, setState, getOrSetState, patchState, setStateExpiry } = states

export const routes: Route[] = [
  _route('POST', 'users', { createUser }),
  _route('POST', 'users/get-or-create', { getOrCreateUser }),
  _route('GET', 'users', { listUsers }),
  _route('GET', 'users/:id', { getUser }),
  _route('PUT', 'users/:id', { updateUser }),
  _route('DELETE', 'users/:id', { deleteUser }),
  _route('POST', 'conversations', { createConversation }),
  _route('POST', 'conversations/get-or-create', { getOrCreateConversation }),
  _route('GET', 'conversations', { listConversations }),
  _route('GET', 'conversations/:id', { getConversation }),
  _route('PUT', 'conversations/:id', { updateConversation }),
  _route('DELETE', 'conversations/:id', { deleteConversation }),
  _route('POST', 'messages', { createMessage }),
  _route('POST', 'messages/get-or-create', { getOrCreateMessage }),
  _route('GET', 'messages', { listMessages }),
  _route('GET', 'messages/:id', { getMessage }),
  _route('PUT', 'messages/:id', { updateMessage }),
  _route('DELETE', 'messages/:id', { deleteMessage }),
  _route('POST', 'initialize-incoming-message', { initializeIncomingMessage }),
  _route('POST', 'events', { createEvent }),
  _route('GET', 'events', { listEvents }),
  _route('GET', 'events/:id', { getEvent }),
  _route('DELETE', 'events/scheduled/:id', { cancelScheduledEvent }),
  _route('GET', 'states/:type/:id/:name', { getState }),
  _route('POST', 'states/:type/:id/:name', { setState }),
  _route('PATCH', 'states/:type/:id/:name', { patchState }),
  _route('POST', 'states/:type/:id/:name/get-or-set', { getOrSetState }),
  _route('POST', 'states/:type/:id/:name/expiry', { setStateExpiry }),
  _route('PUT', 'files', { upsertFile }),
  _route('GET', 'files', { listFiles }),
  _route('GET', 'files/:id', { getFile }),
  _route('DELETE', 'files/:id', { deleteFile }),
  _route('POST', 'integrations/configure', { configureIntegration: _configureIntegration }),
]

/** Routes by number of segments, so few candidates remain for a path. */
const _bySegments = new Map<number, Route[]>()
for (const route of routes) {
  const { length } = route.segments
  _bySegments.set(length, [...(_bySegments.get(length) ?? []), route])
}

/** The prefix of every path of the runtime API, except the files'. */
export const API_ROOT = '/v1/chat/'
const FILES_ROOT = /^\/v1\/(files(?:\/.*)?)$/

export interface Match {
  route: Route
  params: Record<string, string>
}

const _paramsOf = (route: Route, segments: string[]): Record<string, string> | undefined => {
  if (!route.segments.every((expected, index) => expected.startsWith(':') || expected === segments[index]))
    return undefined
  const params: Record<string, string> = {}
  for (const [index, expected] of route.segments.entries())
    if (expected.startsWith(':')) params[expected.slice(1)] = segments[index] ?? ''
  return params
}

const _decoded = (segment: string): string => {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** Undefined for an unknown path. */
export const matchRoute = (method: string, path: string): Match | 'other-method' | undefined => {
  const rest = FILES_ROOT.exec(path)?.[1] ?? (path.startsWith(API_ROOT) ? path.slice(API_ROOT.length) : 'files')
  if (rest.startsWith('files') !== FILES_ROOT.test(path)) return undefined
  const segments = rest.split('/').map(_decoded)
  let isKnown = false
  for (const route of _bySegments.get(segments.length) ?? []) {
    const params = _paramsOf(route, segments)
    if (params && route.method === method) return { route, params }
    isKnown ||= params !== undefined
  }
  return isKnown ? 'other-method' : undefined
}

/** Runs the operation of a matched route. Throws the error that the Cloud would reply with. */
export const perform = async (
  cloud: Cloud,
  caller: Caller,
  match: Match | 'other-method' | undefined,
  input: { query: URLSearchParams; body: unknown }
): Promise<unknown> => {
  if (match === undefined) throw new ResourceNotFoundError("The path doesn't exist")
  if (match === 'other-method') throw new MethodNotFoundError("The path doesn't support this method")
  return match.route.operation(cloud, caller, { params: match.params, ...input })
}
