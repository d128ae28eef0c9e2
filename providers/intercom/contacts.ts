import { isProviderError, ProviderError } from '../errors'
import type { Customer } from '../provider'
import type { Desk } from './desk'

/**
 * Finds or creates the contact whose external id is the customer's Botpress id. It never uses the search: that index
 * lags, and relying on it would create duplicates. An address that people type identifies nobody, so a contact that
 * has it already stays somebody else's, and the customer's own contact is created without it.
 */
export const ensureContact = async ({ api }: Desk, customer: Customer): Promise<string> => {
  const found = await api.findContact(customer.id)
  if (found) return found
  const anonymous = { id: customer.id, name: customer.name }
  const created = await api.createContact(customer).catch((error: unknown) => {
    // Intercom rejects odd e-mail addresses and pictures: create the contact without them.
    if (!isProviderError(error) || error.code !== 'rejected') throw error
    return api.createContact(anonymous)
  })
  if (created.id) return created.id
  // Another instance created it.
  const existing = await api.findContact(customer.id)
  if (existing) return existing
  // The address is taken, or our contact is archived. Only the latter conflicts with the external id alone.
  const own = customer.email ? await api.createContact({ ...customer, email: '' }) : created
  if (own.id) return own.id
  if (own.existing) {
    if (own.isArchived) await api.unarchiveContact(own.existing)
    return own.existing
  }
  const made = await api.findContact(customer.id)
  if (made) return made
  throw new ProviderError(
    'intercom',
    'rejected',
    'Could not create the contact: it exists, but Intercom does not say which one it is',
    { status: 409, about: 'contact' }
  )
}
