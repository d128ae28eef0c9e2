import { asUnknown } from '../errors'
import { handBackPhrase } from '../kit/hand-back'
import { remembered, type Tools } from '../kit/tools'
import { createActingAdmin, type ActingAdmin } from './acting'
import { createIntercomApi, type IntercomApi } from './api'
import { linkTo, type Config } from './config'
import { isNotFound } from './failures'

/** Shared by the driver's functions: the API, the tools and this instance's caches. */
export interface Desk {
  api: IntercomApi
  tools: Tools
  /** Who writes notes and closes. */
  acting: ActingAdmin
  /** Opens a conversation in the inbox. */
  linkTo(conversationId: string): string
  /** The phrase by which teammates give the conversation back. */
  handBack: string
  /** Part id → message piece, for parts posted by this instance. Distinguishes equal texts. */
  posted: Map<string, string>
}

/** Allows for clock skew and for Intercom's times in whole seconds. */
export const SKEW_MS = 60_000

/** More than the messages that can be in flight at once. */
const REMEMBERED = 2_000

export const createDesk = (config: Config, tools: Tools): Desk => {
  const api = createIntercomApi(config, tools)
  return {
    api,
    tools,
    acting: createActingAdmin(api, tools, config),
    linkTo: (conversationId) => linkTo(config, conversationId),
    handBack: handBackPhrase(tools),
    // Part ids are unique across workspaces, so all of them share one map.
    posted: remembered(tools, 'intercom/posted', () => new Map<string, string>()),
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
      if (!isNotFound(error)) throw error
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
