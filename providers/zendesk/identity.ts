import { toTag } from './format'

/**
 * The ticket's `external_id`. The call that creates the ticket sets it, so every webhook about the ticket carries it.
 */
export const ticketExternalId = (botId: string, conversationId: string): string => `botpress:${botId}:${conversationId}`

/** The bot and the conversation that a ticket belongs to. Undefined if the router did not open the ticket. */
export const originIn = (externalId: string): { botId: string; conversationId: string } | undefined => {
  const [, botId, conversationId] = /^botpress:([^:\s]{1,200}):([^:\s]{1,200})$/.exec(externalId) ?? []
  return botId && conversationId ? { botId, conversationId } : undefined
}

export const conversationIdOf = (externalId: string): string | undefined => originIn(externalId)?.conversationId

export const userExternalId = (userId: string): string => `botpress:${userId}`

/** The tag on every ticket of the bot. The triggers fire only for tickets that have it. */
export const tagOf = (botId: string): string => `${TAG_PREFIX}${toTag(botId)}`

const TAG_PREFIX = 'botpress-hitl-'

/** The bot whose tag is among these values, as it is written in the tag. */
export const botIdIn = (values: unknown[] | undefined): string | undefined =>
  values
    ?.filter((value): value is string => typeof value === 'string')
    .find((value) => value.startsWith(TAG_PREFIX))
    ?.slice(TAG_PREFIX.length)

/** Key in an audit's custom metadata. Its value is the id of the Botpress message that the comment carries. */
export const MESSAGE_KEY = 'botpress_message_id'
