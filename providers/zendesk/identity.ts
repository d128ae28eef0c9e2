import { toTag } from './format'

/**
 * The names under which our things are found again at Zendesk.
 *
 * `external_id` of a ticket is `botpress:<bot>:<conversation>`: it is set by the call that creates the ticket, so that no webhook can come before it.
 */
export const ticketExternalId = (botId: string, conversationId: string): string => `botpress:${botId}:${conversationId}`

/** The conversation of one of our tickets; undefined for anybody else's. */
export const conversationIdOf = (externalId: string): string | undefined =>
  /^botpress:[^:\s]+:([^:\s]{1,200})$/.exec(externalId)?.[1]

export const userExternalId = (userId: string): string => `botpress:${userId}`

/** Only tickets with this tag fire the triggers. */
export const tagOf = (botId: string): string => `botpress-hitl-${toTag(botId)}`

/** Custom metadata of an audit: the Botpress message that a comment is. */
export const MESSAGE_KEY = 'botpress_message_id'
