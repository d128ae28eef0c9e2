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

/** A comment to post. */
export interface Draft {
  ticketId: string
  /** Stored with the comment, so that it can be found when the response is lost. */
  marker: string
  /** Text that fits into one comment (`toComments`). */
  text: string
  public: boolean
  /** Zendesk user id of the author. Undefined: the credentials' own user. */
  authorId?: string
  /** An earlier attempt may have posted it: look before posting. */
  mayExist: boolean
  /** When the message was written, in milliseconds since the epoch. No attempt is older. */
  createdAt?: number
  /** Ids of comments known to be other messages. */
  others?: readonly string[]
}

const pageSchema = z.object({
  comments: z.array(commentSchema),
  users: z.array(userSchema).nullish(),
  meta: z.object({ has_more: z.boolean().nullish(), after_cursor: z.string().nullish() }).nullish(),
})
const updatedSchema = z.object({ audit: auditSchema.nullish() })
const ticketAnswerSchema = z.object({ ticket: ticketSchema, users: z.array(userSchema).nullish() })

const PAGE_SIZE = 100
/** Zendesk allows 5,000 comments on a ticket. */
const MAX_PAGES = 50
/** How far back to look for an earlier attempt by its marker if the message has no `createdAt`. */
const MARKED_LOOKBACK_MS = 24 * 60 * 60_000
/** How far back to look by author and text. Shorter, because customers repeat themselves. */
const UNMARKED_LOOKBACK_MS = 10 * 60_000
/** Allowed difference between Zendesk's clock and ours. */
const CLOCK_SKEW_MS = 60_000
/** Pause before looking for a comment whose response is missing: the request may still be in progress. */
const SETTLING_MS = 500
/** Back-off after an update conflict, multiplied by the number of conflicts. */
const CONFLICT_BACKOFF_MS = 200
const MAX_CONFLICTS = 3

export const ticketPath = (ticketId: string): string => `/api/v2/tickets/${encodeURIComponent(ticketId)}`

/** The ticket and the users it names. Undefined if the ticket is deleted. */
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
    })
    comments.push(...page.comments)
    users.push(...(page.users ?? []))
    after = page.meta?.has_more ? (page.meta.after_cursor ?? undefined) : undefined
    if (after === undefined || isEnough(page.comments)) break
  }
  return { comments, users }
}

/**
 * Posts a comment and returns its id. Zendesk has no idempotency key for updates, so each comment carries a marker in
 * its audit's custom metadata. After an unknown outcome the driver looks for the marker before it tries again.
 * https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/
 */
export const postComment = async (api: Api, tools: Tools, draft: Draft): Promise<string> => {
  if (draft.mayExist) {
    const earlier = await _findEarlier(api, tools, draft)
    if (earlier) return earlier
  }
  const since = tools.now() - CLOCK_SKEW_MS
  let isInDoubt = false
  let conflicts = 0
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
        if (isInDoubt) throw error
        isInDoubt = true
      } else if (error.status === 409 && conflicts < MAX_CONFLICTS) {
        // Another update of the ticket won the race.
        conflicts += 1
        await tools.sleep(CONFLICT_BACKOFF_MS * conflicts)
      } else {
        const explained = await _explain(api, draft.ticketId, error)
        // The first attempt may still be in progress.
        throw isInDoubt ? asUnknown(explained) : explained
      }
    }
  }
}

/** Finds the comment of an earlier attempt. If Zendesk can't be read, the outcome stays unknown. */
const _findEarlier = async (api: Api, tools: Tools, draft: Draft): Promise<string | undefined> => {
  const { createdAt } = draft
  const since = createdAt === undefined ? undefined : createdAt - CLOCK_SKEW_MS
  const now = tools.now()
  try {
    return await _find(api, draft, since ?? now - MARKED_LOOKBACK_MS, since ?? now - UNMARKED_LOOKBACK_MS)
  } catch (error) {
    throw hasCode(error, 'not-found') ? await _explain(api, draft.ticketId, error) : asUnknown(error)
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
  throw new ProviderError(PROVIDER, 'unavailable', 'Could not add the message to the ticket: the comment is missing', {
    outcome: 'unknown',
  })
}

/** Finds a comment by its marker, or by author, text and time if the account does not return metadata. */
const _find = async (api: Api, draft: Draft, since: number, unmarkedSince: number): Promise<string | undefined> => {
  const isOlder = (comment: Comment) => Date.parse(comment.created_at ?? '') < since
  const { comments } = await readComments(api, draft.ticketId, (page) => page.every(isOlder))
  const marked = comments.find((comment) => comment.metadata?.custom?.[MESSAGE_KEY] === draft.marker)
  if (marked) return marked.id
  const text = _normalise(draft.text)
  return comments.find(
    (comment) =>
      comment.metadata?.custom == null &&
      !draft.others?.includes(comment.id) &&
      comment.public === draft.public &&
      (draft.authorId === undefined || comment.author_id === draft.authorId) &&
      Date.parse(comment.created_at ?? '') >= unmarkedSince &&
      _normalise(comment.plain_body ?? comment.body ?? '') === text
  )?.id
}

/** Ignores white space and zero-width spaces, which Zendesk's conversion from HTML may change. */
const _normalise = (text: string): string => text.replace(/&nbsp;|[\s\u200b]+/g, ' ').trim()

/** Turns the refusal of a closed or deleted ticket into `ended`: the session is over, the message is not at fault. */
const _explain = async (api: Api, ticketId: string, error: ProviderError): Promise<ProviderError> => {
  const ended = (why: string) =>
    new ProviderError(PROVIDER, 'ended', `Could not add the message: ${why}`, { status: error.status })
  if (error.code === 'not-found') return ended('the ticket is deleted')
  if (error.status !== 422) return error
  try {
    const read = await readTicket(api, ticketId)
    if (!read) return ended('the ticket is deleted')
    return read.ticket.status === 'closed' ? ended('the ticket is closed') : error
  } catch {
    return error
  }
}
