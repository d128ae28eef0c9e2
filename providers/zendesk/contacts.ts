import { z } from '@botpress/sdk'
import { isProviderError, ProviderError } from '../errors'
import type { Agent, Customer } from '../provider'
import { hasCode, PROVIDER, type Api } from './api'
import { toName } from './format'
import { userExternalId } from './identity'
import { idSchema, userSchema, usersSchema, type User } from './records'

const userAnswerSchema = z.object({ user: userSchema.extend({ id: idSchema }) })

/** The longest address that SMTP allows. */
const MAX_ADDRESS_LENGTH = 254
const ADDRESS = /^[^\s@":<>\\]+@[^\s@":<>\\]+\.[^\s@":<>\\]+$/

/**
 * Finds or creates the customer's contact and returns its id.
 *
 * `POST /users` creates a user and never changes an existing one. If the address is taken (422), it stays with its
 * owner: an address that people type identifies nobody. The contact is then created without it. A contact that exists
 * already is found by our external id, and stays as people have made it: they may have corrected the name, or made the
 * person an agent. `create_or_update` would overwrite whoever matches, agents included.
 * https://developer.zendesk.com/api-reference/ticketing/users/users/#create-user
 */
export const ensureContact = async (api: Api, customer: Customer): Promise<string> => {
  const person = {
    name: toName(customer.name),
    external_id: userExternalId(customer.id),
    role: 'end-user',
    // Otherwise Zendesk asks the customer by mail to confirm an account that they never asked for.
    skip_verify_email: true,
  }
  const profile = _profileOf(customer)
  const email = customer.email?.trim()
  const isAddress = email && email.length <= MAX_ADDRESS_LENGTH && ADDRESS.test(email)
  const whole = { ...person, ...profile }
  const created = await _created(api, isAddress ? { ...whole, email } : whole)
  if (created) return created
  const existing = await _existing(api, person.external_id)
  if (existing) return existing
  // The address is somebody's or refused; or the account doesn't have the language, or takes no such number or photo.
  const others = [...(isAddress ? [whole] : []), ...(Object.keys(profile).length > 0 ? [person] : [])]
  for (const user of others) {
    const id = await _created(api, user)
    if (id) return id
  }
  // Another instance has been quicker.
  const meanwhile = await _existing(api, person.external_id)
  if (meanwhile) return meanwhile
  throw new ProviderError(PROVIDER, 'rejected', 'Could not create the contact: Zendesk refuses it', {
    status: 422,
    about: 'contact',
  })
}

/** Undefined: Zendesk refuses it. */
const _created = async (api: Api, user: object): Promise<string | undefined> => {
  try {
    const answer = await api.request({
      method: 'POST',
      path: '/api/v2/users',
      json: { user },
      schema: userAnswerSchema,
      purpose: 'create the contact',
      about: 'contact',
      // A user created by an attempt without an answer is found by its external id.
      repeatable: true,
    })
    return answer.user.id
  } catch (error) {
    if (hasCode(error, 'rejected')) return undefined
    throw error
  }
}

/** https://developer.zendesk.com/api-reference/ticketing/users/users/#show-many-users */
const _existing = async (api: Api, externalId: string): Promise<string | undefined> => {
  const { users } = await api.request({
    method: 'GET',
    path: '/api/v2/users/show_many',
    query: { external_ids: externalId },
    schema: z.object({ users: usersSchema }),
    purpose: 'find the contact',
    about: 'contact',
  })
  // Zendesk compares external ids without regard to case.
  return users.find((user) => user.external_id?.toLowerCase() === externalId.toLowerCase())?.id ?? undefined
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
