import { z } from '@botpress/sdk'
import type { ConfigProblem } from '../provider'

/** An id as it is, or the link that Slack's “Copy link” gives: of the channel, of a message in it, or of the web client. */
const CHANNEL =
  /^\s*(?:#?([CG][A-Z0-9]{2,})|https:\/\/[\w.-]+\.slack\.com\/(?:archives|client\/[TE][A-Z0-9]+)\/([CG][A-Z0-9]{2,})(?:[/?#]\S*)?)\s*$/

/** Slack's block in the configuration. https://docs.slack.dev/authentication/tokens and …/verifying-requests-from-slack */
export const configSchema = z.object({
  botToken: z
    .string()
    .regex(/^\s*xoxb-[\w-]+\s*$/, 'Enter the Bot User OAuth Token, which begins with xoxb-')
    .title('Bot token')
    .describe('Bot User OAuth Token of the Slack app (OAuth & Permissions)')
    .secret(),
  signingSecret: z
    .string()
    .regex(/^\s*[\w-]+\s*$/, 'Enter the Signing Secret from Basic Information')
    .title('Signing secret')
    .describe('From the Slack app’s Basic Information')
    .secret(),
  channel: z
    .string()
    .regex(
      CHANNEL,
      'Enter the id of the channel, for example C0123456789, or its link (right-click the channel, Copy link); its name does not do'
    )
    .title('Channel')
    .describe('Where handoffs go: the channel’s id (C0123456789) or its link'),
  internalPrefix: z
    .string()
    .regex(/\S/, 'Enter at least one sign, for example //')
    .default('//')
    .title('Internal prefix')
    .describe('A reply that begins with it stays among agents'),
})

export type Config = z.infer<typeof configSchema>

export const checkConfig = (config: Config): ConfigProblem[] =>
  /^\s*xox/.test(config.signingSecret)
    ? [{ field: 'signingSecret', problem: 'Enter the Signing Secret from Basic Information, not a token' }]
    : []

/** The channel's id in what was entered; undefined when there is none. */
export const channelIdOf = (entered: string): string | undefined => {
  const match = CHANNEL.exec(entered)
  return match?.[1] ?? match?.[2]
}
