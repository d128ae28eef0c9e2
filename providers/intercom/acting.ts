/** The teammate in whose name the router acts, also after one has left the workspace. */
import { createHash } from 'node:crypto'
import { isProviderError, ProviderError, withDetails } from '../errors'
import { remembered, type Tools } from '../kit/tools'
import type { IntercomApi } from './api'
import { accessTokenOf, adminIdOf, type Config } from './config'
import { isNotFound, mayNameSomethingGone } from './failures'

export interface ActingAdmin {
  /** As configured, else the owner of the token. Undefined of the configured one when nobody was asked yet. */
  configured: string | undefined
  /** The id to act with. `known`: who has acted in this ticket before, which saves a call. */
  id(known?: string): Promise<string>
  /** Runs `action` as the acting teammate. When they have left, it runs once more as another one. */
  act<T>(known: string | undefined, action: (adminId: string) => Promise<T>): Promise<T>
}

/** Substitutes of teammates who have left, by workspace and id. */
type Substitutes = Map<string, string>

const REMEMBERED = 500

export const createActingAdmin = (api: IntercomApi, tools: Tools, config: Config): ActingAdmin => {
  const configured = adminIdOf(config)
  const workspace = createHash('sha256').update(accessTokenOf(config)).digest('hex').slice(0, 16)
  const substitutes = remembered<Substitutes>(tools, 'intercom/substitutes', () => new Map())
  let owner: Promise<string | undefined> | undefined

  /** Undefined: the token has no owner any more. */
  const ownerId = (): Promise<string | undefined> => {
    owner ??= api.me().then((me) => me?.id)
    owner.catch(() => {
      owner = undefined
    })
    return owner
  }

  const remember = (left: string, substitute: string): void => {
    if (substitutes.size >= REMEMBERED) substitutes.clear()
    substitutes.set(`${workspace}/${left}`, substitute)
    tools.log.warn('Intercom’s acting teammate has left the workspace. Another one stands in: set Acting teammate', {
      left,
      standIn: substitute,
    })
  }

  /** The token's owner, else the longest-serving teammate with an inbox seat, else any. */
  const substituteFor = async (left: string): Promise<string> => {
    const ofToken = await ownerId()
    if (ofToken !== undefined && ofToken !== left) return ofToken
    const others = (await api.admins()).filter(({ id }) => id !== left)
    const oldestFirst = others.toSorted((a, b) => a.id.length - b.id.length || (a.id < b.id ? -1 : 1))
    const found = oldestFirst.find((admin) => admin.has_inbox_seat === true) ?? oldestFirst[0]
    if (found) return found.id
    throw new ProviderError('intercom', 'misconfigured', 'The workspace has no teammate to act as', { about: 'agent' })
  }

  const id = async (known?: string): Promise<string> => {
    const wanted = configured ?? known ?? (await ownerId())
    if (wanted === undefined) return substituteFor('')
    return substitutes.get(`${workspace}/${wanted}`) ?? wanted
  }

  /** Whether the workspace has no such teammate. Throws when that can't be found out. */
  const hasLeft = async (adminId: string): Promise<boolean> => {
    try {
      return (await api.admin(adminId)) === null
    } catch (error) {
      if (isNotFound(error)) return true
      throw error
    }
  }

  return {
    configured,
    id,
    act: async (known, action) => {
      const adminId = await id(known)
      try {
        return await action(adminId)
      } catch (error) {
        if (!mayNameSomethingGone(error) || !(await _asked(() => hasLeft(adminId), error))) throw error
        const substitute = await _asked(() => substituteFor(adminId), error)
        remember(configured ?? known ?? adminId, substitute)
        if (adminId !== (configured ?? known)) remember(adminId, substitute)
        return action(substitute)
      }
    },
  }
}

/** Asks for the reason of a refusal. If that fails in turn, what passes is waited for. */
const _asked = async <T>(question: () => Promise<T>, refusal: unknown): Promise<T> => {
  try {
    return await question()
  } catch (error) {
    if (!isProviderError(error) || error.code === 'unauthorized') throw refusal
    // Nothing was written yet.
    throw withDetails(error, { outcome: 'none' })
  }
}
