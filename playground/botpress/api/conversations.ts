import { InvalidPayloadError } from '@botpress/client'
import { z } from '@botpress/sdk'
import { findByTags, ownerOf, queriedTags, setTags, storedTags, visibleTags, type DeclaredTags } from '../tags'
import { pageOf, type Conversation } from '../store'
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

const _createBody = z.object({ channel: z.string().min(1).max(200), tags: tagsSchema })
export const getOrCreateConversationBody = _createBody.extend({ discriminateByTags: discriminateSchema })
const _updateBody = z.object({ tags: tagsSchema.optional(), currentTaskId: z.string().optional() })

const _declaredTags = (caller: Caller, channel: string): DeclaredTags => {
  if (caller.by !== 'integration' || !caller.definition) return undefined
  const channels = caller.definition.channels ?? {}
  if (!Object.hasOwn(channels, channel)) {
    throw new InvalidPayloadError(`The integration's definition doesn't declare the channel "${channel}"`)
  }
  return channels[channel]?.conversation?.tags ?? {}
}

/** A listing without a channel may use the tags of all channels. */
const _declaredTagsAnywhere = (caller: Caller): DeclaredTags =>
  caller.by === 'integration' && caller.definition
    ? Object.assign({}, ...Object.values(caller.definition.channels ?? {}).map((entry) => entry.conversation?.tags))
    : undefined

const _canAccess =
  (caller: Caller) =>
  (conversation: Conversation): boolean =>
    caller.by === 'bot' || conversation.owner === caller.alias

export const conversationView = (cloud: Cloud, caller: Caller, conversation: Conversation) => ({
  ...timesOf(conversation),
  channel: conversation.channel,
  integration: conversation.owner,
  tags: visibleTags(caller, conversation, cloud.switches),
})

export const requireConversation = (cloud: Cloud, caller: Caller, id: string): Conversation =>
  requireRow(cloud.store.conversations, 'Conversation', id, _canAccess(caller))

const _insert = (cloud: Cloud, caller: Caller, body: z.infer<typeof _createBody>): Conversation => {
  const tags = setTags(storedTags(caller, body.tags, _declaredTags(caller, body.channel)))
  return cloud.store.conversations.insert({
    ...cloud.store.row('conv', tags),
    owner: ownerOf(caller) ?? 'bot',
    channel: body.channel,
  })
}

export const createConversation: Operation = (cloud, caller, { body }) => ({
  conversation: conversationView(cloud, caller, _insert(cloud, caller, parse(_createBody, body))),
})

export const getConversation: Operation = (cloud, caller, { params }) => ({
  conversation: conversationView(cloud, caller, requireConversation(cloud, caller, params['id'] ?? '')),
})

/**
 * "Tags will be updated if they are set in the request body"
 * (<https://www.botpress.com/docs/api-reference/runtime-api/openapi/endpoints/post-v1chatconversationsget-or-create>).
 */
export const findOrInsertConversation = async (
  cloud: Cloud,
  caller: Caller,
  body: z.infer<typeof getOrCreateConversationBody>
): Promise<Conversation> => {
  const tags = storedTags(caller, body.tags, _declaredTags(caller, body.channel))
  const existing = findByTags({
    caller,
    table: cloud.store.conversations,
    tags,
    discriminateByTags: body.discriminateByTags,
    switches: cloud.switches,
    matches: (conversation) => conversation.owner === ownerOf(caller) && conversation.channel === body.channel,
  })
  if (!cloud.switches.atomic) await cloud.raceWindow()
  if (!existing) return _insert(cloud, caller, body)
  cloud.store.conversations.retag(existing, setTags(tags))
  cloud.store.touch(existing)
  return existing
}

export const getOrCreateConversation: Operation = async (cloud, caller, { body }) => {
  const conversation = await findOrInsertConversation(cloud, caller, parse(getOrCreateConversationBody, body))
  return { conversation: conversationView(cloud, caller, conversation) }
}

export const updateConversation: Operation = (cloud, caller, { params, body }) => {
  const changes = parse(_updateBody, body)
  const conversation = requireConversation(cloud, caller, params['id'] ?? '')
  const tags = storedTags(caller, changes.tags ?? {}, _declaredTags(caller, conversation.channel))
  cloud.store.conversations.retag(conversation, tags)
  cloud.store.touch(conversation)
  return { conversation: conversationView(cloud, caller, conversation) }
}

export const listConversations: Operation = (cloud, caller, { query }) => {
  const channel = query.get('channel')
  const integration = query.get('integrationName')
  const participants = query.getAll('participantIds')
  const canAccess = _canAccess(caller)
  const hasParticipants = (conversation: Conversation): boolean => {
    if (participants.length === 0) return true
    const authors = new Set(cloud.store.messagesOf(conversation.id).map((message) => message.userId))
    return participants.every((id) => authors.has(id))
  }
  const declared = channel === null ? _declaredTagsAnywhere(caller) : _declaredTags(caller, channel)
  const tags = queriedTags(caller, query, declared)
  const conversations = cloud.store.conversations
    .withTags(cloud.switches.ignoresFilters ? {} : tags)
    .filter((conversation) => canAccess(conversation) && isWithin(query, conversation.createdAt))
    .filter((conversation) => channel === null || conversation.channel === channel)
    .filter((conversation) => integration === null || conversation.owner === integration)
    .filter(hasParticipants)
  const page = pageOf(conversations, pageQuery(query), cloud.switches.pageSize)
  return { conversations: page.rows.map((row) => conversationView(cloud, caller, row)), meta: page.meta }
}

export const deleteConversation: Operation = (cloud, caller, { params }) => {
  const conversation = requireConversation(cloud, caller, params['id'] ?? '')
  for (const message of cloud.store.messagesOf(conversation.id)) cloud.store.messages.remove(message.id)
  cloud.store.conversations.remove(conversation.id)
  return {}
}
