import { ReferenceNotFoundError } from '@botpress/client'
import { z } from '@botpress/sdk'
import { findByTags, queriedTags, setTags, storedTags, visibleTags, type DeclaredTags } from '../tags'
import { pageOf, type Conversation, type Message } from '../store'
import type { Cloud } from '../cloud'
import type { Caller } from '../types'
import {
  delayOf,
  discriminateSchema,
  requireRow,
  isWithin,
  pageQuery,
  parse,
  payloadSchema,
  scheduleSchema,
  tagsSchema,
  timesOf,
  type Operation,
} from './operation'

const _createBody = z.object({
  payload: payloadSchema,
  userId: z.string(),
  conversationId: z.string(),
  type: z.string().min(1),
  tags: tagsSchema,
  schedule: scheduleSchema,
  origin: z.enum(['synthetic']).optional(),
})
const _getOrCreateBody = _createBody.extend({ discriminateByTags: discriminateSchema })
const _updateBody = z.object({ tags: tagsSchema, payload: payloadSchema.optional() })

export type NewMessage = z.infer<typeof _getOrCreateBody>

const _declaredTags = (caller: Caller, channel: string): DeclaredTags =>
  caller.by === 'integration' && caller.definition
    ? (caller.definition.channels?.[channel]?.message?.tags ?? {})
    : undefined

const _declaredTagsAnywhere = (caller: Caller): DeclaredTags =>
  caller.by === 'integration' && caller.definition
    ? Object.assign({}, ...Object.values(caller.definition.channels ?? {}).map((entry) => entry.message?.tags))
    : undefined

export const messageView = (cloud: Cloud, caller: Caller, message: Message) => ({
  ...timesOf(message),
  type: message.type,
  payload: message.payload,
  direction: message.direction,
  userId: message.userId,
  conversationId: message.conversationId,
  tags: visibleTags(caller, message, cloud.switches),
  ...(message.origin === undefined ? {} : { origin: message.origin }),
})

/** An unknown id in a body is an invalid reference (400), not a missing resource (404). */
const _referencedConversation = (cloud: Cloud, caller: Caller, id: string): Conversation => {
  const conversation = cloud.store.conversations.get(id)
  if (conversation && (caller.by === 'bot' || conversation.owner === caller.alias)) return conversation
  throw new ReferenceNotFoundError(`The conversation "${id}" does not exist`)
}

/** The bot sends its own messages with its bot id as the user id. */
const _author = (cloud: Cloud, caller: Caller, id: string): string => {
  const { botId, botUserId } = cloud.identity
  const userId = caller.by === 'bot' && id === botId ? botUserId : id
  const user = cloud.store.users.get(userId)
  if (user && (caller.by === 'bot' || user.owner === caller.alias || userId === botUserId)) return userId
  throw new ReferenceNotFoundError(`The user "${id}" does not exist`)
}

const _insert = (cloud: Cloud, caller: Caller, body: NewMessage): Message => {
  const conversation = _referencedConversation(cloud, caller, body.conversationId)
  const delay = delayOf(cloud, body.schedule)
  const message = cloud.store.messages.insert({
    ...cloud.store.row('msg', setTags(storedTags(caller, body.tags, _declaredTags(caller, conversation.channel)))),
    conversationId: conversation.id,
    userId: _author(cloud, caller, body.userId),
    type: body.type,
    payload: body.payload,
    direction: caller.by === 'bot' ? 'outgoing' : 'incoming',
    origin: body.origin,
    hidden: delay !== undefined && cloud.switches.scheduledMessages === 'hidden',
  })
  if (delay === undefined) {
    cloud.messageCreated(message)
  } else {
    cloud.clock.setTimer(() => {
      message.hidden = false
      cloud.messageCreated(message)
    }, delay)
  }
  return message
}

export const createMessage: Operation = (cloud, caller, { body }) => ({
  message: messageView(cloud, caller, _insert(cloud, caller, parse(_createBody, body))),
})

export const findOrInsertMessage = async (cloud: Cloud, caller: Caller, body: NewMessage): Promise<Message> => {
  const conversation = _referencedConversation(cloud, caller, body.conversationId)
  const tags = storedTags(caller, body.tags, _declaredTags(caller, conversation.channel))
  const existing = findByTags({
    caller,
    table: cloud.store.messages,
    tags,
    discriminateByTags: body.discriminateByTags,
    switches: cloud.switches,
    matches: (message) => message.conversationId === conversation.id && !message.hidden,
  })
  if (!cloud.switches.atomic) await cloud.raceWindow()
  if (!existing) return _insert(cloud, caller, body)
  cloud.store.messages.retag(existing, setTags(tags))
  return existing
}

export const getOrCreateMessage: Operation = async (cloud, caller, { body }) => ({
  message: messageView(cloud, caller, await findOrInsertMessage(cloud, caller, parse(_getOrCreateBody, body))),
})

const _requireMessage = (cloud: Cloud, caller: Caller, id: string): Message =>
  requireRow(cloud.store.messages, 'Message', id, (message) => {
    const owner = cloud.store.conversations.get(message.conversationId)?.owner
    return !message.hidden && (caller.by === 'bot' || owner === caller.alias)
  })

export const getMessage: Operation = (cloud, caller, { params }) => ({
  message: messageView(cloud, caller, _requireMessage(cloud, caller, params['id'] ?? '')),
})

export const updateMessage: Operation = (cloud, caller, { params, body }) => {
  const changes = parse(_updateBody, body)
  const message = _requireMessage(cloud, caller, params['id'] ?? '')
  const channel = cloud.store.conversations.get(message.conversationId)?.channel ?? ''
  cloud.store.messages.retag(message, storedTags(caller, changes.tags, _declaredTags(caller, channel)))
  if (changes.payload) message.payload = changes.payload
  cloud.store.touch(message)
  return { message: messageView(cloud, caller, message) }
}

export const listMessages: Operation = (cloud, caller, { query }) => {
  const conversationId = query.get('conversationId')
  const queried = queriedTags(caller, query, _declaredTagsAnywhere(caller))
  const tags = cloud.switches.ignoresFilters ? {} : queried
  const candidates =
    conversationId !== null && Object.keys(tags).length === 0
      ? [...cloud.store.messagesOf(conversationId)]
      : cloud.store.messages.withTags(tags)
  const messages = candidates.filter((message) => {
    const owner = cloud.store.conversations.get(message.conversationId)?.owner
    if (message.hidden || (caller.by === 'integration' && owner !== caller.alias)) return false
    return (conversationId === null || message.conversationId === conversationId) && isWithin(query, message.createdAt)
  })
  const page = pageOf(messages, { nextToken: pageQuery(query).nextToken }, cloud.switches.pageSize)
  return { messages: page.rows.map((message) => messageView(cloud, caller, message)), meta: page.meta }
}

export const deleteMessage: Operation = (cloud, caller, { params }) => {
  cloud.store.messages.remove(_requireMessage(cloud, caller, params['id'] ?? '').id)
  return {}
}
