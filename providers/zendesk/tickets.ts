import { z } from '@botpress/sdk'
import { isProviderError, type ProviderError } from '../errors'
import type { Tools } from '../kit/tools'
import type { OpenedTicket, Ticket, TicketOptions, TicketRequest } from '../provider'
import { hasCode, PROVIDER, type Api } from './api'
import { postComment } from './comments'
import { ensureContact, findUser, isUsable } from './contacts'
import { writeCursor } from './cursor'
import { toHtml, toName, toOpening, toSubject, toTag, toTranscriptNote } from './format'
import { tagOf, ticketExternalId } from './identity'
import { writeMemo } from './memo'
import { isOver, readTicket, ticketPath } from './reading'
import { auditSchema, ticketSchema, type TicketRecord } from './records'

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
        text: _noteFor(request),
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
  if (knownContactId !== undefined && opened.contactId !== knownContactId) {
    result.memo = writeMemo(knownContactId, opened.contactId)
  }
  return result
}

/** The contact may lack the address, because another user has it. */
const _noteFor = ({ customer, transcript }: TicketRequest): string => {
  const address =
    customer.email && `E-mail address of ${toName(customer.name)}, as given in the chat: ${toName(customer.email)}`
  return [...(address ? [address] : []), toTranscriptNote(transcript)].join('\n\n')
}

interface Opened {
  ticketId: string
  contactId: string
  /** Id of the opening comment. If it is unknown, `catchUp` starts at the beginning and skips our comments. */
  firstComment: string | undefined
  /** An earlier attempt created the ticket, and perhaps the transcript note. */
  isExisting: boolean
}

/**
 * Creates the ticket. What Zendesk refuses of it is mended: options that the account doesn't have, such as a deleted
 * group, are left out, and a known contact that was deleted or merged is replaced by a new one.
 */
const _createForContact = async (
  api: Api,
  tools: Tools,
  request: TicketRequest,
  externalId: string,
  contactId: string
): Promise<Opened> => {
  const key = `botpress-${request.conversationId}`
  try {
    return await _createWithOptions(api, tools, request, externalId, contactId, key)
  } catch (error) {
    const mayBeLost = request.customer.contactId !== undefined && isProviderError(error) && error.status === 422
    if (!mayBeLost || isUsable(await findUser(api, contactId))) throw error
    const { contactId: _lost, ...person } = request.customer
    const replacement = await ensureContact(api, person)
    if (replacement === contactId) throw error
    return await _createWithOptions(api, tools, request, externalId, replacement, `${key}-${replacement}`)
  }
}

/** Without the options that Zendesk refuses: people in the wrong group help more than nobody. */
const _createWithOptions = async (
  api: Api,
  tools: Tools,
  request: TicketRequest,
  externalId: string,
  contactId: string,
  key: string
): Promise<Opened> => {
  try {
    return await _create(api, tools, request, externalId, contactId, key)
  } catch (error) {
    const hasOptions = _optionsOf(tools, request.options) !== undefined
    if (!hasOptions || !isProviderError(error) || error.code !== 'rejected' || error.about !== 'ticket') throw error
    tools.log.warn('Zendesk refuses an option of the ticket. It is opened without its queue, priority and tags', {
      provider: PROVIDER,
      conversationId: request.conversationId,
      error: error.message,
    })
    return await _create(api, tools, { ...request, options: {} }, externalId, contactId, `${key}-plain`)
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
  const options = _optionsOf(tools, request.options)
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
    ...options,
    tags: [...new Set([tagOf(request.botId), ...(options?.tags ?? [])])],
  }
}

/** What Zendesk has of the options. Undefined if nothing is left of them. */
const _optionsOf = (tools: Tools, { queue, priority, tags = [] }: TicketOptions) => {
  const group = queue?.trim()
  const isGroupId = group !== undefined && /^\d+$/.test(group)
  if (group && !isGroupId) {
    tools.log.warn('The queue isn’t a Zendesk group id and was ignored', { provider: PROVIDER })
  }
  const options = {
    tags: tags.map(toTag).filter((tag) => tag !== ''),
    ...(priority ? { priority } : {}),
    ...(isGroupId ? { group_id: Number(group) } : {}),
  }
  return options.tags.length > 0 || priority || isGroupId ? options : undefined
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

/**
 * Solves the ticket. It never closes it: a closed ticket can't be reopened and refuses messages still in flight.
 *
 * Zendesk solves only assigned tickets, so an unassigned one goes to the credentials' own user. `safe_update` makes
 * that fail if an agent takes the ticket at the same time. Where the account's rules forbid it, for example because a
 * field is required to solve a ticket, only an agent can do it: a note tells them.
 */
export const closeTicket = async (api: Api, tools: Tools, ticket: Ticket): Promise<void> => {
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
        about: 'ticket',
        repeatable: true,
      })
      return
    } catch (error) {
      if (!hasCode(error, 'not-found', 'rejected')) throw error
      // The ticket changed after it was read (409), is closed (422) or was deleted (404): read it again.
      const canRetry = error.status === 409 || attempt === 1
      if (canRetry && attempt < MAX_CLOSE_ATTEMPTS) continue
      if (error.status !== 422) throw error
      return await _askToSolve(api, tools, ticket, error)
    }
  }
}

const _askToSolve = async (api: Api, tools: Tools, ticket: Ticket, refusal: ProviderError): Promise<void> => {
  tools.log.warn('Zendesk refuses to solve a ticket. Its agents are asked to', {
    provider: PROVIDER,
    ticketId: ticket.id,
    error: refusal.message,
  })
  await postComment(api, tools, {
    ticketId: ticket.id,
    marker: `${ticket.conversationId}/unsolved`,
    text:
      'The conversation with the customer has ended, but this account’s rules keep the bot from solving the ticket. ' +
      'Please solve it.',
    public: false,
    mayExist: true,
  })
}
