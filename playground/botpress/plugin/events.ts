/** Handles events that reach the bot. */
import type { Event } from '../store'
import type { BotConversation } from './bot-api'
import { assignAgent } from './people'
import { continueWorkflow, deactivate, isActive, own, readSessionConfig, say, type PluginContext } from './context'
import { AGENT_CLOSED } from './texts'

/** Whether the plugin keeps the event from the bot. Throws when the event names an unknown conversation or user. */
export const handleEvent = async (plugin: PluginContext, event: Event): Promise<boolean> => {
  const isFromDesk = event.owner === plugin.identity.alias
  if (isFromDesk && event.type === 'hitlAssigned') return _assigned(plugin, event)
  if (isFromDesk && event.type === 'hitlStopped') return _stopped(plugin, event)
  if (event.owner === 'bot' && event.type === own('continueWorkflow')) return false
  return _isSuppressed(plugin, event)
}

const _text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** The plugin keeps every event from the bot that names an active session, in the event itself or in its payload. */
const _isSuppressed = async (plugin: PluginContext, event: Event): Promise<boolean> => {
  const conversationId = event.conversationId ?? _text(event.payload['conversationId'])
  if (conversationId === undefined) return false
  await plugin.api.getConversation(conversationId)
  if (!(await isActive(plugin, conversationId))) return false
  plugin.log.note('event suppressed: session active', { conversationId, id: event.id })
  return true
}

/** The desk's conversation that an event is about, unless its session is inactive. */
const _session = async (plugin: PluginContext, event: Event): Promise<BotConversation | undefined> => {
  const conversation = await plugin.api.getConversation(_text(event.payload['conversationId']) ?? '')
  if (await isActive(plugin, conversation.id)) return conversation
  plugin.log.note('event ignored: session inactive', { conversationId: conversation.id, id: event.id })
  return undefined
}

const _assigned = async (plugin: PluginContext, event: Event): Promise<true> => {
  const conversation = await _session(plugin, event)
  const upstreamId = conversation?.tags[own('upstream')]
  if (!conversation || !upstreamId) return true
  const agentUserId = _text(event.payload['userId']) ?? ''
  await assignAgent(plugin, { upstreamId, downstreamId: conversation.id }, agentUserId, true)
  return true
}

/** Writes the text and ends the session in parallel. Duplicate events are not recognised. */
const _stopped = async (plugin: PluginContext, event: Event): Promise<true> => {
  const conversation = await _session(plugin, event)
  const upstreamId = conversation?.tags[own('upstream')]
  if (!conversation || !upstreamId) return true
  await plugin.api.getConversation(upstreamId)
  await readSessionConfig(plugin, upstreamId)
  await Promise.allSettled([
    say(plugin, upstreamId, AGENT_CLOSED),
    deactivate(plugin, conversation.id, 'agent-closed-ticket'),
    deactivate(plugin, upstreamId, 'agent-closed-ticket'),
  ])
  await continueWorkflow(plugin, upstreamId)
  return true
}
