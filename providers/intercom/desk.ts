import { asUnknown, isProviderError, ProviderError } from '../errors'
import { remembered, type Tools } from '../kit/tools'
import type { Ticket } from '../provider'
import type { IntercomApi } from './api'

/** Shared by the driver's functions: the API, the tools and this instance's caches. */
export interface Desk {
  api: IntercomApi
  tools: Tools
  /** Id of the teammate who writes notes and closes: as configured, else the owner of the token. */
  actingAdmin(): Promise<string>
  configuredAdmin: string | undefined
  /** Part id → message piece, for parts posted by this instance. Distinguishes equal texts. */
  posted: Map<string, string>
}

/** Allows for clock skew and for Intercom's times in whole seconds. */
export const SKEW_MS = 60_000

/** More than the messages that can be in flight at once. */
const REMEMBERED = 2_000

export const createDesk = (api: IntercomApi, tools: Tools, adminId: string | undefined): Desk => {
  let owner: Promise<string> | undefined
  return {
    api,
    tools,
    // Part ids are unique across workspaces, so all of them share one map.
    posted: remembered(tools, 'intercom/posted', () => new Map<string, string>()),
    configuredAdmin: adminId,
    actingAdmin: () => {
      if (adminId) return Promise.resolve(adminId)
      owner ??= api.me().then((me) => {
        if (me) return me.id
        throw new ProviderError(
          'intercom',
          'unauthorized',
          'Could not sign in: the access token does not belong to a teammate'
        )
      })
      owner.catch(() => {
        owner = undefined
      })
      return owner
    },
  }
}

export const remember = (desk: Desk, partId: string, pieceKey: string): void => {
  desk.posted.set(partId, pieceKey)
  for (const oldest of desk.posted.keys()) {
    if (desk.posted.size <= REMEMBERED) break
    desk.posted.delete(oldest)
  }
}

/** Retries `not-found` twice: Intercom may not find a new contact or conversation at once. */
export const retryWhileNew = async <T>(desk: Desk, action: () => Promise<T>): Promise<T> => {
  for (const wait of [300, 900]) {
    try {
      return await action()
    } catch (error) {
      if (!isProviderError(error) || error.code !== 'not-found') throw error
      await desk.tools.sleep(wait)
    }
  }
  return action()
}

/** Runs a call that settles a write's outcome: when it fails, the outcome stays unknown. */
export const settling = async <T>(read: () => Promise<T>): Promise<T> => {
  try {
    return await read()
  } catch (error) {
    throw asUnknown(error)
  }
}

/** The conversation or the contact does not exist. */
export const isGone = (error: unknown): boolean => isProviderError(error) && error.code === 'not-found'

/** The acting teammate: as configured, else as remembered in the ticket, which saves a call. */
export const adminOf = async (desk: Desk, ticket: Ticket): Promise<string> =>
  desk.configuredAdmin ?? ticket.memo ?? (await desk.actingAdmin())
