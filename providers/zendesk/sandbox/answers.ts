/** Responses in Zendesk's format. */
import type { SandboxRequest, SandboxResponse } from '../../kit/sandbox'
import { isoTime, VIA, type AccountSettings, type CommentRow, type TicketRow, type UserRow } from './state'

export type Body = Record<string, unknown>

/** At the address of an account that was renamed or removed. */
export const NO_HELP_DESK: SandboxResponse = {
  status: 404,
  body: {
    error: {
      title: 'No help desk at acme.zendesk.com',
      message: 'There is no help desk configured at this address.',
    },
  },
}

export const NOT_FOUND: SandboxResponse = { status: 404, body: { error: 'RecordNotFound', description: 'Not found' } }

export const refusal = (status: number, error: string, description: string): SandboxResponse => ({
  status,
  body: { error, description },
})

/** A 422 validation error. Its description may quote the request. */
export const invalid = (field: string, description: string, error?: string): SandboxResponse => ({
  status: 422,
  body: {
    error: 'RecordInvalid',
    description: 'Record validation errors',
    details: { [field]: [{ description, ...(error ? { error } : {}) }] },
  },
})

/** Cursor pagination: `page[size]` of at most 100 and the opaque `page[after]`. */
export const paged = (request: SandboxRequest, name: string, rows: unknown[]): Body => {
  const size = Math.min(Math.max(Number(request.query.get('page[size]') ?? 100), 1), 100)
  const after = request.query.get('page[after]')
  const start = after === null ? 0 : Number(Buffer.from(after, 'base64').toString('utf8').replace('at:', ''))
  const page = rows.slice(start, start + size)
  const hasMore = start + page.length < rows.length
  return {
    [name]: page,
    meta: {
      has_more: hasMore,
      after_cursor: hasMore ? Buffer.from(`at:${start + page.length}`).toString('base64') : null,
      before_cursor: null,
    },
  }
}

export const userJson = (user: UserRow): Body => ({
  id: user.id,
  name: user.name,
  alias: user.alias,
  email: user.email,
  external_id: user.external_id,
  role: user.role,
  active: user.active,
  suspended: user.suspended,
  photo: user.photo,
  phone: user.phone,
  locale: user.locale,
})

export const ticketJson = (ticket: TicketRow): Body => ({
  id: ticket.id,
  external_id: ticket.external_id,
  subject: ticket.subject,
  raw_subject: ticket.subject,
  description: ticket.comments[0]?.plain ?? '',
  status: ticket.status,
  priority: ticket.priority,
  requester_id: ticket.requester_id,
  submitter_id: ticket.submitter_id,
  assignee_id: ticket.assignee_id,
  group_id: ticket.group_id,
  ...ticket.fields,
  tags: ticket.tags,
  is_public: ticket.comments.some((comment) => comment.public),
  via: { channel: ticket.comments[0]?.via ?? 'api' },
  created_at: isoTime(ticket.createdAt),
  updated_at: isoTime(ticket.updatedAt),
})

export const commentJson = (comment: CommentRow, { channelsAsNumbers }: AccountSettings): Body => ({
  id: comment.id,
  type: 'Comment',
  author_id: comment.author_id,
  body: comment.plain,
  html_body: comment.html,
  plain_body: comment.plain,
  public: comment.public,
  attachments: comment.attachments,
  audit_id: comment.audit_id,
  via: { channel: channelsAsNumbers ? VIA[comment.via] : comment.via, source: comment.source },
  created_at: isoTime(comment.at),
  metadata: { system: {}, custom: comment.custom },
  ...comment.answered,
})
