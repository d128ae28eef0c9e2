/** What `diagnose` looks at in Zendesk. It reads only; signing in with the OAuth client is its one POST. */
import { failed, look, right, tried, wrong } from '../kit/diagnosis'
import type { Finding, SubscriptionTarget } from '../provider'
import type { Api } from './api'
import type { Config } from './config'
import { botIdIn } from './identity'
import { listRouterWebhooks, webhookProblem, type Webhook } from './subscription'
import { PREFIX } from './set-up'
import { listRouterTriggers, triggerProblem, TRIGGER_KINDS, type Trigger } from './triggers'

/** https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration/ */
const API_TOKENS_END = '2027-04-30'

const SAVE = 'Save the configuration in Botpress: that creates and restores webhook and triggers'
const ADMIN = 'Use an admin’s credentials, and allow the OAuth client the scopes read and write'

export const diagnose = async (
  api: Api,
  config: Config,
  target: Partial<SubscriptionTarget>,
  handBack: string
): Promise<Finding[]> => {
  const { hostname } = new URL(api.origin)
  const signIn = await _signIn(api, hostname)
  if (signIn.some(({ state }) => state === 'wrong')) return [...signIn, ..._kindOfCredentials(config)]
  const [account, subscribed] = await Promise.all([
    tried('Account', async () => {
      await api.accountId()
      return right('Account', 'It is identified by its ticket fields')
    }),
    _subscribed(api, target, handBack),
  ])
  return [...signIn, ..._kindOfCredentials(config), ...account, ...subscribed]
}

const _signIn = async (api: Api, hostname: string): Promise<Finding[]> =>
  tried(
    'Credentials',
    async () => {
      const me = await api.me(true)
      const found = `They work at ${hostname} and belong to ${me.name}, whose role is “${me.role}”`
      if (me.role === 'admin') return right('Credentials', found)
      const advice = 'Use credentials of an admin: only admins may have webhooks and triggers'
      return wrong('Credentials', found, advice)
    },
    'Check the subdomain, and copy the OAuth client’s identifier and secret again (kind: confidential, scopes read and write)'
  )

const _kindOfCredentials = ({ clientId }: Config): Finding[] =>
  clientId
    ? []
    : [
        look(
          'Sign-in',
          `It signs in with an API token. Zendesk switches API tokens off on ${API_TOKENS_END}`,
          'Create an OAuth client of the kind confidential before, and enter it instead'
        ),
      ]

const _subscribed = async (api: Api, target: Partial<SubscriptionTarget>, handBack: string): Promise<Finding[]> => {
  let webhooks: Webhook[]
  let triggers: Trigger[]
  try {
    ;[webhooks, triggers] = await Promise.all([listRouterWebhooks(api), listRouterTriggers(api)])
  } catch (error) {
    return [failed('Webhooks', error, ADMIN)]
  }
  const { installation, url } = target
  if (installation === undefined || url === undefined) return _overview(webhooks)
  const own = webhooks.filter(({ name }) => name === `${PREFIX} ${installation}`)
  const [webhook, ...others] = own
  if (!webhook)
    return [wrong('Webhook', `There is none for the installation ${installation}`, SAVE), ..._overview(webhooks)]
  const problem = webhookProblem(webhook, url)
  const me = await api.me()
  return [
    problem === undefined
      ? right('Webhook', `“${webhook.name}” is active and leads to ${url}`)
      : wrong('Webhook', `“${webhook.name}” ${problem}`, SAVE),
    ...(others.length > 0 ? [look('Webhook', `${others.length + 1} webhooks have its name`, SAVE)] : []),
    ...TRIGGER_KINDS.map((kind) => {
      const title = `${webhook.name}: ${kind}`
      const found = triggers.find((trigger) => trigger.title === title)
      if (!found) return wrong('Trigger', `“${title}” doesn’t exist`, SAVE)
      const botId = target.botId ?? botIdIn(found.conditions?.all?.map(({ value }) => value)) ?? ''
      const wanted = { url, installation, botId }
      const different = triggerProblem(found, kind, wanted, { webhookId: webhook.id, apiUserId: me.id, handBack })
      return different === undefined
        ? right('Trigger', `“${title}” is active and fires for tickets of the bot ${botId}`)
        : wrong('Trigger', `“${title}” ${different}`, SAVE)
    }),
  ]
}

/** Which routers notify anybody about this account. */
const _overview = (webhooks: Webhook[]): Finding[] =>
  webhooks.length === 0
    ? [look('Webhooks', 'No router has a webhook in this account yet', SAVE)]
    : webhooks.map(({ name, endpoint, status }) =>
        status === 'active'
          ? right('Webhooks', `“${name}” is active and leads to ${endpoint ?? 'an unknown address'}`)
          : look('Webhooks', `“${name}” isn’t active`, SAVE)
      )
