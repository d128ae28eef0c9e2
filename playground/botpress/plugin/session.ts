/** What the plugin knows of a conversation, and how it speaks into one. Upstream is the customer's side, downstream the desk's. */
import type { Switches, Payload, Tags } from '../types'
import type { Clock } from '../clock'
import type { BotApi } from './bot-api'

/** What the plugin's parts share. */
export interface PluginContext {
  api: BotApi
  clock: Clock
  switches: Switches
  identity: { botId: string; alias: string }
  /** Alias of the channel that customers use; agents have names and pictures on `webchat` only. */
  upstreamAlias: string
  /** Whether the bot's flow goes on by itself when the agent has closed. */
  flowOnHitlStopped: boolean
  /** Makes or renews a user of the customers' channel: what webchat's own getOrCreateUser does. */
  webchatUser(key: string, profile: { name?: string; pictureUrl?: string }): Promise<string>
  log: PluginLog
}

export interface PluginLog {
  /** Why something went nowhere, with the ids that find it again. */
  note(what: PluginNote['what'], ids: Omit<PluginNote, 'what' | 'at'>): void
}

export interface PluginNote {
  what:
    | 'message dropped: session inactive'
    | 'event ignored: session inactive'
    | 'event swallowed: session active'
    | 'session aborted: not linked'
    | 'start ignored: already active'
    | 'start ignored: same message'
  at: number
  conversationId: string
  id?: string
}

export type EndReason =
  | 'patient-used-termination-command'
  | 'agent-closed-ticket'
  | 'close-action-called'
  | 'internal-error'

/** Names of the plugin's tags and states carry its alias. */
export const own = (name: string): string => `hitl#${name}`

export const isActive = async (plugin: PluginContext, conversationId: string): Promise<boolean> => {
  const state = await plugin.api.getOrSetState(conversationId, own('hitl'), { hitlActive: false })
  return state['hitlActive'] === true
}

export const activate = (plugin: PluginContext, conversationId: string): Promise<void> =>
  plugin.api.setState(conversationId, own('hitl'), { hitlActive: true })

export const deactivate = async (plugin: PluginContext, conversationId: string, reason: EndReason): Promise<void> => {
  await Promise.all([
    plugin.api.setState(conversationId, own('hitl'), { hitlActive: false }),
    plugin.api.tagConversation(conversationId, { [own('hitlEndReason')]: reason }),
  ])
}

/** The options of the session, which the plugin reads again at every step. */
export const readSessionConfig = async (plugin: PluginContext, upstreamId: string): Promise<void> => {
  await plugin.api.getState(upstreamId, own('effectiveSessionConfig'))
}

/** A text of the plugin itself: into a ticket it goes without `userId`, and so as nobody's. */
export const say = (plugin: PluginContext, conversationId: string, text: string): Promise<void> =>
  forward(plugin, conversationId, 'text', { text })

/** The type is repeated inside the payload, as the plugin sends its whole object. */
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

/** The bot's flow takes over again. */
export const continueWorkflow = async (plugin: PluginContext, upstreamId: string): Promise<void> => {
  if (!plugin.flowOnHitlStopped) return
  const initiator = await plugin.api.getState(upstreamId, own('initiatingUser'))
  const userId = initiator?.['upstreamUserId']
  await plugin.api.createEvent({
    type: own('continueWorkflow'),
    payload: { conversationId: upstreamId },
    conversationId: upstreamId,
    userId: typeof userId === 'string' ? userId : undefined,
  })
}
