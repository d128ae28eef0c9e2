/** What agents have said in a thread, in the thread's own order. */
import { isProviderError, ProviderError } from '../errors'
import type { CaughtUp, Ticket } from '../provider'
import { answerOf, SYSTEM_USERS, whyNoAnswer, type Thread } from './answers'
import type { ReadMessage, SlackApi } from './api'
import { idToAddress, type MessageAddress } from './ids'
import { messageEvent } from './payloads'

/**
 * The agents' messages after the cursor, which is the timestamp of the last one that was told: timestamps are unique in a channel and in the order in which the thread is shown. Claims and ends are pressed, not
 * written: webhooks alone tell of them. One call, unless there are more than two hundred messages after the cursor.
 *
 * A thread whose first message was deleted goes on under a stand-in of Slack's; only one without any message left is gone.
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
    messages = await _read(api, root, after)
  } catch (error) {
    if (!isProviderError(error) || error.code !== 'ended') throw error
    // What has just begun may not be known everywhere: the channel is asked, too, before a session ends by this.
    if (await api.readMessage(root)) {
      throw new ProviderError('slack', 'unavailable', 'Could not read the thread: it is not known everywhere yet')
    }
    return { events: [{ type: 'ticket-closed', ticket: key, reason: 'deleted' }], cursor }
  }
  const thread: Thread = { ticket: key, botUsers: _botUsers(messages, root), internalPrefix }
  const told = messages
    .filter(({ ts }) => ts !== root.ts && (after === undefined || _micros(ts) > _micros(after)))
    .toSorted((a, b) => _micros(a.ts) - _micros(b.ts))
    .map((message) => ({ ts: message.ts, events: _eventsOf(message, root, thread) }))
    .filter(({ events }) => events.length > 0)
  return { events: told.flatMap(({ events }) => events), cursor: told.at(-1)?.ts ?? cursor }
}

const TIMESTAMP = /^\d+\.\d+$/

/** Microseconds: whole numbers that a double holds. */
const _micros = (ts: string): number => {
  const [seconds = '', fraction = ''] = ts.split('.')
  return Number(seconds + fraction.padEnd(6, '0').slice(0, 6))
}

/** Pages may overlap where somebody writes meanwhile. */
const _read = async (api: SlackApi, root: MessageAddress, oldest: string | undefined): Promise<ReadMessage[]> => {
  const messages = new Map<string, ReadMessage>()
  for await (const page of api.readThread(root, oldest, 'read the thread')) {
    for (const message of page) messages.set(message.ts, message)
  }
  return [...messages.values()]
}

/** A webhook names our app's user; a thread shows it as who began the thread. */
const _botUsers = (messages: ReadMessage[], root: MessageAddress): string[] => [
  ...new Set(
    messages
      .map((message) => (message.ts === root.ts ? message.user : message.parent_user_id))
      .flatMap((user) => (!user || SYSTEM_USERS.has(user) ? [] : [user]))
  ),
]

const _eventsOf = (message: ReadMessage, { channel }: MessageAddress, thread: Thread): CaughtUp['events'] => {
  const event = messageEvent.safeParse({ ...message, type: 'message', channel })
  if (!event.success || whyNoAnswer(event.data, thread.botUsers)) return []
  return answerOf(event.data, thread).events
}
