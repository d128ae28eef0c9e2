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

const CLOSING_ATTEMPTS = 3

/**
 * Two calls: the ticket, whose first comment is the description, public and by the customer, and then the transcript as an internal note.
 *
 * One call with an internal first comment would be shorter, and wrong: whether the first comment may be internal is a setting of the account
 * (`is_first_comment_private_enabled`); where it is off, the transcript would go out to the customer by mail. And where it is on, the ticket as a whole is
 * private, and what the agent writes first is an internal note unless he takes care.
 */
export const openTicket = async (api: Api, tools: Tools, request: TicketRequest): Promise<OpenedTicket> => {
  const externalId = ticketExternalId(request.botId, request.conversationId)
  const existing = request.mayExist ? await _findTicket(api, externalId) : undefined
  const known = request.customer.contactId
  const contactId = known ?? (await ensureContact(api, request.customer))
  const opened = existing
    ? { ticketId: existing.id, contactId, firstComment: undefined, found: true }
    : await _createForContact(api, tools, request, externalId, contactId)

  if (request.transcript.length > 0) {
    try {
      await postComment(api, tools, {
        ticketId: opened.ticketId,
        marker: `${request.conversationId}/transcript`,
        text: toTranscriptNote(request.transcript),
        public: false,
        mayExist: opened.found,
      })
    } catch (error) {
      // The handoff has worked. Failing it now would open the same conversation at another desk and leave an orphan here.
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
  if (known !== undefined && opened.contactId !== known) result.memo = opened.contactId
  return result
}

interface Opened {
  ticketId: string
  contactId: string
  /** Undefined where only the ticket is known: then reading starts at its beginning, where nothing of ours is an agent's. */
  firstComment: string | undefined
  /** It was there before: the transcript may be, too. */
  found: boolean
}

/** A contact that was kept for long may be deleted at the desk by now; then the ticket gets a new one, and remembers it. */
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
    const kept = request.customer.contactId !== undefined
    if (!kept || !isProviderError(error) || error.status !== 422 || (await contactExists(api, contactId))) throw error
    const replacement = await ensureContact(api, request.customer)
    return await _create(api, tools, request, externalId, replacement, `${key}-${replacement}`)
  }
}

/**
 * Zendesk keeps an Idempotency-Key for two hours; the external id for ever. Both are used: an unknown outcome is settled by the external
 * id (that list is not the search index, it knows a ticket at once), and what is sent again has the same key, in case the first is only slow.
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
      return { ticketId: ticket.id, contactId, firstComment: comment?.id ?? undefined, found: false }
    } catch (error) {
      if (!isProviderError(error)) throw error
      // 400 is an IdempotentRequestError: the same handoff with other words. 409: the first attempt is still at work.
      const taken = error.status === 400 || error.status === 409
      if (error.outcome !== 'unknown' && !taken) throw error
      const found = await _findTicket(api, externalId).catch(() => {
        throw error
      })
      if (found) return { ticketId: found.id, contactId, firstComment: undefined, found: true }
      if (taken || attempt > 1) throw error
    }
  }
}

const _ticketBody = (tools: Tools, request: TicketRequest, externalId: string, contactId: string) => {
  const { queue, priority, tags = [] } = request.options
  const group = queue?.trim()
  if (group && !/^\d+$/.test(group)) {
    tools.log.warn('The queue is not the id of a Zendesk group and was left out', { provider: PROVIDER })
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

/** A public comment by the customer, or an internal note by the bot; several where one cannot hold the text. */
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
      // Part of the message is at the desk: whoever tries again has to look first.
      throw messageIds.length === 0 ? error : asUnknown(error)
    }
  }
  return { messageIds }
}

const _authorOf = async (api: Api, ticket: Ticket, customer: Customer): Promise<string> => {
  if (customer.contactId === undefined) return await ensureContact(api, customer)
  const replaced = ticket.memo !== undefined && customer.contactId === ticket.contactId
  return replaced ? (ticket.memo ?? customer.contactId) : customer.contactId
}

/**
 * Solved, never closed: closed cannot be undone and refuses the last words that may still be on their way. Zendesk solves only what is assigned, so a
 * ticket that nobody took goes to the credentials' own agent; `safe_update` keeps that from taking it out of the hands of an agent who takes it at
 * this moment.
 */
export const closeTicket = async (api: Api, ticket: Ticket): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    const read = await readTicket(api, ticket.id)
    if (!read || isOver(read.ticket.status)) return
    const taken = read.ticket.assignee_id != null
    const stamp = read.ticket.updated_at
    try {
      await api.request({
        method: 'PUT',
        path: ticketPath(ticket.id),
        json: {
          ticket: {
            status: 'solved',
            ...(taken ? {} : { assignee_id: Number((await api.me()).id) }),
            ...(taken || !stamp ? {} : { safe_update: true, updated_stamp: stamp }),
          },
        },
        schema: z.unknown(),
        purpose: 'solve the ticket',
        repeatable: true,
      })
      return
    } catch (error) {
      if (hasCode(error, 'not-found')) return
      // The ticket has changed since it was read (409), or was closed (422): what it is now decides.
      const again = isProviderError(error) && (error.status === 409 || (error.status === 422 && attempt === 1))
      if (!again || attempt >= CLOSING_ATTEMPTS) throw error
    }
  }
}

export const isOver = (status: string): boolean => status === 'solved' || status === 'closed' || status === 'deleted'
