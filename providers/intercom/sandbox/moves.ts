/** What people do in the inbox and in the workspace's settings. */
import type { Sandbox, SandboxAgent } from '../../kit/sandbox'
import { sampleBytes } from '../../kit/sandbox/samples'
import type { Announce } from './conversations'
import {
  AGENTS,
  authorOfAdmin,
  authorOfContact,
  BOT,
  textAsHtml,
  type State,
  type StoredConversation,
  type StoredPart,
} from './state'

type Moves = Pick<
  Sandbox,
  | 'agentReplies'
  | 'agentNotes'
  | 'assign'
  | 'solve'
  | 'reopen'
  | 'remove'
  | 'customerReplies'
  | 'botReplies'
  | 'foreignTicket'
  | 'mergeContact'
  | 'mergeTicket'
  | 'removeAgent'
  | 'setAvailable'
  | 'convertTicket'
  | 'deleteReply'
>

/** Moves that only Intercom's inbox has. */
interface InboxMoves {
  /** Takes the app the permission to read a list, or gives it back: `contacts`, `conversations`, `tags`, `teams`. */
  setPermission(list: string, isGiven: boolean): void
  /** Writes with the editor, or by the API: any HTML, and a file. */
  agentWritesHtml(
    ticketId: string,
    html: string,
    agent: { name: string; file?: StoredPart['attachments'][number] }
  ): string
}

export const createMoves = (state: State, announce: Announce) => {
  const conversationAt = (ticketId: string): StoredConversation => {
    const found = state.conversation(ticketId)
    if (!found) throw new Error(`The sandbox has no conversation ${ticketId}`)
    return found
  }
  const contactAt = ({ contactId }: StoredConversation) => {
    const contact = state.contacts.find((candidate) => candidate.id === contactId)
    if (!contact) throw new Error('The conversation has no contact')
    return contact
  }
  const agentAt = (agentId: string | undefined, conversation: StoredConversation): SandboxAgent => {
    const agents = AGENTS.filter(({ id }) => state.admin(id))
    if (agentId !== undefined && AGENTS.some(({ id }) => id === agentId) && !state.admin(agentId))
      throw new Error(`Teammate ${agentId} has left the workspace`)
    const found = agents.find((agent) => agent.id === (agentId ?? conversation.adminAssignee)) ?? agents[0]
    if (!found) throw new Error('The sandbox has no agents')
    return found
  }
  const announceAssignment = (conversation: StoredConversation, part: StoredPart): void => {
    announce('conversation.admin.assigned', conversation, part)
    if (conversation.state === 'open') announce('conversation.admin.open.assigned', conversation, part)
  }
  const assign = (conversation: StoredConversation, agent: SandboxAgent): void => {
    conversation.adminAssignee = agent.id
    const part = state.addPart(conversation, {
      partType: 'assignment',
      author: authorOfAdmin(agent),
      assignedTo: { type: 'admin', id: agent.id },
    })
    announceAssignment(conversation, part)
  }
  /**
   * The first answer in an unassigned conversation assigns it: one part of type `assignment` has the words. It is
   * announced as an assignment and as a reply.
   */
  const reply = (conversation: StoredConversation, agent: SandboxAgent, part: Partial<StoredPart>): StoredPart => {
    const author = authorOfAdmin(agent)
    const isFirst = conversation.adminAssignee === null
    if (isFirst) conversation.adminAssignee = agent.id
    const assignment = isFirst ? { partType: 'assignment', assignedTo: { type: 'admin', id: agent.id } } : {}
    const added = state.addPart(conversation, { partType: 'comment', author, ...part, ...assignment })
    if (isFirst) announceAssignment(conversation, added)
    announce('conversation.admin.replied', conversation, added)
    return added
  }
  const close = (conversation: StoredConversation, agent: SandboxAgent, body: string | null): void => {
    const isOnePart = body !== null && conversation.adminAssignee !== null
    conversation.state = 'closed'
    // “Send and close” is one part, announced as a reply and as a close. A first answer is a part of its own.
    const words =
      body === null ? undefined : reply(conversation, agent, { ...(isOnePart && { partType: 'close' }), body })
    const part =
      words && isOnePart ? words : state.addPart(conversation, { partType: 'close', author: authorOfAdmin(agent) })
    announce('conversation.admin.closed', conversation, part)
  }
  const moves: Moves & InboxMoves = {
    agentWritesHtml: (ticketId, html, { name, file }) => {
      const conversation = conversationAt(ticketId)
      const agent = agentAt(undefined, conversation)
      const author = { ...authorOfAdmin(agent), name }
      return reply(conversation, agent, { author, body: html, attachments: file ? [file] : [] }).id
    },
    agentReplies: (ticketId, text, options) => {
      const conversation = conversationAt(ticketId)
      const attachments = (options?.attachments ?? []).map(
        ({ name, contentType, bytes }: { name: string; contentType: string; bytes?: Uint8Array }) =>
          state.files.add({ name, contentType, bytes: bytes ?? sampleBytes({ name, contentType }) })
      )
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
      announceAssignment(conversation, part)
    },
    solve: (ticketId, options) => {
      const conversation = conversationAt(ticketId)
      const agent = agentAt(options?.agentId, conversation)
      close(conversation, agent, options?.text === undefined ? null : textAsHtml(options.text))
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
      const author = authorOfContact(contactAt(conversation))
      const partType = conversation.state === 'closed' ? 'open' : 'comment'
      conversation.state = 'open'
      const part = state.addPart(conversation, { partType, author, body: textAsHtml(text) })
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
    // The contact that remains has its own external id. Requests for the merged one are answered with a 404.
    mergeContact: (ticketId) => {
      const merged = contactAt(conversationAt(ticketId))
      merged.isGone = true
      const { name, email } = merged
      const into = state.addContact({ name, email, externalId: `crm-${state.nextId()}` })
      const replace = (id: string): string => (id === merged.id ? into.id : id)
      for (const conversation of state.conversations) {
        conversation.contactId = replace(conversation.contactId)
        conversation.otherContactIds = conversation.otherContactIds.map(replace)
        for (const { author } of conversation.parts) author.id = replace(author.id)
      }
    },
    // The merged conversation is closed and linked to the one that stays.
    mergeTicket: (ticketId, intoId) => {
      const merged = conversationAt(ticketId)
      const into =
        intoId === undefined ? state.addConversation(merged.contactId, 'My other request') : conversationAt(intoId)
      const author = authorOfAdmin(agentAt(undefined, merged))
      merged.linkedIds.push(into.id)
      into.linkedIds.push(merged.id)
      merged.state = 'closed'
      state.addPart(into, { partType: 'merged_primary_conversation', author })
      const part = state.addPart(merged, { partType: 'merged_secondary_conversation', author })
      announce('conversation.admin.closed', merged, part)
      return into.id
    },
    setAvailable: (agentId, isAvailable) => {
      state.setAway(agentId, !isAvailable)
    },
    setPermission: (list, isGiven) => {
      if (isGiven) state.forbidden.delete(list)
      else state.forbidden.add(list)
    },
    removeAgent: (agentId) => {
      state.removeAdmin(agentId)
    },
    // The id stays. From now on, webhooks come under the topics of tickets.
    convertTicket: (ticketId) => {
      const conversation = conversationAt(ticketId)
      conversation.ticketState = 'submitted'
      const author = authorOfAdmin(agentAt(undefined, conversation))
      const partType = 'ticket_state_updated_by_admin'
      state.addPart(conversation, { partType, author, ticketState: 'submitted' })
    },
    deleteReply: (messageId) => {
      for (const conversation of state.conversations) {
        const part = conversation.parts.find(({ id }) => id === messageId)
        if (!part) continue
        part.redacted = true
        announce('conversation_part.redacted', conversation, part)
      }
    },
  }

  return {
    ...moves,
    /** An archived contact can be restored, a deleted one can't, and a blocked one can't write. */
    archiveContact: (ticketId: string) => {
      contactAt(conversationAt(ticketId)).archived = true
    },
    deleteContact: (ticketId: string) => {
      contactAt(conversationAt(ticketId)).isGone = true
    },
    blockContact: (ticketId: string) => {
      contactAt(conversationAt(ticketId)).isBlocked = true
    },
    /** An agent sets the ticket's state to resolved. The conversation itself stays open. */
    resolveTicket: (ticketId: string) => {
      const conversation = conversationAt(ticketId)
      conversation.ticketState = 'resolved'
      const author = authorOfAdmin(agentAt(undefined, conversation))
      const partType = 'ticket_state_updated_by_admin'
      const part = state.addPart(conversation, { partType, author, ticketState: 'resolved' })
      announce('ticket.resolved', conversation, part)
    },
    /** Any part, as Intercom would store it, without a webhook. Returns its id. */
    addPart: (ticketId: string, part: Partial<StoredPart>) => {
      const conversation = conversationAt(ticketId)
      const author = authorOfAdmin(agentAt(undefined, conversation))
      return state.addPart(conversation, { partType: 'comment', author, ...part }).id
    },
  }
}
