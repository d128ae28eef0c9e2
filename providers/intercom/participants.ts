/** Whose name a customer's message is posted in, also after agents have merged, archived or deleted the contact. */
import { isProviderError, ProviderError, withDetails } from '../errors'
import type { Customer, Ticket } from '../provider'
import { ensureContact } from './contacts'
import type { Desk } from './desk'
import { isNotFound } from './failures'
import type { Conversation } from './schemas'

/** A contact that may write in the conversation. */
export interface Participant {
  id: string
  /** Several people are in the conversation, and none of them is known to be the customer. */
  isUncertain: boolean
}

/**
 * After a refusal that may be about the contact: reads the conversation and its contact, and mends what can be mended.
 * Undefined: nothing is wrong with either. Throws `ended` when the conversation is gone, and what reading throws.
 */
export const participantAfter = async (
  desk: Desk,
  ticket: Ticket,
  customer: Customer,
  refused: string,
  refusal: unknown
): Promise<Participant | undefined> => {
  const conversation = await readOrEnded(desk, ticket.id)
  const current = _currentContact(conversation, customer, refused)
  if (current) return current
  const state = await _stateOf(desk, refused)
  if (state === 'archived') await desk.api.unarchiveContact(refused)
  if (state === 'archived') return { id: refused, isUncertain: false }
  const isIn = _idsIn(conversation).includes(refused)
  if (state === 'there' && isIn && !_mayBeBlocked(refusal)) return undefined
  const id = state === 'there' && !isIn ? refused : await ensureContact(desk, customer)
  // A blocked contact that is still the customer's: teammates decided that, and can undo it.
  if (id === refused && isIn) return undefined
  // Only participants may write.
  await desk.acting.act(ticket.memo, (adminId) => desk.api.attachContact(ticket.id, adminId, id))
  return { id, isUncertain: false }
}

/** Throws `ended` when the conversation itself is gone. */
export const readOrEnded = async (desk: Desk, ticketId: string): Promise<Conversation> => {
  try {
    return await desk.api.conversation(ticketId)
  } catch (error) {
    if (!isNotFound(error)) throw error
    throw new ProviderError('intercom', 'ended', 'The conversation no longer exists', { status: 404 })
  }
}

const _mayBeBlocked = (refusal: unknown): boolean =>
  isProviderError(refusal) && (refusal.status === 403 || refusal.about === 'contact')

const _idsIn = ({ contacts }: Conversation): string[] =>
  (contacts?.contacts ?? []).flatMap(({ id }) => (id ? [id] : []))

/** The contact that took the refused one's place. Undefined when that is still in the conversation, or nobody is. */
const _currentContact = (conversation: Conversation, customer: Customer, refused: string): Participant | undefined => {
  const ids = _idsIn(conversation)
  if (ids.includes(refused)) return undefined
  const own = conversation.contacts?.contacts?.find(({ external_id: externalId }) => externalId === customer.id)?.id
  const opener = conversation.source?.author?.id
  const id = own ?? ids.find((candidate) => candidate === opener) ?? ids[0]
  return id ? { id, isUncertain: !own && ids.length > 1 } : undefined
}

const _stateOf = async (desk: Desk, contactId: string): Promise<'there' | 'archived' | 'gone'> => {
  try {
    return (await desk.api.contact(contactId)).archived === true ? 'archived' : 'there'
  } catch (error) {
    if (isNotFound(error)) return 'gone'
    throw error
  }
}

/** A question asked because of a refusal failed in turn: nothing was written, and what passes is waited for. */
export const asUnwritten = (error: unknown, refusal: unknown): unknown =>
  isProviderError(error) && error.code !== 'unauthorized' ? withDetails(error, { outcome: 'none' }) : refusal
