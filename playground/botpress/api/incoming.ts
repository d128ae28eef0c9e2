import { InvalidPayloadError } from '@botpress/client'
import { z } from '@botpress/sdk'
import {
  conversationView,
  requireConversation,
  getOrCreateConversationBody,
  findOrInsertConversation,
} from './conversations'
import { messageView, findOrInsertMessage } from './messages'
import { parse, payloadSchema, tagsSchema, type Operation } from './operation'
import { requireUser, getOrCreateUserBody, findOrInsertUser, userView } from './users'

const _body = z.object({
  userId: z.string().optional(),
  user: getOrCreateUserBody.extend({ discriminateByTags: z.array(z.string()) }).optional(),
  conversationId: z.string().optional(),
  conversation: getOrCreateConversationBody.extend({ discriminateByTags: z.array(z.string()) }).optional(),
  message: z
    .object({
      payload: payloadSchema,
      type: z.string().min(1),
      tags: tagsSchema,
      origin: z.enum(['synthetic']).optional(),
      discriminateByTags: z.array(z.string()),
    })
    .optional(),
})

/** Gets or creates a user, a conversation and a message in one call. */
export const initializeIncomingMessage: Operation = async (cloud, caller, input) => {
  const body = parse(_body, input.body)
  if (!body.user && body.userId === undefined) throw new InvalidPayloadError('Either user or userId must be provided')
  if (!body.conversation && body.conversationId === undefined) {
    throw new InvalidPayloadError('Either conversation or conversationId must be provided')
  }
  const user = body.user
    ? await findOrInsertUser(cloud, caller, body.user)
    : requireUser(cloud, caller, body.userId ?? '')
  const conversation = body.conversation
    ? await findOrInsertConversation(cloud, caller, body.conversation)
    : requireConversation(cloud, caller, body.conversationId ?? '')
  const message = body.message
    ? await findOrInsertMessage(cloud, caller, { ...body.message, userId: user.id, conversationId: conversation.id })
    : undefined
  return {
    user: userView(cloud, caller, user),
    conversation: conversationView(cloud, caller, conversation),
    ...(message === undefined ? {} : { message: messageView(cloud, caller, message) }),
  }
}
