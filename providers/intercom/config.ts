import { z } from '@botpress/sdk'
import type { ConfigProblem } from '../provider'

/**
 * Intercom's section of the configuration.
 * https://developers.intercom.com/docs/build-an-integration/learn-more/authentication
 */
export const configSchema = z.object({
  accessToken: z
    .string()
    .regex(/^\s*(?:Bearer\s+)?[\w=+/.-]+\s*$/i, 'Enter the access token from Developer Hub > Authentication')
    .title('Access token')
    .describe('From Developer Hub > your app > Authentication')
    .secret(),
  clientSecret: z
    .string()
    .regex(/^\s*[\w-]+\s*$/, 'Enter the client secret from Developer Hub > Basic information')
    .title('Client secret')
    .describe('From Developer Hub > your app > Basic information. Verifies webhooks')
    .secret(),
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
})

export type Config = z.infer<typeof configSchema>

/** The two secrets are on different pages and are easily mixed up. */
export const checkConfig = (config: Config): ConfigProblem[] =>
  accessTokenOf(config) === config.clientSecret.trim()
    ? [{ field: 'clientSecret', problem: 'Enter the client secret from Basic information, not the access token' }]
    : []

export const accessTokenOf = (config: Config): string => config.accessToken.trim().replace(/^Bearer\s+/i, '')

/** Undefined means the owner of the access token. */
export const adminIdOf = (config: Config): string | undefined => config.adminId?.trim() || undefined
