/** Links users across both sides: customers get a user at the desk, agents get one in the customer's channel. */
import type { BotApi, BotUser } from './bot-api'
import { own, readSessionConfig, sayConfigured, type PluginContext } from './context'
import { AGENT_JOINED } from './texts'

/** The placeholder address that the plugin gives to customers without an email address. */
const _placeholderEmail = (botId: string, userId: string): string =>
  `${userId}@no-reply.${botId.replaceAll('_', '-')}.botpress.com`

export interface UserLinker {
  /** The customer's user at the desk. Created once; later changes of the profile don't reach it. */
  downstreamUserId(upstreamUserId: string, overrides?: { email?: string }): Promise<string>
}

/** The cache fills only after a fetch, so parallel lookups of one person each fetch and each create a user. */
export const createUserLinker = (plugin: PluginContext): UserLinker => {
  const { api, identity } = plugin
  const known = new Map<string, BotUser>()

  const fetchUser = async (id: string): Promise<BotUser> => {
    const user = known.get(id) ?? (await api.getUser(id))
    known.set(id, user)
    return user
  }

  const isLinkAlive = async (userId: string): Promise<boolean> =>
    api.getUser(userId).then(
      () => true,
      () => false
    )

  return {
    downstreamUserId: async (upstreamUserId, overrides) => {
      const user = await fetchUser(upstreamUserId)
      const linked = user.tags[own('downstream')]
      if (linked && user.tags[own('integrationAlias')] === identity.alias && (await isLinkAlive(linked))) return linked
      const output = await api.callAction('createUser', {
        name: user.name ?? 'Unknown User',
        pictureUrl: user.pictureUrl,
        email: overrides?.email ?? _placeholderEmail(identity.botId, user.id),
      })
      const downstreamUserId = String(output['userId'])
      await api.getUser(downstreamUserId)
      const link = { [own('downstream')]: downstreamUserId, [own('integrationAlias')]: identity.alias }
      await Promise.all([
        api.tagUser(user.id, link),
        api.tagUser(downstreamUserId, { [own('upstream')]: user.id, [own('integrationAlias')]: identity.alias }),
      ])
      known.set(user.id, { ...user, tags: { ...user.tags, ...link } })
      return downstreamUserId
    },
  }
}

/**
 * The user that represents an agent in the customer's channel. With `renew` it is created again and replaces any link
 * of the desk's user, even a link to a customer. Undefined when it fails: the message then appears as the bot's.
 */
export const linkWebchatUser = async (
  plugin: PluginContext,
  upstreamId: string,
  downstreamUser: BotUser,
  renew: boolean
): Promise<string | undefined> => {
  const { useHumanAgentInfo } = await readSessionConfig(plugin, upstreamId)
  if (plugin.upstreamAlias !== 'webchat' || !useHumanAgentInfo) return undefined
  const { id, name, pictureUrl, tags } = downstreamUser
  const linked = tags[own('upstream')]
  if (linked && !renew) return linked
  try {
    const user = { id, conversationId: upstreamId }
    const output = await plugin.api.callAction('getOrCreateUser', { name, pictureUrl, user }, 'webchat')
    const { userId } = output
    if (typeof userId !== 'string') return undefined
    await plugin.api.tagUser(id, { [own('upstream')]: userId })
    return userId
  } catch {
    return undefined
  }
}

/** Announces that an agent joined. Every call announces again, and renews the agent's link. */
export const assignAgent = async (
  plugin: PluginContext,
  session: { upstreamId: string; downstreamId: string },
  agentUserId: string
): Promise<void> => {
  const api: BotApi = plugin.api
  await api.getConversation(session.upstreamId)
  const agent = await api.getUser(agentUserId)
  const name = agent.name ? agent.name : 'A Human Agent'
  const { onHumanAgentAssignedMessage } = await readSessionConfig(plugin, session.upstreamId)
  const tags = { [own('humanAgentId')]: agentUserId, [own('humanAgentName')]: name }
  await Promise.all([
    api.tagConversation(session.downstreamId, tags),
    api.tagConversation(session.upstreamId, tags),
    sayConfigured(plugin, session.upstreamId, onHumanAgentAssignedMessage, AGENT_JOINED),
    linkWebchatUser(plugin, session.upstreamId, agent, true),
  ])
}
