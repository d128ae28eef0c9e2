import { z } from '@botpress/sdk'
import { asUnknown, isProviderError, ProviderError } from '../errors'
import type { Tools } from '../kit/tools'
import {
  auditSchema,
  commentSchema,
  hasCode,
  PROVIDER,
  ticketSchema,
  userSchema,
  type Api,
  type Comment,
  type User,
} from './api'
import { toHtml } from './format'
import { MESSAGE_KEY } from './identity'

/** One comment to be. */
export interface Draft {
  ticketId: string
  /** Found again by this, whatever became of the answer. */
  marker: string
  /** At most one comment long. */
  text: string
  public: boolean
  /** Who says it; the credentials' own agent for a note. */
  authorId?: string
  /** It may be there already. */
  mayExist: boolean
  /** When it was said, in milliseconds since the epoch: it is not there from before. */
  createdAt?: number
  /** Comments that are known to be other messages. */
  others?: readonly string[]
}

const pageSchema = z.object({
  comments: z.array(commentSchema),
  users: z.array(userSchema).nullish(),
  meta: z.object({ has_more: z.boolean().nullish(), after_cursor: z.string().nullish() }).nullish(),
})
const updatedSchema = z.object({ audit: auditSchema.nullish() })
const ticketAnswerSchema = z.object({ ticket: ticketSchema, users: z.array(userSchema).nullish() })

const PAGE = 100
/** 5,000 comments are all that a ticket can have. */
const MOST_PAGES = 50
/** How far back an earlier attempt is looked for by its mark, where nobody says when the message was made. */
const RETRIED_WITHIN_MS = 24 * 60 * 60_000
/** The same by author and words, which are less sure: customers say the same again. */
const UNMARKED_WITHIN_MS = 10 * 60_000
/** Zendesk's clock and ours differ by less. */
const SKEW_MS = 60_000
/** An answer that did not come may be a request that is still at work. */
const SETTLING_MS = 500
const CLASH_MS = 200
const MOST_CLASHES = 3

export const ticketPath = (ticketId: string): string => `/api/v2/tickets/${encodeURIComponent(ticketId)}`

/** The ticket with its people, or undefined where there is none any more. */
export const readTicket = async (api: Api, ticketId: string) => {
  try {
    const { ticket, users } = await api.request({
      method: 'GET',
      path: ticketPath(ticketId),
      query: { include: 'users' },
      schema: ticketAnswerSchema,
      purpose: 'read the ticket',
    })
    return { ticket, users: users ?? [] }
  } catch (error) {
    if (hasCode(error, 'not-found')) return undefined
    throw error
  }
}

/**
 * The newest comments of a ticket, page by page, newest first, until `enough` says so of a page.
 * https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#list-comments
 */
export const readComments = async (
  api: Api,
  ticketId: string,
  enough: (page: Comment[]) => boolean
): Promise<{ comments: Comment[]; users: User[] }> => {
  const comments: Comment[] = []
  const users: User[] = []
  let after: string | undefined
  for (let count = 0; count < MOST_PAGES; count += 1) {
    const page = await api.request({
      method: 'GET',
      path: `${ticketPath(ticketId)}/comments`,
      query: {
        sort: '-created_at',
        include: 'users',
        include_inline_images: true,
        'page[size]': PAGE,
        'page[after]': after,
      },
      schema: pageSchema,
      purpose: 'read the ticket’s comments',
    })
    comments.push(...page.comments)
    users.push(...(page.users ?? []))
    after = page.meta?.has_more ? (page.meta.after_cursor ?? undefined) : undefined
    if (after === undefined || enough(page.comments)) break
  }
  return { comments, users }
}

/**
 * Appends a comment and returns its id. There is no key that makes this idempotent at Zendesk, so each comment carries the Botpress message's id in
 * its audit's custom metadata, and an unknown outcome is settled by looking for it.
 * https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/
 */
export const postComment = async (api: Api, tools: Tools, draft: Draft): Promise<string> => {
  if (draft.mayExist) {
    const found = await _findEarlier(api, tools, draft)
    if (found) return found
  }
  const since = tools.now() - SKEW_MS
  let isDoubtful = false
  let clashes = 0
  for (;;) {
    try {
      return (await _put(api, draft)) ?? (await _mustFind(api, draft, since))
    } catch (error) {
      if (!isProviderError(error)) throw error
      if (error.outcome === 'unknown') {
        await tools.sleep(SETTLING_MS)
        const found = await _find(api, draft, since, since).catch(() => {
          throw error
        })
        if (found) return found
        if (isDoubtful) throw error
        isDoubtful = true
      } else if (error.status === 409 && clashes < MOST_CLASHES) {
        // Two updates of one ticket at the same moment: Zendesk took the other one.
        clashes += 1
        await tools.sleep(CLASH_MS * clashes)
      } else {
        const explained = await _explained(api, draft.ticketId, error)
        // The first try may still be at work.
        throw isDoubtful ? asUnknown(explained) : explained
      }
    }
  }
}

/** An earlier attempt's comment. Where it cannot be looked for, nobody knows. */
const _findEarlier = async (api: Api, tools: Tools, draft: Draft): Promise<string | undefined> => {
  const { createdAt } = draft
  const said = createdAt === undefined ? undefined : createdAt - SKEW_MS
  try {
    return await _find(api, draft, said ?? tools.now() - RETRIED_WITHIN_MS, said ?? tools.now() - UNMARKED_WITHIN_MS)
  } catch (error) {
    throw hasCode(error, 'not-found') ? await _explained(api, draft.ticketId, error) : asUnknown(error)
  }
}

const _put = async (api: Api, draft: Draft): Promise<string | undefined> => {
  const { audit } = await api.request({
    method: 'PUT',
    path: ticketPath(draft.ticketId),
    json: {
      ticket: {
        comment: {
          html_body: toHtml(draft.text),
          public: draft.public,
          ...(draft.authorId === undefined ? {} : { author_id: Number(draft.authorId) }),
        },
        metadata: { [MESSAGE_KEY]: draft.marker },
      },
    },
    schema: updatedSchema,
    purpose: 'add the message to the ticket',
  })
  return audit?.events?.find((event) => event.type === 'Comment')?.id ?? undefined
}

const _mustFind = async (api: Api, draft: Draft, since: number): Promise<string> => {
  const found = await _find(api, draft, since, since)
  if (found) return found
  throw new ProviderError(PROVIDER, 'unavailable', 'Could not add the message to the ticket: it is not there', {
    outcome: 'unknown',
  })
}

/** By its mark; where the account does not show marks, by author, words and time. */
const _find = async (api: Api, draft: Draft, since: number, unmarkedSince: number): Promise<string | undefined> => {
  const isOlder = (comment: Comment) => Date.parse(comment.created_at ?? '') < since
  const { comments } = await readComments(api, draft.ticketId, (page) => page.every(isOlder))
  const marked = comments.find((comment) => comment.metadata?.custom?.[MESSAGE_KEY] === draft.marker)
  if (marked) return marked.id
  const words = _words(draft.text)
  return comments.find(
    (comment) =>
      comment.metadata?.custom == null &&
      !draft.others?.includes(comment.id) &&
      comment.public === draft.public &&
      (draft.authorId === undefined || comment.author_id === draft.authorId) &&
      Date.parse(comment.created_at ?? '') >= unmarkedSince &&
      _words(comment.plain_body ?? comment.body ?? '') === words
  )?.id
}

const _words = (text: string): string => text.replace(/&nbsp;|[\s\u200b]+/g, ' ').trim()

/** A refusal of a ticket that is closed for good or gone is the end of the session, not a mistake in the message. */
const _explained = async (api: Api, ticketId: string, error: ProviderError): Promise<ProviderError> => {
  const ended = (why: string) =>
    new ProviderError(PROVIDER, 'ended', `Could not add the message to the ticket: ${why}`, { status: error.status })
  if (error.code === 'not-found') return ended('it is deleted')
  if (error.status !== 422) return error
  try {
    const read = await readTicket(api, ticketId)
    if (!read) return ended('it is deleted')
    return read.ticket.status === 'closed' ? ended('it is closed') : error
  } catch {
    return error
  }
}
