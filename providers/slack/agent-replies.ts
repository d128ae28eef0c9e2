/** Recognises and converts people's replies, with the same rules for webhook events and messages read from a thread. */
import { isHandBack } from '../kit/hand-back'
import { textPart } from '../kit/markdown-writer'
import type { AgentPart, ParsedWebhook, SessionEvent, TicketKey } from '../provider'
import { strangersNote, type Author } from './authors'
import type { Settings } from './config'
import { contentOf } from './content'
import { messageId } from './ids'
import { internalityOf, noteIn } from './internal'
import { loggableType, type MessageEvent } from './payloads'

/**
 * The subtypes of new messages from people.
 * https://docs.slack.dev/reference/events/message#subtypes
 */
const NEW_MESSAGES = new Set([
  '',
  'bot_message',
  'file_share',
  'thread_broadcast',
  'reply_broadcast',
  'me_message',
  'file_comment',
])

/** Edits, deletions and what Slack itself says. */
const NOTICES =
  /^(?:message_(?:changed|deleted|replied)|tombstone|(?:un)?pinned_item|reminder_\w+|ekm_access_denied|(?:channel|group)_\w+|bot_(?:add|remove|enable|disable)\w*|file_mention|huddle_\w+|sh_room_\w+|\w*_(?:join|leave)|assistant_app_thread|bookmark_\w+|tabbed_canvas_\w+|joiner_notification\w*)$/

/** Why this is no new message, or undefined if it is one. */
export const noticeIn = ({ subtype, hidden }: MessageEvent): string | undefined => {
  if (hidden || NOTICES.test(subtype ?? '')) return `Not a new message: ${loggableType(subtype ?? 'hidden')}`
  return undefined
}

export interface Thread {
  ticket: TicketKey
  /** Timestamp of the thread's root. */
  rootTs: string
  /** The app's own users. Mentions of them are removed from the text. */
  botUsers: string[]
  settings: Pick<Settings, 'internalPrefix' | 'agents' | 'handBack'>
}

const DOUBTFUL =
  'This looks like an internal note, so it was not delivered to the customer. To send it, write it again without the ' +
  'prefix of internal notes at its beginning.'
const UNKNOWN_KIND = 'This kind of message is unknown to the router and was not delivered to the customer.'

/** The events of a reply. An agent's reply also claims the ticket if nobody has yet (`ifUnassigned`). */
export const replyOf = (message: MessageEvent, author: Exclude<Author, 'unsure'>, thread: Thread): ParsedWebhook => {
  const { ticket, rootTs, botUsers, settings } = thread
  if (author === 'app') return { events: [], ignored: 'A message from an app' }
  const id = messageId(rootTs, message.ts)
  const agent = { id: message.user ?? '' }
  /** Nothing of the message is delivered, and its author is told. */
  const tell = (undelivered: string, noteId = id): ParsedWebhook => ({
    events: [{ type: 'message-posted', ticket, id: noteId, agent, parts: [], undelivered }],
  })
  const internality = internalityOf(message, settings.internalPrefix)
  if (internality === 'yes') {
    const isAgentsHandBack = author === 'agent' && _isHandBack(message, settings)
    return isAgentsHandBack
      ? { events: [{ type: 'handed-back', ticket, id, agent }] }
      : { events: [], ignored: 'An internal note' }
  }
  // All of a thread's have one id, so the core writes one note.
  if (author === 'stranger') return tell(strangersNote(settings.agents), messageId(rootTs, 'strangers'))
  if (internality === 'doubtful') return tell(DOUBTFUL)
  if (!NEW_MESSAGES.has(message.subtype ?? '')) return tell(UNKNOWN_KIND)
  const { text, files = [], missing } = contentOf(message, botUsers)
  const parts: AgentPart[] = [...(text === '' ? [] : [textPart(text)]), ...files]
  if (parts.length === 0 && missing.length === 0) return { events: [], ignored: 'An empty message' }
  const posted: SessionEvent = { type: 'message-posted', ticket, id, agent, parts }
  return {
    events: [
      { type: 'agent-assigned', ticket, agent, ifUnassigned: true },
      missing.length > 0 ? { ...posted, undelivered: _undelivered(missing) } : posted,
    ],
  }
}

/** In `//bot` the phrase begins within the prefix: a message that begins with `/bot` would be a command of Slack. */
const _isHandBack = (message: MessageEvent, { internalPrefix, handBack }: Thread['settings']): boolean => {
  const note = noteIn(message, internalPrefix)
  if (note === undefined) return false
  const isWithin = internalPrefix.endsWith('/') && isHandBack(`/${note}`, handBack)
  return isHandBack(note, handBack) || isWithin
}

const _undelivered = (missing: string[]): string =>
  `Not delivered to the customer: ${missing.join('; ')}. That cannot be opened outside Slack: write what it says ` +
  'into a reply.'
