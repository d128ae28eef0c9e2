/** Intercom for tests: a workspace with an inbox, its API and its signed webhooks. */
import { randomUUID } from 'node:crypto'
import { createSandboxServer, type Sandbox, type SandboxOptions } from '../../kit/sandbox'
import { sign } from '../../kit/signature'
import { createApi } from './api'
import type { Announce } from './conversations'
import { createDeliveries } from './deliveries'
import { STORE } from './files'
import { createMoves } from './moves'
import { ticketOf } from './shown'
import { conversationJson, partJson, ticketJson, ticketPartJson } from './json'
import { AGENTS, createState, WORKSPACE } from './state'

const ACCESS_TOKEN = 'dG9rOnNhbmRib3hfYWNjZXNz'
const CLIENT_SECRET = 'sandbox-client-secret-0f3c'

/** The topics of a ticket. A converted conversation has no others. */
const TICKET_TOPICS: Record<string, string> = {
  'conversation.user.replied': 'ticket.contact.replied',
  'conversation.admin.replied': 'ticket.admin.replied',
  'conversation.admin.noted': 'ticket.note.created',
  'conversation.admin.assigned': 'ticket.admin.assigned',
  'conversation.admin.closed': 'ticket.closed',
  'conversation.admin.opened': 'ticket.state.updated',
  'conversation.deleted': 'conversation.deleted',
  'ticket.resolved': 'ticket.resolved',
}

export type IntercomSandbox = Sandbox & ReturnType<typeof createMoves>

export const createSandbox = ({ now }: SandboxOptions): IntercomSandbox => {
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

  const deliveries = createDeliveries()

  const announce: Announce = (ofConversation, conversation, part) => {
    const isTicket = conversation.ticketState !== null
    const topic = isTicket ? TICKET_TOPICS[ofConversation] : ofConversation
    if (topic === undefined) return
    const withPart = {
      ...conversationJson(state, conversation),
      conversation_parts: {
        type: 'conversation_part.list',
        conversation_parts: part ? [partJson(part)] : [],
        total_count: part ? 1 : 0,
      },
    }
    const ticket = ticketJson(state, conversation)
    // https://developers.intercom.com/docs/references/webhooks/webhook-models: a resolved ticket is the item itself.
    const asTicket =
      topic === 'ticket.resolved'
        ? ticket
        : { type: 'ticket_ticket_part', ticket, ...(part ? { ticket_part: ticketPartJson(part) } : {}) }
    // What is deleted is only identified.
    const deleted = { type: 'conversation', id: conversation.id }
    const item = topic === 'conversation.deleted' ? deleted : isTicket ? asTicket : withPart
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

  return {
    name: 'intercom',
    refusal: {
      status: 422,
      body: { type: 'error.list', errors: [{ code: 'parameter_invalid', field: 'body', message: 'Body is invalid' }] },
    },
    config: { accessToken: ACCESS_TOKEN, clientSecret: CLIENT_SECRET, region: 'us' },
    origins: ['https://api.intercom.io', 'https://api.eu.intercom.io', 'https://api.au.intercom.io', STORE],
    agents: AGENTS,
    server: createSandboxServer(createApi(state, ACCESS_TOKEN, announce)),
    deliveries,
    signed,
    tickets: () => state.conversations.map((conversation) => ticketOf(state, conversation)),
    ...createMoves(state, announce),
  }
}
