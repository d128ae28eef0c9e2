import { isProviderError, ProviderError, withDetails } from '../errors'
import type { OpenedTicket, TicketRequest } from '../provider'
import { ensureContact } from './contacts'
import { settling, SKEW_MS, retryWhileNew, type Desk } from './desk'
import { isNotFound } from './failures'
import { namedField, resolveFields, type Wishes } from './fields'
import { openingOf, saysTheSame, titleOf } from './format'
import { addNotes } from './notes'
import { referenceOf } from './origin'
import type { Conversation } from './schemas'

const HANDOFF_WITHIN_MS = 24 * 60 * 60_000
/** A conversation older than this no longer waits for its note. */
const INCOMPLETE_WITHIN_MS = 60 * 60_000
/** Waits before each search, since the index lags. */
const INDEX_WAITS_MS = [0, 1_000, 2_000, 3_000]
const MOST_CANDIDATES = 5

/**
 * Opens a conversation in the customer's name. Creating one is not idempotent and takes no custom field, so a note
 * written right after it carries the Botpress conversation id.
 */
export const openTicket = async (desk: Desk, request: TicketRequest): Promise<OpenedTicket> => {
  const contactId = request.customer.contactId ?? (await ensureContact(desk, request.customer))
  // Fetched in parallel to save time. A failure is retried where the value is needed.
  desk.acting.id().catch(() => {})
  const tags = Promise.all(
    [...new Set(request.options.tags ?? [])].map((name) =>
      desk.api.tagId(name).catch((error: unknown) => _warnMissing(desk, 'tag', error))
    )
  )
  const fields = resolveFields(desk, request.options)
  fields.catch(() => {})
  const found = request.mayExist ? await _find(desk, contactId, request, HANDOFF_WITHIN_MS) : undefined
  if (found?.isComplete) return { id: found.id, readBack: true, ..._memo(await _admin(desk)) }
  const id = found?.id ?? (await _create(desk, contactId, request))
  const adminId = await _admin(desk)
  const leftOut = await _complete(desk, id, adminId, {
    request,
    fields: await fields,
    tags: (await tags).filter((tag) => tag !== undefined),
  })
  return { id, readBack: true, ..._memo(adminId), ...(leftOut.length > 0 ? { leftOut } : {}) }
}

const _create = async (desk: Desk, contactId: string, request: TicketRequest): Promise<string> => {
  const start = desk.tools.now()
  const create = () => retryWhileNew(desk, () => desk.api.createConversation(contactId, openingOf(request)))
  try {
    return await create()
  } catch (error) {
    // A new conversation names nothing but its contact.
    if (isProviderError(error) && isNotFound(error)) throw withDetails(error, { about: 'contact' })
    if (!isProviderError(error) || error.outcome !== 'unknown') throw error
    const found = await _find(desk, contactId, request, desk.tools.now() - start + SKEW_MS)
    return found?.id ?? create()
  }
}

interface FoundConversation {
  id: string
  /** It has its note. */
  isComplete: boolean
}

/** Finds the handoff's conversation: by the reference in its note, or, before it has a note, by its first message. */
const _find = (
  desk: Desk,
  contactId: string,
  request: TicketRequest,
  withinMs: number
): Promise<FoundConversation | undefined> =>
  settling(async () => {
    const since = Math.floor((desk.tools.now() - withinMs) / 1_000)
    for (const wait of INDEX_WAITS_MS) {
      await desk.tools.sleep(wait)
      const candidates = await desk.api.searchConversations(contactId, since)
      for (const candidate of candidates.slice(0, MOST_CANDIDATES)) {
        const conversation = await desk.api.conversation(candidate.id).catch((error: unknown) => {
          // Deleted, but still in the index.
          if (isNotFound(error)) return undefined
          throw error
        })
        if (!conversation) continue
        const reference = referenceOf(conversation)
        if (reference === request.conversationId) return { id: candidate.id, isComplete: true }
        if (reference === undefined && _awaitsNote(desk, conversation, request)) {
          return { id: candidate.id, isComplete: false }
        }
      }
    }
    return undefined
  })

/** Closed ones count too: an agent may have closed it already. */
const _awaitsNote = (desk: Desk, conversation: Conversation, request: TicketRequest): boolean =>
  (conversation.created_at ?? 0) * 1_000 >= desk.tools.now() - INCOMPLETE_WITHIN_MS &&
  saysTheSame(conversation.source?.body ?? '', openingOf(request))

interface Missing {
  request: TicketRequest
  fields: Wishes
  /** Ids of tags. */
  tags: string[]
}

/**
 * Adds what the create call doesn't take. The ticket exists already, so failures are only logged. Resolves to what is
 * left out, a sentence each.
 */
const _complete = async (
  desk: Desk,
  id: string,
  adminId: string | undefined,
  { request, fields, tags }: Missing
): Promise<string[]> => {
  const { api } = desk
  const { queue, assignee } = request.options
  const leftOut = [...fields.leftOut]
  const attempt = async (what: string, action: () => Promise<unknown>, sentence?: string): Promise<void> => {
    try {
      await retryWhileNew(desk, action)
    } catch (error) {
      _warnMissing(desk, what, error, id)
      if (sentence !== undefined) leftOut.push(sentence)
    }
  }
  const asAdmin = <T>(action: (admin: string) => Promise<T>): Promise<T> => desk.acting.act(adminId, action)
  const assign = async (): Promise<void> => {
    if (queue) {
      await attempt(
        'team',
        () => asAdmin((admin) => api.assignTeam(id, admin, queue)),
        'Queue: Intercom refuses the team.'
      )
    }
    if (assignee) await attempt('teammate', () => _assign(desk, asAdmin, id, assignee), NO_ASSIGNEE)
  }
  await Promise.all([
    attempt('title', () => _describe(desk, id, request, fields, leftOut)),
    ...(adminId === undefined
      ? []
      : [
          attempt('note', () => asAdmin((admin) => addNotes(desk, id, admin, request))),
          assign(),
          ...tags.map((tag) =>
            attempt('tag', () => asAdmin((admin) => api.tag(id, admin, tag)), 'Tags: Intercom refuses a tag.')
          ),
        ]),
  ])
  const { ticketType } = fields
  if (ticketType !== undefined) {
    await attempt('ticket type', () => api.convert(id, ticketType), 'Field “ticket type”: Intercom refuses it.')
  }
  return [...new Set(leftOut)]
}

const NO_ASSIGNEE = 'Assignee: the workspace has no such teammate, or Intercom refuses them.'

const _assign = async (
  desk: Desk,
  asAdmin: (action: (admin: string) => Promise<unknown>) => Promise<unknown>,
  id: string,
  wish: string
): Promise<void> => {
  const text = wish.trim()
  const wanted = text.toLowerCase()
  const assignee = /^\d{1,20}$/.test(text)
    ? text
    : (await desk.api.admins()).find(({ email }) => email?.toLowerCase() === wanted)?.id
  if (assignee === undefined) {
    throw new ProviderError('intercom', 'rejected', 'Could not assign the teammate: there is none with this address')
  }
  await asAdmin((admin) => desk.api.assignAdmin(id, admin, assignee))
}

/** Title and attributes in one call, and the title alone where Intercom refuses an attribute. */
const _describe = async (
  desk: Desk,
  id: string,
  request: TicketRequest,
  { attributes, names }: Wishes,
  leftOut: string[]
): Promise<void> => {
  const title = titleOf(request)
  try {
    await desk.api.setTitle(id, title, attributes)
  } catch (error) {
    if (names.size === 0 || isNotFound(error)) throw error
    leftOut.push(...[...names.values()].map((name) => `${namedField(name)}: Intercom refuses it.`))
    await desk.api.setTitle(id, title, {})
  }
}

const _admin = (desk: Desk): Promise<string | undefined> =>
  desk.acting.id().catch((error: unknown) => _warnMissing(desk, 'note', error))

const _memo = (adminId: string | undefined): { memo?: string } => (adminId === undefined ? {} : { memo: adminId })

const _warnMissing = (desk: Desk, what: string, error: unknown, id?: string): undefined => {
  desk.tools.log.warn(`An Intercom conversation is missing its ${what}`, {
    ...(id === undefined ? {} : { ticketId: id }),
    error: isProviderError(error) ? error.message : 'unexpected error',
  })
}
