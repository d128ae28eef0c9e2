/** The sandbox's REST API: sign-in, roles, content types, rate-limit headers and the routing of requests. */
import { jsonBody, type SandboxHandler, type SandboxRequest, type SandboxResponse } from '../../kit/sandbox'
import { NOT_FOUND, paged, refusal, type Body } from './answers'
import { createFields } from './fields'
import type { Files } from './files'
import { handleUsers } from './people'
import type { Rules } from './rules'
import type { State, UserRow } from './state'
import { createTicketsApi } from './tickets'

export interface ApiOptions {
  credentials: { clientId: string; clientSecret: string; email: string; apiToken: string }
  state: State
  /** The user that the credentials belong to. */
  apiUser: UserRow
  rules: Rules
  groups: Set<number>
  files: Files
  now(): number
  limits: boolean
  /** Number of the account among the sandboxes. */
  account: number
}

const TOKEN_LIFETIME_S = 1_800

export const createApi = ({ credentials, state, apiUser, rules, groups, files, now, limits, account }: ApiOptions) => {
  const ticketFields = createFields(account)
  const onTickets = createTicketsApi({ state, groups, files, ticketFields, now, limits })
  const tokens = new Map<string, { expiresAt: number; scopes: string[] }>()
  let issued = 0
  let minute = { start: 0, used: 0 }

  const onToken = (body: Body | undefined): SandboxResponse => {
    const fail = (status: number, error: string): SandboxResponse => refusal(status, error, 'OAuth request refused')
    if (body?.grant_type !== 'client_credentials') return fail(400, 'unsupported_grant_type')
    if (body.client_id !== credentials.clientId || body.client_secret !== credentials.clientSecret) {
      return fail(401, 'invalid_client')
    }
    const scopes = String(body.scope ?? 'read').split(' ')
    if (scopes.some((scope) => scope !== 'read' && scope !== 'write')) return fail(400, 'invalid_scope')
    issued += 1
    const token = `access-token-${issued}`
    tokens.set(token, { expiresAt: now() + TOKEN_LIFETIME_S * 1_000, scopes })
    const scope = scopes.join(' ')
    return {
      status: 200,
      body: { access_token: token, token_type: 'bearer', scope, expires_in: TOKEN_LIFETIME_S },
    }
  }

  /** The user who makes the request. `anonymous` without credentials, `refused` with wrong ones. */
  const authenticate = (request: SandboxRequest): UserRow | 'anonymous' | 'refused' => {
    const header = request.headers.authorization
    if (header === undefined) return 'anonymous'
    const basic = Buffer.from(`${credentials.email}/token:${credentials.apiToken}`).toString('base64')
    if (header === `Basic ${basic}`) return apiUser
    const token = tokens.get(header.replace(/^Bearer /, ''))
    if (!token || token.expiresAt <= now()) return 'refused'
    return token.scopes.includes(request.method === 'GET' ? 'read' : 'write') ? apiUser : 'refused'
  }

  const answer: SandboxHandler = (request) => {
    const isUpload = request.method === 'POST' && request.path === '/api/v2/uploads'
    if (/^\/attachments?\//.test(request.path)) {
      if (request.method !== 'GET' && request.method !== 'HEAD') return NOT_FOUND
      const user = authenticate(request)
      if (user === 'refused' && !request.path.startsWith('/attachment/')) {
        return refusal(401, 'invalid_token', 'The access token provided is expired or revoked')
      }
      return files.show(request, typeof user === 'object' && user.role !== 'end-user') ?? NOT_FOUND
    }
    const writes = !isUpload && ['POST', 'PUT', 'PATCH'].includes(request.method)
    const body = writes ? (jsonBody(request) as Body | undefined) : undefined
    if (writes && !/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
      return refusal(415, 'UnsupportedMediaType', 'Send JSON')
    }
    if (writes && (typeof body !== 'object' || body === null)) {
      return refusal(400, 'InvalidJSON', 'The body is not a JSON object')
    }
    if (request.path === '/oauth/tokens') return request.method === 'POST' ? onToken(body) : NOT_FOUND
    const user = authenticate(request)
    if (user === 'refused') return refusal(401, 'invalid_token', 'The access token provided is expired or revoked')
    if (user === 'anonymous') {
      const isMe = request.path === '/api/v2/users/me' && request.method === 'GET'
      return isMe
        ? (handleUsers(state, request, body, undefined) ?? NOT_FOUND)
        : { status: 401, body: { error: "Couldn't authenticate you" } }
    }
    if ((user.role === 'end-user' || user.suspended) && request.path !== '/api/v2/users/me') {
      return refusal(403, 'Forbidden', 'You do not have access to this page')
    }
    if (isUpload) return files.upload(request)
    const attachment = /^\/api\/v2\/attachments\/(\d+)$/.exec(request.path)?.[1]
    if (attachment !== undefined) return request.method === 'GET' ? files.read(attachment) : NOT_FOUND
    if (request.path === '/api/v2/ticket_fields' && request.method === 'GET') {
      return { status: 200, body: paged(request, 'ticket_fields', ticketFields) }
    }
    if (request.path === '/api/v2/account/settings' && request.method === 'GET') {
      const { privateAttachments, firstCommentMayBePrivate } = state.settings
      const tickets = {
        private_attachments: privateAttachments,
        is_first_comment_private_enabled: firstCommentMayBePrivate,
      }
      return { status: 200, body: { settings: { tickets } } }
    }
    if (/^\/api\/v2\/(webhooks|triggers)\b/.test(request.path)) {
      if (user.role !== 'admin') return refusal(403, 'Forbidden', 'Only admins may do this')
      return rules.handle(request, body) ?? NOT_FOUND
    }
    return handleUsers(state, request, body, user) ?? onTickets(request, body, user) ?? NOT_FOUND
  }

  /** Every response says how many requests are left in this minute. */
  const handler: SandboxHandler = async (request) => {
    const start = Math.floor(now() / 60_000)
    minute = { start, used: minute.start === start ? minute.used + 1 : 1 }
    const response = await answer(request)
    const remaining = String(Math.max(0, 700 - minute.used))
    const rateHeaders = {
      'x-rate-limit': '700',
      'x-rate-limit-remaining': remaining,
      'ratelimit-limit': '700',
      'ratelimit-remaining': remaining,
      'ratelimit-reset': String(60 - (Math.floor(now() / 1_000) % 60)),
    }
    return { ...response, headers: { ...rateHeaders, ...response.headers } }
  }

  return { handler, ticketFields, revokeTokens: () => tokens.clear() }
}
