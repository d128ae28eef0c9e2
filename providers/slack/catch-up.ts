/** Reads agents' replies from a thread, in the thread's own order. */
import { isProviderError, ProviderError } from '../errors'
import type { CaughtUp, Ticket } from '../provider'
import { replyOf, SYSTEM_USERS, reasonToIgnore, type Thread } from './agent-replies'
import type { ReadMessage, SlackApi } from './api'
import { idToAddress, type MessageAddress } from './ids'
import { messageEvent } from './payloads'

/**
 * Returns the agents' replies after the cursor. The cursor is the timestamp of the last returned reply: timestamps are
 * unique in a channel and give the thread's order. Needs one call per 200 messages.
 *
 * Claims and ends are button presses, so only webhooks report them. A thread outlives its deleted root; it counts as
 * deleted only when it has no messages.
 */
export const catchUp = async (
  api: SlackApi,
  ticket: Ticket,
  cursor: string | undefined,
  internalPrefix: string
): Promise<CaughtUp> => {
  const root = idToAddress(ticket.id)
  const key = { ticketId: ticket.id, conversationId: ticket.conversationId }
  const after = cursor !== undefined && TIMESTAMP.test(cursor) ? cursor : undefined
  let messages: ReadMessage[]
  try {
    messages = await _readAll(api, root, after)
  } catch (error) {
    if (!isProviderError(error) || error.code !== 'ended') throw error
    // A new thread may not be readable everywhere yet. The channel must confirm that it is gone.
    if (await api.readMessage(root)) {
      throw new ProviderError('slack', 'unavailable', 'Could not read the thread: it is not readable everywhere yet')
    }
    return { events: [{ type: 'ticket-closed', ticket: key, reason: 'deleted' }], cursor }
  }
  const thread: Thread = { ticket: key, botUsers: _botUsers(messages, root), internalPrefix }
  const replies = messages
    .filter(({ ts }) => ts !== root.ts && (after === undefined || _microseconds(ts) > _microseconds(after)))
    .toSorted((a, b) => _microseconds(a.ts) - _microseconds(b.ts))
    .map((message) => ({ ts: message.ts, events: _eventsOf(message, root, thread) }))
    .filter(({ events }) => events.length > 0)
  return { events: replies.flatMap(({ events }) => events), cursor: replies.at(-1)?.ts ?? cursor }
}

const TIMESTAMP = /^\d+\.\d+$/

/** Microseconds since the epoch: integers that a double holds exactly. */
const _microseconds = (ts: string): number => {
  const [seconds = '', fraction = ''] = ts.split('.')
  return Number(seconds + fraction.padEnd(6, '0').slice(0, 6))
}

/** Pages may overlap when messages arrive during the reading. */
const _readAll = async (api: SlackApi, root: MessageAddress, oldest: string | undefined): Promise<ReadMessage[]> => {
  const messages = new Map<string, ReadMessage>()
  for await (const page of api.readThread(root, oldest, 'read the thread')) {
    for (const message of page) messages.set(message.ts, message)
  }
  return [...messages.values()]
}

/** The app's own users. Webhooks name them; in a thread it is the user who posted the root. */
const _botUsers = (messages: ReadMessage[], root: MessageAddress): string[] => [
  ...new Set(
    messages
      .map((message) => (message.ts === root.ts ? message.user : message.parent_user_id))
      .flatMap((user) => (!user || SYSTEM_USERS.has(user) ? [] : [user]))
  ),
]

const _eventsOf = (message: ReadMessage, { channel }: MessageAddress, thread: Thread): CaughtUp['events'] => {
  const event = messageEvent.safeParse({ ...message, type: 'message', channel })
  if (!event.success || reasonToIgnore(event.data, thread.botUsers)) return []
  return replyOf(event.data, thread).events
}
