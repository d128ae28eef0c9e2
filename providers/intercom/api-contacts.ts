import { z } from '@botpress/sdk'
import type { Http } from '../kit/http'
import { oneLine } from '../kit/text'
import type { Customer } from '../provider'
import { contactSchema } from './schemas'

const LONGEST_NAME = 255

/** One function per API call about contacts, without logic. */
export const contactCalls = (http: Http) => ({
  /** Throws `not-found` for a contact that was merged into another one or deleted. */
  contact: async (contactId: string) => {
    const answer = await http.request({
      method: 'GET',
      path: `/contacts/${encodeURIComponent(contactId)}`,
      schema: contactSchema,
      purpose: 'read the contact',
      about: 'contact',
    })
    return answer.data
  },

  /** Reads the database, not the lagging search index. */
  findContact: async (externalId: string): Promise<string | undefined> => {
    const answer = await http.request({
      method: 'GET',
      path: `/contacts/find_by_external_id/${encodeURIComponent(externalId)}`,
      schema: contactSchema,
      purpose: 'find the contact',
      about: 'contact',
      accepts: [404],
    })
    return answer.status === 404 ? undefined : (answer.data.id ?? undefined)
  },

  /** Returns the new contact's id, or the conflicting contact that Intercom names (409). */
  createContact: async (customer: Customer) => {
    const answer = await http.request({
      method: 'POST',
      path: '/contacts',
      json: {
        role: 'user',
        external_id: customer.id,
        name: oneLine(customer.name, LONGEST_NAME),
        ...(customer.email ? { email: customer.email } : {}),
        ...(customer.phone ? { phone: customer.phone } : {}),
        ...(customer.pictureUrl ? { avatar: customer.pictureUrl } : {}),
      },
      schema: contactSchema,
      purpose: 'create the contact',
      about: 'contact',
      // The external id is unique, so a retry returns 409.
      repeatable: true,
      accepts: [409],
    })
    if (answer.status !== 409) return { id: answer.data.id ?? undefined }
    const message = answer.data.errors?.[0]?.message ?? ''
    return {
      existing: /\bid=([0-9a-z]+)/i.exec(message)?.[1],
      isArchived: /archived/i.test(message),
    }
  },

  unarchiveContact: async (contactId: string): Promise<void> => {
    await http.request({
      method: 'POST',
      path: `/contacts/${encodeURIComponent(contactId)}/unarchive`,
      schema: z.unknown(),
      purpose: 'restore the contact',
      about: 'contact',
      repeatable: true,
    })
  },
})
