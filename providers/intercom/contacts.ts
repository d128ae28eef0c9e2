import { isProviderError, ProviderError } from '../errors'
import type { Customer } from '../provider'
import type { Desk } from './desk'
import { isNotFound } from './failures'

/**
 * Finds or creates the contact whose external id is the customer's Botpress id. It never uses the search: that index
 * lags, and relying on it would create duplicates. An e-mail address identifies nobody, since customers type it: a
 * contact that has the same address is somebody else.
 */
export const ensureContact = async (desk: Desk, customer: Customer): Promise<string> => {
  const anonymous: Customer = { id: customer.id, name: customer.name }
  const id =
    (await _create(desk, customer)) ??
    (await desk.api.findContact(customer.id)) ??
    // Somebody else has the address.
    (await _create(desk, anonymous)) ??
    (await desk.api.findContact(customer.id))
  if (id) return id
  throw new ProviderError(
    'intercom',
    'rejected',
    'Could not create the contact: it exists, but Intercom does not say which one it is',
    { status: 409, about: 'contact' }
  )
}

/** Undefined: Intercom names no contact of this customer. */
const _create = async (desk: Desk, customer: Customer): Promise<string | undefined> => {
  const { id, name, email } = customer
  const phone = _phoneOf(customer)
  const { phone: _odd, ...rest } = customer
  // Intercom rejects odd e-mail addresses, numbers and pictures: create the contact without them.
  const forms: Customer[] = [
    { ...rest, ...(phone ? { phone } : {}) },
    ...(email ? [{ id, name, email }] : []),
    { id, name },
  ]
  const created = await _firstAccepted(forms, (form) => desk.api.createContact(form))
  if (created.id || !created.existing) return created.id
  // Another instance has created it, it is archived, or it has the same e-mail address.
  const existing = await _read(desk, created.existing)
  if (existing?.external_id !== customer.id) return undefined
  if (created.isArchived || existing.archived) await desk.api.unarchiveContact(created.existing)
  return created.existing
}

const _firstAccepted = async <T>([form, ...others]: Customer[], create: (form: Customer) => Promise<T>): Promise<T> => {
  try {
    return await create(form as Customer)
  } catch (error) {
    if (others.length === 0 || !isProviderError(error) || error.code !== 'rejected') throw error
    return await _firstAccepted(others, create)
  }
}

/** As E.164. Undefined for anything else. */
const _phoneOf = ({ phone }: Customer): string | undefined => {
  const number = phone?.replace(/[^\d+]/g, '') ?? ''
  return /^\+\d{6,15}$/.test(number) ? number : undefined
}

const _read = async ({ api }: Desk, contactId: string) => {
  try {
    return await api.contact(contactId)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
