/** Reads a ticket and its comments. */
import { z } from '@botpress/sdk'
import { ProviderError } from '../errors'
import { PROVIDER, type Api } from './api'
import {
  commentsSchema,
  metaSchema,
  ticketSchema,
  usersSchema,
  type Comment,
  type TicketRecord,
  type User,
} from './records'

const pageSchema = z.object({ comments: commentsSchema, users: usersSchema, meta: metaSchema })
const ticketAnswerSchema = z.object({ ticket: ticketSchema.nullish(), users: usersSchema, error: z.unknown() })

const PAGE_SIZE = 100
/** Zendesk allows 5,000 comments on a ticket. */
const MAX_PAGES = 50

export const ticketPath = (ticketId: string): string => `/api/v2/tickets/${encodeURIComponent(ticketId)}`

/**
 * The ticket and the users it names. Undefined if Zendesk says that the ticket is gone. A 404 that says less, such as
 * one of a proxy or of another address, is an error.
 */
export const readTicket = async (
  api: Api,
  ticketId: string
): Promise<{ ticket: TicketRecord; users: User[] } | undefined> => {
  const { ticket, users, error } = await api.request({
    method: 'GET',
    path: ticketPath(ticketId),
    query: { include: 'users' },
    accepts: [404],
    schema: ticketAnswerSchema,
    purpose: 'read the ticket',
  })
  if (ticket) return ticket.status === 'deleted' ? undefined : { ticket, users }
  if (error === 'RecordNotFound') return undefined
  throw new ProviderError(PROVIDER, 'unavailable', 'Could not read the ticket: the desk answered without it')
}

/**
 * Reads a ticket's comments, newest first, page by page until `isEnough` accepts a page.
 * https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#list-comments
 */
export const readComments = async (
  api: Api,
  ticketId: string,
  isEnough: (page: Comment[]) => boolean
): Promise<{ comments: Comment[]; users: User[] }> => {
  const comments: Comment[] = []
  const users: User[] = []
  let after: string | undefined
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const page = await api.request({
      method: 'GET',
      path: `${ticketPath(ticketId)}/comments`,
      query: {
        sort: '-created_at',
        include: 'users',
        include_inline_images: true,
        'page[size]': PAGE_SIZE,
        'page[after]': after,
      },
      schema: pageSchema,
      purpose: 'read the ticket’s comments',
      about: 'ticket',
    })
    comments.push(...page.comments)
    users.push(...page.users)
    after = page.meta?.has_more ? (page.meta.after_cursor ?? undefined) : undefined
    if (after === undefined || isEnough(page.comments)) break
  }
  return { comments, users }
}

/** Solved tickets can be reopened, closed and deleted ones can't. */
export const isOver = (status: string): boolean => status === 'solved' || status === 'closed' || status === 'deleted'
