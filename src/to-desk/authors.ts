import { RuntimeError } from '@botpress/sdk'
import type { OutboundMessage } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { getCustomer, withContact } from '../botpress/people'
import type { Session } from '../session/session'

type Author = OutboundMessage['author']

/** The author of a message, as the desk knows them. Looked up once per person; a failed look-up is repeated. */
export type Authors = (userId: string | undefined) => Promise<Author>

export const createAuthors = (call: Call, desk: Desk, session: Session): Authors => {
  const known = new Map<string, Promise<Author>>()
  return async (userId) => {
    if (!userId) return { type: 'bot' }
    const author = known.get(userId) ?? _find(call, desk, session, userId)
    known.set(userId, author)
    try {
      return await author
    } catch (error) {
      known.delete(userId)
      throw error
    }
  }
}

/** Throws a RuntimeError when the user no longer exists. */
const _find = async (call: Call, desk: Desk, session: Session, userId: string): Promise<Author> => {
  const contactId = session.ticket.contactId
  if (userId === session.customerId) {
    const name = session.customerName ?? 'Customer'
    return { type: 'customer', customer: { id: userId, name, ...(contactId ? { contactId } : {}) } }
  }
  const other = await getCustomer(call, userId)
  if (!other) throw new RuntimeError(`The user ${userId} who wrote the message no longer exists`)
  return { type: 'customer', customer: await withContact(call, desk, other) }
}
