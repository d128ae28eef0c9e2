/**
 * The plugin's state of a conversation, and its own messages. Upstream: the customer's side. Downstream: the desk's.
 */
import type { Switches, Payload, Tags } from '../types'
import type { Clock } from '../clock'
import type { BotApi } from './bot-api'
import { NO_TEXT } from './texts'

/** What a bot builder sets in Studio, under the plugin's own names. A card may override it for its session. */
export interface PluginConfiguration {
  onHitlHandoffMessage?: string
  onHumanAgentAssignedMessage?: string
  onHitlStoppedMessage?: string
  /** Sent to the ticket. */
  onUserHitlCancelledMessage?: string
  /** Sent to the ticket. */
  onIncompatibleMsgTypeMessage?: string
  onUserHitlCloseMessage?: string
  onAgentAssignedTimeoutMessage?: string
  /** Ends the session when the customer types it, in any case. Default: `/end`. */
  userHitlCloseCommand?: string
  /** 0: no time-out. */
  agentAssignedTimeoutSeconds?: number
  /** Whether agents appear with their names. Only on `webchat`. Default: true. */
  useHumanAgentInfo?: boolean
  /** Whether the bot's flow continues when a session ends. Default: true. */
  flowOnHitlStopped?: boolean
}

export const DEFAULT_PLUGIN_CONFIGURATION: PluginConfiguration = { useHumanAgentInfo: true, flowOnHitlStopped: true }

/** Shared by all parts of the plugin. */
export interface PluginContext {
  api: BotApi
  clock: Clock
  switches: Switches
  identity: { botId: string; alias: string }
  /** Alias of the customers' channel. Agents have names and pictures only on `webchat`. */
  upstreamAlias: string
  /** Of the bot. Each session has a copy in its state. */
  configuration: PluginConfiguration
  log: PluginLog
}

export interface PluginLog {
  /** Records why a message or event had no effect, with its ids. */
  note(what: PluginNote['what'], ids: Omit<PluginNote, 'what' | 'at'>): void
  /** Records a text of the plugin itself. */
  said(text: string): void
}

export interface PluginNote {
  what:
    | 'message dropped: session inactive'
    | 'event ignored: session inactive'
    | 'event suppressed: session active'
    | 'session aborted: not linked'
    | 'start ignored: already active'
    | 'start ignored: same message'
    | 'start ignored: the desk’s conversation'
    | 'time-out ignored: an agent is assigned'
    | 'time-out ignored: session inactive'
    | 'time-out ignored: too early'
  at: number
  conversationId: string
  id?: string
}

export type EndReason =
  | 'patient-used-termination-command'
  | 'agent-closed-ticket'
  | 'close-action-called'
  | 'agent-assignment-timeout'
  | 'internal-error'

/** The full name of one of the plugin's own tags or states, which starts with its alias. */
export const own = (name: string): string => `hitl#${name}`

export const isActive = async (plugin: PluginContext, conversationId: string): Promise<boolean> => {
  const state = await plugin.api.getOrSetState(conversationId, own('hitl'), { hitlActive: false })
  return state['hitlActive'] === true
}

/** Studio's own switch, which not every bot has. A failure is ignored. */
const _showTyping = (plugin: PluginContext, conversationId: string, enabled: boolean): Promise<void> =>
  plugin.api.setState(conversationId, 'typingIndicatorEnabled', { enabled }).catch(() => undefined)

export const activate = async (plugin: PluginContext, conversationId: string): Promise<void> => {
  await plugin.api.setState(conversationId, own('hitl'), { hitlActive: true })
  await _showTyping(plugin, conversationId, false)
}

export const deactivate = async (plugin: PluginContext, conversationId: string, reason: EndReason): Promise<void> => {
  await Promise.all([
    plugin.api.setState(conversationId, own('hitl'), { hitlActive: false }),
    plugin.api.tagConversation(conversationId, { [own('hitlEndReason')]: reason }),
    _showTyping(plugin, conversationId, true),
  ])
}

/** The options of the session, or the bot's own when they can't be read. The plugin reads them at every step. */
export const readSessionConfig = async (plugin: PluginContext, upstreamId: string): Promise<PluginConfiguration> => {
  const state = await plugin.api.getState(upstreamId, own('effectiveSessionConfig')).catch(() => undefined)
  return state ?? plugin.configuration
}

/** Sends a text of the plugin itself. In a ticket it has no author, since it carries no `userId`. */
export const say = (plugin: PluginContext, conversationId: string, text: string): Promise<void> => {
  plugin.log.said(text)
  return forward(plugin, conversationId, 'text', { text })
}

/** Says what the bot builder configured: their own text, nothing, or else the default. */
export const sayConfigured = async (
  plugin: PluginContext,
  conversationId: string,
  configured: string | undefined,
  standard: string
): Promise<void> => {
  if (configured !== NO_TEXT) await say(plugin, conversationId, configured || standard)
}

/** The payload repeats the type, because the plugin sends its whole message object. */
export const forward = (
  plugin: PluginContext,
  conversationId: string,
  type: string,
  payload: Payload,
  tags: Tags = {}
): Promise<void> => plugin.api.createMessage({ conversationId, type, payload: { type, ...payload }, tags })

export const abort = async (plugin: PluginContext, conversationId: string, text: string): Promise<void> => {
  plugin.log.note('session aborted: not linked', { conversationId })
  await deactivate(plugin, conversationId, 'internal-error')
  await say(plugin, conversationId, text)
}

/** Lets the bot's flow take over again. */
export const continueWorkflow = async (
  plugin: PluginContext,
  upstreamId: string,
  { flowOnHitlStopped }: PluginConfiguration
): Promise<void> => {
  if (!flowOnHitlStopped) return
  const initiator = await plugin.api.getState(upstreamId, own('initiatingUser'))
  const userId = initiator?.['upstreamUserId']
  await plugin.api.createEvent({
    type: own('continueWorkflow'),
    payload: { conversationId: upstreamId },
    conversationId: upstreamId,
    userId: typeof userId === 'string' ? userId : undefined,
  })
}
