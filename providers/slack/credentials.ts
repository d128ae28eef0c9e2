import { ProviderError } from '../errors'
import type { SlackApi } from './api'
import { REQUIRED_SCOPES } from './manifest'

/**
 * Token, scopes and channel, one after the other, so that the first thing that is wrong is the one that is named. A public channel is joined: without
 * being a member the app hears nothing there.
 */
export const checkCredentials = async (api: SlackApi, channelId: string): Promise<string> => {
  const identity = await api.whoAmI()
  const missing = REQUIRED_SCOPES.filter((scope) => identity.scopes && !identity.scopes.includes(scope))
  if (missing.length > 0) {
    throw new ProviderError(
      'slack',
      'misconfigured',
      `The Slack app lacks ${missing.length === 1 ? 'the scope' : 'the scopes'} ${missing.join(', ')}: add ${missing.length === 1 ? 'it' : 'them'} under OAuth & Permissions and install the app again`
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
        `The app is not in ${name}: write “/invite @${identity.user ?? 'the app'}” there`
      )
    }
    await api.joinChannel(channelId)
  }
  return `${identity.team ?? identity.url ?? 'Slack'} as ${identity.user ?? 'the app'} in ${name}`
}
