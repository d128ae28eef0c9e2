import { z } from '@botpress/sdk'
import { isProviderError } from '../errors'
import type { Agent, Customer } from '../provider'
import { hasCode, type Api } from './api'
import { toName } from './format'
import { userExternalId } from './identity'
import { idSchema, userSchema, type User } from './records'

const userAnswerSchema = z.object({ user: userSchema.extend({ id: idSchema }) })

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
    // Otherwise Zendesk asks the customer by mail to confirm an account that they never asked for.
    skip_verify_email: true,
  }
  const profile = _profileOf(customer)
  const make = async (path: string, user: object): Promise<string> => {
    const answer = await api.request({
      method: 'POST',
      path,
      json: { user },
      schema: userAnswerSchema,
      purpose: 'create the contact',
      about: 'contact',
      // A user created by an attempt without an answer is found by its external id.
      repeatable: true,
    })
    return answer.user.id
  }
  const email = customer.email?.trim()
  if (email && email.length <= MAX_ADDRESS_LENGTH && ADDRESS.test(email)) {
    try {
      return await make('/api/v2/users', { ...person, ...profile, role: 'end-user', email })
    } catch (error) {
      if (!hasCode(error, 'rejected')) throw error
    }
  }
  // Without a role: a contact whom people have made an agent since stays one. A new user is an end user.
  if (Object.keys(profile).length === 0) return make('/api/v2/users/create_or_update', person)
  try {
    return await make('/api/v2/users/create_or_update', { ...person, ...profile })
  } catch (error) {
    // A language that the account doesn't have, a number or a photo that Zendesk refuses.
    if (!hasCode(error, 'rejected')) throw error
    return make('/api/v2/users/create_or_update', person)
  }
}

/** Longer addresses of photos are refused. */
const LONGEST_PHOTO = 255

/** What Zendesk has room for at a user. The notes of the ticket have it all. */
const _profileOf = ({ phone, language, pictureUrl }: Customer): Record<string, string> => {
  const number = phone?.replace(/[^\d+]/g, '') ?? ''
  return {
    ...(/^\+?\d{6,15}$/.test(number) ? { phone: number } : {}),
    ...(language && /^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/i.test(language) ? { locale: language } : {}),
    ...(pictureUrl?.startsWith('https://') && pictureUrl.length <= LONGEST_PHOTO
      ? { remote_photo_url: pictureUrl }
      : {}),
  }
}

/** The user as Zendesk shows them. Undefined if there is none, or the credentials' user may not see them. */
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

/** Whether Zendesk accepts comments of this customer: not deleted, merged away or suspended, and no agent. */
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
