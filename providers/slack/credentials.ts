import { ProviderError } from '../errors'
import type { Account } from '../provider'
import type { App } from './app'
import { readMembers } from './authors'
import { requiredScopes } from './manifest'

/**
 * Checks token, scopes, channel and user group, in this order, and names the first problem. Joins a public channel:
 * Slack sends events only to members. Resolves to the account ("Acme as hitl-router in #support").
 *
 * Throws `misconfigured` with a sentence that says what to change, or the error of the failed call.
 */
export const checkCredentials = async ({ api, memory, settings, tools }: App): Promise<Account> => {
  const { channel: channelId } = settings
  const identifying = api.whoAmI()
  const reading = api.readChannelInfo(channelId)
  // A token that is refused, or lacks a scope, explains it better.
  reading.catch(() => undefined)
  const identity = await identifying
  // The workspace keeps its id when it is renamed or joins an organization.
  const id = identity.team_id ?? identity.enterprise_id
  if (!id) throw new ProviderError('slack', 'unavailable', 'Could not check the bot token: Slack names no workspace')
  const missing = requiredScopes(settings.agents).filter((scope) => identity.scopes && !identity.scopes.includes(scope))
  if (missing.length > 0) {
    throw new ProviderError(
      'slack',
      'misconfigured',
      `The Slack app lacks the ${missing.length === 1 ? 'scope' : 'scopes'} ${missing.join(', ')}: ` +
        `add ${missing.length === 1 ? 'it' : 'them'} under OAuth & Permissions and install the app again`
    )
  }
  const channel = await reading
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
  await readMembers(api, memory, tools.now(), settings)
  return {
    id,
    description: `${identity.team ?? identity.url ?? 'Slack'} as ${identity.user ?? 'the app'} in ${name}`,
    ...(identity.user_id ? { botId: identity.user_id } : {}),
  }
}
