import { z } from '@botpress/sdk'
import { isProviderError, ProviderError } from '../errors'
import type { Tools } from '../kit/tools'
import type { OpenedTicket, Ticket, TicketRequest } from '../provider'
import { hasCode, PROVIDER, type Api } from './api'
import { postComment } from './comments'
import { ensureContact, findUser, isUsable } from './contacts'
import { writeCursor } from './cursor'
import { resolveFields, withoutRefused, type TicketFields } from './fields'
import { sentence, titleOf, toOpening, toSubject, writingOf } from './format'
import { tagOf, ticketExternalId } from './identity'
import { writeMemo } from './memo'
import { addNotes } from './notes'
import { isOver, readTicket, ticketPath } from './reading'
import { auditSchema, ticketSchema, type TicketRecord } from './records'
import { classify, errorCode, refusedFields } from './refusals'

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
    ? { ticketId: existing.id, contactId, firstComment: undefined, isExisting: true, leftOut: [] }
    : await _createForContact(api, tools, request, externalId, contactId)

  await addNotes(api, tools, request, opened)

  const result: OpenedTicket = { id: opened.ticketId, url: `${api.origin}/agent/tickets/${opened.ticketId}` }
  if (opened.firstComment !== undefined) {
    result.cursor = writeCursor({ comment: Number(opened.firstComment), agentId: '', over: false })
  }
  if (knownContactId !== undefined && opened.contactId !== knownContactId) {
    result.memo = writeMemo(knownContactId, opened.contactId)
  }
  if (opened.leftOut.length > 0) result.leftOut = opened.leftOut
  return result
}

interface Opened {
  ticketId: string
  contactId: string
  /** Id of the opening comment. If it is unknown, `catchUp` starts at the beginning and skips our comments. */
  firstComment: string | undefined
  /** An earlier attempt created the ticket, and perhaps the transcript note. */
  isExisting: boolean
  /** What of the session's wishes Zendesk doesn't have or refuses. */
  leftOut: string[]
}

/**
 * Creates the ticket. What Zendesk refuses of it is mended: fields that the account doesn't have, such as a deleted
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

/**
 * Without the fields that Zendesk refuses: people in the wrong group help more than nobody. A refusal that names fields
 * leaves out those, the third one all.
 */
const _createWithOptions = async (
  api: Api,
  tools: Tools,
  request: TicketRequest,
  externalId: string,
  contactId: string,
  key: string
): Promise<Opened> => {
  let fields = await resolveFields(api, tools, request.options)
  for (const suffix of ['', '-without-1', '-without-2', '-plain']) {
    if (suffix === '-plain') fields = withoutRefused(fields, []) ?? fields
    const created = await _create(
      api,
      _ticketBody(request, externalId, contactId, fields),
      externalId,
      `${key}${suffix}`
    )
    if ('ticketId' in created) {
      if (fields.leftOut.length > 0) {
        tools.log.warn('The ticket was opened without some of its fields', {
          provider: PROVIDER,
          conversationId: request.conversationId,
          leftOut: fields.leftOut.join(' '),
        })
      }
      return { ...created, contactId, leftOut: fields.leftOut }
    }
    const rest = suffix === '-plain' ? undefined : withoutRefused(fields, created.refused)
    if (rest === undefined) throw created.error
    fields = rest
  }
  throw new ProviderError(PROVIDER, 'rejected', 'Could not open the ticket: Zendesk refuses it', { about: 'ticket' })
}

type Created = Pick<Opened, 'ticketId' | 'firstComment' | 'isExisting'> | { refused: string[]; error: ProviderError }

const refusalSchema = z.object({ error: z.unknown(), details: z.unknown() })

/**
 * Creates the ticket at most once. After an unknown outcome it looks the external id up; this list is consistent at
 * once, unlike search. A retry repeats the idempotency key, which Zendesk keeps for two hours, in case the first
 * attempt is slow.
 * https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency
 */
const _create = async (api: Api, ticket: object, externalId: string, key: string): Promise<Created> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await api.request({
        method: 'POST',
        path: '/api/v2/tickets',
        headers: { 'idempotency-key': key.slice(0, 255) },
        json: { ticket },
        schema: z.union([createdSchema, refusalSchema]),
        accepts: [422],
        purpose: 'open the ticket',
      })
      if (!('ticket' in answer)) return { refused: refusedFields(answer), error: _refusal(answer) }
      const comment = answer.audit?.events?.find((event) => event.type === 'Comment')
      return { ticketId: answer.ticket.id, firstComment: comment?.id ?? undefined, isExisting: false }
    } catch (error) {
      if (!isProviderError(error)) throw error
      // 400: the key was used with another body. 409: the first attempt is still in progress.
      const isKeyTaken = error.status === 400 || error.status === 409
      if (error.outcome !== 'unknown' && !isKeyTaken) throw error
      const existing = await _findTicket(api, externalId).catch(() => {
        throw error
      })
      if (existing) return { ticketId: existing.id, firstComment: undefined, isExisting: true }
      if (isKeyTaken || attempt > 1) throw error
    }
  }
}

const _refusal = (body: unknown): ProviderError => {
  const word = errorCode(body)
  const about = classify(422, body)?.about
  return new ProviderError(
    PROVIDER,
    'rejected',
    `Could not open the ticket: the desk answered 422${word ? ` ${word}` : ''}`,
    { status: 422, ...(about === undefined ? {} : { about }) }
  )
}

const _ticketBody = (request: TicketRequest, externalId: string, contactId: string, { body }: TicketFields) => ({
  ...body,
  subject: toSubject(titleOf(request)),
  comment: {
    html_body: toOpening(titleOf(request), request.description),
    public: true,
    author_id: Number(contactId),
  },
  requester_id: Number(contactId),
  submitter_id: Number(contactId),
  external_id: externalId,
  tags: [...new Set([tagOf(request.botId), ...((body.tags as string[] | undefined) ?? [])])],
})

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
    post: sentence(
      'The conversation with the customer has ended, but this account’s rules keep the bot from solving the ticket. ' +
        'Please solve it.'
    ),
    writing: writingOf('bot'),
    public: false,
    mayExist: true,
  })
}
