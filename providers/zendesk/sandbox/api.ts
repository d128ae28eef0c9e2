/** The sandbox's REST API: sign-in, roles, content types, rate-limit headers and the routing of requests. */
import { jsonBody, type SandboxHandler, type SandboxRequest, type SandboxResponse } from '../../kit/sandbox'
import { NOT_FOUND, paged, refusal, type Body } from './answers'
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
  now(): number
  limits: boolean
  /** Number of the account among the sandboxes. */
  account: number
}

/** The system fields of every account, in the order of their ids. */
const SYSTEM_FIELDS = ['subject', 'description', 'status', 'tickettype', 'priority', 'group', 'assignee']

const TOKEN_LIFETIME_S = 1_800

export const createApi = ({ credentials, state, apiUser, rules, groups, now, limits, account }: ApiOptions) => {
  const onTickets = createTicketsApi({ state, groups, now, limits })
  const ticketFields = SYSTEM_FIELDS.map((type, index) => ({
    id: 360_000_000_000 + account * 1_000 + index,
    type,
    title: type,
    active: true,
    removable: false,
  }))
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
    const writes = request.method === 'POST' || request.method === 'PUT' || request.method === 'PATCH'
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

  return { handler, revokeTokens: () => tokens.clear() }
}
