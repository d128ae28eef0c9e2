/** Which comments are an agent's words to the customer, and what the customer gets of them. */
import { fileKey } from '../kit/addresses'
import { htmlToParts, htmlToText } from '../kit/html-to-markdown'
import { shorten } from '../kit/message-text'
import type { Agent, MessagePart } from '../provider'
import { hasCode, type Api } from './api'
import { findUser, isAgent, toAgent } from './contacts'
import { MESSAGE_KEY } from './identity'
import { isMergeLine } from './merging'
import type { Attachment, Comment, User } from './records'

/**
 * Channels in which nobody writes to the customer, as words and as numbers: rules, changes by Zendesk itself, merges,
 * protocols of calls and transcripts of chats. In any other channel an agent writes.
 * https://developer.zendesk.com/documentation/ticketing/reference-guides/via-types/
 */
const AUTOMATIC_CHANNELS = new Set(
  (
    'rule system linked_problem group_deletion user_change user_deletion group_change resource_push merge user_merge ' +
    'recovered_from_suspended_tickets automatic_solution_suggestions satisfaction_prediction answer_bot ' +
    'chat messaging native_messaging voice voicemail phone_call_inbound phone_call_outbound ' +
    'api_voicemail api_phone_call_inbound api_phone_call_outbound ' +
    '8 9 10 11 12 13 14 19 21 22 25 29 33 34 35 44 45 46 54'
  ).split(' ')
)

const _isAutomatic = (comment: Comment): boolean => {
  const channel = String(comment.via?.channel ?? '')
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
  // `VoiceComment`, and `ChatStartedEvent` in old accounts.
  return AUTOMATIC_CHANNELS.has(channel) || /voice|chat/i.test(comment.type ?? '') || isMergeLine(comment)
}

/**
 * Whether the comment may be an agent's words to the customer, as far as it tells without its author. Redacted comments
 * and notes are read as they are now: what was taken back before it was delivered isn't.
 */
export const isReply = (comment: Comment, contactId: string | undefined): boolean =>
  comment.public === true &&
  Number(comment.author_id) > 0 &&
  comment.author_id !== contactId &&
  comment.metadata?.custom?.[MESSAGE_KEY] === undefined &&
  !_isAutomatic(comment)

/**
 * The agent who wrote a comment. Undefined for end users, such as people in copy, and for users whom Zendesk doesn't
 * show any more. A former agent who is known from the ticket (`colleagues`) still is one.
 */
export const agentBehind = async (
  api: Api,
  authorId: string,
  { people, colleagues }: { people: Map<string, User>; colleagues: readonly string[] }
): Promise<{ agent: Agent | undefined; isUnknown: boolean }> => {
  const user = people.get(authorId) ?? (await findUser(api, authorId))
  if (user) people.set(authorId, user)
  const isKnown = isAgent(user) || colleagues.includes(authorId)
  return { agent: isKnown ? toAgent(authorId, user) : undefined, isUnknown: !user && !isKnown }
}

/** In UTF-16 units. Longer names help nobody. */
const LONGEST_FILE_NAME = 200

export interface Content {
  parts: MessagePart[]
  undelivered?: string
}

/** What the customer gets of a comment. Anything that can't be shown is named: to the agent, and in its place. */
export const contentOf = async (api: Api, comment: Comment): Promise<Content> => {
  const attachments = (comment.attachments ?? []).filter((attachment) => !_isRedactedFile(attachment))
  // Zendesk also lists inline images as attachments, sometimes under another address of the same file.
  const listed = new Set(
    attachments.flatMap(({ content_url: url, mapped_content_url: mapped }) =>
      [url, mapped].flatMap((it) => it ?? []).map(_fileOf)
    )
  )
  const problems: string[] = []
  const parts: MessagePart[] = []
  for (const part of _bodyOf(comment)) {
    if (part.type !== 'file') parts.push(part)
    else if (listed.has(_fileOf(part.url))) continue
    else if (_isAtAccount(api, part.url) && (await _isPrivate(api))) problems.push(_hidden(part.title ?? 'image'))
    else parts.push(part)
  }
  for (const attachment of attachments) {
    const name = shorten((attachment.file_name ?? '').replace(/\s+/g, ' ').trim(), LONGEST_FILE_NAME) || 'attachment'
    const url = attachment.content_url ?? ''
    if (attachment.malware_scan_result === 'malware_found') {
      problems.push(`The file “${name}” was not delivered: Zendesk found malware in it.`)
    } else if (!url.startsWith('https://')) {
      problems.push(`The file “${name}” was not delivered: Zendesk gives no address for it.`)
    } else if (await _isPrivate(api)) problems.push(_hidden(name))
    else parts.push({ type: 'file', kind: _kindOf(attachment.content_type ?? ''), url, title: name })
  }
  if (parts.length === 0 && problems.length === 0 && EMBEDDED.test(comment.html_body ?? '')) {
    parts.push({ type: 'text', text: '[something that cannot be shown]' })
    problems.push('The reply holds something that cannot be shown to the customer.')
  }
  return problems.length > 0 ? { parts, undelivered: problems.join(' ') } : { parts }
}

/** What only agents' browsers show. */
const EMBEDDED = /<(?:audio|canvas|embed|iframe|img|math|object|picture|svg|video)\b/i

const _hidden = (name: string): string =>
  `The file “${name}” was not delivered: this Zendesk account shows attachments only to signed-in users.`

const _bodyOf = (comment: Comment): MessagePart[] => {
  const plain = (comment.plain_body ?? comment.body ?? '').trim()
  const isRedacted = _isBlackedOut(comment.html_body ? htmlToText(comment.html_body) : plain)
  if (comment.html_body) {
    return htmlToParts(comment.html_body).filter((part) => part.type !== 'text' || !isRedacted)
  }
  return plain === '' || isRedacted ? [] : [{ type: 'text', text: plain }]
}

/**
 * Zendesk replaces each redacted character by ▇, and a redacted file by an empty `redacted.txt`.
 * https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#redact-string-in-comment
 */
const _isBlackedOut = (text: string): boolean => text.includes('▇') && /^[▇\s\p{P}]*$/u.test(text)

const _isRedactedFile = ({ deleted, file_name: name, size }: Attachment): boolean =>
  deleted === true || (name === 'redacted.txt' && (size ?? 0) === 0)

/** Identifies a file by its address. At Zendesk a token names it, and what follows is only its name. */
const _fileOf = (address: string): string => /\/attachments\/token\/([^/?#]+)/.exec(address)?.[1] ?? fileKey(address)

const _isAtAccount = (api: Api, address: string): boolean =>
  URL.canParse(address) && new URL(address).origin === api.origin && address.includes('/attachments/')

/** Counts an unreadable setting as private: telling the agent beats sending the customer a link that fails. */
const _isPrivate = async (api: Api): Promise<boolean> => {
  try {
    return await api.attachmentsArePrivate()
  } catch (error) {
    if (hasCode(error, 'unauthorized', 'not-found', 'rejected')) return true
    throw error
  }
}

const _kindOf = (contentType: string): 'image' | 'audio' | 'video' | 'file' => {
  const kind = contentType.split('/')[0]
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'file'
}
