import { isProviderError } from '../errors'
import type { OpenedTicket, TicketRequest } from '../provider'
import type { Conversation } from './api'
import { ensureContact } from './contacts'
import { isGone, settling, SKEW_MS, whileNew, type Desk } from './desk'
import { noteOf, openingOf, saysTheSame, titleOf } from './format'
import { referenceOf } from './origin'

const HANDOFF_WITHIN_MS = 24 * 60 * 60_000
/** How long a conversation without our note may have been waiting for it. */
const UNDRESSED_WITHIN_MS = 60 * 60_000
/** The search index lags: it is asked again after these waits before it is believed that there is nothing. */
const INDEX_WAITS_MS = [0, 1_000, 2_000, 3_000]
const MOST_CANDIDATES = 5

/**
 * A conversation in the customer's name. Intercom takes no key that would make creating it idempotent and no field of ours in that call; a
 * note written right after it carries our conversation id.
 */
export const openTicket = async (desk: Desk, request: TicketRequest): Promise<OpenedTicket> => {
  const contactId = request.customer.contactId ?? (await ensureContact(desk, request.customer))
  // Asked for meanwhile, so that they cost no time of their own; what fails is asked for again where it is needed.
  desk.actingAdmin().catch(() => {})
  const tags = Promise.all(
    [...new Set(request.options.tags ?? [])].map((name) =>
      desk.api.tagId(name).catch((error: unknown) => _lacks(desk, 'tag', error))
    )
  )
  const found = request.mayExist ? await _find(desk, contactId, request, HANDOFF_WITHIN_MS) : undefined
  if (found?.isDressed) return { id: found.id, readBack: true, ..._memo(await _admin(desk)) }
  const id = found?.id ?? (await _create(desk, contactId, request))
  const adminId = await _admin(desk)
  await _dress(
    desk,
    id,
    adminId,
    request,
    (await tags).filter((tag) => tag !== undefined)
  )
  return { id, readBack: true, ..._memo(adminId) }
}

const _create = async (desk: Desk, contactId: string, request: TicketRequest): Promise<string> => {
  const start = desk.tools.now()
  const create = () => whileNew(desk, () => desk.api.createConversation(contactId, openingOf(request)))
  try {
    return await create()
  } catch (error) {
    if (!isProviderError(error) || error.outcome !== 'unknown') throw error
    const found = await _find(desk, contactId, request, desk.tools.now() - start + SKEW_MS)
    return found?.id ?? create()
  }
}

interface Found {
  id: string
  /** The note with title and transcript is there. */
  isDressed: boolean
}

/** The conversation of this handoff: by the reference in its note, or one that has no reference yet and opens with our words. */
const _find = (desk: Desk, contactId: string, request: TicketRequest, withinMs: number): Promise<Found | undefined> =>
  settling(async () => {
    const since = Math.floor((desk.tools.now() - withinMs) / 1_000)
    for (const wait of INDEX_WAITS_MS) {
      await desk.tools.sleep(wait)
      const candidates = await desk.api.searchConversations(contactId, since)
      for (const candidate of candidates.slice(0, MOST_CANDIDATES)) {
        const conversation = await desk.api.conversation(candidate.id).catch((error: unknown) => {
          // Deleted, and the index does not know yet.
          if (isGone(error)) return undefined
          throw error
        })
        if (!conversation) continue
        const reference = referenceOf(conversation)
        if (reference === request.conversationId) return { id: candidate.id, isDressed: true }
        if (reference === undefined && _isUndressed(desk, conversation, request)) {
          return { id: candidate.id, isDressed: false }
        }
      }
    }
    return undefined
  })

/** An agent may have closed it already: then the session ends with what it was opened with. */
const _isUndressed = (desk: Desk, conversation: Conversation, request: TicketRequest): boolean =>
  (conversation.created_at ?? 0) * 1_000 >= desk.tools.now() - UNDRESSED_WITHIN_MS &&
  saysTheSame(conversation.source?.body ?? '', openingOf(request))

/** Everything that the call which creates a conversation does not take. The ticket exists: what fails here is logged and does not undo it. */
const _dress = async (
  desk: Desk,
  id: string,
  adminId: string | undefined,
  request: TicketRequest,
  tags: string[]
): Promise<void> => {
  const { api } = desk
  const { queue } = request.options
  const attempt = (what: string, action: () => Promise<unknown>) =>
    whileNew(desk, action).catch((error: unknown) => _lacks(desk, what, error, id))
  await Promise.all([
    attempt('title', () => api.setTitle(id, titleOf(request))),
    ...(adminId === undefined
      ? []
      : [
          attempt('note', () => _note(desk, id, adminId, request)),
          ...(queue ? [attempt('team', () => api.assignTeam(id, adminId, queue))] : []),
          ...tags.map((tag) => attempt('tag', () => api.tag(id, adminId, tag))),
        ]),
  ])
}

const _note = async (desk: Desk, id: string, adminId: string, request: TicketRequest): Promise<void> => {
  const write = () => desk.api.note(id, adminId, noteOf(request))
  try {
    await write()
  } catch (error) {
    if (!isProviderError(error) || error.outcome !== 'unknown') throw error
    const conversation = await settling(() => desk.api.conversation(id))
    if (referenceOf(conversation) !== request.conversationId) await write()
  }
}

const _admin = (desk: Desk): Promise<string | undefined> =>
  desk.actingAdmin().catch((error: unknown) => _lacks(desk, 'note', error))

const _memo = (adminId: string | undefined): { memo?: string } => (adminId === undefined ? {} : { memo: adminId })

const _lacks = (desk: Desk, what: string, error: unknown, id?: string): undefined => {
  desk.tools.log.warn(`A conversation at Intercom lacks its ${what}`, {
    ...(id === undefined ? {} : { ticketId: id }),
    error: isProviderError(error) ? error.message : 'unexpected error',
  })
}
