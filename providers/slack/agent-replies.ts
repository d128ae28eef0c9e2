/** Recognises and converts agents' replies, with the same rules for webhook events and messages read from a thread. */
import { textPart } from '../kit/markdown-writer'
import type { MessagePart, ParsedWebhook, TicketKey } from '../provider'
import { addressToId } from './ids'
import { loggableType, type MessageEvent } from './payloads'
import { messageToMarkdown, unescapeText } from './to-markdown'

/**
 * The subtypes of new messages from people. All others are edits, deletions and notices.
 * https://docs.slack.dev/reference/events/message#subtypes
 */
const NEW_MESSAGE_SUBTYPES = new Set([undefined, null, '', 'file_share', 'thread_broadcast', 'me_message'])

/** Slack's own users: they post reminders, notices and the stand-in for a deleted root. */
export const SYSTEM_USERS = new Set(['USLACKBOT', 'USLACK'])

/** Why a message isn't a person's, or undefined if it is. The router's own posts count as an app's. */
export const reasonToIgnore = (message: MessageEvent, botUsers: string[]): string | undefined => {
  const { user } = message
  if (!NEW_MESSAGE_SUBTYPES.has(message.subtype) || message.hidden)
    return `Not a new message: ${loggableType(message.subtype ?? 'hidden')}`
  if (message.bot_id || message.app_id || message.bot_profile) return 'A message from an app'
  if (!user || SYSTEM_USERS.has(user) || botUsers.includes(user)) return 'A message not written by a person'
  return undefined
}

export interface Thread {
  ticket: TicketKey
  /** The app's own users. Mentions of them are removed from the text. */
  botUsers: string[]
  internalPrefix: string
}

/** The events of a person's reply. Each reply also claims the ticket if nobody has yet (`ifUnassigned`). */
export const replyOf = (message: MessageEvent, { ticket, botUsers, internalPrefix }: Thread): ParsedWebhook => {
  const text = messageToMarkdown(message, botUsers)
  if (_isInternal(message, text, internalPrefix)) return { events: [], ignored: 'An internal note' }
  const names = (message.files ?? []).map(({ name, title }) => name || title || 'unnamed file')
  const parts: MessagePart[] = text === '' ? [] : [textPart(text)]
  if (parts.length === 0 && names.length === 0) return { events: [], ignored: 'An empty message' }
  const agent = { id: message.user ?? '' }
  return {
    events: [
      { type: 'agent-assigned', ticket, agent, ifUnassigned: true },
      {
        type: 'message-posted',
        ticket,
        id: addressToId({ channel: message.channel, ts: message.ts }),
        agent,
        parts,
        ...(names.length > 0 ? { undelivered: _undelivered(names) } : {}),
      },
    ],
  }
}

/** Compares the prefix with the text as typed (`:lock:`, `>`) and as shown (🔒). Skips a leading mention of the app. */
const _isInternal = (message: MessageEvent, text: string, prefix: string): boolean => {
  const typed = unescapeText(message.text ?? '').replace(/^\s*<@[A-Z0-9]+(?:\|[^>]*)?>[\s,:]*/, '')
  return [typed, text, text.replaceAll('\\', '')].some((form) => form.trimStart().startsWith(prefix))
}

/** Only members of the workspace can open Slack's files. */
const _undelivered = (names: string[]): string =>
  (names.length === 1
    ? `The file “${names[0]}” was not delivered to the customer: `
    : `The files ${names.map((name) => `“${name}”`).join(', ')} were not delivered to the customer: `) +
  'files from Slack cannot be opened outside it.'
