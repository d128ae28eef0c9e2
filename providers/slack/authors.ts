/** Who wrote a message: the app itself, another app, an agent, or a person who doesn't speak to customers. */
import { isProviderError } from '../errors'
import type { SlackApi } from './api'
import type { Settings } from './config'
import type { Identity, Memory, Person } from './memory'
import type { MessageEvent } from './payloads'

/** Slack's own users: they post reminders, notices and the stand-in for a deleted root. */
export const SYSTEM_USERS = new Set(['USLACKBOT', 'USLACK', 'UREVOKEDU'])

/**
 * - app: an app, or Slack itself. Never delivered.
 * - agent: delivered.
 * - stranger: a person who isn't an agent. Not delivered, and told so once.
 * - unsure: the message alone doesn't tell.
 */
export type Author = 'app' | 'agent' | 'stranger' | 'unsure'

/** What the judgement is based on. */
export interface Home {
  /** The app's own users. Mentions of them are removed from texts. */
  botUsers: string[]
  /** The app's ids, as messages carry them. */
  ownApps: string[]
  /** The workspace and its organization. */
  teams: string[]
  /** Other companies may write in the channel. Undefined: unknown. */
  isShared: boolean | undefined
  agents: Settings['agents']
  /** Members of the user group, if they are known. */
  members: ReadonlySet<string> | undefined
}

/** Mark of the router's own posts. Other apps can't read as ours by it, but their posts aren't people's either. */
const OWN_EVENTS = /^hitl_router_/

/** Judges by the message alone. Pure. */
export const authorOf = (message: MessageEvent, home: Home): Author => {
  const { user } = message
  if (!user || SYSTEM_USERS.has(user) || home.botUsers.includes(user)) return 'app'
  if (message.subtype === 'bot_message' || OWN_EVENTS.test(message.metadata?.event_type ?? '')) return 'app'
  const apps = [message.app_id, message.bot_id].filter((id): id is string => Boolean(id))
  if (apps.some((id) => home.ownApps.includes(id))) return 'app'
  const isByTool = _isByTool(message)
  if (isByTool === false) return 'app'
  const isAgent = _isAgent(message, home)
  return isAgent === 'agent' && isByTool === 'unsure' ? 'unsure' : isAgent
}

/**
 * Whether a person posted through a tool, with their own token. Such a message has the mark of the tool, and its author
 * isn't the tool's user. True as well for a message without marks.
 */
const _isByTool = ({ user, app_id: appId, bot_profile: profile }: MessageEvent): boolean | 'unsure' => {
  if (profile?.user_id) return profile.user_id !== user
  if (profile || appId) return 'unsure'
  // No mark, or that of an old tool without an app: such tools post for people only.
  return true
}

const _isAgent = (message: MessageEvent, home: Home): Author => {
  if (home.agents === 'anybody') return 'agent'
  const team = _isOwnTeam(message, home)
  // The workspaces of an organization are one company's.
  if (team === false && home.agents === 'workspace') return home.teams.some(_isOrganization) ? 'unsure' : 'stranger'
  if (home.agents === 'workspace') return team === 'unsure' ? 'unsure' : 'agent'
  if (!home.members) return 'unsure'
  return home.members.has(message.user ?? '') ? 'agent' : 'stranger'
}

const _isOrganization = (team: string): boolean => team.startsWith('E')

const _isOwnTeam = (message: MessageEvent, { teams, isShared }: Home): boolean | 'unsure' => {
  const ofAuthor = [message.user_team, message.source_team].filter((team): team is string => Boolean(team))
  const named = ofAuthor.length > 0 ? ofAuthor : message.team ? [message.team] : []
  if (named.length > 0) return teams.length === 0 ? 'unsure' : named.every((team) => teams.includes(team))
  return isShared === false ? true : 'unsure'
}

/** Judges with Slack's help where the message alone doesn't tell. Throws what Slack's API throws. */
export const askWho = async (api: SlackApi, message: MessageEvent, home: Home): Promise<Exclude<Author, 'unsure'>> => {
  const author = authorOf(message, home)
  if (author !== 'unsure') return author
  let person: Person
  try {
    person = await api.readPerson(message.user ?? '')
  } catch (error) {
    // Somebody whom Slack doesn't show doesn't speak to customers.
    if (isProviderError(error) && error.code === 'not-found') return 'stranger'
    throw error
  }
  if (person.isBot) return 'app'
  if (home.agents === 'anybody') return 'agent'
  if (home.agents === 'user-group') return home.members?.has(person.id) ? 'agent' : 'stranger'
  const isOwn = [person.teamId, person.enterpriseId].some((team) => team !== undefined && home.teams.includes(team))
  return isOwn ? 'agent' : 'stranger'
}

const MEMBERS_FOR_MS = 60_000

/** The members of the agents' user group, if agents are the members of one. Throws what Slack's API throws. */
export const readMembers = async (
  api: SlackApi,
  memory: Memory,
  now: number,
  settings: Settings
): Promise<ReadonlySet<string> | undefined> => {
  if (settings.agents !== 'user-group') return undefined
  const known = knownMembers(memory, now)
  if (known) return known
  const group = await api.readUserGroup(settings.userGroup)
  memory.members = { value: new Set(group.users), at: now }
  return memory.members.value
}

export const knownMembers = ({ members }: Memory, now: number): ReadonlySet<string> | undefined =>
  members && now < members.at + MEMBERS_FOR_MS ? members.value : undefined

/** What a person who isn't an agent is told. */
export const strangersNote = (agents: Settings['agents']): string =>
  agents === 'user-group'
    ? 'Only members of the agents’ user group speak to the customer here. Replies of others are not delivered.'
    : 'Only people of this workspace speak to the customer here. Replies of others are not delivered.'

export const teamsOf = (identity: Identity): string[] =>
  [identity.teamId, identity.enterpriseId].filter((team): team is string => Boolean(team))
