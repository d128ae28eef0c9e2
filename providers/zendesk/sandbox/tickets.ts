/** The sandbox's tickets API: required fields, status rules, idempotency and limits. */
import type { SandboxRequest, SandboxResponse } from '../../kit/sandbox'
import { invalid, NOT_FOUND, paged, refusal, commentJson, ticketJson, userJson, type Body } from './answers'
import { fieldRefusal, type FieldRow } from './fields'
import type { Files } from './files'
import {
  escapeHtml,
  isoTime,
  STATUSES,
  type AttachmentRow,
  type Change,
  type FieldInput,
  type NewComment,
  type State,
  type Status,
  type TicketRow,
  type UserRow,
} from './state'

const PRIORITIES = ['low', 'normal', 'high', 'urgent']
const MAX_COMMENT_BYTES = 65_535
const MAX_COMMENTS = 5_000
const KEY_LIFETIME_MS = 2 * 60 * 60_000
const MAX_UPDATES = 30
const UPDATE_WINDOW_MS = 10 * 60_000

interface CommentInput {
  body?: string
  html_body?: string
  public?: boolean
  author_id?: number
  uploads?: string[]
}

interface TicketInput extends FieldInput {
  comment?: CommentInput
  subject?: string
  requester_id?: number
  submitter_id?: number
  assignee_id?: number | null
  assignee_email?: string
  group_id?: number | null
  external_id?: string
  tags?: string[]
  priority?: string
  status?: string
  metadata?: Record<string, unknown>
  safe_update?: boolean
  updated_stamp?: string
}

export interface TicketsOptions {
  state: State
  groups: Set<number>
  files: Files
  ticketFields: FieldRow[]
  now(): number
  /** Enforces `MAX_UPDATES` of one ticket by one user in `UPDATE_WINDOW_MS`. */
  limits: boolean
}

export const createTicketsApi = ({ state, groups, files, ticketFields, now, limits }: TicketsOptions) => {
  const idempotentResponses = new Map<string, { body: string; response: SandboxResponse; at: number }>()
  const updates = new Map<string, number[]>()

  const includedUsers = (request: SandboxRequest, ids: (number | null)[]): Body => {
    if (!(request.query.get('include') ?? '').split(',').includes('users')) return {}
    return { users: state.users.filter((user) => ids.includes(user.id)).map(userJson) }
  }

  const commentError = (input: CommentInput): SandboxResponse | undefined => {
    const text = input.html_body ?? input.body ?? ''
    if (text.trim() === '') return invalid('comment', 'Comment: cannot be blank', 'BlankValue')
    if (Buffer.byteLength(text) > MAX_COMMENT_BYTES) return invalid('comment', 'Comment: is too long', 'ValueTooLong')
    if (input.author_id === undefined) return undefined
    const author = state.user(input.author_id)
    if (!author?.active) return invalid('comment', 'Author: is invalid', 'InvalidValue')
    return suspension(author)
  }

  /** Zendesk quotes the name of a suspended user, and calls them the requester wherever they write. */
  const suspension = (user: UserRow): SandboxResponse | undefined =>
    user.suspended ? invalid('requester', `Requester: ${user.name} is suspended.`, 'UserSuspended') : undefined

  const toComment = (
    input: CommentInput,
    author: number,
    isPublic: boolean,
    attachments: AttachmentRow[]
  ): NewComment => ({
    author_id: author,
    attachments,
    html: input.html_body
      ? `<div class="zd-comment" dir="auto">${input.html_body}</div>`
      : `<div class="zd-comment" dir="auto"><p>${escapeHtml(input.body ?? '').replaceAll('\n', '<br>')}</p></div>`,
    public: isPublic,
  })

  const fieldError = (input: TicketInput): SandboxResponse | undefined => {
    if (input.status !== undefined && !STATUSES.includes(input.status as Status)) {
      return invalid('status', 'Status: is not valid')
    }
    if (input.priority !== undefined && !PRIORITIES.includes(input.priority)) {
      return invalid('priority', 'Priority: is not valid')
    }
    const refusedField = fieldRefusal(ticketFields, input)
    if (refusedField) return refusedField
    if (input.assignee_email !== undefined && !assigneeOf(input)) return invalid('assignee', 'Assignee: is invalid')
    if (input.group_id != null && !groups.has(input.group_id)) return invalid('group', 'Group: is invalid')
    if (input.assignee_id != null) {
      const assignee = state.user(input.assignee_id)
      const isAgent = assignee?.active && !assignee.suspended && assignee.role !== 'end-user'
      if (!isAgent) return invalid('assignee', 'Assignee: is invalid')
    }
    return undefined
  }

  const assigneeOf = ({ assignee_email: email }: TicketInput): UserRow | undefined =>
    state.users.find(
      (user) => email && user.email?.toLowerCase() === email.toLowerCase() && user.active && user.role !== 'end-user'
    )

  const create = (input: TicketInput, me: UserRow): SandboxResponse => {
    if (!input.comment) return invalid('base', 'Description: cannot be blank', 'BlankValue')
    const error = commentError(input.comment) ?? fieldError(input)
    if (error) return error
    const requester = input.requester_id === undefined ? me : state.user(input.requester_id)
    if (!requester?.active) return invalid('requester', 'Requester: is invalid', 'InvalidValue')
    const suspended = suspension(requester)
    if (suspended) return suspended
    const submitter = input.submitter_id === undefined ? me : state.user(input.submitter_id)
    if (!submitter?.active) return invalid('submitter', 'Submitter: is invalid', 'InvalidValue')
    const isPublic = input.comment.public !== false || !state.settings.firstCommentMayBePrivate
    const attachments = files.take(input.comment.uploads ?? [])
    if ('status' in attachments) return attachments
    const comment = toComment(input.comment, input.comment.author_id ?? submitter.id, isPublic, attachments)
    const { custom_fields, ticket_form_id, brand_id, organization_id, type } = input
    const { ticket, audit } = state.addTicket(
      {
        subject: input.subject ?? '',
        requester_id: requester.id,
        submitter_id: submitter.id,
        external_id: input.external_id ?? null,
        tags: _normaliseTags(input.tags ?? []),
        priority: input.priority ?? null,
        group_id: input.group_id ?? null,
        assignee_id: input.assignee_id ?? assigneeOf(input)?.id ?? null,
        fields: { custom_fields, ticket_form_id, brand_id, organization_id, type },
      },
      comment,
      { userId: me.id, via: 'api', custom: input.metadata }
    )
    return { status: 201, body: { ticket: ticketJson(ticket), audit } }
  }

  const createOnce = (request: SandboxRequest, input: TicketInput, me: UserRow): SandboxResponse => {
    const key = request.headers['idempotency-key']
    if (key === undefined) return create(input, me)
    if (key.length > 255) return refusal(400, 'InvalidIdempotencyKey', 'The idempotency key is too long')
    const text = request.body.toString('utf8')
    const earlier = idempotentResponses.get(key)
    if (earlier && now() - earlier.at < KEY_LIFETIME_MS) {
      if (earlier.body !== text) {
        const description = "Request parameters don't match the given idempotency key"
        return refusal(400, 'IdempotentRequestError', description)
      }
      return { ...earlier.response, headers: { 'x-idempotency-lookup': 'hit' } }
    }
    const response = create(input, me)
    if (response.status === 201) idempotentResponses.set(key, { body: text, response, at: now() })
    return { ...response, headers: { 'x-idempotency-lookup': 'miss' } }
  }

  const isOverLimit = (ticket: TicketRow, me: UserRow): boolean => {
    const key = `${ticket.id}/${me.id}`
    const recent = (updates.get(key) ?? []).filter((at) => now() - at < UPDATE_WINDOW_MS)
    const isOver = limits && recent.length >= MAX_UPDATES
    updates.set(key, isOver ? recent : [...recent, now()])
    return isOver
  }

  const update = (ticket: TicketRow, input: TicketInput, me: UserRow): SandboxResponse => {
    if (isOverLimit(ticket, me)) {
      return {
        status: 429,
        headers: { 'retry-after': '120' },
        body: { error: 'TooManyUpdates', description: 'This ticket has been updated too often by this user' },
      }
    }
    if (ticket.status === 'closed') return invalid('status', 'Status: closed prevents ticket update', 'ClosedTicket')
    if (input.safe_update) {
      if (!input.updated_stamp) return invalid('safe_update', 'Safe Update requires updated_stamp')
      if (Date.parse(input.updated_stamp) < Date.parse(isoTime(ticket.updatedAt))) {
        return refusal(409, 'UpdateConflict', 'Safe Update prevented the update due to outdated ticket data')
      }
    }
    const error = (input.comment && commentError(input.comment)) ?? fieldError(input)
    if (error) return error
    if (input.comment && ticket.comments.length >= MAX_COMMENTS) {
      return invalid('base', 'Maximum number of comments reached', 'TooManyComments')
    }
    const assignee = input.assignee_id === undefined ? ticket.assignee_id : input.assignee_id
    if ((input.status === 'solved' || input.status === 'closed') && assignee === null) {
      return invalid('assignee', 'Assignee: is required when solving a ticket', 'BlankValue')
    }
    const { requiredToSolve } = state.settings
    if (input.status === 'solved' && requiredToSolve !== undefined) {
      return invalid('base', `${requiredToSolve}: is required when solving a ticket`, 'BlankValue')
    }
    const change: Change = {
      status: input.status as Status | undefined,
      assignee_id: input.assignee_id,
      group_id: input.group_id,
      tags: input.tags && _normaliseTags(input.tags),
      priority: input.priority,
      subject: input.subject,
    }
    if (input.comment) {
      const attachments = files.take(input.comment.uploads ?? [])
      if ('status' in attachments) return attachments
      const isPublic = input.comment.public !== false
      change.comment = toComment(input.comment, input.comment.author_id ?? me.id, isPublic, attachments)
    }
    const audit = state.update(ticket, change, { userId: me.id, via: 'api', custom: input.metadata })
    return { status: 200, body: { ticket: ticketJson(ticket), audit } }
  }

  const listComments = (request: SandboxRequest, ticket: TicketRow): SandboxResponse => {
    const comments = ticket.comments.toSorted((a, b) => a.at - b.at || a.id - b.id)
    if (request.query.get('sort') === '-created_at') comments.reverse()
    const inline = request.query.get('include_inline_images') === 'true'
    const rows = comments.map((comment) => ({
      ...commentJson(comment, state.settings),
      ...(comment.answered?.attachments === undefined
        ? { attachments: comment.attachments.filter((attachment) => inline || !attachment.inline) }
        : {}),
    }))
    const page = paged(request, 'comments', rows)
    const authors = (page.comments as { author_id: number }[]).map((comment) => comment.author_id)
    return { status: 200, body: { ...page, ...includedUsers(request, authors) } }
  }

  return (request: SandboxRequest, body: Body | undefined, me: UserRow): SandboxResponse | undefined => {
    const match = /^\/api\/v2\/tickets(?:\/(\d+))?(?:\/(\w+))?$/.exec(request.path)
    if (!match) return undefined
    const [, id, action = ''] = match
    const input = body?.ticket as TicketInput | undefined
    if (id === undefined) {
      if (request.method === 'POST') return input ? createOnce(request, input, me) : _missingTicket
      if (request.method !== 'GET') return NOT_FOUND
      const externalId = request.query.get('external_id')
      const found = state.tickets.filter(
        (ticket) => !ticket.deleted && (externalId === null || ticket.external_id === externalId)
      )
      return { status: 200, body: { tickets: found.map(ticketJson), count: found.length, next_page: null } }
    }
    const ticket = state.tickets.find((candidate) => String(candidate.id) === id)
    if (!ticket || ticket.deleted) return NOT_FOUND
    if (action === 'comments' && request.method === 'GET') return listComments(request, ticket)
    if (action !== '') return NOT_FOUND
    if (request.method === 'GET') {
      const people = [ticket.requester_id, ticket.submitter_id, ticket.assignee_id]
      return { status: 200, body: { ticket: ticketJson(ticket), ...includedUsers(request, people) } }
    }
    if (request.method === 'PUT') return input ? update(ticket, input, me) : _missingTicket
    return NOT_FOUND
  }
}

const _missingTicket: SandboxResponse = refusal(400, 'ParameterMissing', 'Parameter ticket is required')

/** Zendesk stores tags in lower case, without spaces and in alphabetical order. */
const _normaliseTags = (tags: string[]): string[] =>
  [...new Set(tags.flatMap((tag) => tag.toLowerCase().split(/\s+/)).filter((tag) => tag !== ''))].toSorted()
