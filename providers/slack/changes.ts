/** What agents change afterwards: they edit a reply, delete it, or turn it into an internal note and back. */
import type { ParsedWebhook, SessionEvent, TicketKey } from '../provider'
import { replyOf } from './agent-replies'
import { authorOf, type Home } from './authors'
import type { Settings } from './config'
import { addressToId, messageId } from './ids'
import { withNames, type NameOf } from './mentions'
import { changedEvent, deletedEvent, messageEvent, type MessageEvent } from './payloads'

const ignored = (reason: string): ParsedWebhook => ({ events: [], ignored: reason })

/**
 * The event of a `message_changed` or `message_deleted`, or undefined for any other. Slack also sends the first when it
 * adds a preview or counts replies: only what a person has edited counts.
 * https://docs.slack.dev/reference/events/message/message_changed
 */
export const changeIn = (
  event: unknown,
  home: Home,
  settings: Pick<Settings, 'internalPrefix' | 'agents' | 'handBack'>,
  nameOf: NameOf
): ParsedWebhook | undefined => {
  const deleted = deletedEvent.safeParse(event)
  if (deleted.success) return _deleted(deleted.data, home)
  const changed = changedEvent.safeParse(event)
  if (!changed.success) return undefined
  const { channel, message: raw, previous_message: before } = changed.data
  const version = raw.edited?.ts
  if (!version) return ignored('A change that no person made')
  const message = _asMessage(raw, channel, { nameOf, home })
  const previous = _asMessage(before, channel, { nameOf, home })
  if (!message?.thread_ts || message.thread_ts === message.ts) return ignored('A change outside a thread')
  const ticket = _ticketOf(channel, message.thread_ts)
  const author = authorOf(message, home)
  if (author === 'app') return ignored('A change of an app’s message')
  if (author === 'unsure' || home.botUsers.length === 0) return { events: [{ type: 'ticket-changed', ticket }] }
  const thread = { ticket, rootTs: message.thread_ts, botUsers: home.botUsers, settings }
  const now = _postedIn(replyOf(message, author, thread))
  const then = previous && _postedIn(replyOf(previous, author, thread))
  // A note that is a reply now is a new reply.
  if (now && !then) return replyOf(message, author, thread)
  if (!now) return then ? { events: [_removed(ticket, then)] } : ignored('A change of an internal note')
  if (then && JSON.stringify(then.parts) === JSON.stringify(now.parts)) return ignored('A change of nothing visible')
  const { id, agent, parts } = now
  return { events: [{ type: 'message-edited', ticket, id, version, agent, parts }] }
}

type Posted = Extract<SessionEvent, { type: 'message-posted' }>

const _postedIn = ({ events }: ParsedWebhook): Posted | undefined =>
  events.find((event): event is Posted => event.type === 'message-posted' && event.parts.length > 0)

const _removed = (ticket: TicketKey, { id, agent }: Posted): SessionEvent => ({
  type: 'message-removed',
  ticket,
  id,
  agent,
})

const _ticketOf = (channel: string, threadTs: string): TicketKey => ({
  ticketId: addressToId({ channel, ts: threadTs }),
})

const _asMessage = (
  raw: unknown,
  channel: string,
  known?: { nameOf: NameOf; home: Home }
): MessageEvent | undefined => {
  const parsed = messageEvent.safeParse({ ...(typeof raw === 'object' ? raw : {}), type: 'message', channel })
  if (!parsed.success) return undefined
  return known ? withNames(parsed.data, known.nameOf, known.home.botUsers) : parsed.data
}

const _deleted = (
  {
    channel,
    deleted_ts: ts,
    previous_message: raw,
  }: { channel: string; deleted_ts: string; previous_message?: unknown },
  home: Home
): ParsedWebhook => {
  const message = _asMessage({ ...(raw as object | undefined), ts }, channel)
  if (!message?.thread_ts || message.thread_ts === ts) return ignored('A deletion outside a thread')
  const author = authorOf(message, home)
  if (author === 'app' || author === 'stranger') return ignored('A deletion of a message that was not delivered')
  const ticket = _ticketOf(channel, message.thread_ts)
  if (!message.user || author === 'unsure') return { events: [{ type: 'ticket-changed', ticket }] }
  const id = messageId(message.thread_ts, ts)
  return { events: [{ type: 'message-removed', ticket, id, agent: { id: message.user } }] }
}
