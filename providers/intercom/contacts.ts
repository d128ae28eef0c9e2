import { isProviderError, ProviderError } from '../errors'
import type { Customer } from '../provider'
import type { Desk } from './desk'

/**
 * Finds or creates the contact whose external id is the customer's Botpress id. It never uses the search: that index
 * lags, and relying on it would create duplicates.
 */
export const ensureContact = async ({ api }: Desk, customer: Customer): Promise<string> => {
  const found = await api.findContact(customer.id)
  if (found) return found
  const created = await api.createContact(customer).catch((error: unknown) => {
    // Intercom rejects odd e-mail addresses and pictures: create the contact without them.
    if (!isProviderError(error) || error.code !== 'rejected') throw error
    return api.createContact({ id: customer.id, name: customer.name })
  })
  if (created.id) return created.id
  // Another instance created it, a contact has the same e-mail, or it is archived. Intercom names the contact.
  if (created.existing) {
    if (created.isArchived) await api.unarchiveContact(created.existing)
    return created.existing
  }
  const existing = await api.findContact(customer.id)
  if (existing) return existing
  throw new ProviderError(
    'intercom',
    'rejected',
    'Could not create the contact: it exists, but Intercom does not say which one it is',
    { status: 409 }
  )
}
