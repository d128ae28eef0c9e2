import { isProviderError } from '../errors'
import type { App } from './app'
import { learn } from './memory'

/** More people than this aren't asked: each costs a call. */
const MOST_PEOPLE = 20

/**
 * Whether one of the agents is active and may be disturbed: members of the agents' user group, or else of the channel.
 * Undefined: nobody was found, or more people than are asked. Without the scope `dnd:read` only presence counts.
 */
export const agentsAvailable = async (app: App): Promise<boolean | undefined> => {
  const { api, tools } = app
  const agents = await _agentsOf(app)
  const asked = agents.slice(0, MOST_PEOPLE)
  if (asked.length === 0) return undefined
  const [active, quiet] = await Promise.all([Promise.all(asked.map(api.isActive)), _quietTimes(app, asked)])
  const now = tools.now() / 1_000
  const isQuiet = (user: string): boolean => {
    const times = quiet[user]
    const isSnoozed = times?.snooze_enabled === true && (times.snooze_endtime ?? Number.POSITIVE_INFINITY) > now
    const [start, end] = [times?.next_dnd_start_ts ?? Number.POSITIVE_INFINITY, times?.next_dnd_end_ts ?? 0]
    return isSnoozed || (times?.dnd_enabled === true && start <= now && now < end)
  }
  if (asked.some((user, index) => active[index] === true && !isQuiet(user))) return true
  return agents.length > asked.length ? undefined : false
}

const _agentsOf = async ({ api, memory, settings }: App): Promise<string[]> => {
  if (settings.agents === 'user-group') return (await api.readUserGroup(settings.userGroup)).users
  if (memory.identity.userId === undefined) {
    const me = await api.whoAmI()
    learn(memory, { userId: me.user_id ?? undefined })
  }
  return (await api.readMembers(settings.channel)).filter((user) => user !== memory.identity.userId)
}

const _quietTimes = async ({ api }: App, users: string[]) => {
  try {
    return await api.readQuietTimes(users)
  } catch (error) {
    if (isProviderError(error) && error.code === 'unauthorized') return {}
    throw error
  }
}
