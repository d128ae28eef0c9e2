/**
 * The plugin's state of a conversation, and its own messages. Upstream: the customer's side. Downstream: the desk's.
 */
import type { Switches, Payload, Tags } from '../types'
import type { Clock } from '../clock'
import type { BotApi } from './bot-api'

/** Shared by all parts of the plugin. */
export interface PluginContext {
  api: BotApi
  clock: Clock
  switches: Switches
  identity: { botId: string; alias: string }
  /** Alias of the customers' channel. Agents have names and pictures only on `webchat`. */
  upstreamAlias: string
  /** Whether the bot's flow continues when a session ends. */
  flowOnHitlStopped: boolean
  /** Creates or updates a user of the customers' channel, like the getOrCreateUser action of webchat. */
  webchatUser(key: string, profile: { name?: string; pictureUrl?: string }): Promise<string>
  log: PluginLog
}

export interface PluginLog {
  /** Records why a message or event had no effect, with its ids. */
  note(what: PluginNote['what'], ids: Omit<PluginNote, 'what' | 'at'>): void
}

export interface PluginNote {
  what:
    | 'message dropped: session inactive'
    | 'event ignored: session inactive'
    | 'event suppressed: session active'
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

/** The full name of one of the plugin's own tags or states, which starts with its alias. */
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

/** Reads the options of the session. The plugin does so at every step. */
export const readSessionConfig = async (plugin: PluginContext, upstreamId: string): Promise<void> => {
  await plugin.api.getState(upstreamId, own('effectiveSessionConfig'))
}

/** Sends a text of the plugin itself. In a ticket it has no author, since it carries no `userId`. */
export const say = (plugin: PluginContext, conversationId: string, text: string): Promise<void> =>
  forward(plugin, conversationId, 'text', { text })

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
