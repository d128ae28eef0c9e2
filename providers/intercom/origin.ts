import type { TicketOrigin } from '../provider'
import type { Desk } from './desk'
import { isNotFound } from './failures'
import { referenceIn, type Reference } from './format'
import { isSolved } from './reading'
import { isNote, partsOf, type ContactList, type Conversation } from './schemas'

/** The format of a Botpress user id. */
const BOTPRESS_USER = /^user_[0-9A-Z]{26}$/
const CUSTOMER_TYPES = new Set(['user', 'lead', 'contact'])

/** The Botpress user id of the first contact that the router created. */
export const customerOf = (list: ContactList): string | undefined =>
  list?.contacts?.flatMap(({ external_id: id }) => (id && BOTPRESS_USER.test(id) ? [id] : []))[0]

/** The Botpress conversation and bot, from the router's note. */
const _referenceIn = (conversation: Conversation): Reference | undefined => {
  for (const part of partsOf(conversation)) {
    const reference = isNote(part) && part.body ? referenceIn(part.body) : undefined
    if (reference) return reference
  }
  return undefined
}

/** The Botpress conversation id, from the router's note. */
export const referenceOf = (conversation: Conversation): string | undefined =>
  _referenceIn(conversation)?.conversationId

/** An Intercom conversation that never got its note (a crash after creating it) identifies only its customer. */
export const findOrigin = async (desk: Desk, ticketId: string): Promise<TicketOrigin | undefined> => {
  const conversation = await desk.api.conversation(ticketId).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
  if (!conversation) return undefined
  const { created_at: createdAt, source } = conversation
  const isOver = isSolved(conversation, partsOf(conversation))
  const reference = _referenceIn(conversation)
  if (reference) return { ...reference, isSolved: isOver }
  // The router opens conversations in the customer's name.
  if (!CUSTOMER_TYPES.has(source?.author?.type ?? '')) return undefined
  const customerId = customerOf(conversation.contacts)
  return customerId && createdAt ? { customerId, openedAt: createdAt * 1_000, isSolved: isOver } : undefined
}
