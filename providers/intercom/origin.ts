import type { TicketOrigin } from '../provider'
import { partsIn, type Conversation } from './api'
import { isGone, type Desk } from './desk'
import { isNote } from './events'
import { referenceIn } from './format'

/** How Botpress writes the ids of its users. */
const BOTPRESS_USER = /^user_[0-9A-Z]{26}$/
const CUSTOMERS = new Set(['user', 'lead', 'contact'])

/** The customer as Botpress user, where the contact is one that we made. */
export const customerOf = (list: Conversation['contacts']): string | undefined =>
  list?.contacts?.flatMap(({ external_id: id }) => (id && BOTPRESS_USER.test(id) ? [id] : []))[0]

/** Our conversation, as the note that we write into each of ours says. */
export const referenceOf = (conversation: Conversation): string | undefined => {
  for (const part of partsIn(conversation.conversation_parts?.conversation_parts)) {
    const reference = isNote(part) && part.body ? referenceIn(part.body) : undefined
    if (reference) return reference
  }
  return undefined
}

/** The call that makes a conversation takes no field of ours: one whose start ended before its note says only whose it is. */
export const findOrigin = async (desk: Desk, ticketId: string): Promise<TicketOrigin | undefined> => {
  const conversation = await desk.api.conversation(ticketId).catch((error: unknown) => {
    if (isGone(error)) return undefined
    throw error
  })
  if (!conversation) return undefined
  const { created_at: createdAt, source, state } = conversation
  const isSolved = state === 'closed'
  const conversationId = referenceOf(conversation)
  if (conversationId) return { conversationId, isSolved }
  // Ours begin with the customer's words.
  if (!CUSTOMERS.has(source?.author?.type ?? '')) return undefined
  const customerId = customerOf(conversation.contacts)
  return customerId && createdAt ? { customerId, openedAt: createdAt * 1_000, isSolved } : undefined
}
