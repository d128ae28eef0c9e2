/**
 * Where a thread is. A channel gets another id when it is shared with another company or when its workspace joins an
 * organization; its messages keep their timestamps and metadata.
 * https://docs.slack.dev/reference/events/channel_id_changed
 */
import { isProviderError, isTransient, ProviderError, withDetails } from '../errors'
import type { Ticket } from '../provider'
import type { SlackApi } from './api'
import type { App } from './app'
import { SYSTEM_USERS } from './authors'
import { botOf, conversationOf, isClosed } from './header'
import { addressToId, idToAddress, type MessageAddress } from './ids'
import { keep, presentId } from './memory'
import { conversationOfPart } from './posting'

export interface Located<T> {
  result: T
  /** The ticket's new id, if it has changed. */
  movedTo?: { id: string }
}

/**
 * Runs `work` at the ticket's thread. If Slack doesn't know the thread there, looks for it under the channel's other
 * ids, and runs `work` again; `isAgain` if the first run may have had an effect. Throws what `work` throws.
 */
export const atThread = async <T>(
  app: App,
  ticket: Ticket,
  work: (root: MessageAddress, isAgain: boolean) => Promise<T>
): Promise<Located<T>> => {
  const root = idToAddress(ticket.id)
  const first = { ...root, channel: presentId(app.memory, root.channel) }
  const runAt = async (address: MessageAddress, isAgain: boolean): Promise<Located<T>> => {
    const result = await work(address, isAgain)
    return address.channel === root.channel ? { result } : { result, movedTo: { id: addressToId(address) } }
  }
  try {
    return await runAt(first, false)
  } catch (error) {
    if (!_mayHaveMoved(error)) throw error
    const found = await _find(app, ticket, root)
    if (!found || found.channel === first.channel) throw _explained(error)
    return runAt(found, error.outcome === 'unknown')
  }
}

const _mayHaveMoved = (error: unknown): error is ProviderError =>
  isProviderError(error) && error.about === 'ticket' && ['misconfigured', 'not-found', 'ended'].includes(error.code)

/** A channel that the app doesn't see says nothing about the ticket. */
const _explained = (error: ProviderError): ProviderError =>
  error.code === 'misconfigured' ? withDetails(error, { about: 'account' }) : error

/** Nothing is looked for again within this time. */
const NOT_FOUND_FOR_MS = 30_000
/** Each costs a call. */
const MAX_CANDIDATES = 20

const _find = async (app: App, ticket: Ticket, root: MessageAddress): Promise<MessageAddress | undefined> => {
  const { api, memory, settings, tools } = app
  const missedAt = memory.notFound.get(ticket.id)
  if (missedAt !== undefined && tools.now() < missedAt + NOT_FOUND_FOR_MS) return undefined
  const isThere = async (channel: string): Promise<boolean> =>
    (await originAt(api, { channel, ts: root.ts }).catch(_onlyTransient))?.conversationId === ticket.conversationId
  const tried = new Set([''])
  const search = async (channels: string[]): Promise<MessageAddress | undefined> => {
    for (const channel of channels.filter((id) => !tried.has(id)).slice(0, MAX_CANDIDATES)) {
      tried.add(channel)
      if (!(await isThere(channel))) continue
      if (channel !== root.channel) keep(memory.moved, root.channel, channel)
      return { channel, ts: root.ts }
    }
    return undefined
  }
  const found =
    (await search([root.channel, swapped(root.channel), settings.channel])) ??
    (await search((await api.listOwnChannels().catch(_onlyTransient)) ?? []))
  if (!found) keep(memory.notFound, ticket.id, tools.now())
  return found
}

/** A private channel that is shared changes only the first letter of its id. */
export const swapped = (channel: string): string => (channel.startsWith('G') ? `C${channel.slice(1)}` : '')

/** A refusal is an answer: the thread isn't there. Everything else has to be asked again. */
const _onlyTransient = (error: unknown): undefined => {
  if (!isProviderError(error) || isTransient(error)) throw error
  return undefined
}

/** The handoff of a thread, by its root's metadata, or by our replies' if the root was deleted. */
export const originAt = async (
  api: SlackApi,
  address: MessageAddress
): Promise<{ conversationId: string; botId?: string; isSolved: boolean } | undefined> => {
  const root = await api.readMessage(address)
  const conversationId = root && conversationOf(root)
  const botId = root && botOf(root)
  if (conversationId) return { conversationId, ...(botId ? { botId } : {}), isSolved: isClosed(root) }
  if (!root || !SYSTEM_USERS.has(root.user ?? '')) return undefined
  for await (const messages of api.readThread(address, undefined, 'read the thread')) {
    const found = messages.map(conversationOfPart).find((id) => id !== undefined)
    // The first page begins with the router's own posts, if there are any.
    return found === undefined ? undefined : { conversationId: found, isSolved: false }
  }
  return undefined
}
