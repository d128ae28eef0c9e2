import { LONGEST_NAME, oneLine, shorten } from '../../providers/kit/text'
import type { Agent, Customer } from '../../providers/provider'
import { savedAccount } from './accounts'
import type { Call } from './call'
import type { Desk } from './desk'
import { messageSettings } from './message-settings'
import { describeError, gone } from './errors'
import { instanceCache } from './memory'
import { inert } from './messages'
import { looksOfficial } from './official-names'
import { contactTag } from '../definition/registry'

/** The address that the plugin invents for a customer without one: `<user id>@no-reply.<bot id>.botpress.com`. */
const INVENTED_ADDRESS = /^[^@\s]+@no-reply\.[^@\s]+\.botpress\.com$/i
const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/
/** The longest address that mail servers accept. */
const LONGEST_ADDRESS = 254
/** A tag holds no more. */
const LONGEST_PLACEHOLDER = 500
const LONGEST_PICTURE_URL = 1_000

/**
 * The address in lower case when the plugin has invented it: it names a user of the bot. Undefined for every other
 * address.
 */
export const placeholderOf = (email: string | undefined): string | undefined =>
  email !== undefined && email.length < LONGEST_PLACEHOLDER && isInventedAddress(email)
    ? email.toLowerCase()
    : undefined

export const isInventedAddress = (email: string): boolean => INVENTED_ADDRESS.test(email.trim())

/** The address when it is real and well-formed, so that a desk may get it. */
export const realAddress = (email: string | undefined | null): string | undefined => {
  const trimmed = email?.trim()
  if (!trimmed || trimmed.length > LONGEST_ADDRESS) return undefined
  return ADDRESS.test(trimmed) && !isInventedAddress(trimmed) ? trimmed : undefined
}

/**
 * A customer's name for agents: one line, and marked where it could be taken for the bot's, the router's or an agent's.
 */
export const customerName = (name: string | undefined | null): string => {
  const line = oneLine(name ?? '', LONGEST_NAME - MARK.length) || NAMELESS_CUSTOMER
  return looksOfficial(line) ? line + MARK : line
}

const MARK = ' (customer)'
const NAMELESS_CUSTOMER = 'Customer'

export interface KnownCustomer extends Customer {
  tags: Partial<Record<string, string>>
}

/** The customer as Botpress knows them. Undefined when the user was deleted. */
export const getCustomer = async (call: Call, userId: string): Promise<KnownCustomer | undefined> => {
  const answer = await gone(call.client.getUser({ id: userId }))
  if (!answer) return undefined
  const { user } = answer
  const tags = user.tags as Partial<Record<string, string>>
  const email = realAddress(tags.email)
  return {
    id: user.id,
    name: customerName(user.name),
    tags,
    ...(email ? { email } : {}),
    ...(user.pictureUrl ? { pictureUrl: user.pictureUrl } : {}),
  }
}

/** The customer with their contact at a desk, from the user's tag, otherwise found or created at the desk. */
export const withContact = async (call: Call, desk: Desk, customer: KnownCustomer): Promise<Customer> => {
  const { found, tags } = await contactOf(call, desk, customer)
  if (Object.keys(tags).length > 0) await tagCustomer(call, customer.id, tags)
  return found
}

/** The same. `tags`: what the user's tags don't say yet. */
export const contactOf = async (
  call: Call,
  desk: Desk,
  customer: KnownCustomer
): Promise<{ found: Customer; tags: Record<string, string> }> => {
  const { tags, ...person } = customer
  if (!desk.driver.ensureContact) return { found: person, tags: {} }
  const tag = contactTag(desk.provider.name)
  const account = (await savedAccount(call, desk.provider.name))?.id
  const known = _contactIn(account, tags[tag])
  if (known) return { found: { ...person, contactId: known }, tags: {} }
  const contactId = await desk.driver.ensureContact(person)
  return {
    found: { ...person, contactId },
    tags: { [tag]: account === undefined ? contactId : `${contactId} ${account}` },
  }
}

/** Never throws: without the tags a desk finds the contact again, so a failure costs a call later. */
export const tagCustomer = async (call: Call, userId: string, tags: Record<string, string>): Promise<void> => {
  await call.client.updateUser({ id: userId, tags: tags as never }).catch((error: unknown) => {
    call.log.warn('Could not store what is known of a customer', { userId, error: describeError(error) })
  })
}

/** A contact's id means something in its account only, which follows it in the tag. */
const _contactIn = (account: string | undefined, tag: string | undefined): string | undefined => {
  const [contactId, of] = (tag ?? '').split(' ')
  return of === undefined || account === undefined || of === account ? contactId || undefined : undefined
}

/** An agent as this instance last saw them. */
export interface KnownAgent {
  userId: string
  name: string
}

const _agents = instanceCache<KnownAgent>('agents', { lifetimeMs: 60 * 60_000, size: 2_000 })

const NAMELESS = 'Agent'

const _agentKey = (call: Call, provider: string, agentId: string) => `${call.installation}/${provider}/${agentId}`

/**
 * The agent's Botpress user, with the name and photo from the desk, or the team's name. There is one user per desk and
 * agent. `name` is the agent's own, for other agents.
 */
export const agentUser = async (call: Call, desk: Desk, agent: Agent): Promise<KnownAgent> => {
  const key = _agentKey(call, desk.provider.name, agent.id)
  const known = _agents(call).get(key)
  if (known) return known
  const described = await _describe(call, desk, agent)
  const named = shorten(inert(oneLine(described.name ?? '', LONGEST_NAME)), LONGEST_NAME)
  const team = messageSettings(call.context.configuration).teamName
  const shown = team === undefined ? named : inert(team)
  // A photo would tell which of the team it is.
  const pictureUrl = team === undefined ? _pictureOf(described) : undefined
  const { user } = await call.client.getOrCreateUser({
    tags: { agent: `${desk.provider.name}:${agent.id}` },
    discriminateByTags: ['agent'],
    name: shown || NAMELESS,
    ...(pictureUrl ? { pictureUrl } : {}),
  })
  // Without a name the user keeps the previous one. It isn't cached, so the next call asks again.
  if (!shown) return { userId: user.id, name: user.name || NAMELESS }
  const hasOtherPicture = team === undefined ? Boolean(pictureUrl) && user.pictureUrl !== pictureUrl : user.pictureUrl
  if (user.name !== shown || hasOtherPicture) {
    const picture = team === undefined ? (pictureUrl ? { pictureUrl } : {}) : { pictureUrl: '' }
    await call.client.updateUser({ id: user.id, name: shown, ...picture })
  }
  if (!named) return { userId: user.id, name: NAMELESS }
  const found: KnownAgent = { userId: user.id, name: named }
  _agents(call).set(key, found)
  return found
}

const _pictureOf = ({ pictureUrl }: Agent): string | undefined =>
  pictureUrl && pictureUrl.length <= LONGEST_PICTURE_URL ? pictureUrl : undefined

/** The agent's user is looked up again: it was deleted. */
export const forgetAgent = (call: Call, desk: Desk, agentId: string): void =>
  _agents(call).delete(_agentKey(call, desk.provider.name, agentId))

const _describe = async (call: Call, desk: Desk, agent: Agent): Promise<Agent> => {
  if (!desk.driver.describeAgent || (agent.name && agent.pictureUrl)) return agent
  try {
    const described = await desk.driver.describeAgent(agent.id)
    return { ...agent, ...described }
  } catch {
    // A message without the agent's name and photo is better than no message.
    call.log.warn('Could not read an agent’s name and photo', { desk: desk.provider.name, agentId: agent.id })
    return agent
  }
}
