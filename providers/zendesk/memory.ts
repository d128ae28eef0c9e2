import { createHash } from 'node:crypto'
import { remembered, type Tools } from '../kit/tools'
import { subdomainOf, type Config } from './config'

/** An access token. From `renewAt` on it is replaced, until `expiresAt` it still works. */
export interface Grant {
  authorization: string
  renewAt: number
  expiresAt: number
}

/** The agent or admin that the credentials belong to. */
export interface Identity {
  id: string
  name: string
  role: string
}

/** What an instance remembers of one account. Everything here can be asked for again. */
export interface Memory {
  grant?: Grant
  /** The renewal under way: all who need a token wait for the same one. */
  renewal?: Promise<Grant>
  me?: Identity
  attachments?: { private: boolean; at: number }
}

const MOST = 200

/**
 * One instance serves many installations, and `connect` runs for each request: what is remembered hangs on the credentials
 * (as a hash, so that no secret is a key) and on where the account really is.
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
  if (memories.size >= MOST && !oldest.done) memories.delete(oldest.value)
  const memory: Memory = {}
  memories.set(key, memory)
  return memory
}
