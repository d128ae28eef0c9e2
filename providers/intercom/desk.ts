import { asUnknown, isProviderError, ProviderError } from '../errors'
import { remembered, type Tools } from '../kit/tools'
import type { Ticket } from '../provider'
import type { IntercomApi } from './api'

/** What the driver's functions share: the calls, the world, and what this instance has fetched already. */
export interface Desk {
  api: IntercomApi
  tools: Tools
  /** Who writes notes and closes: as configured, else the owner of the token. */
  actingAdmin(): Promise<string>
  configuredAdmin: string | undefined
  /** Parts that this instance has posted, and which of our messages each one is. Without it, equal texts are told apart by time alone. */
  posted: Map<string, string>
}

/** The clocks of two machines, and Intercom's times in whole seconds. */
export const SKEW_MS = 60_000

/** Enough for the messages that can be under way at one time. */
const REMEMBERED = 2_000

export const createDesk = (api: IntercomApi, tools: Tools, adminId: string | undefined): Desk => {
  let owner: Promise<string> | undefined
  return {
    api,
    tools,
    // Part ids are unique across workspaces: one memory serves all that this instance talks to.
    posted: remembered(tools, 'intercom/posted', () => new Map<string, string>()),
    configuredAdmin: adminId,
    actingAdmin: () => {
      if (adminId) return Promise.resolve(adminId)
      owner ??= api.me().then((me) => {
        if (me) return me.id
        throw new ProviderError(
          'intercom',
          'unauthorized',
          'Could not sign in: the access token belongs to no teammate'
        )
      })
      owner.catch(() => {
        owner = undefined
      })
      return owner
    },
  }
}

export const remember = (desk: Desk, partId: string, message: string): void => {
  desk.posted.set(partId, message)
  for (const oldest of desk.posted.keys()) {
    if (desk.posted.size <= REMEMBERED) break
    desk.posted.delete(oldest)
  }
}

/** What has just been made is not known everywhere at Intercom at once. */
export const whileNew = async <T>(desk: Desk, action: () => Promise<T>): Promise<T> => {
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

/** Runs a read on which a write's outcome depends: when it fails, the outcome stays unknown. */
export const settling = async <T>(read: () => Promise<T>): Promise<T> => {
  try {
    return await read()
  } catch (error) {
    throw asUnknown(error)
  }
}

/** The conversation or the contact does not exist (any more). */
export const isGone = (error: unknown): boolean => isProviderError(error) && error.code === 'not-found'

/** As configured; else as it was when the ticket was opened, which spares a call. */
export const adminOf = async (desk: Desk, ticket: Ticket): Promise<string> =>
  desk.configuredAdmin ?? ticket.memo ?? (await desk.actingAdmin())
