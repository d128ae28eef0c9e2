/** Handles events that reach the bot. */
import type { Event } from '../store'
import type { BotConversation } from './bot-api'
import { assignAgent } from './people'
import {
  continueWorkflow,
  deactivate,
  isActive,
  own,
  readSessionConfig,
  sayConfigured,
  type PluginContext,
} from './context'
import { AGENT_CLOSED, CUSTOMER_LEFT, NOBODY_CAME } from './texts'

/** Whether the plugin keeps the event from the bot. Throws when the event names an unknown conversation or user. */
export const handleEvent = async (plugin: PluginContext, event: Event): Promise<boolean> => {
  const isFromDesk = event.owner === plugin.identity.alias
  if (isFromDesk && event.type === 'hitlAssigned') return _assigned(plugin, event)
  if (isFromDesk && event.type === 'hitlStopped') return _stopped(plugin, event)
  if (event.owner === 'bot' && event.type === ASSIGNMENT_TIMEOUT) return _timedOut(plugin, event)
  if (event.owner === 'bot' && event.type === own('continueWorkflow')) return false
  return _isSuppressed(plugin, event)
}

/** Scheduled by the start of a session: nobody may have taken the ticket by then. */
export const ASSIGNMENT_TIMEOUT = own('humanAgentAssignedTimeout')

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
  await assignAgent(plugin, { upstreamId, downstreamId: conversation.id }, agentUserId)
  return true
}

/** Writes the text and ends the session in parallel. Duplicate events are not recognised. */
const _stopped = async (plugin: PluginContext, event: Event): Promise<true> => {
  const conversation = await _session(plugin, event)
  const upstreamId = conversation?.tags[own('upstream')]
  if (!conversation || !upstreamId) return true
  await plugin.api.getConversation(upstreamId)
  const configuration = await readSessionConfig(plugin, upstreamId)
  await Promise.allSettled([
    sayConfigured(plugin, upstreamId, configuration.onHitlStoppedMessage, AGENT_CLOSED),
    deactivate(plugin, conversation.id, 'agent-closed-ticket'),
    deactivate(plugin, upstreamId, 'agent-closed-ticket'),
  ])
  await continueWorkflow(plugin, upstreamId, configuration)
  return true
}

/**
 * Ends a session that nobody has taken. The tag of the agent is never removed, so the time-out has no effect in a
 * customer's conversation that ever had an agent.
 */
const _timedOut = async (plugin: PluginContext, event: Event): Promise<true> => {
  const { api, log, clock } = plugin
  const upstreamId = event.conversationId
  const downstreamId = _text(event.payload['downstreamConversationId'])
  if (!upstreamId || !downstreamId) return true
  const upstream = await api.getConversation(upstreamId)
  if (upstream.tags[own('humanAgentId')]) {
    log.note('time-out ignored: an agent is assigned', { conversationId: upstreamId, id: event.id })
    return true
  }
  await api.getConversation(downstreamId)
  if (!(await isActive(plugin, upstreamId)) || !(await isActive(plugin, downstreamId))) {
    log.note('time-out ignored: session inactive', { conversationId: upstreamId, id: event.id })
    return true
  }
  const configuration = await readSessionConfig(plugin, upstreamId)
  const timeoutMs = (configuration.agentAssignedTimeoutSeconds ?? 0) * 1_000
  // The plugin trusts its own clock, not the schedule.
  if (timeoutMs === 0 || clock.now() - Date.parse(_text(event.payload['sessionStartedAt']) ?? '') < timeoutMs) {
    log.note('time-out ignored: too early', { conversationId: upstreamId, id: event.id })
    return true
  }
  await sayConfigured(plugin, downstreamId, configuration.onUserHitlCancelledMessage, CUSTOMER_LEFT)
  await Promise.allSettled([
    deactivate(plugin, upstreamId, 'agent-assignment-timeout'),
    deactivate(plugin, downstreamId, 'agent-assignment-timeout'),
  ])
  await api.callAction('stopHitl', { conversationId: downstreamId })
  await sayConfigured(plugin, upstreamId, configuration.onAgentAssignedTimeoutMessage, NOBODY_CAME)
  await continueWorkflow(plugin, upstreamId, configuration)
  return true
}
