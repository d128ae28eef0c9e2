/** What `diagnose` looks at in Slack. It reads only; `auth.test` is a POST that changes nothing. */
import { look, right, tried, wrong } from '../kit/diagnosis'
import type { Finding, SubscriptionTarget } from '../provider'
import type { App } from './app'
import { OPTIONAL_SCOPES, requiredScopes } from './manifest'
import { agentsAvailable } from './presence'

const REINSTALL = 'under OAuth & Permissions, and install the app again'

export const diagnose = async (app: App, target: Partial<SubscriptionTarget>): Promise<Finding[]> => {
  const { api, settings } = app
  let scopes: string[] | undefined
  const token = await tried(
    'Credentials',
    async () => {
      const identity = await api.whoAmI()
      ;({ scopes } = identity)
      const workspace = identity.team ?? identity.url ?? 'Slack'
      if (!(identity.team_id ?? identity.enterprise_id))
        return wrong('Credentials', 'The bot token works, but Slack names no workspace', 'Install the app again')
      return right('Credentials', `The bot token works at ${workspace}, as ${identity.user ?? 'the app'}`)
    },
    'Copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions again'
  )
  if (token.some(({ state }) => state === 'wrong')) return [...token, ..._byHand(target)]
  const [channel, group] = await Promise.all([_channel(app), _userGroup(app)])
  const presence = [...channel, ...group].some(({ state }) => state === 'wrong') ? [] : await _presence(app)
  return [...token, ..._scopes(scopes, settings.agents), ...channel, ...group, ...presence, ..._byHand(target)]
}

const _scopes = (scopes: string[] | undefined, agents: App['settings']['agents']): Finding[] => {
  if (!scopes) return [look('Scopes', 'Slack doesn’t tell the app’s scopes', 'Compare them with docs/slack.md')]
  const lacking = (wanted: readonly string[]) => wanted.filter((scope) => !scopes.includes(scope))
  const [missing, optional] = [lacking(requiredScopes(agents)), lacking(OPTIONAL_SCOPES.map(({ scope }) => scope))]
  return [
    missing.length === 0
      ? right('Scopes', 'The app has every scope that it needs')
      : wrong(
          'Scopes',
          `The app lacks ${missing.join(', ')}`,
          `Add ${missing.length === 1 ? 'it' : 'them'} ${REINSTALL}`
        ),
    ...OPTIONAL_SCOPES.filter(({ scope }) => optional.includes(scope)).map(({ scope, without }) =>
      look('Scopes', `The app lacks ${scope}: ${without}`, `Add it ${REINSTALL}`)
    ),
  ]
}

const _channel = ({ api, settings }: App): Promise<Finding[]> =>
  tried(
    'Channel',
    async () => {
      const channel = await api.readChannelInfo(settings.channel)
      const name = `#${channel.name ?? settings.channel}`
      if (channel.is_archived) return wrong('Channel', `${name} is archived`, 'Unarchive it or choose another one')
      if (channel.is_member === true) return right('Channel', `The app is a member of ${name}`)
      if (channel.is_private)
        return wrong('Channel', `The app is not a member of ${name}`, 'Invite it there: /invite and the app’s name')
      return look(
        'Channel',
        `The app is not a member of ${name} yet`,
        'Save the configuration: the app joins a public channel by itself'
      )
    },
    'Check the channel’s id. If the channel is private, invite the app first'
  )

const _userGroup = async ({ api, settings }: App): Promise<Finding[]> => {
  if (settings.agents !== 'user-group') return []
  return tried('Agents', async () => {
    const { users } = await api.readUserGroup(settings.userGroup)
    const found = `The user group ${settings.userGroup} has ${users.length} members`
    return users.length > 0 ? right('Agents', found) : wrong('Agents', found, 'Add those who answer to the user group')
  })
}

const _presence = (app: App): Promise<Finding[]> =>
  tried(
    'Agents',
    async () => {
      const isThere = await agentsAvailable(app)
      if (isThere === undefined) return right('Agents', 'Whether one of them is active can’t be told')
      return right('Agents', isThere ? 'At least one of them is active' : 'None of them is active now')
    },
    'Add the scopes users:read and channels:read'
  )

/** An app isn't told its own request URL, and its signing secret is checked by the first event. */
const _byHand = ({ url }: Partial<SubscriptionTarget>): Finding[] => [
  look(
    'Events',
    'Slack tells an app neither its request URL nor whether the signing secret is right',
    `Event Subscriptions and Interactivity have to show ${url ?? 'the installation’s address, which ends with /slack'}, ` +
      'and Event Subscriptions says Verified: then the signing secret is right, too'
  ),
]
