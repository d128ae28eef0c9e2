import { z } from '@botpress/sdk'
import { findByTags, ownerOf, queriedTags, setTags, storedTags, visibleTags } from '../tags'
import { pageOf, type User } from '../store'
import type { Cloud } from '../cloud'
import type { Caller } from '../types'
import {
  discriminateSchema,
  requireRow,
  isWithin,
  pageQuery,
  parse,
  tagsSchema,
  timesOf,
  type Operation,
} from './operation'

/** Documented maximum lengths: <https://botpress.com/docs/api-reference/runtime-api/openapi/createUser>. */
const _name = z.string().max(200)
const _pictureUrl = z.string().max(40_000)

const _createBody = z.object({
  tags: tagsSchema,
  name: _name.optional(),
  pictureUrl: _pictureUrl.optional(),
  attributes: z.record(z.string()).optional(),
})
export const getOrCreateUserBody = _createBody.extend({ discriminateByTags: discriminateSchema })
const _updateBody = z.object({
  tags: tagsSchema.optional(),
  name: _name.nullish(),
  pictureUrl: _pictureUrl.nullish(),
  attributes: z.record(z.string().nullable()).optional(),
})

const _declaredTags = (caller: Caller): Record<string, unknown> | undefined =>
  caller.by === 'integration' ? caller.definition?.user?.tags : undefined

/** Every integration may tag the bot's own user, although none owns it. */
const _canAccess =
  (cloud: Cloud, caller: Caller) =>
  (user: User): boolean =>
    caller.by === 'bot' || user.owner === caller.alias || user.id === cloud.identity.botUserId

export const userView = (cloud: Cloud, caller: Caller, user: User) => ({
  ...timesOf(user),
  tags: visibleTags(caller, user, cloud.switches),
  ...(user.name === undefined ? {} : { name: user.name }),
  ...(user.pictureUrl === undefined ? {} : { pictureUrl: user.pictureUrl }),
  ...(user.attributes === undefined ? {} : { attributes: user.attributes }),
})

export const requireUser = (cloud: Cloud, caller: Caller, id: string): User =>
  requireRow(cloud.store.users, 'User', id, _canAccess(cloud, caller))

const _insert = (cloud: Cloud, caller: Caller, body: z.infer<typeof _createBody>): User => {
  const tags = setTags(storedTags(caller, body.tags, _declaredTags(caller)))
  return cloud.store.users.insert({
    ...cloud.store.row('user', tags),
    owner: ownerOf(caller) ?? 'bot',
    name: body.name,
    pictureUrl: body.pictureUrl,
    attributes: body.attributes,
  })
}

export const createUser: Operation = (cloud, caller, { body }) => ({
  user: userView(cloud, caller, _insert(cloud, caller, parse(_createBody, body))),
})

export const getUser: Operation = (cloud, caller, { params }) => ({
  user: userView(cloud, caller, requireUser(cloud, caller, params['id'] ?? '')),
})

/** Updates only the tags of an existing user, not its name or picture. */
export const findOrInsertUser = async (
  cloud: Cloud,
  caller: Caller,
  body: z.infer<typeof getOrCreateUserBody>
): Promise<User> => {
  const tags = storedTags(caller, body.tags, _declaredTags(caller))
  const existing = findByTags({
    caller,
    table: cloud.store.users,
    tags,
    discriminateByTags: body.discriminateByTags,
    switches: cloud.switches,
    matches: (user) => user.owner === ownerOf(caller),
  })
  if (!cloud.switches.atomic) await cloud.raceWindow()
  if (!existing) return _insert(cloud, caller, body)
  cloud.store.users.retag(existing, setTags(tags))
  cloud.store.touch(existing)
  return existing
}

export const getOrCreateUser: Operation = async (cloud, caller, { body }) => ({
  user: userView(cloud, caller, await findOrInsertUser(cloud, caller, parse(getOrCreateUserBody, body))),
})

export const updateUser: Operation = (cloud, caller, { params, body }) => {
  const changes = parse(_updateBody, body)
  const user = requireUser(cloud, caller, params['id'] ?? '')
  cloud.store.users.retag(user, storedTags(caller, changes.tags ?? {}, _declaredTags(caller)))
  if (changes.name !== undefined) user.name = changes.name ?? undefined
  if (changes.pictureUrl !== undefined) user.pictureUrl = changes.pictureUrl ?? undefined
  const attributes = Object.entries({ ...user.attributes, ...changes.attributes })
  user.attributes = Object.fromEntries(attributes.filter((entry): entry is [string, string] => entry[1] !== null))
  cloud.store.touch(user)
  return { user: userView(cloud, caller, user) }
}

export const listUsers: Operation = (cloud, caller, { query }) => {
  const conversationId = query.get('conversationId')
  const rangeField = query.get('rangeField') === 'updatedAt' ? 'updatedAt' : 'createdAt'
  const canAccess = _canAccess(cloud, caller)
  const authors = new Set(
    conversationId === null ? [] : cloud.store.messagesOf(conversationId).map((message) => message.userId)
  )
  const users = cloud.store.users
    .withTags(queriedTags(caller, query, _declaredTags(caller)))
    .filter((user) => canAccess(user) && isWithin(query, user[rangeField]))
    .filter((user) => conversationId === null || authors.has(user.id))
  const page = pageOf(users, pageQuery(query), cloud.switches.pageSize)
  return { users: page.rows.map((user) => userView(cloud, caller, user)), meta: page.meta }
}

export const deleteUser: Operation = (cloud, caller, { params }) => {
  cloud.store.users.remove(requireUser(cloud, caller, params['id'] ?? '').id)
  return {}
}
