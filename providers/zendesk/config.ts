import { z } from '@botpress/sdk'
import type { ConfigProblem } from '../provider'

/** People paste the address of their Zendesk as often as its name; both are understood. */
const SUBDOMAIN = /^\s*(?:https?:\/\/)?([a-zA-Z0-9][a-zA-Z0-9-]*)(?:\.zendesk\.com(?:\/\S*)?)?\s*$/

/**
 * Zendesk's block in the configuration.
 * https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration/
 */
export const configSchema = z.object({
  subdomain: z
    .string()
    .regex(SUBDOMAIN, 'Enter the part before .zendesk.com, for example “acme” for https://acme.zendesk.com')
    .title('Subdomain')
    .describe('“acme” for https://acme.zendesk.com'),
  clientId: z
    .string()
    .optional()
    .title('OAuth client identifier')
    .describe('Of a confidential OAuth client (Admin Center, Apps and integrations, APIs)'),
  clientSecret: z.string().secret().optional().title('OAuth client secret').describe('Of the same OAuth client'),
  email: z.string().optional().title('E-mail').describe('Only with an API token: the e-mail of the admin it acts for'),
  apiToken: z
    .string()
    .secret()
    .optional()
    .title('API token')
    .describe('Instead of an OAuth client. Zendesk API tokens work until 2027-04-30'),
})

export type Config = z.infer<typeof configSchema>

/** Without the spaces that come along when people paste. */
export const trimmed = (config: Config): Config => {
  const clean: Config = { subdomain: config.subdomain.trim() }
  for (const field of ['clientId', 'clientSecret', 'email', 'apiToken'] as const) {
    const value = config[field]?.trim()
    if (value) clean[field] = value
  }
  return clean
}

/** Exactly one of the two ways to sign in, and all of it. */
export const checkConfig = (entered: Config): ConfigProblem[] => {
  const config = trimmed(entered)
  const problems: ConfigProblem[] = []
  const oauth = Boolean(config.clientId || config.clientSecret)
  const token = Boolean(config.email || config.apiToken)
  if (oauth && token) {
    problems.push({
      field: config.apiToken ? 'apiToken' : 'email',
      problem: 'Use either the OAuth client or the e-mail with an API token, not both: clear one pair',
    })
  }
  if (!oauth && !token) {
    problems.push({
      field: 'clientId',
      problem: 'Enter an OAuth client’s identifier and secret, or an e-mail with an API token',
    })
  }
  if (oauth && !config.clientId) {
    problems.push({ field: 'clientId', problem: 'The OAuth client secret needs the client’s identifier' })
  }
  if (oauth && !config.clientSecret) {
    problems.push({ field: 'clientSecret', problem: 'The OAuth client identifier needs the client’s secret' })
  }
  if (token && !config.email) {
    problems.push({ field: 'email', problem: 'The API token needs the e-mail of the admin that it acts for' })
  }
  if (token && !config.apiToken) {
    problems.push({ field: 'apiToken', problem: 'The e-mail needs an API token' })
  }
  if (config.email && !/^[^\s@:]+@[^\s@:/]+(?:\/token)?$/.test(config.email)) {
    problems.push({ field: 'email', problem: 'Enter the e-mail address alone, for example ada@acme.com' })
  }
  return problems
}

/** `acme` of whatever form was entered. */
export const subdomainOf = (config: Config): string => (SUBDOMAIN.exec(config.subdomain)?.[1] ?? '').toLowerCase()

/** The value of Basic authentication. In Zendesk's examples the address ends with `/token`, and so it is often pasted. */
export const basicAuthorization = (config: Config): string => {
  const email = (config.email ?? '').replace(/\/token$/, '')
  return `Basic ${Buffer.from(`${email}/token:${config.apiToken ?? ''}`, 'utf8').toString('base64')}`
}
