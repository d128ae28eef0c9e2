/** The two cards for a bot's flow: Start HITL and Stop HITL. */
import { InvalidPayloadError } from '@botpress/client'
import type { Payload } from '../types'
import type { BotMessage } from './bot-api'
import { createUserLinker, type UserLinker } from './people'
import { activate, deactivate, isActive, own, say, type PluginContext } from './context'
import { CUSTOMER_LEFT, HANDED_OFF } from './texts'

/** The fields of the Start HITL card. */
export interface StartCard {
  title: string
  description?: string
  /** The integration's own parameters. */
  hitlSession?: Payload
  /** Reaches the desk only with the first card of a customer. */
  userEmail?: string
  /** The user who asks for a human. */
  userId: string
}

/** Covers only the newest page. Messages of earlier human agents count as the bot's. */
const _history = (messages: BotMessage[], users: UserLinker): Promise<Payload[]> =>
  Promise.all(
    messages.map(async (message) => ({
      source:
        message.direction === 'outgoing'
          ? { type: 'bot' }
          : { type: 'user', userId: await users.downstreamUserId(message.userId) },
      type: message.type,
      payload: message.payload,
    }))
  )

/** A failure rolls nothing back: the customer has seen the announcement, and the users stay linked. */
export const startHitl = async (plugin: PluginContext, upstreamId: string, card: StartCard): Promise<void> => {
  const { api } = plugin
  if (!upstreamId || !card.userId) throw new InvalidPayloadError('conversationId and userId must not be empty')
  const upstream = await api.getConversation(upstreamId)
  if (await isActive(plugin, upstreamId)) {
    plugin.log.note('start ignored: already active', { conversationId: upstreamId })
    return
  }
  const trigger = (await api.newestMessages(upstreamId)).findLast((message) => message.direction === 'incoming')
  if (trigger && trigger.id === upstream.tags[own('startMessageId')]) {
    plugin.log.note('start ignored: same message', { conversationId: upstreamId, id: trigger.id })
    return
  }

  await api.setState(upstreamId, own('effectiveSessionConfig'), {})
  // The plugin announces the handoff before it attempts anything.
  await say(plugin, upstreamId, HANDED_OFF)
  const users = createUserLinker(plugin)
  const userId = await users.downstreamUserId(card.userId, { email: card.userEmail })
  const messageHistory = await _history(await api.newestMessages(upstreamId), users)

  const output = await api.callAction('startHitl', {
    title: card.title,
    description: card.description,
    hitlSession: card.hitlSession,
    userId,
    messageHistory,
  })
  const downstreamId = String(output['conversationId'])

  await api.getConversation(downstreamId)
  await api.setState(upstreamId, own('initiatingUser'), { upstreamUserId: card.userId })
  await Promise.all([
    api.tagConversation(upstreamId, { [own('downstream')]: downstreamId }),
    api.tagConversation(downstreamId, { [own('upstream')]: upstreamId }),
  ])
  if (trigger) await api.tagConversation(upstreamId, { [own('startMessageId')]: trigger.id })
  await plugin.clock.sleep(plugin.switches.activationDelayMs)
  await Promise.all([activate(plugin, upstreamId), activate(plugin, downstreamId)])
}

/** Writes to the ticket, deactivates both sides, then calls stopHitl. The text may still be in flight at that time. */
export const stopHitl = async (plugin: PluginContext, upstreamId: string): Promise<void> => {
  const { api } = plugin
  const upstream = await api.getConversation(upstreamId)
  if (!(await isActive(plugin, upstreamId))) return
  const downstreamId = upstream.tags[own('downstream')]
  if (!downstreamId) return
  await api.getConversation(downstreamId)
  await say(plugin, downstreamId, CUSTOMER_LEFT)
  await Promise.allSettled([
    deactivate(plugin, upstreamId, 'close-action-called'),
    deactivate(plugin, downstreamId, 'close-action-called'),
  ])
  await api.callAction('stopHitl', { conversationId: downstreamId })
}
