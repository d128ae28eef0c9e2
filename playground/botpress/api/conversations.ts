import { InvalidPayloadError } from '@botpress/client'
import { z } from '@botpress/sdk'
import { findByTags, ownerOf, queriedTags, setTags, storedTags, visibleTags, type Allowed } from '../tags'
import { pageOf, type Conversation } from '../store'
import type { Cloud } from '../cloud'
import type { Caller } from '../types'
import { discriminateSchema, found, isWithin, pageQuery, parse, tagsSchema, timesOf, type Operation } from './operation'

const _createBody = z.object({ channel: z.string().min(1).max(200), tags: tagsSchema })
export const getOrCreateConversationBody = _createBody.extend({ discriminateByTags: discriminateSchema })
const _updateBody = z.object({ tags: tagsSchema.optional(), currentTaskId: z.string().optional() })

const _allowed = (caller: Caller, channel: string): Allowed => {
  if (caller.by !== 'integration' || !caller.definition) return undefined
  const channels = caller.definition.channels ?? {}
  if (!Object.hasOwn(channels, channel)) {
    throw new InvalidPayloadError(`The channel "${channel}" is not declared in the definition of the integration`)
  }
  return channels[channel]?.conversation?.tags ?? {}
}

/** A listing without a channel may name the tags of all of them. */
const _allowedAnywhere = (caller: Caller): Allowed =>
  caller.by === 'integration' && caller.definition
    ? Object.assign({}, ...Object.values(caller.definition.channels ?? {}).map((entry) => entry.conversation?.tags))
    : undefined

const _mayTouch =
  (caller: Caller) =>
  (conversation: Conversation): boolean =>
    caller.by === 'bot' || conversation.owner === caller.alias

export const conversationView = (cloud: Cloud, caller: Caller, conversation: Conversation) => ({
  ...timesOf(conversation),
  channel: conversation.channel,
  integration: conversation.owner,
  tags: visibleTags(caller, conversation, cloud.switches),
})

export const foundConversation = (cloud: Cloud, caller: Caller, id: string): Conversation =>
  found(cloud.store.conversations, 'Conversation', id, _mayTouch(caller))

const _insert = (cloud: Cloud, caller: Caller, body: z.infer<typeof _createBody>): Conversation => {
  const tags = setTags(storedTags(caller, body.tags, _allowed(caller, body.channel)))
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
  conversation: conversationView(cloud, caller, foundConversation(cloud, caller, params['id'] ?? '')),
})

/**
 * "Tags will be updated if they are set in the request body"
 * (<https://www.botpress.com/docs/api-reference/runtime-api/openapi/endpoints/post-v1chatconversationsget-or-create>).
 */
export const obtainConversation = async (
  cloud: Cloud,
  caller: Caller,
  body: z.infer<typeof getOrCreateConversationBody>
): Promise<Conversation> => {
  const tags = storedTags(caller, body.tags, _allowed(caller, body.channel))
  const existing = findByTags({
    caller,
    table: cloud.store.conversations,
    tags,
    discriminateByTags: body.discriminateByTags,
    switches: cloud.switches,
    fits: (conversation) => conversation.owner === ownerOf(caller) && conversation.channel === body.channel,
  })
  if (!cloud.switches.atomic) await cloud.gap()
  if (!existing) return _insert(cloud, caller, body)
  cloud.store.conversations.retag(existing, setTags(tags))
  cloud.store.touch(existing)
  return existing
}

export const getOrCreateConversation: Operation = async (cloud, caller, { body }) => {
  const conversation = await obtainConversation(cloud, caller, parse(getOrCreateConversationBody, body))
  return { conversation: conversationView(cloud, caller, conversation) }
}

export const updateConversation: Operation = (cloud, caller, { params, body }) => {
  const changes = parse(_updateBody, body)
  const conversation = foundConversation(cloud, caller, params['id'] ?? '')
  const tags = storedTags(caller, changes.tags ?? {}, _allowed(caller, conversation.channel))
  cloud.store.conversations.retag(conversation, tags)
  cloud.store.touch(conversation)
  return { conversation: conversationView(cloud, caller, conversation) }
}

export const listConversations: Operation = (cloud, caller, { query }) => {
  const channel = query.get('channel')
  const integration = query.get('integrationName')
  const participants = query.getAll('participantIds')
  const mayTouch = _mayTouch(caller)
  const takesPart = (conversation: Conversation): boolean => {
    if (participants.length === 0) return true
    const authors = new Set(cloud.store.messagesOf(conversation.id).map((message) => message.userId))
    return participants.every((id) => authors.has(id))
  }
  const allowed = channel === null ? _allowedAnywhere(caller) : _allowed(caller, channel)
  const conversations = cloud.store.conversations
    .withTags(queriedTags(caller, query, allowed))
    .filter((conversation) => mayTouch(conversation) && isWithin(query, conversation.createdAt))
    .filter((conversation) => channel === null || conversation.channel === channel)
    .filter((conversation) => integration === null || conversation.owner === integration)
    .filter(takesPart)
  const page = pageOf(conversations, pageQuery(query), cloud.switches.pageSize)
  return { conversations: page.rows.map((row) => conversationView(cloud, caller, row)), meta: page.meta }
}

export const deleteConversation: Operation = (cloud, caller, { params }) => {
  const conversation = foundConversation(cloud, caller, params['id'] ?? '')
  for (const message of cloud.store.messagesOf(conversation.id)) cloud.store.messages.remove(message.id)
  cloud.store.conversations.remove(conversation.id)
  return {}
}
