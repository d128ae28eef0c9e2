import { z } from '@botpress/sdk'
import { isProviderError } from '../errors'
import type { Agent, Customer } from '../provider'
import { hasCode, type Api } from './api'
import { toName } from './format'
import { userExternalId } from './identity'
import { idSchema, userSchema, usersSchema, type User } from './records'

const userAnswerSchema = z.object({ user: userSchema.extend({ id: idSchema }) })

/** The longest address that SMTP allows. */
const MAX_ADDRESS_LENGTH = 254
/** An address that needs no escaping in Zendesk's search syntax. */
const ADDRESS = /^[^\s@":<>\\]+@[^\s@":<>\\]+\.[^\s@":<>\\]+$/

/**
 * Finds or creates the customer's contact and returns its id.
 *
 * With an address, `POST /users` creates a user and never changes an existing one. If the address is taken (422), its
 * owner becomes the contact, but only if they are an end user. `create_or_update` would also match by address: a
 * customer who types an agent's address would overwrite that agent. Without an address it matches by external id.
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
  const email = customer.email?.trim()
  if (email && email.length <= MAX_ADDRESS_LENGTH && ADDRESS.test(email)) {
    try {
      const { user } = await api.request({
        method: 'POST',
        path: '/api/v2/users',
        json: { user: { ...person, email } },
        schema: userAnswerSchema,
        purpose: 'create the contact',
        about: 'contact',
        // A user created by an attempt without an answer is found below, by address or external id.
        repeatable: true,
      })
      return user.id
    } catch (error) {
      if (!hasCode(error, 'rejected')) throw error
      const owner = await _customerWithEmail(api, email)
      if (owner) return owner
    }
  }
  const { user } = await api.request({
    method: 'POST',
    path: '/api/v2/users/create_or_update',
    json: { user: person },
    schema: userAnswerSchema,
    purpose: 'create the contact',
    about: 'contact',
    repeatable: true,
  })
  return user.id
}

const _customerWithEmail = async (api: Api, email: string): Promise<string | undefined> => {
  const { users } = await api.request({
    method: 'GET',
    path: '/api/v2/users/search',
    query: { query: `email:"${email}"` },
    schema: z.object({ users: usersSchema }),
    purpose: 'look the contact up',
  })
  const owner = users.find((user) => user.email?.toLowerCase() === email.toLowerCase() && user.role === 'end-user')
  return owner?.id ?? undefined
}

/** The user as Zendesk shows them. Undefined if it says that there is none, or keeps them from the credentials' user. */
export const findUser = async (api: Api, userId: string, sideloaded: User[] = []): Promise<User | undefined> => {
  const known = sideloaded.find((user) => user.id === userId)
  if (known) return known
  try {
    return await readUser(api, userId)
  } catch (error) {
    if (hasCode(error, 'not-found', 'rejected') || (isProviderError(error) && error.status === 403)) return undefined
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

/** Whether Zendesk accepts tickets and comments of this customer: not deleted, merged away or suspended, and no agent. */
export const isUsable = (user: User | undefined): boolean =>
  user !== undefined && user.active !== false && user.suspended !== true && user.role === 'end-user'

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
