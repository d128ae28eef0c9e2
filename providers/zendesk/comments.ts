import { z } from '@botpress/sdk'
import { asUnknown, isProviderError, ProviderError } from '../errors'
import type { Tools } from '../kit/tools'
import { hasCode, PROVIDER, type Api } from './api'
import { toHtml } from './format'
import { MESSAGE_KEY } from './identity'
import { readComments, ticketPath } from './reading'
import { auditSchema, type Comment } from './records'

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

const updatedSchema = z.object({ audit: auditSchema.nullish() })

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

/**
 * Posts a comment and returns its id. Zendesk has no idempotency key for updates, so each comment carries a marker in
 * its audit's custom metadata. After an unknown outcome the driver looks for the marker before it tries again. Throws
 * refusals as Zendesk gives them: what they mean for the ticket is told by reading it (posting.ts).
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
        // The first attempt may still be in progress.
        throw isInDoubt ? asUnknown(error) : error
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
    throw hasCode(error, 'not-found') ? error : asUnknown(error)
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
