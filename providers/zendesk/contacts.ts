import { z } from '@botpress/sdk'
import type { Agent, Customer } from '../provider'
import { hasCode, userSchema, type Api, type User } from './api'
import { toName } from './format'
import { userExternalId } from './identity'

const userAnswerSchema = z.object({ user: userSchema.extend({ id: userSchema.shape.id.unwrap().unwrap() }) })
const usersSchema = z.object({ users: z.array(userSchema) })

/** No mailbox has a longer one. */
const LONGEST_ADDRESS = 254
/** What both an address and Zendesk's search language take without quoting. */
const ADDRESS = /^[^\s@":<>\\]+@[^\s@":<>\\]+\.[^\s@":<>\\]+$/

/**
 * Finds or makes the customer.
 *
 * With an address: `POST /users`, which only ever makes a new user. `create_or_update` matches by address, too, and would write a customer's name and our
 * id into the record of whoever has that address; somebody who types an agent's address into a chat would become that agent. If the address is
 * taken (422), its owner is the contact if he is an end user, and is left as he is; an agent never is.
 * Without one: `create_or_update`, which then matches by our own external id alone.
 * https://developer.zendesk.com/api-reference/ticketing/users/users/#create-or-update-user
 */
export const ensureContact = async (api: Api, customer: Customer): Promise<string> => {
  const person = {
    name: toName(customer.name),
    external_id: userExternalId(customer.id),
    role: 'end-user',
    // Without it Zendesk mails the customer to confirm an account that he never asked for.
    skip_verify_email: true,
  }
  const email = customer.email?.trim()
  if (email && email.length <= LONGEST_ADDRESS && ADDRESS.test(email)) {
    try {
      const { user } = await api.request({
        method: 'POST',
        path: '/api/v2/users',
        json: { user: { ...person, email } },
        schema: userAnswerSchema,
        purpose: 'create the contact',
        // What an attempt without an answer has made is found below by its address or its external id.
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
    repeatable: true,
  })
  return user.id
}

const _customerWithEmail = async (api: Api, email: string): Promise<string | undefined> => {
  const { users } = await api.request({
    method: 'GET',
    path: '/api/v2/users/search',
    query: { query: `email:"${email}"` },
    schema: usersSchema,
    purpose: 'look the contact up',
  })
  const owner = users.find((user) => user.email?.toLowerCase() === email.toLowerCase() && user.role === 'end-user')
  return owner?.id ?? undefined
}

/** Whether a contact that was made once is still there. */
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

/** An agent as customers see him: by the alias, where there is one. */
export const toAgent = (id: string, user: User | undefined): Agent => {
  const agent: Agent = { id }
  const name = user?.alias?.trim() || user?.name?.trim()
  if (name) agent.name = name
  const picture = user?.photo?.content_url
  if (picture?.startsWith('https://')) agent.pictureUrl = picture
  return agent
}
