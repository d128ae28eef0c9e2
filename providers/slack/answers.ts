/** Which messages of a thread are agents' answers, and what they say: the same for an event and for what is read from the thread. */
import type { MessagePart, ParsedWebhook, TicketKey } from '../provider'
import { addressToId } from './ids'
import { wordOf, type MessageEvent } from './payloads'
import { messageToMarkdown, unescapeText } from './to-markdown'

/** The subtypes in which a person says something new; all others are edits, deletions and notices. https://docs.slack.dev/reference/events/message#subtypes */
const SPOKEN = new Set([undefined, null, '', 'file_share', 'thread_broadcast', 'me_message'])

/** Slack itself: reminders, notices, and the author of a message in place of one that was deleted. */
export const SYSTEM_USERS = new Set(['USLACKBOT', 'USLACK'])

/** Why no person said this, or undefined where one did. Our own posts are those of an app. */
export const whyNoAnswer = (message: MessageEvent, botUsers: string[]): string | undefined => {
  const { user } = message
  if (!SPOKEN.has(message.subtype) || message.hidden) return `Not a new message: ${wordOf(message.subtype ?? 'hidden')}`
  if (message.bot_id || message.app_id || message.bot_profile) return 'A message of an app'
  if (!user || SYSTEM_USERS.has(user) || botUsers.includes(user)) return 'A message that no person wrote'
  return undefined
}

export interface Thread {
  ticket: TicketKey
  /** Our app's users: to call it is no part of what is said. */
  botUsers: string[]
  internalPrefix: string
}

/** A person's reply in a thread of ours as the customer gets it. Who answers first has claimed. */
export const answerOf = (message: MessageEvent, { ticket, botUsers, internalPrefix }: Thread): ParsedWebhook => {
  const text = messageToMarkdown(message, botUsers)
  if (_isInternal(message, text, internalPrefix)) return { events: [], ignored: 'An internal note' }
  const names = (message.files ?? []).map(({ name, title }) => name || title || 'a file without a name')
  const parts: MessagePart[] = text === '' ? [] : [{ type: 'text', text }]
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

/** As it was typed (a prefix may be `:lock:` or `>`) and as it is shown (🔒), with or without the app being called first. */
const _isInternal = (message: MessageEvent, text: string, prefix: string): boolean => {
  const typed = unescapeText(message.text ?? '').replace(/^\s*<@[A-Z0-9]+(?:\|[^>]*)?>[\s,:]*/, '')
  return [typed, text, text.replaceAll('\\', '')].some((form) => form.trimStart().startsWith(prefix))
}

/** Slack's files open with a token of the workspace only. */
const _undelivered = (names: string[]): string =>
  names.length === 1
    ? `The file “${names[0]}” was not delivered to the customer: files from Slack cannot be opened outside it.`
    : `The files ${names.map((name) => `“${name}”`).join(', ')} were not delivered to the customer: files from Slack cannot be opened outside it.`
