/** The sandbox's account: its users, its tickets and the effect of an update. */
import { htmlToText } from '../../kit/html-to-markdown'

export interface UserRow {
  id: number
  name: string
  alias: string | null
  email: string | null
  external_id: string | null
  role: 'end-user' | 'agent' | 'admin'
  /** False for a user who was deleted or merged into another. */
  active: boolean
  /** A suspended user stays readable, and nothing is accepted in their name. */
  suspended: boolean
  photo: { content_url: string } | null
  phone: string | null
  locale: string | null
}

export interface AttachmentRow {
  id: number
  file_name: string
  content_url: string
  content_type: string
  size: number
  inline: boolean
  malware_scan_result: string
  /** The same file at the account's own host name. */
  mapped_content_url?: string
  deleted?: boolean
  bytes?: Buffer
}

/** Why or from where an update came. */
export interface Source {
  rel: string | null
  from: Record<string, unknown>
  to: Record<string, unknown>
}

export interface CommentRow {
  id: number
  audit_id: number
  author_id: number
  html: string
  plain: string
  public: boolean
  via: Via
  source: Source
  at: number
  custom: Record<string, unknown>
  attachments: AttachmentRow[]
  /** Fields as the API answers them, in place of what the row says. */
  answered?: Record<string, unknown>
}

export const STATUSES = ['new', 'open', 'pending', 'hold', 'solved', 'closed'] as const
export type Status = (typeof STATUSES)[number]

/** Fields of a ticket as they are sent. */
export interface FieldInput {
  custom_fields?: { id: number; value: unknown }[]
  ticket_form_id?: number
  brand_id?: number
  organization_id?: number
  type?: string
}

export interface TicketRow {
  id: number
  external_id: string | null
  subject: string
  status: Status
  priority: string | null
  requester_id: number
  submitter_id: number
  assignee_id: number | null
  group_id: number | null
  tags: string[]
  /** Form, brand, type and custom fields, as they were sent. */
  fields: FieldInput
  comments: CommentRow[]
  createdAt: number
  updatedAt: number
  deleted: boolean
}

/** Channels: the name in a comment, and the number that trigger conditions use. Comments may show either. */
export const VIA = { web: 0, email: 4, api: 5, rule: 8, system: 9, merge: 19, chat: 29, voice: 34 } as const
export type Via = keyof typeof VIA

export interface NewComment {
  author_id: number
  html: string
  public: boolean
  attachments?: AttachmentRow[]
}

export interface Change {
  status?: Status
  assignee_id?: number | null
  group_id?: number | null
  tags?: string[]
  priority?: string | null
  subject?: string
  comment?: NewComment
}

/** The user who makes an update, and the channel they use. */
export interface Actor {
  userId: number
  via: Via
  source?: Source
  custom?: Record<string, unknown>
}

export interface AuditEvent {
  id: number
  type: 'Create' | 'Change' | 'Comment'
  [field: string]: unknown
}

export interface Audit {
  id: number
  ticket_id: number
  author_id: number
  created_at: string
  metadata: { system: Record<string, unknown>; custom: Record<string, unknown> }
  via: { channel: Via }
  events: AuditEvent[]
}

/** An update as triggers see it. */
export interface Update {
  ticket: TicketRow
  before: { status: Status | null; assignee_id: number | null }
  actor: Actor
  comment: CommentRow | undefined
  created: boolean
}

export interface AccountSettings {
  /** Only signed-in users can open attachments. */
  privateAttachments: boolean
  /** Whether a ticket may begin with an internal note. If not, Zendesk makes the first comment public. */
  firstCommentMayBePrivate: boolean
  /** Whether comments show their channel as a number. Zendesk documents both. */
  channelsAsNumbers: boolean
  /** Title of a field that agents must fill in before they solve a ticket. */
  requiredToSolve: string | undefined
}

export const isoTime = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`
export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
/** Text as HTML from Zendesk's editor. */
export const asComment = (text: string): string =>
  `<div class="zd-comment" dir="auto"><p dir="auto">${escapeHtml(text).replaceAll('\n', '<br>')}</p></div>`

export interface State {
  users: UserRow[]
  tickets: TicketRow[]
  settings: AccountSettings
  nextId(): number
  user(id: number): UserRow | undefined
  addUser(user: Pick<UserRow, 'name' | 'role'> & Partial<UserRow>): UserRow
  addTicket(
    ticket: Pick<TicketRow, 'subject' | 'requester_id' | 'submitter_id'> & Partial<TicketRow>,
    comment: NewComment,
    actor: Actor
  ): { ticket: TicketRow; audit: Audit }
  /** Applies a change without checking whether Zendesk allows it. */
  update(ticket: TicketRow, change: Change, actor: Actor): Audit
}

export const createState = (now: () => number, onUpdate: (update: Update) => void): State => {
  const users: UserRow[] = []
  const tickets: TicketRow[] = []
  let lastId = 8_447_388_090_000
  let lastTicket = 1_000
  const nextId = () => (lastId += 7)

  const addComment = (ticket: TicketRow, auditId: number, comment: NewComment, actor: Actor): CommentRow => {
    const row: CommentRow = {
      id: nextId(),
      audit_id: auditId,
      author_id: comment.author_id,
      html: comment.html,
      plain: htmlToText(comment.html),
      public: comment.public,
      via: actor.via,
      source: actor.source ?? { rel: null, from: {}, to: {} },
      at: now(),
      custom: actor.custom ?? {},
      attachments: comment.attachments ?? [],
    }
    ticket.comments.push(row)
    return row
  }

  const audit = (ticket: TicketRow, id: number, actor: Actor, events: AuditEvent[]): Audit => ({
    id,
    ticket_id: ticket.id,
    author_id: actor.userId,
    created_at: isoTime(now()),
    metadata: { system: {}, custom: actor.custom ?? {} },
    via: { channel: actor.via },
    events,
  })

  const commentEvent = (row: CommentRow): AuditEvent => ({
    id: row.id,
    type: 'Comment',
    author_id: row.author_id,
    body: row.plain,
    html_body: row.html,
    plain_body: row.plain,
    public: row.public,
    attachments: row.attachments,
    audit_id: row.audit_id,
  })

  return {
    users,
    tickets,
    settings: {
      privateAttachments: false,
      firstCommentMayBePrivate: false,
      channelsAsNumbers: false,
      requiredToSolve: undefined,
    },
    nextId,
    user: (id) => users.find((user) => user.id === id),
    addUser: (user) => {
      const row: UserRow = {
        id: nextId(),
        alias: null,
        email: null,
        external_id: null,
        active: true,
        suspended: false,
        photo: null,
        phone: null,
        locale: null,
        ...user,
      }
      users.push(row)
      return row
    },
    addTicket: (fields, comment, actor) => {
      lastTicket += 1
      const ticket: TicketRow = {
        id: lastTicket,
        external_id: null,
        status: fields.assignee_id == null ? 'new' : 'open',
        priority: null,
        assignee_id: null,
        group_id: null,
        tags: [],
        fields: {},
        comments: [],
        createdAt: now(),
        updatedAt: now(),
        deleted: false,
        ...fields,
      }
      tickets.push(ticket)
      const id = nextId()
      const row = addComment(ticket, id, comment, actor)
      const events: AuditEvent[] = [
        commentEvent(row),
        { id: nextId(), type: 'Create', field_name: 'subject', value: ticket.subject },
        { id: nextId(), type: 'Create', field_name: 'status', value: ticket.status },
      ]
      onUpdate({ ticket, before: { status: null, assignee_id: null }, actor, comment: row, created: true })
      return { ticket, audit: audit(ticket, id, actor, events) }
    },
    update: (ticket, change, actor) => {
      const before = { status: ticket.status, assignee_id: ticket.assignee_id }
      const id = nextId()
      const { comment, ...fields } = change
      const row = comment && addComment(ticket, id, comment, actor)
      const events: AuditEvent[] = row ? [commentEvent(row)] : []
      for (const [name, value] of Object.entries(fields)) {
        const previous = ticket[name as keyof typeof fields]
        if (value === undefined || JSON.stringify(previous) === JSON.stringify(value)) continue
        events.push({ id: nextId(), type: 'Change', field_name: name, value, previous_value: previous })
        Object.assign(ticket, { [name]: value })
      }
      if (ticket.status === 'new' && ticket.assignee_id !== null) ticket.status = 'open'
      ticket.updatedAt = now()
      if (events.length > 0) onUpdate({ ticket, before, actor, comment: row, created: false })
      return audit(ticket, id, actor, events)
    },
  }
}
