/**
 * The Zendesk sandbox: an account with agents, its REST API, its triggers and signed webhooks, and the agents' actions.
 *
 * Follows Zendesk's API reference and its documentation of triggers and webhooks.
 * https://developer.zendesk.com/api-reference/
 */
import {
  createDeliveryQueue,
  createSandboxServer,
  type Sandbox,
  type SandboxEntry,
  type SandboxOptions,
} from '../../kit/sandbox'
import { sampleBytes } from '../../kit/sandbox/samples'
import { conversationIdOf } from '../identity'
import { createApi } from './api'
import { createFiles, STORE } from './files'
import { createMoves, type Moves } from './moves'
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
  /** Enforces Zendesk's limit of 30 updates of one ticket by one user in ten minutes. Off by default. */
  limits?: boolean
}

/** The sandbox with what only Zendesk has. */
export interface ZendeskSandbox extends Omit<Sandbox, keyof Moves>, Moves {
  /** A second configuration, which signs in with e-mail and API token. */
  readonly tokenConfig: Record<string, unknown>
  readonly settings: AccountSettings
  readonly state: State
  readonly rules: Rules
  /** Closes a ticket, as an automation does some days after it is solved. A closed ticket can't be reopened. */
  closeForGood(ticketId: string): void
  /** Gives the account another subdomain. Returns a configuration for it; the old address keeps answering. */
  rename(subdomain: string): Record<string, unknown>
  /** Removes a group. */
  removeGroup(groupId: number): void
  /** Adds a public comment by an agent with these fields in the API's answers. Returns its id. */
  addComment(ticketId: string, answered: Record<string, unknown>): string
  /** Invalidates all access tokens. */
  revokeTokens(): void
  /** Sets the role of the credentials' own user. */
  setOwnRole(role: UserRow['role']): void
}

const ORIGIN = 'https://acme.zendesk.com'
/** Numbers the sandboxes' secrets, so that a driver never uses what it cached for another sandbox. */
let accounts = 0

export const createSandbox = ({ now, limits = false }: ZendeskSandboxOptions): ZendeskSandbox => {
  accounts += 1
  const groups = new Set([360_001, 360_002])
  const origins = [ORIGIN, STORE]
  const files = createFiles(() => state, now)
  const credentials = {
    clientId: 'botpress-router',
    clientSecret: `zendesk-client-secret-${accounts}`,
    email: 'router@acme.example',
    apiToken: `zendesk-api-token-${accounts}`,
  }
  const deliveries = createDeliveryQueue({
    // Five retries after no response, three after a 409, five after a 429 or 503 with a short Retry-After, else none.
    retries: (reply, attempt) => {
      if (!reply) return attempt <= 5
      if (reply.status === 409) return attempt <= 3
      const retryAfter = Number(Object.entries(reply.headers ?? {}).find(([name]) => /^retry-after$/i.test(name))?.[1])
      return (reply.status === 429 || reply.status === 503) && retryAfter < 60 && attempt <= 5
    },
  })
  const rules = createRules(now, () => state, deliveries)
  const state = createState(now, (update) => rules.fire(update))
  const apiUser = state.addUser({ name: 'Botpress Router', role: 'admin', email: credentials.email })
  const ada = state.addUser({
    name: 'Ada Agent',
    role: 'agent',
    email: 'ada@acme.example',
    photo: { content_url: `${ORIGIN}/system/photos/1/ada.png` },
  })
  const bob = state.addUser({ name: 'Bob Agent', role: 'admin', email: 'bob@acme.example' })
  const api = createApi({ credentials, state, apiUser, rules, groups, files, now, limits, account: accounts })

  // ----------------------------------------------------------------------------------------------------------- actions

  const findTicket = (ticketId: string): TicketRow => {
    const ticket = state.tickets.find((candidate) => String(candidate.id) === ticketId && !candidate.deleted)
    if (!ticket) throw new Error(`No ticket ${ticketId}`)
    return ticket
  }
  const findUnclosed = (ticketId: string): TicketRow => {
    const ticket = findTicket(ticketId)
    if (ticket.status === 'closed') throw new Error(`Ticket ${ticketId} is closed`)
    return ticket
  }
  const actorInBrowser = (agentId: string | undefined): Actor => ({ userId: Number(agentId ?? ada.id), via: 'web' })

  const attachmentsOf = (given: { name: string; contentType: string; bytes?: Uint8Array }[] = []): AttachmentRow[] =>
    given.map(({ name, contentType, bytes }) =>
      files.add({ name, contentType, bytes: Buffer.from(bytes ?? sampleBytes({ name, contentType })) })
    )

  const reply: Sandbox['agentReplies'] = (ticketId, text, options = {}) => {
    const ticket = findUnclosed(ticketId)
    const actor = actorInBrowser(options.agentId)
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

  const fileOf = ({ file_name: name, content_type: contentType, bytes }: AttachmentRow) => ({
    name,
    contentType,
    bytes: bytes ?? Buffer.alloc(0),
  })

  /** Custom fields by their titles. */
  const fieldsOf = ({ fields }: TicketRow): Record<string, string> =>
    Object.fromEntries(
      (fields.custom_fields ?? []).map(({ id, value }) => [
        api.ticketFields.find((field) => field.id === id)?.title ?? String(id),
        String(value),
      ])
    )

  const statusOf = (ticket: TicketRow) => {
    if (ticket.deleted) return 'deleted'
    return ticket.status === 'solved' || ticket.status === 'closed' ? ticket.status : 'open'
  }

  return {
    name: 'zendesk',
    config: { subdomain: 'acme', clientId: credentials.clientId, clientSecret: credentials.clientSecret },
    tokenConfig: { subdomain: 'acme', email: credentials.email, apiToken: credentials.apiToken },
    refusal: {
      status: 422,
      body: {
        error: 'RecordInvalid',
        description: 'Record validation errors',
        details: { comment: [{ error: 'InvalidValue' }] },
      },
    },
    otherConfig: { subdomain: 'acme', email: credentials.email, apiToken: credentials.apiToken },
    origins,
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
          fields: fieldsOf(ticket),
          entries: ticket.comments.map((comment) => ({
            id: String(comment.id),
            kind: entryKind(comment),
            author: state.user(comment.author_id)?.name ?? 'Zendesk',
            text: comment.plain,
            at: comment.at,
            ...(comment.attachments.length === 0 ? {} : { files: comment.attachments.map(fileOf) }),
          })),
        }
      }),
    agentReplies: reply,
    agentNotes: (ticketId, text, options) => {
      const actor = actorInBrowser(options?.agentId)
      const comment = { author_id: actor.userId, html: asComment(text), public: false }
      state.update(findUnclosed(ticketId), { comment }, actor)
    },
    assign: (ticketId, agentId) => {
      state.update(
        findUnclosed(ticketId),
        { assignee_id: agentId === null ? null : Number(agentId) },
        actorInBrowser(undefined)
      )
    },
    solve: (ticketId, options) => {
      const ticket = findUnclosed(ticketId)
      const actor = actorInBrowser(options?.agentId)
      // One submission: the reply, the end and, if nobody has the ticket, the agent as its assignee.
      const comment = options?.text && { author_id: actor.userId, html: asComment(options.text), public: true }
      const assignee_id = ticket.assignee_id ?? actor.userId
      state.update(ticket, { status: 'solved', assignee_id, ...(comment ? { comment } : {}) }, actor)
    },
    reopen: (ticketId) => {
      state.update(findUnclosed(ticketId), { status: 'open' }, actorInBrowser(undefined))
    },
    // Deleting a ticket fires no trigger.
    remove: (ticketId) => {
      findTicket(ticketId).deleted = true
    },
    customerReplies: (ticketId, text) => {
      const ticket = findUnclosed(ticketId)
      const reopens = ticket.status === 'pending' || ticket.status === 'hold' || ticket.status === 'solved'
      const comment = { author_id: ticket.requester_id, html: asComment(text), public: true }
      const actor: Actor = { userId: ticket.requester_id, via: 'email' }
      state.update(ticket, { comment, ...(reopens ? { status: 'open' as const } : {}) }, actor)
    },
    botReplies: (ticketId, text) => {
      const comment = { author_id: -1, html: asComment(text), public: true }
      state.update(findUnclosed(ticketId), { comment }, { userId: -1, via: 'rule' })
    },
    foreignTicket: () => {
      const stranger = state.addUser({
        name: 'Somebody Else',
        role: 'end-user',
        email: `else${state.nextId()}@mail.example`,
      })
      const comment = { author_id: stranger.id, html: asComment('Not from the bot'), public: true }
      const actor: Actor = { userId: stranger.id, via: 'email' }
      const fields = { subject: 'By mail', requester_id: stranger.id, submitter_id: stranger.id, tags: ['vip'] }
      const id = String(state.addTicket(fields, comment, actor).ticket.id)
      reply(id, 'An answer to somebody else')
      return id
    },
    signed: (body, options) => rules.signed(body, options),
    closeForGood: (ticketId) => {
      state.update(findTicket(ticketId), { status: 'closed' }, { userId: -1, via: 'rule' })
    },
    ...createMoves(state, ada, findUnclosed),
    addComment: (ticketId, answered) => {
      const ticket = findUnclosed(ticketId)
      const comment = { author_id: ada.id, html: asComment('…'), public: true }
      state.update(ticket, { comment }, actorInBrowser(undefined))
      const row = ticket.comments.at(-1)
      if (row) row.answered = answered
      return String(row?.id)
    },
    rename: (subdomain) => {
      origins.push(`https://${subdomain}.zendesk.com`)
      return { subdomain, clientId: credentials.clientId, clientSecret: credentials.clientSecret }
    },
    removeGroup: (groupId) => {
      groups.delete(groupId)
    },
    revokeTokens: api.revokeTokens,
    setOwnRole: (role) => {
      apiUser.role = role
    },
  }
}
