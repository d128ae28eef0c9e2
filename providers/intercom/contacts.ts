import { isProviderError, ProviderError } from '../errors'
import type { Customer } from '../provider'
import type { Desk } from './desk'

/**
 * The contact with the customer's Botpress id as external id, made where there is none. Never by search: its index lags, and looking there
 * before creating makes duplicates.
 */
export const ensureContact = async ({ api }: Desk, customer: Customer): Promise<string> => {
  const found = await api.findContact(customer.id)
  if (found) return found
  const made = await api.createContact(customer).catch((error: unknown) => {
    // An address or picture that Intercom takes for none is no reason to leave the customer alone.
    if (!isProviderError(error) || error.code !== 'rejected') throw error
    return api.createContact({ id: customer.id, name: customer.name })
  })
  if (made.id) return made.id
  // Somebody was faster, or a contact has the same e-mail, or it has been archived: Intercom names it.
  if (made.existing) {
    if (made.isArchived) await api.unarchiveContact(made.existing)
    return made.existing
  }
  const existing = await api.findContact(customer.id)
  if (existing) return existing
  throw new ProviderError(
    'intercom',
    'rejected',
    'Could not create the contact: Intercom has one that it does not name',
    {
      status: 409,
    }
  )
}
