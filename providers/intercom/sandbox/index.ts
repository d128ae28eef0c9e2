/** Intercom for tests: a workspace with an inbox, its API and its signed webhooks. */
import { randomUUID } from 'node:crypto'
import { createDeliveryQueue, createSandboxServer, type Sandbox, type SandboxOptions } from '../../kit/sandbox'
import type { SandboxAgent, SandboxEntry, SandboxTicket } from '../../kit/sandbox'
import { htmlToText } from '../../kit/html-to-markdown'
import { sign } from '../../kit/signature'
import { createApi } from './api'
import type { Announce } from './conversations'
import {
  AGENTS,
  authorOfAdmin,
  authorOfContact,
  BOT,
  conversationJson,
  createState,
  partJson,
  textAsHtml,
  WORKSPACE,
  type StoredConversation,
  type StoredPart,
} from './state'

const ACCESS_TOKEN = 'dG9rOnNhbmRib3hfYWNjZXNz'
const CLIENT_SECRET = 'sandbox-client-secret-0f3c'
/** Intercom publishes no schedule. It retries several times with growing back-off, then gives up. */
const MAX_ATTEMPTS = 5

export const createSandbox = ({ now }: SandboxOptions): Sandbox => {
  const state = createState(now)

  const signed: Sandbox['signed'] = (body, options) => ({
    method: 'POST',
    path: '/intercom',
    query: '',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Intercom-Webhooks/1.0',
      'x-hub-signature': `sha1=${sign({
        algorithm: 'sha1',
        encoding: 'hex',
        secret: options?.secret ?? CLIENT_SECRET,
        message: body,
      })}`,
    },
    body,
  })

  const deliveries = createDeliveryQueue({
    retries: (reply, attempt) =>
      attempt < MAX_ATTEMPTS && (reply === undefined || reply.status >= 500 || reply.status === 429),
  })

  const announce: Announce = (topic, conversation, part) => {
    const item = {
      ...conversationJson(state, conversation),
      conversation_parts: {
        type: 'conversation_part.list',
        conversation_parts: part ? [partJson(part)] : [],
        total_count: part ? 1 : 0,
      },
    }
    const notification = {
      type: 'notification_event',
      app_id: WORKSPACE.id_code,
      data: { type: 'notification_event_data', item },
      links: {},
      id: `notif_${randomUUID()}`,
      topic,
      delivery_status: 'pending',
      delivery_attempts: 1,
      delivered_at: 0,
      first_sent_at: state.seconds(),
      created_at: state.seconds(),
      self: null,
    }
    deliveries.push(signed(JSON.stringify(notification)))
  }

  const server = createSandboxServer(createApi(state, ACCESS_TOKEN, announce))

  const conversationAt = (ticketId: string): StoredConversation => {
    const found = state.conversation(ticketId)
    if (!found) throw new Error(`The sandbox has no conversation ${ticketId}`)
    return found
  }
  const agentAt = (agentId: string | undefined, conversation: StoredConversation): SandboxAgent => {
    const found = AGENTS.find((agent) => agent.id === (agentId ?? conversation.adminAssignee)) ?? AGENTS[0]
    if (!found) throw new Error('The sandbox has no agents')
    return found
  }
  const assign = (conversation: StoredConversation, agent: SandboxAgent): void => {
    conversation.adminAssignee = agent.id
    const part = state.addPart(conversation, {
      partType: 'assignment',
      author: authorOfAdmin(agent),
      assignedTo: { type: 'admin', id: agent.id },
    })
    announce('conversation.admin.assigned', conversation, part)
  }
  const reply = (conversation: StoredConversation, agent: SandboxAgent, part: Partial<StoredPart>): StoredPart => {
    // As set in the workspace: replying to an unassigned conversation assigns it.
    if (conversation.adminAssignee === null) assign(conversation, agent)
    const added = state.addPart(conversation, { partType: 'comment', author: authorOfAdmin(agent), ...part })
    announce('conversation.admin.replied', conversation, added)
    return added
  }
  const fileUrl = (name: string): string => {
    const path = `${WORKSPACE.id_code}/${state.nextId()}/${encodeURIComponent(name)}`
    const query = `expires=${state.seconds() + 1_800}&signature=${randomUUID()}`
    return `https://downloads.intercomcdn.com/i/o/${path}?${query}`
  }

  return {
    name: 'intercom',
    config: { accessToken: ACCESS_TOKEN, clientSecret: CLIENT_SECRET, region: 'us' },
    origins: ['https://api.intercom.io', 'https://api.eu.intercom.io', 'https://api.au.intercom.io'],
    agents: AGENTS,
    server,
    deliveries,
    signed,
    tickets: () => state.conversations.map((conversation) => _ticketOf(state.contacts, conversation)),
    agentReplies: (ticketId, text, options) => {
      const conversation = conversationAt(ticketId)
      const attachments = (options?.attachments ?? []).map((file) => ({ ...file, url: fileUrl(file.name) }))
      return reply(conversation, agentAt(options?.agentId, conversation), { body: textAsHtml(text), attachments }).id
    },
    agentNotes: (ticketId, text, options) => {
      const conversation = conversationAt(ticketId)
      const author = authorOfAdmin(agentAt(options?.agentId, conversation))
      const part = state.addPart(conversation, { partType: 'note', author, body: textAsHtml(text) })
      announce('conversation.admin.noted', conversation, part)
    },
    assign: (ticketId, agentId) => {
      const conversation = conversationAt(ticketId)
      if (agentId !== null) return assign(conversation, agentAt(agentId, conversation))
      const author = authorOfAdmin(agentAt(undefined, conversation))
      conversation.adminAssignee = null
      const part = state.addPart(conversation, { partType: 'assignment', author, assignedTo: null })
      announce('conversation.admin.assigned', conversation, part)
    },
    solve: (ticketId, options) => {
      const conversation = conversationAt(ticketId)
      const agent = agentAt(options?.agentId, conversation)
      const body = options?.text === undefined ? null : textAsHtml(options.text)
      conversation.state = 'closed'
      if (body === null) {
        const part = state.addPart(conversation, { partType: 'close', author: authorOfAdmin(agent) })
        announce('conversation.admin.closed', conversation, part)
      } else {
        // “Send and close” is one part, announced as a reply and as a close.
        const part = reply(conversation, agent, { partType: 'close', body })
        announce('conversation.admin.closed', conversation, part)
      }
    },
    reopen: (ticketId) => {
      const conversation = conversationAt(ticketId)
      conversation.state = 'open'
      const author = authorOfAdmin(agentAt(undefined, conversation))
      announce('conversation.admin.opened', conversation, state.addPart(conversation, { partType: 'open', author }))
    },
    remove: (ticketId) => {
      const conversation = conversationAt(ticketId)
      conversation.isDeleted = true
      announce('conversation.deleted', conversation)
    },
    customerReplies: (ticketId, text) => {
      const conversation = conversationAt(ticketId)
      const contact = state.contacts.find((candidate) => candidate.id === conversation.contactId)
      if (!contact) throw new Error('The conversation has no contact')
      const partType = conversation.state === 'closed' ? 'open' : 'comment'
      conversation.state = 'open'
      const part = state.addPart(conversation, { partType, author: authorOfContact(contact), body: textAsHtml(text) })
      announce('conversation.user.replied', conversation, part)
    },
    botReplies: (ticketId, text) => {
      const conversation = conversationAt(ticketId)
      const part = state.addPart(conversation, { partType: 'comment', author: BOT, body: textAsHtml(text) })
      announce('conversation.operator.replied', conversation, part)
      // Intercom announces Fin's replies with the teammates' topic too.
      announce('conversation.admin.replied', conversation, part)
    },
    foreignTicket: () => {
      const contact = state.addContact({ name: 'Frank Foreign', email: `frank${state.nextId()}@elsewhere.example` })
      const conversation = state.addConversation(contact.id, 'I wrote from the website')
      announce('conversation.user.created', conversation)
      const [agent] = AGENTS
      if (agent) reply(conversation, agent, { body: textAsHtml('Hello from the website') })
      return conversation.id
    },
  }
}

// ---------------------------------------------------------------------------------------------------- as tests and
// people see it

const _ticketOf = (
  contacts: { id: string; name: string | null; email: string | null }[],
  conversation: StoredConversation
): SandboxTicket => {
  const contact = contacts.find((candidate) => candidate.id === conversation.contactId)
  const customer = [contact?.name, contact?.email && `<${contact.email}>`].filter(Boolean).join(' ') || 'Unknown'
  const reference = conversation.parts
    .filter((part) => part.partType === 'note')
    .map((part) => /Handoff reference: (\S+)/.exec(htmlToText(part.body ?? ''))?.[1])
    .find(Boolean)
  const status = conversation.isDeleted ? 'deleted' : conversation.state === 'closed' ? 'solved' : 'open'
  const opening: SandboxEntry = {
    id: conversation.sourceId,
    kind: 'customer',
    author: contact?.name ?? 'Unknown',
    text: htmlToText(conversation.body),
    at: conversation.createdAt * 1_000,
  }
  return {
    id: conversation.id,
    title: conversation.title ?? '',
    status,
    customer,
    ...(conversation.adminAssignee === null ? {} : { assignee: conversation.adminAssignee }),
    ...(reference === undefined ? {} : { conversationId: reference }),
    tags: conversation.tags.map((tag) => tag.name),
    entries: [opening, ...conversation.parts.map(_entryOf)],
  }
}

const _entryOf = (part: StoredPart): SandboxEntry => {
  const files = part.attachments.map((attachment) => `${attachment.name}: ${attachment.url}`)
  const text = [htmlToText(part.body ?? ''), ...files].filter(Boolean).join('\n')
  const assignee = part.assignedTo ? `${part.assignedTo.type} ${part.assignedTo.id}` : 'nobody'
  return {
    id: part.id,
    kind: _kindOf(part, text),
    author: part.author.name ?? part.author.type,
    text: text || (part.partType.startsWith('assign') ? `assigned to ${assignee}` : part.partType),
    at: part.createdAt * 1_000,
  }
}

const _kindOf = (part: StoredPart, text: string): SandboxEntry['kind'] => {
  if (part.partType === 'note') return 'note'
  if (!text) return 'system'
  if (part.author.type === 'admin') return 'agent'
  return part.author.type === 'bot' ? 'system' : 'customer'
}
