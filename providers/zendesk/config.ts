import { z } from '@botpress/sdk'
import type { ConfigProblem } from '../provider'

/** Accepts the subdomain alone or the whole address, since people paste both. */
const SUBDOMAIN = /^\s*(?:https?:\/\/)?([a-zA-Z0-9][a-zA-Z0-9-]*)(?:\.zendesk\.com(?:\/\S*)?)?\s*$/

/**
 * Zendesk's block in the configuration. Each field's texts are shown to bot builders in Studio. There is no signing
 * secret: Zendesk makes it for the webhook that `subscribe` creates (subscription.ts). No field is required here, since
 * Studio sends empty strings; `checkConfig` names what is missing.
 * https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration/
 */
export const configSchema = z.object({
  subdomain: z
    .string()
    .optional()
    .title('Subdomain')
    .describe('The part before .zendesk.com: “acme” for https://acme.zendesk.com'),
  clientId: z
    .string()
    .optional()
    .title('OAuth client identifier')
    .describe('From Admin Center → Apps and integrations → APIs → OAuth clients. Client kind: confidential'),
  clientSecret: z
    .string()
    .secret()
    .optional()
    .title('OAuth client secret')
    .describe('The secret of the same OAuth client. Zendesk shows it only once'),
  email: z
    .string()
    .optional()
    .title('E-mail')
    .describe('With an API token: the e-mail address of the admin to sign in as'),
  apiToken: z
    .string()
    .secret()
    .optional()
    .title('API token')
    .describe('Only without an OAuth client. Zendesk API tokens stop working on 2027-04-30'),
})

export type Config = z.infer<typeof configSchema>

/** The configuration without the spaces that pasting adds, and without empty fields. */
export const trimmed = (config: Config): Config => {
  const clean: Config = {}
  for (const field of ['subdomain', 'clientId', 'clientSecret', 'email', 'apiToken'] as const) {
    const value = config[field]?.trim()
    if (value) clean[field] = value
  }
  return clean
}

/** The subdomain, and exactly one of the two ways to sign in must be filled in, completely. */
export const checkConfig = (entered: Config): ConfigProblem[] => {
  const config = trimmed(entered)
  const problems: ConfigProblem[] = []
  if (!config.subdomain) problems.push({ field: 'subdomain', problem: 'is missing' })
  else if (subdomainOf(config) === '') {
    problems.push({
      field: 'subdomain',
      problem: 'Enter the part before .zendesk.com, for example “acme” for https://acme.zendesk.com',
    })
  }
  const oauth = Boolean(config.clientId || config.clientSecret)
  const token = Boolean(config.email || config.apiToken)
  if (oauth && token) {
    problems.push({
      field: config.apiToken ? 'apiToken' : 'email',
      problem: 'Enter either an OAuth client or an e-mail with an API token, not both: clear one pair',
    })
  }
  if (!oauth && !token) {
    problems.push({
      field: 'clientId',
      problem: 'is missing: enter the identifier and secret of an OAuth client, or an e-mail with an API token',
    })
  }
  if (oauth && !config.clientId) {
    problems.push({ field: 'clientId', problem: 'is missing: enter the one that belongs to the OAuth client secret' })
  }
  if (oauth && !config.clientSecret) {
    problems.push({
      field: 'clientSecret',
      problem: 'is missing: enter the one that belongs to the OAuth client identifier',
    })
  }
  if (token && !config.email) {
    problems.push({
      field: 'email',
      problem: 'is missing: enter the address of the admin who signs in with the API token',
    })
  }
  if (token && !config.apiToken) {
    problems.push({ field: 'apiToken', problem: 'is missing: enter the one that belongs to the e-mail address' })
  }
  if (config.email && !/^[^\s@:]+@[^\s@:/]+(?:\/token)?$/.test(config.email)) {
    problems.push({ field: 'email', problem: 'Enter only the e-mail address, for example ada@acme.com' })
  }
  return problems
}

/** The subdomain in lower case, from either form. Empty if the field isn't valid. */
export const subdomainOf = (config: Config): string => (SUBDOMAIN.exec(config.subdomain ?? '')?.[1] ?? '').toLowerCase()

/** The Basic `authorization` header. Strips a trailing `/token`, which people copy from Zendesk's examples. */
export const basicAuthorization = (config: Config): string => {
  const email = (config.email ?? '').replace(/\/token$/, '')
  return `Basic ${Buffer.from(`${email}/token:${config.apiToken ?? ''}`, 'utf8').toString('base64')}`
}
