/** The workspace's objects as Intercom's API writes them. */
import type { SandboxAgent } from '../../kit/sandbox'
import {
  authorOfContact,
  TEAMS,
  WORKSPACE,
  type State,
  type StoredContact,
  type StoredConversation,
  type StoredPart,
} from './state'

export const adminJson = (admin: SandboxAgent, isAway = false) => ({
  type: 'admin',
  id: admin.id,
  name: admin.name,
  email: admin.email,
  job_title: 'Support',
  away_mode_enabled: isAway,
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

/** The body that replaces a deleted one. */
const DELETED = '<p><i>This message was deleted</i></p>'

export const partJson = (part: StoredPart) => ({
  type: 'conversation_part',
  id: part.id,
  part_type: part.partType,
  body: part.redacted ? DELETED : part.body,
  created_at: part.createdAt,
  updated_at: part.createdAt,
  notified_at: part.createdAt,
  assigned_to: part.assignedTo,
  author: _authorJson(part.author),
  attachments: (part.redacted ? [] : part.attachments).map((attachment) => ({
    type: 'upload',
    name: attachment.name,
    url: attachment.url,
    content_type: attachment.contentType,
    filesize: attachment.bytes?.length ?? 12_345,
    ...(attachment.contentType.startsWith('image/') ? { width: 640, height: 480 } : {}),
  })),
  external_id: null,
  redacted: part.redacted,
  metadata: part.options.length > 0 ? { quick_reply_options: part.options.map((text) => ({ text })) } : {},
  ...(part.ticketState === undefined ? {} : { ticket_state: part.ticketState }),
  email_message_metadata: null,
  app_package_code: null,
})

const _contactsJson = (state: State, { contactId, otherContactIds }: StoredConversation) => ({
  type: 'contact.list',
  contacts: [contactId, ...otherContactIds].flatMap((id) => {
    const contact = state.contacts.find((candidate) => candidate.id === id)
    return contact?.isGone ? [] : [{ type: 'contact', id, external_id: contact?.externalId ?? null }]
  }),
})

/** Lists omit `parts`. */
export const conversationJson = (state: State, conversation: StoredConversation, parts?: StoredPart[]) => {
  const contact = state.contacts.find((candidate) => candidate.id === conversation.contactId)
  const linked = conversation.linkedIds.map((id) => ({ type: 'conversation', id, category: null }))
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
    contacts: _contactsJson(state, conversation),
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
    custom_attributes: conversation.customAttributes,
    topics: {},
    ticket:
      conversation.ticketState === null
        ? null
        : { type: 'ticket', id: conversation.id, state: conversation.ticketState },
    linked_objects: { type: 'list', data: linked, total_count: linked.length, has_more: false },
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

/** A converted conversation keeps its id. `ticket_id` is the number that people see. */
export const ticketJson = (state: State, conversation: StoredConversation) => ({
  type: 'ticket',
  id: conversation.id,
  ticket_id: conversation.id.slice(-3),
  ticket_attributes: {},
  ticket_state: { type: 'ticket_state', id: '7493', category: conversation.ticketState },
  contacts: _contactsJson(state, conversation),
  admin_assignee_id: conversation.adminAssignee ?? '0',
  team_assignee_id: conversation.teamAssignee ?? '0',
  created_at: conversation.createdAt,
  updated_at: conversation.updatedAt,
  open: conversation.state === 'open',
})

export const ticketPartJson = (part: StoredPart) => ({ ...partJson(part), type: 'ticket_part' })
