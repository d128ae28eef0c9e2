/** What an instance caches for one Slack app. All of it can be fetched again. */
import { createHash } from 'node:crypto'
import { remembered, type Tools } from '../kit/tools'

/** Who the app is. https://docs.slack.dev/reference/methods/auth.test */
export interface Identity {
  /** The app's user. Our posts come back under it. */
  userId?: string | undefined
  botId?: string | undefined
  /** The workspace, and the organization that it belongs to. */
  teamId?: string | undefined
  enterpriseId?: string | undefined
}

/** A person, or the user of an app, as `users.info` describes them. */
export interface Person {
  id: string
  name?: string
  pictureUrl?: string
  isBot: boolean
  teamId?: string
  enterpriseId?: string
}

export interface Kept<T> {
  value: T
  /** Milliseconds since the epoch. */
  at: number
}

export interface Memory {
  identity: Identity
  people: Map<string, Kept<Person>>
  /** The members of the agents' user group. */
  members?: Kept<ReadonlySet<string>>
  channelNames: Map<string, Kept<string>>
  /** Channels that have got a new id: from the old one to the new one. */
  moved: Map<string, string>
  /** Threads that were looked for in vain. */
  notFound: Map<string, number>
}

const MAX_APPS = 200
const MAX_ENTRIES = 2_000

/** Keyed by a hash, so that no token is a key. */
export const memoryOf = (tools: Tools, botToken: string): Memory => {
  const apps = remembered(tools, 'slack/apps', () => new Map<string, Memory>())
  const key = createHash('sha256').update(botToken).digest('hex')
  const known = apps.get(key)
  if (known) return known
  const memory: Memory = {
    identity: {},
    people: new Map(),
    channelNames: new Map(),
    moved: new Map(),
    notFound: new Map(),
  }
  keep(apps, key, memory, MAX_APPS)
  return memory
}

/** A channel's present id. A channel may have moved more than once. */
export const presentId = ({ moved }: Memory, channel: string): string => {
  const passed = new Set<string>()
  let id = channel
  for (let next = moved.get(id); next !== undefined && !passed.has(next); next = moved.get(id)) {
    passed.add(next)
    id = next
  }
  return id
}

/** Adds an entry, and forgets the oldest one of too many. */
export const keep = <T>(map: Map<string, T>, key: string, value: T, limit = MAX_ENTRIES): void => {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > limit && oldest !== undefined) map.delete(oldest)
}

/** Notes what an answer of Slack says about the app. */
export const learn = (memory: Memory, identity: Identity): void => {
  const known = Object.entries(identity).filter(([, value]) => typeof value === 'string' && value !== '')
  Object.assign(memory.identity, Object.fromEntries(known))
}
