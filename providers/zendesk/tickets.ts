import { z } from '@botpress/sdk'
import { asUnknown, isProviderError } from '../errors'
import { partsToText } from '../kit/message-text'
import type { Tools } from '../kit/tools'
import type { Customer, OpenedTicket, OutboundMessage, PostedMessage, Ticket, TicketRequest } from '../provider'
import { auditSchema, hasCode, PROVIDER, ticketSchema, type Api, type TicketRecord } from './api'
import { postComment, readTicket, ticketPath } from './comments'
import { contactExists, ensureContact } from './contacts'
import { writeCursor } from './cursor'
import { toComments, toHtml, toOpening, toSubject, toTag, toTranscriptNote } from './format'
import { tagOf, ticketExternalId } from './identity'

const createdSchema = z.object({ ticket: ticketSchema, audit: auditSchema.nullish() })
const ticketsSchema = z.object({ tickets: z.array(ticketSchema) })

const MAX_CLOSE_ATTEMPTS = 3

/**
 * Opens a ticket in two calls: the ticket with the description as the customer's public first comment, then the
 * transcript as an internal note.
 *
 * A single internal first comment would not do. Without the account setting `is_first_comment_private_enabled` Zendesk
 * makes it public and mails it to the customer; with it, agents' replies default to internal notes.
 */
export const openTicket = async (api: Api, tools: Tools, request: TicketRequest): Promise<OpenedTicket> => {
  const externalId = ticketExternalId(request.botId, request.conversationId)
  const existing = request.mayExist ? await _findTicket(api, externalId) : undefined
  const knownContactId = request.customer.contactId
  const contactId = knownContactId ?? (await ensureContact(api, request.customer))
  const opened: Opened = existing
    ? { ticketId: existing.id, contactId, firstComment: undefined, isExisting: true }
    : await _createForContact(api, tools, request, externalId, contactId)

  if (request.transcript.length > 0) {
    try {
      await postComment(api, tools, {
        ticketId: opened.ticketId,
        marker: `${request.conversationId}/transcript`,
        text: toTranscriptNote(request.transcript),
        public: false,
        mayExist: opened.isExisting,
      })
    } catch (error) {
      // The ticket is open. Failing now would open the conversation at another desk and leave an orphan ticket here.
      tools.log.warn('The transcript could not be added to the ticket', {
        provider: PROVIDER,
        ticketId: opened.ticketId,
        code: isProviderError(error) ? error.code : 'unknown',
        status: isProviderError(error) ? error.status : undefined,
      })
    }
  }

  const result: OpenedTicket = { id: opened.ticketId, url: `${api.origin}/agent/tickets/${opened.ticketId}` }
  if (opened.firstComment !== undefined) {
    result.cursor = writeCursor({ comment: Number(opened.firstComment), agentId: '', over: false })
  }
  if (knownContactId !== undefined && opened.contactId !== knownContactId) result.memo = opened.contactId
  return result
}

interface Opened {
  ticketId: string
  contactId: string
  /** Id of the opening comment. If it is unknown, `catchUp` starts at the beginning and skips our comments. */
  firstComment: string | undefined
  /** An earlier attempt created the ticket, and perhaps the transcript note. */
  isExisting: boolean
}

/** Creates the ticket. If the known contact was deleted at the desk, a new contact replaces it. */
const _createForContact = async (
  api: Api,
  tools: Tools,
  request: TicketRequest,
  externalId: string,
  contactId: string
): Promise<Opened> => {
  const key = `botpress-${request.conversationId}`
  try {
    return await _create(api, tools, request, externalId, contactId, key)
  } catch (error) {
    const mayBeDeleted = request.customer.contactId !== undefined && isProviderError(error) && error.status === 422
    if (!mayBeDeleted || (await contactExists(api, contactId))) throw error
    const replacement = await ensureContact(api, request.customer)
    return await _create(api, tools, request, externalId, replacement, `${key}-${replacement}`)
  }
}

/**
 * Creates the ticket at most once. After an unknown outcome it looks the external id up; this list is consistent at
 * once, unlike search. A retry repeats the idempotency key, which Zendesk keeps for two hours, in case the first
 * attempt is slow.
 * https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency
 */
const _create = async (
  api: Api,
  tools: Tools,
  request: TicketRequest,
  externalId: string,
  contactId: string,
  key: string
): Promise<Opened> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { ticket, audit } = await api.request({
        method: 'POST',
        path: '/api/v2/tickets',
        headers: { 'idempotency-key': key.slice(0, 255) },
        json: { ticket: _ticketBody(tools, request, externalId, contactId) },
        schema: createdSchema,
        purpose: 'open the ticket',
      })
      const comment = audit?.events?.find((event) => event.type === 'Comment')
      return { ticketId: ticket.id, contactId, firstComment: comment?.id ?? undefined, isExisting: false }
    } catch (error) {
      if (!isProviderError(error)) throw error
      // 400: the key was used with another body. 409: the first attempt is still in progress.
      const isKeyTaken = error.status === 400 || error.status === 409
      if (error.outcome !== 'unknown' && !isKeyTaken) throw error
      const existing = await _findTicket(api, externalId).catch(() => {
        throw error
      })
      if (existing) return { ticketId: existing.id, contactId, firstComment: undefined, isExisting: true }
      if (isKeyTaken || attempt > 1) throw error
    }
  }
}

const _ticketBody = (tools: Tools, request: TicketRequest, externalId: string, contactId: string) => {
  const { queue, priority, tags = [] } = request.options
  const group = queue?.trim()
  if (group && !/^\d+$/.test(group)) {
    tools.log.warn('The queue isn’t a Zendesk group id and was ignored', { provider: PROVIDER })
  }
  return {
    subject: toSubject(request.title),
    comment: {
      html_body: toHtml(toOpening(request.title, request.description)),
      public: true,
      author_id: Number(contactId),
    },
    requester_id: Number(contactId),
    submitter_id: Number(contactId),
    external_id: externalId,
    tags: [...new Set([tagOf(request.botId), ...tags.map(toTag).filter((tag) => tag !== '')])],
    ...(priority ? { priority } : {}),
    ...(group && /^\d+$/.test(group) ? { group_id: Number(group) } : {}),
  }
}

const _findTicket = async (api: Api, externalId: string): Promise<TicketRecord | undefined> => {
  const { tickets } = await api.request({
    method: 'GET',
    path: '/api/v2/tickets',
    query: { external_id: externalId },
    schema: ticketsSchema,
    purpose: 'look the ticket up',
  })
  return tickets.find((ticket) => ticket.status !== 'deleted')
}

/** Posts the customer's message as a public comment, the bot's as an internal note. Splits long texts. */
export const postMessage = async (
  api: Api,
  tools: Tools,
  ticket: Ticket,
  message: OutboundMessage
): Promise<PostedMessage> => {
  const chunks = toComments(partsToText(message.parts))
  const customer = message.author.type === 'customer' ? message.author.customer : undefined
  const authorId = customer && (await _authorOf(api, ticket, customer))
  const messageIds: string[] = []
  for (const [index, text] of chunks.entries()) {
    try {
      const id = await postComment(api, tools, {
        ticketId: ticket.id,
        marker: index === 0 ? message.id : `${message.id}/${index}`,
        text,
        public: customer !== undefined,
        authorId,
        mayExist: message.mayExist,
        createdAt: message.createdAt,
        others: message.others,
      })
      messageIds.push(id)
    } catch (error) {
      // Part of the message is at the desk, so a retry has to look first.
      throw messageIds.length === 0 ? error : asUnknown(error)
    }
  }
  return { messageIds }
}

/** The author's contact. `memo` holds the contact that replaced a deleted one when the ticket was opened. */
const _authorOf = async (api: Api, ticket: Ticket, customer: Customer): Promise<string> => {
  if (customer.contactId === undefined) return await ensureContact(api, customer)
  return (customer.contactId === ticket.contactId ? ticket.memo : undefined) ?? customer.contactId
}

/**
 * Solves the ticket. It never closes it: a closed ticket can't be reopened and refuses messages still in flight.
 *
 * Zendesk solves only assigned tickets, so an unassigned one goes to the credentials' own user. `safe_update` makes
 * that fail if an agent takes the ticket at the same time.
 */
export const closeTicket = async (api: Api, ticket: Ticket): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    const read = await readTicket(api, ticket.id)
    if (!read || isOver(read.ticket.status)) return
    const isAssigned = read.ticket.assignee_id != null
    const updatedAt = read.ticket.updated_at
    try {
      await api.request({
        method: 'PUT',
        path: ticketPath(ticket.id),
        json: {
          ticket: {
            status: 'solved',
            ...(isAssigned ? {} : { assignee_id: Number((await api.me()).id) }),
            ...(isAssigned || !updatedAt ? {} : { safe_update: true, updated_stamp: updatedAt }),
          },
        },
        schema: z.unknown(),
        purpose: 'solve the ticket',
        repeatable: true,
      })
      return
    } catch (error) {
      if (hasCode(error, 'not-found')) return
      // The ticket changed after it was read (409) or is closed (422): read it again.
      const canRetry = isProviderError(error) && (error.status === 409 || (error.status === 422 && attempt === 1))
      if (!canRetry || attempt >= MAX_CLOSE_ATTEMPTS) throw error
    }
  }
}

export const isOver = (status: string): boolean => status === 'solved' || status === 'closed' || status === 'deleted'
