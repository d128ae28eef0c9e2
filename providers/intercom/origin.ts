import type { TicketOrigin } from '../provider'
import { partsIn, type Conversation } from './api'
import { isGone, type Desk } from './desk'
import { isNote } from './events'
import { referenceIn } from './format'

/** The format of a Botpress user id. */
const BOTPRESS_USER = /^user_[0-9A-Z]{26}$/
const CUSTOMER_TYPES = new Set(['user', 'lead', 'contact'])

/** The Botpress user id of the first contact that the router created. */
export const customerOf = (list: Conversation['contacts']): string | undefined =>
  list?.contacts?.flatMap(({ external_id: id }) => (id && BOTPRESS_USER.test(id) ? [id] : []))[0]

/** The Botpress conversation id, from the router's note. */
export const referenceOf = (conversation: Conversation): string | undefined => {
  for (const part of partsIn(conversation.conversation_parts?.conversation_parts)) {
    const reference = isNote(part) && part.body ? referenceIn(part.body) : undefined
    if (reference) return reference
  }
  return undefined
}

/** An Intercom conversation that never got its note (a crash after creating it) identifies only its customer. */
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
  // The router opens conversations in the customer's name.
  if (!CUSTOMER_TYPES.has(source?.author?.type ?? '')) return undefined
  const customerId = customerOf(conversation.contacts)
  return customerId && createdAt ? { customerId, openedAt: createdAt * 1_000, isSolved } : undefined
}
