/** The two cards for a bot's flow: Start HITL and Stop HITL. */
import { RuntimeError } from '@botpress/client'
import type { Payload } from '../types'
import type { BotMessage } from './bot-api'
import { createUserLinker, type UserLinker } from './people'
import {
  activate,
  deactivate,
  isActive,
  own,
  readSessionConfig,
  sayConfigured,
  type PluginConfiguration,
  type PluginContext,
} from './context'
import { ASSIGNMENT_TIMEOUT } from './events'
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
  /** Options for this session alone. */
  configurationOverrides?: PluginConfiguration
}

/** The customer's last message. Reads page by page until it finds one, even to the beginning of the conversation. */
const _lastFromCustomer = async ({ api }: PluginContext, upstreamId: string): Promise<BotMessage | undefined> => {
  let token: string | undefined
  do {
    const page = await api.messages(upstreamId, token)
    const found = page.messages.find(({ direction }) => direction === 'incoming')
    if (found) return found
    token = page.nextToken
  } while (token !== undefined)
  return undefined
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
  if (!upstreamId) throw new RuntimeError('conversationId is required to start HITL')
  if (!card.userId) throw new RuntimeError('userId is required to start HITL')
  const upstream = await api.getConversation(upstreamId)
  // A flow that continues in the ticket would hand the ticket itself over.
  if (upstream.tags[own('upstream')] || upstream.integration === plugin.identity.alias) {
    plugin.log.note('start ignored: the desk’s conversation', { conversationId: upstreamId })
    return
  }
  if (await isActive(plugin, upstreamId)) {
    plugin.log.note('start ignored: already active', { conversationId: upstreamId })
    return
  }
  const trigger = await _lastFromCustomer(plugin, upstreamId)
  if (trigger && trigger.id === upstream.tags[own('startMessageId')]) {
    plugin.log.note('start ignored: same message', { conversationId: upstreamId, id: trigger.id })
    return
  }

  const configuration = { ...plugin.configuration, ...card.configurationOverrides }
  await api.setState(upstreamId, own('effectiveSessionConfig'), configuration)
  // The plugin announces the handoff before it attempts anything.
  await sayConfigured(plugin, upstreamId, configuration.onHitlHandoffMessage, HANDED_OFF)
  const users = createUserLinker(plugin)
  const userId = await users.downstreamUserId(card.userId, { email: card.userEmail })
  const { messages } = await api.messages(upstreamId)
  const messageHistory = await _history(messages.toReversed(), users)

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
  await _startTimeout(plugin, { upstreamId, downstreamId, userId: card.userId }, configuration)
}

const _startTimeout = async (
  { api, clock }: PluginContext,
  { upstreamId, downstreamId, userId }: { upstreamId: string; downstreamId: string; userId: string },
  { agentAssignedTimeoutSeconds }: PluginConfiguration
): Promise<void> => {
  if (!agentAssignedTimeoutSeconds) return
  await api.createEvent({
    type: ASSIGNMENT_TIMEOUT,
    payload: { sessionStartedAt: new Date(clock.now()).toISOString(), downstreamConversationId: downstreamId },
    conversationId: upstreamId,
    userId,
    schedule: { delay: agentAssignedTimeoutSeconds * 1_000 },
  })
}

/** Writes to the ticket, deactivates both sides, then calls stopHitl. The text may still be in flight at that time. */
export const stopHitl = async (plugin: PluginContext, upstreamId: string): Promise<void> => {
  const { api } = plugin
  const upstream = await api.getConversation(upstreamId)
  if (!(await isActive(plugin, upstreamId))) return
  const downstreamId = upstream.tags[own('downstream')]
  if (!downstreamId) return
  await api.getConversation(downstreamId)
  const { onUserHitlCancelledMessage } = await readSessionConfig(plugin, upstreamId)
  await sayConfigured(plugin, downstreamId, onUserHitlCancelledMessage, CUSTOMER_LEFT)
  await Promise.allSettled([
    deactivate(plugin, upstreamId, 'close-action-called'),
    deactivate(plugin, downstreamId, 'close-action-called'),
  ])
  await api.callAction('stopHitl', { conversationId: downstreamId })
}
