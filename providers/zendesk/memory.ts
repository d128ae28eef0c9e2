import { createHash } from 'node:crypto'
import { remembered, type Tools } from '../kit/tools'
import { subdomainOf, type Config } from './config'

/** An access token. Times in milliseconds since the epoch: renewed from `renewAt` on, usable until `expiresAt`. */
export interface AccessToken {
  authorization: string
  renewAt: number
  expiresAt: number
}

/** The Zendesk user that the credentials belong to. */
export interface Identity {
  id: string
  name: string
  role: string
}

/** What an instance caches for one account. All of it can be fetched again. */
export interface Memory {
  token?: AccessToken
  /** The renewal in flight, shared by all calls that need a token. */
  renewal?: Promise<AccessToken>
  me?: Identity
  /** Lists of the account, and when they were read. */
  lists: Map<string, { value: unknown; at: number }>
  /** The reading in flight, shared like the renewal. */
  identifying?: Promise<Identity>
}

const MAX_ACCOUNTS = 200

/**
 * The cache of one account. It outlives the driver, because `connect` runs for each request.
 * Its key hashes the real origin and the credentials: one instance serves many installations.
 */
export const memoryOf = (config: Config, tools: Tools): Memory => {
  const origin = `https://${subdomainOf(config)}.zendesk.com`
  const identity = [
    tools.resolveOrigin?.(origin) ?? origin,
    config.clientId,
    config.clientSecret,
    config.email,
    config.apiToken,
  ]
  const key = createHash('sha256').update(JSON.stringify(identity)).digest('base64')
  const memories = remembered(tools, 'zendesk/accounts', () => new Map<string, Memory>())
  const known = memories.get(key)
  if (known) return known
  const oldest = memories.keys().next()
  if (memories.size >= MAX_ACCOUNTS && !oldest.done) memories.delete(oldest.value)
  const memory: Memory = { lists: new Map() }
  memories.set(key, memory)
  return memory
}
