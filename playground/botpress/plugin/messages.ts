/** Handles messages that reach the bot, from either side. */
import type { Message } from '../store'
import type { BotConversation } from './bot-api'
import { assignAgent, linkWebchatUser } from './people'
import {
  abort,
  continueWorkflow,
  deactivate,
  forward,
  isActive,
  own,
  readSessionConfig,
  say,
  sayConfigured,
  type PluginConfiguration,
  type PluginContext,
} from './context'
import {
  AGENT_NOT_SUPPORTED,
  CUSTOMER_LEFT,
  END_COMMAND,
  NOT_CONNECTED,
  NOT_SUPPORTED,
  SESSION_ENDED,
  SUPPORTED_TYPES,
} from './texts'

/** Whether the plugin handled the message. The bot's flow gets all others. */
export const handleMessage = async (plugin: PluginContext, message: Message): Promise<boolean> => {
  const conversation = await plugin.api.getConversation(message.conversationId)
  if (conversation.integration === plugin.identity.alias) {
    await _fromDesk(plugin, message, conversation)
    return true
  }
  return _fromCustomer(plugin, message, conversation)
}

/** Texts for an inactive session are dropped without a word to the agent. */
const _fromDesk = async (plugin: PluginContext, message: Message, conversation: BotConversation): Promise<void> => {
  const { id: downstreamId } = conversation
  if (!(await isActive(plugin, downstreamId))) {
    plugin.log.note('message dropped: session inactive', { conversationId: downstreamId, id: message.id })
    return
  }
  const author = await plugin.api.getUser(message.userId)
  const upstreamId = conversation.tags[own('upstream')]
  if (!upstreamId) return abort(plugin, downstreamId, NOT_CONNECTED)
  const { onIncompatibleMsgTypeMessage } = await readSessionConfig(plugin, upstreamId)
  if (!SUPPORTED_TYPES.has(message.type)) {
    return sayConfigured(plugin, downstreamId, onIncompatibleMsgTypeMessage, AGENT_NOT_SUPPORTED)
  }
  await plugin.api.getConversation(upstreamId)
  const shown = await linkWebchatUser(plugin, upstreamId, author, false)
  // Read at the start, so an assignment in flight goes unnoticed.
  const isAssigned = conversation.tags[own('humanAgentId')] !== undefined
  if (!isAssigned) await assignAgent(plugin, { upstreamId, downstreamId }, author.id)
  const { additionalData, ...payload } = message.payload
  const data = typeof additionalData === 'string' ? { [own('additionalData')]: additionalData } : {}
  const tags = { [own('downstream')]: message.id, ...data }
  await forward(plugin, upstreamId, message.type, { ...payload, userId: shown }, tags)
}

const _fromCustomer = async (plugin: PluginContext, message: Message, upstream: BotConversation): Promise<boolean> => {
  const { id: upstreamId } = upstream
  if (!(await isActive(plugin, upstreamId))) return false
  const configuration = await readSessionConfig(plugin, upstreamId)
  if (!SUPPORTED_TYPES.has(message.type)) {
    await say(plugin, upstreamId, NOT_SUPPORTED)
    return true
  }
  const downstreamId = upstream.tags[own('downstream')]
  if (!downstreamId) {
    await abort(plugin, upstreamId, NOT_CONNECTED)
    return true
  }
  const writer = await plugin.api.getUser(message.userId)
  const userId = writer.tags[own('downstream')]
  if (!userId) {
    // The desk doesn't hear of it: its side stays active, and stopHitl isn't called.
    await abort(plugin, upstreamId, NOT_CONNECTED)
    return true
  }
  await plugin.api.getConversation(downstreamId)
  if (_isEndCommand(message, configuration)) {
    await _endByCustomer(plugin, upstreamId, downstreamId, configuration)
    return true
  }
  const tags = { [own('upstream')]: message.id }
  await forward(plugin, downstreamId, message.type, { ...message.payload, userId }, tags)
  return true
}

const _isEndCommand = (message: Message, { userHitlCloseCommand }: PluginConfiguration): boolean => {
  const text = message.payload['text']
  const command = (userHitlCloseCommand || END_COMMAND).trim().toLowerCase()
  return typeof text === 'string' && text.trim().toLowerCase() === command
}

/** When the integration's stopHitl fails, the customer gets no message and the flow doesn't continue. */
const _endByCustomer = async (
  plugin: PluginContext,
  upstreamId: string,
  downstreamId: string,
  configuration: PluginConfiguration
): Promise<void> => {
  await sayConfigured(plugin, downstreamId, configuration.onUserHitlCancelledMessage, CUSTOMER_LEFT)
  await Promise.allSettled([
    deactivate(plugin, upstreamId, 'patient-used-termination-command'),
    deactivate(plugin, downstreamId, 'patient-used-termination-command'),
  ])
  await plugin.api.callAction('stopHitl', { conversationId: downstreamId })
  await sayConfigured(plugin, upstreamId, configuration.onUserHitlCloseMessage, SESSION_ENDED)
  await continueWorkflow(plugin, upstreamId, configuration)
}
