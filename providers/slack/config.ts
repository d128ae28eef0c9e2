import { z } from '@botpress/sdk'
import type { ConfigProblem } from '../provider'

/** A channel id, or a link from Slack's “Copy link” to the channel, to a message in it or to the web client. */
const CHANNEL =
  /^\s*(?:#?([CG][A-Z0-9]{2,})|https:\/\/[\w.-]+\.slack\.com\/(?:archives|client\/[TE][A-Z0-9]+)\/([CG][A-Z0-9]{2,})(?:[/?#]\S*)?)\s*$/

/** Slack's block of the configuration. https://docs.slack.dev/authentication/tokens */
export const configSchema = z.object({
  botToken: z
    .string()
    .regex(/^\s*xoxb-[\w-]+\s*$/, 'Enter the Bot User OAuth Token, which starts with xoxb-')
    .title('Bot token')
    .describe('The Slack app’s Bot User OAuth Token, under OAuth & Permissions')
    .secret(),
  signingSecret: z
    .string()
    .regex(/^\s*[\w-]+\s*$/, 'Enter the Signing Secret from Basic Information')
    .title('Signing secret')
    .describe('The Slack app’s Signing Secret, under Basic Information')
    .secret(),
  channel: z
    .string()
    .regex(
      CHANNEL,
      'Enter the channel’s id (for example C0123456789) or its link (right-click the channel, Copy link), not its name'
    )
    .title('Channel')
    .describe('The channel for handoffs: its id (C0123456789) or its link'),
  internalPrefix: z
    .string()
    .regex(/\S/, 'Enter at least one character, for example //')
    .default('//')
    .title('Internal note prefix')
    .describe('Replies that start with this stay in Slack. The customer does not see them.'),
})

export type Config = z.infer<typeof configSchema>

/** Catches a token in the place of the signing secret. */
export const checkConfig = (config: Config): ConfigProblem[] =>
  /^\s*xox/.test(config.signingSecret)
    ? [{ field: 'signingSecret', problem: 'Enter the Signing Secret from Basic Information, not a token' }]
    : []

/** The channel id in a value of the `channel` field, or undefined if it contains none. */
export const channelIdOf = (entered: string): string | undefined => {
  const match = CHANNEL.exec(entered)
  return match?.[1] ?? match?.[2]
}
