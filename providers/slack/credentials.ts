import { ProviderError } from '../errors'
import type { Account } from '../provider'
import type { SlackApi } from './api'
import { REQUIRED_SCOPES } from './manifest'

/**
 * Checks token, scopes and channel, in this order, and names the first problem. Joins a public channel: Slack sends
 * events only to members. Resolves to the account ("Acme as hitl-router in #support").
 *
 * Throws `misconfigured` with a sentence that says what to change, or the error of the failed call.
 */
export const checkCredentials = async (api: SlackApi, channelId: string): Promise<Account> => {
  const identity = await api.whoAmI()
  const missing = REQUIRED_SCOPES.filter((scope) => identity.scopes && !identity.scopes.includes(scope))
  if (missing.length > 0) {
    throw new ProviderError(
      'slack',
      'misconfigured',
      `The Slack app lacks the ${missing.length === 1 ? 'scope' : 'scopes'} ${missing.join(', ')}: ` +
        `add ${missing.length === 1 ? 'it' : 'them'} under OAuth & Permissions and install the app again`
    )
  }
  const channel = await api.readChannelInfo(channelId)
  const name = `#${channel.name ?? channelId}`
  if (channel.is_archived) {
    throw new ProviderError('slack', 'misconfigured', `The channel ${name} is archived: unarchive it or choose another`)
  }
  if (channel.is_member === false) {
    if (channel.is_private) {
      throw new ProviderError(
        'slack',
        'misconfigured',
        `The app is not a member of ${name}: invite it there with “/invite @${identity.user ?? 'the app'}”`
      )
    }
    await api.joinChannel(channelId)
  }
  return {
    id: identity.team_id ?? identity.url ?? '',
    description: `${identity.team ?? identity.url ?? 'Slack'} as ${identity.user ?? 'the app'} in ${name}`,
    ...(identity.user_id ? { botId: identity.user_id } : {}),
  }
}
