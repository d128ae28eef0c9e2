import { z } from '@botpress/sdk'
import type { ConfigProblem } from '../provider'

/** A channel id, or a link from Slack's “Copy link” to the channel, to a message in it or to the web client. */
const CHANNEL =
  /^\s*(?:#?([CG][A-Z0-9]{2,})|https:\/\/[\w.-]+\.slack\.com\/(?:archives|client\/[TE][A-Z0-9]+)\/([CG][A-Z0-9]{2,})(?:[/?#]\S*)?)\s*$/
/** The id of a user group, or its handle. */
const USER_GROUP = /^\s*(?:S[A-Z0-9]{2,}|@?[\p{L}\p{N}._-]{1,80})\s*$/u
const DEFAULT_PREFIX = '//'

const _orEmpty = (pattern: RegExp) => new RegExp(`^\\s*$|${pattern.source}`, pattern.flags)

/**
 * Slack's block of the configuration. No field is required, so that a first save can print the app's manifest;
 * `checkConfig` names what is missing. https://docs.slack.dev/authentication/tokens
 */
export const configSchema = z.object({
  botToken: z
    .string()
    .regex(_orEmpty(/^\s*xoxb-[\w-]+\s*$/), 'Enter the Bot User OAuth Token, which starts with xoxb-')
    .secret()
    .optional()
    .title('Bot token')
    .describe('The Slack app’s Bot User OAuth Token, under OAuth & Permissions'),
  signingSecret: z
    .string()
    .regex(_orEmpty(/^\s*[\w-]+\s*$/), 'Enter the Signing Secret from Basic Information')
    .secret()
    .optional()
    .title('Signing secret')
    .describe('The Slack app’s Signing Secret, under Basic Information'),
  channel: z
    .string()
    .regex(
      _orEmpty(CHANNEL),
      'Enter the channel’s id (for example C0123456789) or its link (right-click the channel, Copy link), not its name'
    )
    .optional()
    .title('Channel')
    .describe('The channel for handoffs: its id (C0123456789) or its link'),
  internalPrefix: z
    .string()
    .default(DEFAULT_PREFIX)
    .title('Internal note prefix')
    .describe('Replies that start with this stay in Slack: the customer does not see them. Empty: //'),
  agents: z
    .enum(['workspace', 'user-group', 'anybody'])
    .default('workspace')
    .title('Who is an agent')
    .describe(
      'Whose replies the customer reads. workspace: people of your workspace. user-group: members of one user group. ' +
        'anybody: everybody in the channel, people of other companies included.'
    ),
  userGroup: z
    .string()
    .regex(_orEmpty(USER_GROUP), 'Enter the user group’s handle (@support) or id (S0123456789)')
    .optional()
    .title('User group')
    .describe('Only if members of a user group are the agents: its handle (@support) or id (S0123456789)'),
})

export type Config = z.infer<typeof configSchema>

/** The configuration as the driver uses it. Missing texts are empty. */
export interface Settings {
  botToken: string
  signingSecret: string
  /** The channel's id. */
  channel: string
  internalPrefix: string
  agents: Config['agents']
  /** Handle without @, or id. */
  userGroup: string
}

export const settingsOf = (config: Config): Settings => ({
  botToken: config.botToken?.trim() ?? '',
  signingSecret: config.signingSecret?.trim() ?? '',
  channel: channelIdOf(config.channel ?? '') ?? '',
  internalPrefix: config.internalPrefix.trim() || DEFAULT_PREFIX,
  agents: config.agents,
  userGroup: (config.userGroup?.trim() ?? '').replace(/^@/, ''),
})

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
  if (settings.agents === 'user-group' && settings.userGroup === '') {
    problems.push({ field: 'userGroup', problem: 'is missing: enter the handle of the agents’ user group' })
  }
  return problems
}

/** The channel id in a value of the `channel` field, or undefined if it contains none. */
export const channelIdOf = (entered: string): string | undefined => {
  const match = CHANNEL.exec(entered)
  return match?.[1] ?? match?.[2]
}
