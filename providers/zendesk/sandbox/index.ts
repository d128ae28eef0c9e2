/**
 * Zendesk Support's other half: an account with agents, its REST API, its triggers and signed webhooks, and the agents' moves.
 *
 * Where this was read: vendor's API reference at https://developer.zendesk.com/api-reference/ and the documentation of triggers and webhooks.
 */
import {
  createDeliveryQueue,
  createSandboxServer,
  type Sandbox,
  type SandboxEntry,
  type SandboxOptions,
} from '../../kit/sandbox'
import { conversationIdOf } from '../identity'
import { createApi } from './api'
import { createRules, type Rules } from './rules'
import {
  asComment,
  createState,
  type AccountSettings,
  type Actor,
  type AttachmentRow,
  type CommentRow,
  type State,
  type TicketRow,
  type UserRow,
} from './state'

export interface ZendeskSandboxOptions extends SandboxOptions {
  /** Enforces 30 updates per ten minutes for one ticket by one user. Off unless told. */
  limits?: boolean
}

/** What only Zendesk has. */
export interface ZendeskSandbox extends Sandbox {
  /** The other way to sign in: e-mail and API token. */
  readonly tokenConfig: Record<string, unknown>
  readonly settings: AccountSettings
  readonly state: State
  readonly rules: Rules
  /** What an automation does some days after a ticket is solved. It cannot be undone. */
  closeForGood(ticketId: string): void
  /** Merges a ticket into another. */
  mergeInto(ticketId: string, targetId: string): void
  /** Every access token that was given out stops working. */
  revokeTokens(): void
  /** The role of the user that the credentials belong to. */
  setOwnRole(role: UserRow['role']): void
}

const ORIGIN = 'https://acme.zendesk.com'
const GROUPS = new Set([360_001, 360_002])
/** Each sandbox is an account of its own: what is remembered of one is not true of another. */
let accounts = 0

export const createSandbox = ({ now, limits = false }: ZendeskSandboxOptions): ZendeskSandbox => {
  accounts += 1
  const credentials = {
    clientId: 'botpress-router',
    clientSecret: `zendesk-client-secret-${accounts}`,
    email: 'router@acme.example',
    apiToken: `zendesk-api-token-${accounts}`,
  }
  // Triggers of more than one account may be under way in one process; each knows only its own state and queue.
  const deliveries = createDeliveryQueue({
    // After no answer five times; after a 409 three times; after 429 and 503 only if they name a short time; never after anything else.
    retries: (reply, attempt) => {
      if (!reply) return attempt <= 5
      if (reply.status === 409) return attempt <= 3
      const wait = Number(Object.entries(reply.headers ?? {}).find(([name]) => /^retry-after$/i.test(name))?.[1])
      return (reply.status === 429 || reply.status === 503) && wait < 60 && attempt <= 5
    },
  })
  const rules = createRules(
    now,
    () => state,
    () => deliveries
  )
  const state = createState(now, (update) => rules.fire(update))
  const own = state.addUser({ name: 'Botpress Router', role: 'admin', email: credentials.email })
  const ada = state.addUser({
    name: 'Ada Agent',
    role: 'agent',
    email: 'ada@acme.example',
    photo: { content_url: `${ORIGIN}/system/photos/1/ada.png` },
  })
  const bob = state.addUser({ name: 'Bob Agent', role: 'admin', email: 'bob@acme.example' })
  const api = createApi({ credentials, state, own, rules, groups: GROUPS, now, limits })

  // ------------------------------------------------------------------------------------------------------------- moves

  const find = (ticketId: string): TicketRow => {
    const ticket = state.tickets.find((candidate) => String(candidate.id) === ticketId && !candidate.deleted)
    if (!ticket) throw new Error(`No ticket ${ticketId}`)
    return ticket
  }
  const openOne = (ticketId: string): TicketRow => {
    const ticket = find(ticketId)
    if (ticket.status === 'closed') throw new Error(`Ticket ${ticketId} is closed`)
    return ticket
  }
  const byHand = (agentId: string | undefined): Actor => ({ userId: Number(agentId ?? ada.id), via: 'web' })

  const attachmentsOf = (files: { name: string; contentType: string }[] = []): AttachmentRow[] =>
    files.map(({ name, contentType }) => {
      const id = state.nextId()
      const address = `${ORIGIN}/attachments/token/t${id}/?name=${encodeURIComponent(name)}`
      return {
        id,
        file_name: name,
        content_url: address,
        content_type: contentType,
        size: 1_024,
        inline: false,
        malware_scan_result: 'malware_not_found',
      }
    })

  const reply: Sandbox['agentReplies'] = (ticketId, text, options = {}) => {
    const ticket = openOne(ticketId)
    const actor = byHand(options.agentId)
    const comment = {
      author_id: actor.userId,
      html: asComment(text),
      public: true,
      attachments: attachmentsOf(options.attachments),
    }
    state.update(ticket, { comment, ...(ticket.status === 'new' ? { status: 'open' as const } : {}) }, actor)
    return String(ticket.comments.at(-1)?.id)
  }

  const entryKind = (comment: CommentRow): SandboxEntry['kind'] => {
    if (!comment.public) return 'note'
    if (comment.author_id < 0) return 'system'
    return state.user(comment.author_id)?.role === 'end-user' ? 'customer' : 'agent'
  }

  const statusOf = (ticket: TicketRow) => {
    if (ticket.deleted) return 'deleted'
    return ticket.status === 'solved' || ticket.status === 'closed' ? ticket.status : 'open'
  }

  return {
    name: 'zendesk',
    config: { subdomain: 'acme', clientId: credentials.clientId, clientSecret: credentials.clientSecret },
    tokenConfig: { subdomain: 'acme', email: credentials.email, apiToken: credentials.apiToken },
    origins: [ORIGIN],
    agents: [ada, bob].map((agent) => ({
      id: String(agent.id),
      name: agent.name,
      email: agent.email ?? '',
      ...(agent.photo ? { pictureUrl: agent.photo.content_url } : {}),
    })),
    server: createSandboxServer(api.handler),
    deliveries,
    settings: state.settings,
    state,
    rules,
    tickets: () =>
      state.tickets.map((ticket) => {
        const conversationId = conversationIdOf(ticket.external_id ?? '')
        return {
          id: String(ticket.id),
          title: ticket.subject,
          status: statusOf(ticket),
          customer: state.user(ticket.requester_id)?.name ?? '',
          tags: ticket.tags,
          ...(ticket.assignee_id === null ? {} : { assignee: String(ticket.assignee_id) }),
          ...(conversationId === undefined ? {} : { conversationId }),
          entries: ticket.comments.map((comment) => ({
            id: String(comment.id),
            kind: entryKind(comment),
            author: state.user(comment.author_id)?.name ?? 'Zendesk',
            text: comment.plain,
            at: comment.at,
          })),
        }
      }),
    agentReplies: reply,
    agentNotes: (ticketId, text, options) => {
      const actor = byHand(options?.agentId)
      const comment = { author_id: actor.userId, html: asComment(text), public: false }
      state.update(openOne(ticketId), { comment }, actor)
    },
    assign: (ticketId, agentId) => {
      state.update(openOne(ticketId), { assignee_id: agentId === null ? null : Number(agentId) }, byHand(undefined))
    },
    solve: (ticketId, options) => {
      const ticket = openOne(ticketId)
      const actor = byHand(options?.agentId)
      // One submit: the answer, the end, and the agent as the assignee where there was none.
      const comment = options?.text && { author_id: actor.userId, html: asComment(options.text), public: true }
      const assignee_id = ticket.assignee_id ?? actor.userId
      state.update(ticket, { status: 'solved', assignee_id, ...(comment ? { comment } : {}) }, actor)
    },
    reopen: (ticketId) => {
      state.update(openOne(ticketId), { status: 'open' }, byHand(undefined))
    },
    // Deletion fires no trigger.
    remove: (ticketId) => {
      find(ticketId).deleted = true
    },
    customerReplies: (ticketId, text) => {
      const ticket = openOne(ticketId)
      const waiting = ticket.status === 'pending' || ticket.status === 'hold' || ticket.status === 'solved'
      const comment = { author_id: ticket.requester_id, html: asComment(text), public: true }
      const actor: Actor = { userId: ticket.requester_id, via: 'email' }
      state.update(ticket, { comment, ...(waiting ? { status: 'open' as const } : {}) }, actor)
    },
    botReplies: (ticketId, text) => {
      const comment = { author_id: -1, html: asComment(text), public: true }
      state.update(openOne(ticketId), { comment }, { userId: -1, via: 'rule' })
    },
    foreignTicket: () => {
      const somebody = state.addUser({
        name: 'Somebody Else',
        role: 'end-user',
        email: `else${state.nextId()}@mail.example`,
      })
      const comment = { author_id: somebody.id, html: asComment('Not from the bot'), public: true }
      const actor: Actor = { userId: somebody.id, via: 'email' }
      const fields = { subject: 'By mail', requester_id: somebody.id, submitter_id: somebody.id, tags: ['vip'] }
      const id = String(state.addTicket(fields, comment, actor).ticket.id)
      reply(id, 'An answer to somebody else')
      return id
    },
    signed: (body, options) => rules.signed(body, options),
    closeForGood: (ticketId) => {
      state.update(find(ticketId), { status: 'closed' }, { userId: -1, via: 'rule' })
    },
    mergeInto: (ticketId, targetId) => {
      const ticket = openOne(ticketId)
      const target = openOne(targetId)
      const text = `This request was closed and merged into request #${target.id}.`
      const comment = { author_id: ada.id, html: asComment(text), public: true }
      const change = {
        comment,
        status: 'closed' as const,
        assignee_id: ada.id,
        tags: [...ticket.tags, 'closed_by_merge'],
      }
      state.update(ticket, change, { userId: ada.id, via: 'system' })
      const tags = [...new Set([...target.tags, ...ticket.tags])]
      const note = {
        author_id: ada.id,
        html: asComment(`Request #${ticket.id} was merged into this request.`),
        public: false,
      }
      state.update(target, { comment: note, tags }, { userId: ada.id, via: 'system' })
    },
    revokeTokens: api.revokeTokens,
    setOwnRole: (role) => {
      own.role = role
    },
  }
}
