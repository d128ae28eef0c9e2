import { z } from '@botpress/sdk'
import { HAND_BACK_PHRASE } from '../kit/hand-back'
import type { ConfigProblem } from '../provider'

/**
 * Intercom's section of the configuration.
 * https://developers.intercom.com/docs/build-an-integration/learn-more/authentication
 */
export const configSchema = z.object({
  accessToken: z
    .string()
    .regex(/^\s*(?:(?:Bearer\s+)?[\w=+/.-]+\s*)?$/i, 'Enter the access token from Developer Hub > Authentication')
    .title('Access token')
    .describe('From Developer Hub > your app > Authentication')
    .secret()
    .optional(),
  clientSecret: z
    .string()
    .regex(/^\s*(?:[\w-]+\s*)?$/, 'Enter the client secret from Developer Hub > Basic information')
    .title('Client secret')
    .describe('From Developer Hub > your app > Basic information. Verifies webhooks')
    .secret()
    .optional(),
  region: z
    .enum(['us', 'eu', 'au'])
    .default('us')
    .title('Region')
    .describe('Where Intercom hosts your workspace: see Settings > Workspace > Security'),
  adminId: z
    .string()
    .regex(/^\s*\d*\s*$/, 'Enter the teammate’s ID: the digits at the end of their profile URL')
    .optional()
    .title('Acting teammate')
    .describe('ID of the teammate who writes notes and closes conversations. Default: the owner of the access token'),
  handBack: z
    .string()
    .default(HAND_BACK_PHRASE)
    .title('Hand-back note')
    .describe('An internal note with only this text gives the chat back to the bot'),
})

export type Config = z.infer<typeof configSchema>

const IS_MISSING = 'is missing'

/** What is missing or mixed up: the two secrets are on different pages. */
export const checkConfig = (config: Config): ConfigProblem[] => {
  const accessToken = accessTokenOf(config)
  const clientSecret = clientSecretOf(config)
  const problems: ConfigProblem[] = []
  if (accessToken === '') problems.push({ field: 'accessToken', problem: IS_MISSING })
  if (clientSecret === '') problems.push({ field: 'clientSecret', problem: IS_MISSING })
  else if (clientSecret === accessToken) {
    const problem = 'Enter the client secret from Basic information, not the access token'
    problems.push({ field: 'clientSecret', problem })
  }
  return problems
}

/** Empty when there is none. */
export const accessTokenOf = ({ accessToken = '' }: Config): string => accessToken.trim().replace(/^Bearer\s+/i, '')

/** Empty when there is none. */
export const clientSecretOf = ({ clientSecret = '' }: Config): string => clientSecret.trim()

/** Undefined means the owner of the access token. */
export const adminIdOf = (config: Config): string | undefined => config.adminId?.trim() || undefined

/** The inbox as people open it. */
const APPS = {
  us: 'https://app.intercom.com',
  eu: 'https://app.eu.intercom.com',
  au: 'https://app.au.intercom.com',
} as const

/** Opens a conversation in the inbox. `_` is the workspace in which the person is signed in. */
export const linkTo = ({ region }: Config, conversationId: string): string =>
  `${APPS[region]}/a/inbox/_/inbox/conversation/${encodeURIComponent(conversationId)}`
