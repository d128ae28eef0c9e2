import { z } from '@botpress/sdk'
import type { ConfigProblem } from '../provider'

/** A channel id, or a link from Slack's “Copy link” to the channel, to a message in it or to the web client. */
const CHANNEL =
  /^\s*(?:#?([CG][A-Z0-9]{2,})|https:\/\/[\w.-]+\.slack\.com\/(?:archives|client\/[TE][A-Z0-9]+)\/([CG][A-Z0-9]{2,})(?:[/?#]\S*)?)\s*$/
/** Nothing, a user group's handle or id, or a word. */
const AGENTS = /^\s*(?:workspace|anybody|S[A-Z0-9]{2,}|@[^\s@]{1,80})?\s*$/
const CHANNEL_OR_EMPTY = new RegExp(`${CHANNEL.source}|^\\s*$`)
const DEFAULT_PREFIX = '//'

/**
 * Slack's block of the configuration. No field is required, so that a first save can print the app's manifest;
 * `checkConfig` names what is missing. https://docs.slack.dev/authentication/tokens
 */
export const configSchema = z.object({
  botToken: z
    .string()
    .regex(/^\s*(xoxb-[\w-]+\s*)?$/, 'Enter the Bot User OAuth Token, which starts with xoxb-')
    .secret()
    .optional()
    .title('Bot token')
    .describe('The Slack app’s Bot User OAuth Token, under OAuth & Permissions'),
  signingSecret: z
    .string()
    .regex(/^\s*([\w-]+\s*)?$/, 'Enter the Signing Secret from Basic Information')
    .secret()
    .optional()
    .title('Signing secret')
    .describe('The Slack app’s Signing Secret, under Basic Information'),
  channel: z
    .string()
    .regex(
      CHANNEL_OR_EMPTY,
      'Enter the channel’s id (for example C0123456789) or its link (right-click the channel, Copy link), not its name'
    )
    .optional()
    .title('Channel')
    .describe('The channel for handoffs: its id (C0123456789) or its link'),
  internalPrefix: z
    .string()
    .default(DEFAULT_PREFIX)
    .title('Internal note prefix')
    .describe('Replies that start with this stay in Slack. Empty: //'),
  agents: z
    .string()
    .regex(AGENTS, 'Leave it empty, or enter the handle of a user group (@support), its id, or anybody')
    .optional()
    .title('Agents')
    .describe('Who may answer. Empty: people of your workspace. @support: that user group. anybody: the whole channel'),
})

export type Config = z.infer<typeof configSchema>

/** The configuration as the driver uses it. Missing texts are empty. */
export interface Settings {
  botToken: string
  signingSecret: string
  /** The channel's id. */
  channel: string
  internalPrefix: string
  agents: 'workspace' | 'user-group' | 'anybody'
  /** Handle without @, or id. */
  userGroup: string
  /** The phrase of an internal note that gives the conversation back. */
  handBack?: string
}

export const settingsOf = (config: Config): Settings => ({
  botToken: config.botToken?.trim() ?? '',
  signingSecret: config.signingSecret?.trim() ?? '',
  channel: channelIdOf(config.channel ?? '') ?? '',
  internalPrefix: config.internalPrefix.trim() || DEFAULT_PREFIX,
  ..._agentsOf(config.agents?.trim() ?? ''),
})

const _agentsOf = (entered: string): Pick<Settings, 'agents' | 'userGroup'> => {
  if (entered === '' || entered === 'workspace') return { agents: 'workspace', userGroup: '' }
  if (entered === 'anybody') return { agents: 'anybody', userGroup: '' }
  return { agents: 'user-group', userGroup: entered.replace(/^@/, '') }
}

/**
 * Names what is missing, and catches a token in the place of the signing secret. Without token, secret and channel the
 * configuration can be saved: its log has the manifest with which a Slack app is created.
 */
export const checkConfig = (config: Config): ConfigProblem[] => {
  const settings = settingsOf(config)
  const problems: ConfigProblem[] = (['botToken', 'signingSecret', 'channel'] as const)
    .filter((field) => settings[field] === '')
    .map((field) => ({ field, problem: 'is missing', notReady: true }))
  if (settings.signingSecret.startsWith('xox')) {
    problems.push({ field: 'signingSecret', problem: 'Enter the Signing Secret from Basic Information, not a token' })
  }
  return problems
}

/** The channel id in a value of the `channel` field, or undefined if it contains none. */
export const channelIdOf = (entered: string): string | undefined => {
  const match = CHANNEL.exec(entered)
  return match?.[1] ?? match?.[2]
}
