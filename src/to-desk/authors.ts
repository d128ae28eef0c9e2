import { RuntimeError } from '@botpress/sdk'
import type { Customer, OutboundMessage } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { getCustomer, withContact, type KnownCustomer } from '../botpress/people'
import { contactTag } from '../definition/registry'
import type { Session } from '../session/session'

type Author = OutboundMessage['author']

export interface Authors {
  /**
   * The author of a message, as the desk knows them. Looked up once per person; a failed look-up is repeated. Throws a
   * RuntimeError when the user no longer exists.
   */
  of(userId: string | undefined): Promise<Author>
  /** The desk has lost the person's contact: it is found or made anew, once. Resolves to whether it is another one. */
  renew(userId: string | undefined): Promise<boolean>
}

export const createAuthors = (call: Call, desk: Desk, session: Session): Authors => {
  const known = new Map<string, Promise<Author>>()
  const renewed = new Set<string>()
  const isSessions = (userId: string): boolean => userId === session.customerId
  const of = async (userId: string | undefined): Promise<Author> => {
    if (!userId) return { type: 'bot' }
    const author = known.get(userId) ?? (isSessions(userId) ? _ofSession(session, userId) : _find(call, desk, userId))
    known.set(userId, author)
    try {
      return await author
    } catch (error) {
      known.delete(userId)
      throw error
    }
  }
  return {
    of,
    renew: async (userId) => {
      // The bot writes under the customer's contact at some desks.
      const id = userId ?? session.customerId
      if (!id || !desk.driver.ensureContact || renewed.has(id)) return false
      renewed.add(id)
      const before = await _contactOf(of, id)
      const customer = await withContact(call, desk, await _withoutContact(call, desk, session, id))
      known.set(id, Promise.resolve({ type: 'customer', customer }))
      return customer.contactId !== before
    },
  }
}

const _contactOf = async (of: Authors['of'], userId: string): Promise<string | undefined> => {
  const author = await of(userId)
  return author.type === 'customer' ? author.customer.contactId : undefined
}

const _ofSession = async ({ ticket, customerName }: Session, id: string): Promise<Author> => {
  const { contactId } = ticket
  return { type: 'customer', customer: { id, name: customerName ?? 'Customer', ...(contactId ? { contactId } : {}) } }
}

const _find = async (call: Call, desk: Desk, userId: string): Promise<Author> => {
  const other = await getCustomer(call, userId)
  if (!other) throw new RuntimeError(`The user ${userId} who wrote the message no longer exists`)
  return { type: 'customer', customer: await withContact(call, desk, other) }
}

/** The customer of a session is known even when their user was deleted. */
const _withoutContact = async (call: Call, desk: Desk, session: Session, userId: string): Promise<KnownCustomer> => {
  const found = await getCustomer(call, userId)
  const isSessions = userId === session.customerId
  if (!found && !isSessions) throw new RuntimeError(`The user ${userId} who wrote the message no longer exists`)
  const name = (isSessions ? session.customerName : undefined) ?? found?.name ?? 'Customer'
  const customer: Customer & Pick<KnownCustomer, 'tags'> = { id: userId, tags: {}, ...found, name }
  const { [contactTag(desk.provider.name)]: _lost, ...tags } = customer.tags
  return { ...customer, tags }
}
