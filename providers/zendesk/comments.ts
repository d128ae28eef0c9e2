import { z } from '@botpress/sdk'
import { asUnknown, isMessageRejected, isProviderError, ProviderError } from '../errors'
import { filesIn, saysPost, written, type Post, type Writing } from '../kit/posts'
import type { Tools } from '../kit/tools'
import { hasCode, PROVIDER, type Api } from './api'
import { readBack, readBackFormatted } from './format'
import { MESSAGE_KEY } from './identity'
import { readComments, ticketPath } from './reading'
import { auditSchema, type Comment } from './records'
import { uploadFiles, type Uploaded } from './uploads'

/** A comment to post. */
export interface Draft {
  ticketId: string
  /** Stored with the comment, so that it can be found when the response is lost. */
  marker: string
  /** What fits into one comment. */
  post: Post
  writing: Writing
  /** Tokens of files that are there already, such as the transcript's. */
  uploads?: string[]
  /** The text has formatting, of which Zendesk may change the signs. */
  isFormatted?: boolean
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
const REFUSED = 'is refused by Zendesk'

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
  let files = await uploadFiles(api, tools, filesIn(draft.post))
  for (;;) {
    try {
      return (await _put(api, draft, files)) ?? (await _mustFind(api, draft, since))
    } catch (error) {
      if (!isProviderError(error)) throw error
      if (files.token !== undefined && isMessageRejected(error)) {
        // The comment counts, and links do for its files.
        tools.log.warn('Zendesk refuses a comment with files. It is posted with links', {
          provider: PROVIDER,
          ticketId: draft.ticketId,
          error: error.message,
        })
        files = { unattached: new Map(filesIn(draft.post).map((file) => [file, REFUSED])) }
      } else if (error.outcome === 'unknown') {
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

const _put = async (api: Api, draft: Draft, files: Uploaded): Promise<string | undefined> => {
  const uploads = [...(draft.uploads ?? []), ...(files.token === undefined ? [] : [files.token])]
  const { audit } = await api.request({
    method: 'PUT',
    path: ticketPath(draft.ticketId),
    json: {
      ticket: {
        comment: {
          html_body: written(draft.post, draft.writing, files.unattached),
          public: draft.public,
          ...(uploads.length > 0 ? { uploads } : {}),
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
  const reading = draft.isFormatted ? readBackFormatted : readBack
  return comments.find(
    (comment) =>
      comment.metadata?.custom == null &&
      !draft.others?.includes(comment.id) &&
      comment.public === draft.public &&
      (draft.authorId === undefined || comment.author_id === draft.authorId) &&
      Date.parse(comment.created_at ?? '') >= unmarkedSince &&
      saysPost(draft.post, draft.writing, comment.plain_body ?? comment.body ?? '', reading)
  )?.id
}
