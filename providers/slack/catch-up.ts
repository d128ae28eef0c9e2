/** Reads people's replies from a thread, in the thread's own order. */
import { isProviderError, ProviderError } from '../errors'
import type { CaughtUp, SessionEvent, Ticket } from '../provider'
import { noticeIn, replyOf, type Thread } from './agent-replies'
import type { SlackApi } from './api'
import type { ReadMessage } from './answers'
import type { App } from './app'
import { askWho, readMembers, SYSTEM_USERS, teamsOf, type Home } from './authors'
import type { MessageAddress } from './ids'
import type { Identity } from './memory'
import { atThread } from './moves'
import { lookUpNames, mentionsIn, withNames } from './mentions'
import { messageEvent, type MessageEvent } from './payloads'

/**
 * Returns the people's replies after the cursor. The cursor is the timestamp of the last returned reply: timestamps are
 * unique in a channel and give the thread's order. Needs one call per 200 messages, and one for each author who isn't
 * known yet where a message doesn't tell who they are.
 *
 * Claims and ends are button presses, so only webhooks report them. A thread outlives its deleted root; it counts as
 * deleted only when it has no messages.
 */
export const catchUp = async (app: App, ticket: Ticket, cursor: string | undefined): Promise<CaughtUp> => {
  const after = cursor !== undefined && TIMESTAMP.test(cursor) ? cursor : undefined
  const key = { ticketId: ticket.id, conversationId: ticket.conversationId }
  try {
    const { result, movedTo } = await atThread(app, ticket, (root) => _read(app, root, after))
    const { root, messages, identity } = result
    const home = await _homeOf(app, messages, root, identity)
    const thread: Thread = { ticket: key, rootTs: root.ts, botUsers: home.botUsers, settings: app.settings }
    const replies = messages
      .filter(({ ts }) => ts !== root.ts && (after === undefined || _microseconds(ts) > _microseconds(after)))
      .toSorted((a, b) => _microseconds(a.ts) - _microseconds(b.ts))
    const read: { ts: string; events: SessionEvent[] }[] = []
    const names = await lookUpNames(
      app,
      replies.flatMap((message) => mentionsIn(message as Words)).filter((id) => !home.botUsers.includes(id))
    )
    // One after the other: authors who are looked up once are known from then on.
    for (const message of replies) {
      const events = await _eventsOf(
        app,
        withNames(message as ReadMessage & Words, names, home.botUsers),
        root,
        home,
        thread
      )
      if (events.length > 0) read.push({ ts: message.ts, events })
    }
    return {
      events: read.flatMap(({ events }) => events),
      cursor: read.at(-1)?.ts ?? cursor,
      ...(movedTo ? { movedTo } : {}),
    }
  } catch (error) {
    if (!isProviderError(error) || error.code !== 'ended') throw error
    return { events: [{ type: 'ticket-closed', ticket: key, reason: 'deleted' }], cursor }
  }
}

type Words = Pick<MessageEvent, 'text' | 'blocks'>

const TIMESTAMP = /^\d+\.\d+$/

/** Microseconds since the epoch: integers that a double holds exactly. */
const _microseconds = (ts: string): number => {
  const [seconds = '', fraction = ''] = ts.split('.')
  return Number(seconds + fraction.padEnd(6, '0').slice(0, 6))
}

interface Reading {
  root: MessageAddress
  messages: ReadMessage[]
  identity: Identity
}

const _read = async (app: App, root: MessageAddress, after: string | undefined): Promise<Reading> => {
  try {
    const [messages, identity] = await Promise.all([_readAll(app.api, root, after), _identityOf(app)])
    return { root, messages, identity }
  } catch (error) {
    if (!isProviderError(error) || error.code !== 'not-found' || error.about !== 'ticket') throw error
    // A new thread may not be readable everywhere yet. The channel must confirm that it is gone.
    if (await app.api.readMessage(root)) {
      throw new ProviderError('slack', 'unavailable', 'Could not read the thread: it is not readable everywhere yet')
    }
    throw new ProviderError('slack', 'ended', 'The thread was deleted')
  }
}

/** Pages may overlap when messages arrive during the reading. */
const _readAll = async (api: SlackApi, root: MessageAddress, oldest: string | undefined): Promise<ReadMessage[]> => {
  const messages = new Map<string, ReadMessage>()
  for await (const page of api.readThread(root, oldest, 'read the thread')) {
    for (const message of page) messages.set(message.ts, message)
  }
  return [...messages.values()]
}

/** Who the app is: one call per instance. A thread tells most of it, too. */
const _identityOf = async ({ api, memory }: App): Promise<Identity> => {
  if (!memory.identity.userId || !memory.identity.teamId) await api.whoAmI().catch(() => undefined)
  return memory.identity
}

const _homeOf = async (app: App, messages: ReadMessage[], root: MessageAddress, identity: Identity): Promise<Home> => {
  const { api, memory, settings, tools } = app
  const header = messages.find(({ ts }) => ts === root.ts)
  const opener = header && !SYSTEM_USERS.has(header.user ?? '') ? header : undefined
  const users = [identity.userId, opener?.user, ...messages.map((message) => message.parent_user_id)]
  const teams = teamsOf(identity)
  return {
    botUsers: [...new Set(users)].filter((user): user is string => Boolean(user) && !SYSTEM_USERS.has(user ?? '')),
    ownApps: identity.botId ? [identity.botId] : [],
    teams: teams.length > 0 ? teams : opener?.team ? [opener.team] : [],
    isShared: undefined,
    agents: settings.agents,
    members: await readMembers(api, memory, tools.now(), settings),
  }
}

const _eventsOf = async (
  { api }: App,
  message: ReadMessage,
  { channel }: MessageAddress,
  home: Home,
  thread: Thread
): Promise<SessionEvent[]> => {
  const event = messageEvent.safeParse({ ...message, type: 'message', channel })
  if (!event.success || noticeIn(event.data)) return []
  return replyOf(event.data, await askWho(api, event.data, home), thread).events
}
