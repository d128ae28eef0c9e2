/** The sandbox's workspace, and its JSON as Intercom writes it. */
import { randomBytes, randomUUID } from 'node:crypto'
import { escapeHtml } from '../format'
import type { SandboxAgent } from '../../kit/sandbox'

export interface StoredContact {
  id: string
  externalId: string | null
  email: string | null
  name: string | null
  avatar: string | null
  role: string
  archived: boolean
  createdAt: number
}

export interface StoredAttachment {
  name: string
  url: string
  contentType: string
}

export interface StoredPart {
  id: string
  partType: string
  body: string | null
  createdAt: number
  author: { type: string; id: string; name: string | null; email: string | null }
  assignedTo: { type: string; id: string } | null
  attachments: StoredAttachment[]
}

export interface StoredConversation {
  id: string
  sourceId: string
  contactId: string
  body: string
  title: string | null
  state: 'open' | 'closed'
  createdAt: number
  updatedAt: number
  adminAssignee: string | null
  teamAssignee: string | null
  tags: { id: string; name: string }[]
  parts: StoredPart[]
  isDeleted: boolean
}

export const WORKSPACE = {
  id_code: 'sbx1nter',
  name: 'Acme',
  region: 'US',
  timezone: 'America/Los_Angeles',
  created_at: 1_671_465_577,
}
export const TEAMS = ['5017691', '5017692']
/** The teammate who owns the access token. */
export const OWNER: SandboxAgent = { id: '991267000', name: 'Olga Owner', email: 'olga@acme.example' }
export const AGENTS: SandboxAgent[] = [
  {
    id: '991267001',
    name: 'Ada Agent',
    email: 'ada@acme.example',
    pictureUrl: 'https://static.intercomassets.com/avatars/ada.png',
  },
  { id: '991267002', name: 'Ben Agent', email: 'ben@acme.example' },
]
export const BOT = { type: 'bot', id: '991267999', name: 'Fin', email: 'operator+sbx1nter@intercom.io' }

export const createState = (now: () => number) => {
  let ids = 403_918_300
  const contacts: StoredContact[] = []
  const conversations: StoredConversation[] = []
  const tags: { id: string; name: string }[] = []
  const seconds = (): number => Math.floor(now() / 1_000)
  const nextId = (): string => String((ids += 1))

  return {
    contacts,
    conversations,
    tags,
    seconds,
    nextId,
    requestId: () => randomUUID(),
    admin: (id: string) => [OWNER, ...AGENTS].find((candidate) => candidate.id === id),
    conversation: (id: string) => conversations.find((candidate) => candidate.id === id && !candidate.isDeleted),
    contact: (id: string) => contacts.find((candidate) => candidate.id === id && !candidate.archived),
    addContact: (contact: Partial<StoredContact>): StoredContact => {
      const added: StoredContact = {
        id: randomBytes(12).toString('hex'),
        externalId: null,
        email: null,
        name: null,
        avatar: null,
        role: 'user',
        archived: false,
        createdAt: seconds(),
        ...contact,
      }
      contacts.push(added)
      return added
    },
    addConversation: (contactId: string, text: string): StoredConversation => {
      const added: StoredConversation = {
        id: nextId(),
        sourceId: nextId(),
        contactId,
        body: textAsHtml(text),
        title: null,
        state: 'open',
        createdAt: seconds(),
        updatedAt: seconds(),
        adminAssignee: null,
        teamAssignee: null,
        tags: [],
        parts: [],
        isDeleted: false,
      }
      conversations.push(added)
      return added
    },
    addPart: (
      conversation: StoredConversation,
      part: Pick<StoredPart, 'partType' | 'author'> & Partial<StoredPart>
    ): StoredPart => {
      const added: StoredPart = {
        id: nextId(),
        body: null,
        createdAt: seconds(),
        assignedTo: null,
        attachments: [],
        ...part,
      }
      conversation.parts.push(added)
      conversation.updatedAt = seconds()
      return added
    },
  }
}

export type State = ReturnType<typeof createState>

export const textAsHtml = (text: string): string => `<p>${escapeHtml(text).replaceAll('\n', '<br>')}</p>`

export const authorOfAdmin = (admin: SandboxAgent): StoredPart['author'] => ({
  type: 'admin',
  id: admin.id,
  name: admin.name,
  email: admin.email,
})

export const authorOfContact = (contact: StoredContact): StoredPart['author'] => ({
  type: contact.role === 'lead' ? 'lead' : 'user',
  id: contact.id,
  name: contact.name,
  email: contact.email ?? '',
})

// ------------------------------------------------------------------------------------------------------- as API JSON

export const adminJson = (admin: SandboxAgent) => ({
  type: 'admin',
  id: admin.id,
  name: admin.name,
  email: admin.email,
  job_title: 'Support',
  away_mode_enabled: false,
  away_mode_reassign: false,
  has_inbox_seat: true,
  team_ids: [Number(TEAMS[0])],
  avatar: admin.pictureUrl ?? null,
})

export const contactJson = (contact: StoredContact) => ({
  type: 'contact',
  id: contact.id,
  external_id: contact.externalId,
  workspace_id: WORKSPACE.id_code,
  role: contact.role,
  ...(contact.email === null ? {} : { email: contact.email }),
  name: contact.name,
  created_at: contact.createdAt,
  updated_at: contact.createdAt,
  custom_attributes: {},
  avatar: contact.avatar === null ? null : { type: 'avatar', image_url: contact.avatar },
})

const _authorJson = ({ type, id, name, email }: StoredPart['author']) => ({
  type,
  id,
  name,
  ...(email ? { email } : {}),
  ...(type === 'bot' ? { from_ai_agent: false, is_ai_answer: false } : {}),
})

export const partJson = (part: StoredPart) => ({
  type: 'conversation_part',
  id: part.id,
  part_type: part.partType,
  body: part.body,
  created_at: part.createdAt,
  updated_at: part.createdAt,
  notified_at: part.createdAt,
  assigned_to: part.assignedTo,
  author: _authorJson(part.author),
  attachments: part.attachments.map((attachment) => ({
    type: 'upload',
    name: attachment.name,
    url: attachment.url,
    content_type: attachment.contentType,
    filesize: 12_345,
    ...(attachment.contentType.startsWith('image/') ? { width: 640, height: 480 } : {}),
  })),
  external_id: null,
  redacted: false,
  metadata: {},
  email_message_metadata: null,
  app_package_code: null,
})

/** Lists omit `parts`. */
export const conversationJson = (state: State, conversation: StoredConversation, parts?: StoredPart[]) => {
  const contact = state.contacts.find((candidate) => candidate.id === conversation.contactId)
  return {
    type: 'conversation',
    id: conversation.id,
    created_at: conversation.createdAt,
    updated_at: conversation.updatedAt,
    waiting_since: null,
    snoozed_until: null,
    source: {
      type: 'conversation',
      id: conversation.sourceId,
      delivered_as: 'customer_initiated',
      subject: '',
      body: conversation.body,
      author: contact
        ? _authorJson(authorOfContact(contact))
        : { type: 'user', id: conversation.contactId, name: null },
      attachments: [],
      url: null,
      redacted: false,
    },
    contacts: {
      type: 'contact.list',
      contacts: [{ type: 'contact', id: conversation.contactId, external_id: contact?.externalId ?? null }],
    },
    first_contact_reply: null,
    admin_assignee_id: conversation.adminAssignee === null ? null : Number(conversation.adminAssignee),
    team_assignee_id: conversation.teamAssignee === null ? null : Number(conversation.teamAssignee),
    open: conversation.state === 'open',
    state: conversation.state,
    read: false,
    tags: { type: 'tag.list', tags: conversation.tags.map((tag) => ({ type: 'tag', ...tag })) },
    priority: 'not_priority',
    sla_applied: null,
    statistics: null,
    conversation_rating: null,
    teammates: null,
    title: conversation.title,
    custom_attributes: {},
    topics: {},
    ticket: null,
    linked_objects: { type: 'list', data: [], total_count: 0, has_more: false },
    ai_agent: null,
    ai_agent_participated: false,
    ...(parts === undefined
      ? {}
      : {
          conversation_parts: {
            type: 'conversation_part.list',
            conversation_parts: parts.map(partJson),
            total_count: parts.length,
          },
        }),
  }
}
