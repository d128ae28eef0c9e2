/** Intercom's API for conversations. */
import { z } from '@botpress/sdk'
import type { SandboxRequest, SandboxResponse } from '../../kit/sandbox'
import { attachmentFiles } from './files'
import { notFound, read, Refusal, text, type Route } from './http'
import { conversationJson, ticketJson } from './json'
import {
  ATTRIBUTES,
  authorOfAdmin,
  authorOfContact,
  TEAMS,
  textAsHtml,
  TICKET_TYPES,
  type State,
  type StoredConversation,
  type StoredPart,
} from './state'

/** The search index lists a conversation this long after its creation. */
const INDEX_LAG_S = 2
const NEWEST_PARTS = 500

/** Queues a webhook with this topic. */
export type Announce = (topic: string, conversation: StoredConversation, part?: StoredPart) => void

export const conversationRoutes = (state: State, announce: Announce): Route[] => {
  const conversationAt = (id: string): StoredConversation => {
    const found = state.conversation(id)
    if (!found) throw notFound()
    return found
  }

  const adminAt = (id: string) => {
    const found = state.admin(id)
    if (!found) throw notFound('Admin not found')
    return found
  }

  const partResponse = (conversation: StoredConversation, part: StoredPart): SandboxResponse => ({
    status: 200,
    body: conversationJson(state, conversation, [part]),
  })

  const createConversation = (request: SandboxRequest): SandboxResponse => {
    const { from, body } = read(
      request,
      z.object({ from: z.object({ type: z.enum(['lead', 'user', 'contact']), id: text }), body: text })
    )
    const contact = state.contact(from.id)
    if (!contact) throw notFound('User Not Found')
    if (contact.isBlocked) throw new Refusal(403, 'action_forbidden', 'The contact is blocked')
    const conversation = state.addConversation(from.id, body)
    announce('conversation.user.created', conversation)
    return {
      status: 200,
      body: {
        type: 'user_message',
        id: conversation.sourceId,
        created_at: conversation.createdAt,
        body,
        message_type: 'inapp',
        conversation_id: conversation.id,
      },
    }
  }

  const reply = (request: SandboxRequest, id: string): SandboxResponse => {
    const body = read(
      request,
      z.union([
        z.object({
          type: z.literal('user'),
          message_type: z.literal('comment'),
          intercom_user_id: z.string(),
          body: text,
          attachment_files: attachmentFiles,
        }),
        z.object({
          type: z.literal('admin'),
          message_type: z.enum(['comment', 'note']),
          admin_id: z.string(),
          body: text,
          attachment_files: attachmentFiles,
        }),
      ])
    )
    const conversation = conversationAt(id)
    if (body.type === 'user') {
      const contact = state.contact(body.intercom_user_id)
      const participants = [conversation.contactId, ...conversation.otherContactIds]
      if (!contact || !participants.includes(contact.id)) throw notFound('User Not Found')
      if (contact.isBlocked) throw new Refusal(403, 'action_forbidden', 'The contact is blocked')
      const part = state.addPart(conversation, {
        partType: conversation.state === 'closed' ? 'open' : 'comment',
        author: authorOfContact(contact),
        body: textAsHtml(body.body),
        attachments: state.files.addAll(body.attachment_files, request),
      })
      conversation.state = 'open'
      announce('conversation.user.replied', conversation, part)
      return partResponse(conversation, part)
    }
    const part = state.addPart(conversation, {
      partType: body.message_type,
      author: authorOfAdmin(adminAt(body.admin_id)),
      // Intercom strips scripts and styles.
      body: body.body.replace(/<(script|style)[\s\S]*?<\/\1>/gi, ''),
      attachments: state.files.addAll(body.attachment_files, request),
    })
    announce(`conversation.admin.${body.message_type === 'note' ? 'noted' : 'replied'}`, conversation, part)
    return partResponse(conversation, part)
  }

  const manage = (request: SandboxRequest, id: string): SandboxResponse => {
    const body = read(
      request,
      z.union([
        z.object({
          message_type: z.literal('close'),
          type: z.literal('admin'),
          admin_id: z.string(),
          body: text.optional(),
        }),
        z.object({ message_type: z.literal('open'), admin_id: z.string() }),
        z.object({
          message_type: z.literal('assignment'),
          type: z.enum(['admin', 'team']),
          admin_id: z.string(),
          assignee_id: z.string(),
          body: text.optional(),
        }),
      ])
    )
    const conversation = conversationAt(id)
    const author = authorOfAdmin(adminAt(body.admin_id))
    if (body.message_type === 'assignment') {
      if (body.type === 'team' && body.assignee_id !== '0' && !TEAMS.includes(body.assignee_id))
        throw notFound('Team not found')
      if (body.type === 'admin' && body.assignee_id !== '0') adminAt(body.assignee_id)
      const isUnassigned = body.assignee_id === '0'
      if (body.type === 'team') conversation.teamAssignee = isUnassigned ? null : body.assignee_id
      else conversation.adminAssignee = isUnassigned ? null : body.assignee_id
      const part = state.addPart(conversation, {
        partType: 'assignment',
        author,
        body: body.body ? textAsHtml(body.body) : null,
        assignedTo: isUnassigned ? null : { type: body.type, id: body.assignee_id },
      })
      announce('conversation.admin.assigned', conversation, part)
      return partResponse(conversation, part)
    }
    const newState = body.message_type === 'close' ? 'closed' : 'open'
    if (conversation.state === newState) {
      // Intercom doesn't document its answer when the state is already right.
      return { status: 200, body: conversationJson(state, conversation, []) }
    }
    conversation.state = newState
    const part = state.addPart(conversation, {
      partType: body.message_type,
      author,
      body: 'body' in body && body.body ? textAsHtml(body.body) : null,
    })
    announce(`conversation.admin.${body.message_type === 'close' ? 'closed' : 'opened'}`, conversation, part)
    return partResponse(conversation, part)
  }

  const search = (request: SandboxRequest): SandboxResponse => {
    const filter = z.union([
      z.object({ field: z.literal('contact_ids'), operator: z.literal('='), value: z.string() }),
      z.object({ field: z.literal('created_at'), operator: z.enum(['>', '<']), value: z.coerce.number().int() }),
    ])
    const { query, pagination } = read(
      request,
      z.object({
        query: z.union([filter, z.object({ operator: z.literal('AND'), value: z.array(filter).min(1).max(15) })]),
        pagination: z.object({ per_page: z.number().int().min(1).max(150).default(20) }).optional(),
      })
    )
    const filters = 'field' in query ? [query] : query.value
    const found = state.conversations
      .filter((conversation) => !conversation.isDeleted && conversation.createdAt + INDEX_LAG_S <= state.seconds())
      .filter((conversation) =>
        filters.every((condition) => {
          if (condition.field === 'contact_ids') {
            return [conversation.contactId, ...conversation.otherContactIds].includes(condition.value)
          }
          return condition.operator === '>'
            ? conversation.createdAt > condition.value
            : conversation.createdAt < condition.value
        })
      )
    const perPage = pagination?.per_page ?? 20
    return {
      status: 200,
      body: {
        type: 'conversation.list',
        pages: { type: 'pages', page: 1, per_page: perPage, total_pages: Math.ceil(found.length / perPage) },
        total_count: found.length,
        conversations: found.slice(0, perPage).map((conversation) => conversationJson(state, conversation)),
      },
    }
  }

  const update = (request: SandboxRequest, id: string): SandboxResponse => {
    const { title, custom_attributes: attributes = {} } = read(
      request,
      z.object({
        title: z.string().optional(),
        read: z.boolean().optional(),
        custom_attributes: z.record(z.unknown()).optional(),
      })
    )
    const conversation = conversationAt(id)
    for (const [name, value] of Object.entries(attributes)) _checkAttribute(name, value)
    Object.assign(conversation.customAttributes, attributes)
    if (title !== undefined) conversation.title = title
    return { status: 200, body: conversationJson(state, conversation, conversation.parts.slice(-NEWEST_PARTS)) }
  }

  const convert = (request: SandboxRequest, id: string): SandboxResponse => {
    const { ticket_type_id: type } = read(request, z.object({ ticket_type_id: text }))
    const conversation = conversationAt(id)
    if (!TICKET_TYPES.includes(type)) throw notFound('Ticket type not found')
    conversation.ticketState = 'submitted'
    return { status: 200, body: ticketJson(state, conversation) }
  }

  const redact = (request: SandboxRequest): SandboxResponse => {
    const body = read(
      request,
      z.object({
        type: z.literal('conversation_part'),
        conversation_id: z.string(),
        conversation_part_id: z.string(),
      })
    )
    const conversation = conversationAt(body.conversation_id)
    const part = conversation.parts.find(({ id }) => id === body.conversation_part_id)
    if (!part) throw notFound('Conversation part or message not found')
    part.redacted = true
    announce('conversation_part.redacted', conversation, part)
    return { status: 200, body: conversationJson(state, conversation, conversation.parts.slice(-NEWEST_PARTS)) }
  }

  const attachContact = (request: SandboxRequest, id: string): SandboxResponse => {
    const { admin_id: adminId, customer } = read(
      request,
      z.object({ admin_id: z.string(), customer: z.object({ intercom_user_id: z.string() }) })
    )
    const conversation = conversationAt(id)
    adminAt(adminId)
    const contact = state.contact(customer.intercom_user_id)
    if (!contact) throw notFound('User Not Found')
    const participants = [conversation.contactId, ...conversation.otherContactIds]
    if (!participants.includes(contact.id)) conversation.otherContactIds.push(contact.id)
    return { status: 200, body: conversationJson(state, conversation, conversation.parts.slice(-NEWEST_PARTS)) }
  }

  const tagConversation = (request: SandboxRequest, id: string): SandboxResponse => {
    const body = read(request, z.object({ id: z.string(), admin_id: z.string() }))
    const conversation = state.conversation(id)
    if (!conversation) throw notFound('Conversation not found')
    const tag = state.tags.find((candidate) => candidate.id === body.id)
    if (!tag) throw notFound('Tag not found')
    adminAt(body.admin_id)
    if (!conversation.tags.includes(tag)) conversation.tags.push(tag)
    const appliedBy = { type: 'admin', id: body.admin_id }
    return { status: 200, body: { type: 'tag', ...tag, applied_at: state.seconds(), applied_by: appliedBy } }
  }

  const retrieve = (_request: SandboxRequest, id: string): SandboxResponse => {
    const conversation = conversationAt(id)
    return { status: 200, body: conversationJson(state, conversation, conversation.parts.slice(-NEWEST_PARTS)) }
  }

  return [
    ['POST', /^\/conversations$/, createConversation],
    ['POST', /^\/conversations\/search$/, search],
    ['POST', /^\/conversations\/redact$/, redact],
    ['GET', /^\/conversations\/(\d+)$/, retrieve],
    ['PUT', /^\/conversations\/(\d+)$/, update],
    ['POST', /^\/conversations\/(\d+)\/reply$/, reply],
    ['POST', /^\/conversations\/(\d+)\/parts$/, manage],
    ['POST', /^\/conversations\/(\d+)\/convert$/, convert],
    ['POST', /^\/conversations\/(\d+)\/tags$/, tagConversation],
    ['POST', /^\/conversations\/(\d+)\/customers$/, attachContact],
  ]
}

/** Intercom refuses the whole update for one attribute that the workspace doesn't define, or of another type. */
const _checkAttribute = (name: string, value: unknown): void => {
  const attribute = ATTRIBUTES.find((candidate) => candidate.name === name)
  if (!attribute) throw new Refusal(400, 'parameter_invalid', `Custom attribute '${name}' does not exist`)
  const type = { integer: 'number', boolean: 'boolean', date: 'number', string: 'string' }[attribute.data_type]
  const isOption = attribute.options === undefined || attribute.options.includes(value as string)
  if (typeof value !== type || !isOption) {
    throw new Refusal(400, 'parameter_invalid', `Custom attribute '${name}' has an invalid value`)
  }
}
