import { z } from '@botpress/sdk'
import type { Agent, Customer } from '../provider'
import { hasCode, userSchema, type Api, type User } from './api'
import { toName } from './format'
import { userExternalId } from './identity'

const userAnswerSchema = z.object({ user: userSchema.extend({ id: userSchema.shape.id.unwrap().unwrap() }) })

/** The longest address that SMTP allows. */
const MAX_ADDRESS_LENGTH = 254
const ADDRESS = /^[^\s@":<>\\]+@[^\s@":<>\\]+\.[^\s@":<>\\]+$/

/**
 * Finds or creates the customer's contact and returns its id.
 *
 * With an address, `POST /users` creates a user and never changes an existing one. If the address is taken (422), it
 * stays with its owner: an address that people type identifies nobody. The contact is then found by our external id,
 * or created without the address. `create_or_update` would also match by address: a customer who types an agent's
 * address would overwrite that agent. Without an address it matches by external id.
 * https://developer.zendesk.com/api-reference/ticketing/users/users/#create-or-update-user
 */
export const ensureContact = async (api: Api, customer: Customer): Promise<string> => {
  const person = {
    name: toName(customer.name),
    external_id: userExternalId(customer.id),
    role: 'end-user',
    // Otherwise Zendesk asks the customer by mail to confirm an account that they never asked for.
    skip_verify_email: true,
  }
  const make = async (path: string, user: object): Promise<string> => {
    const answer = await api.request({
      method: 'POST',
      path,
      json: { user },
      schema: userAnswerSchema,
      purpose: 'create the contact',
      // A user created by an attempt without an answer is found by its external id.
      repeatable: true,
    })
    return answer.user.id
  }
  const email = customer.email?.trim()
  if (email && email.length <= MAX_ADDRESS_LENGTH && ADDRESS.test(email)) {
    try {
      return await make('/api/v2/users', { ...person, email })
    } catch (error) {
      if (!hasCode(error, 'rejected')) throw error
    }
  }
  return make('/api/v2/users/create_or_update', person)
}

/** Whether the contact still exists. */
export const contactExists = async (api: Api, contactId: string): Promise<boolean> => {
  try {
    return (await readUser(api, contactId)).active !== false
  } catch (error) {
    if (hasCode(error, 'not-found')) return false
    throw error
  }
}

export const readUser = async (api: Api, userId: string): Promise<User> =>
  (
    await api.request({
      method: 'GET',
      path: `/api/v2/users/${encodeURIComponent(userId)}`,
      schema: z.object({ user: userSchema }),
      purpose: 'read the user',
    })
  ).user

export const isAgent = (user: User | undefined): boolean => user?.role === 'agent' || user?.role === 'admin'

/** The agent as customers see them, under their alias if they have one. */
export const toAgent = (id: string, user: User | undefined): Agent => {
  const agent: Agent = { id }
  const name = user?.alias?.trim() || user?.name?.trim()
  if (name) agent.name = name
  const picture = user?.photo?.content_url
  if (picture?.startsWith('https://')) agent.pictureUrl = picture
  return agent
}
