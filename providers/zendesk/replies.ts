/** Which comments are an agent's words to the customer, and what the customer gets of them. */
import { htmlToParts, htmlToText } from '../kit/html-to-markdown'
import type { Agent, AgentPart, MessagePart } from '../provider'
import type { Api } from './api'
import { attachmentHandle, deskFile, fileOf, imageHandle, isAtAccount, isInfected, nameOf } from './attachments'
import { findUser, isAgent, toAgent } from './contacts'
import { MESSAGE_KEY } from './identity'
import { isMergeLine } from './merging'
import { isMail, withoutQuotations, withoutQuotedLines } from './quotations'
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

/**
 * Whether the comment is an internal note that an agent typed. Notes through the API are the router's, or another
 * program's.
 */
export const isTypedNote = (comment: Comment): boolean =>
  comment.public === false &&
  Number(comment.author_id) > 0 &&
  comment.metadata?.custom?.[MESSAGE_KEY] === undefined &&
  !['api', '5'].includes(String(comment.via?.channel)) &&
  !_isAutomatic(comment)

/** What a note says, as people see it. */
export const textOf = ({ html_body: html, plain_body: plain, body }: Comment): string =>
  html ? htmlToText(html) : (plain ?? body ?? '')

export interface Content {
  parts: AgentPart[]
  undelivered?: string
}

/** What the customer gets of a comment. Anything that can't be shown is named: to the agent, and in its place. */
export const contentOf = (api: Api, ticketId: string, comment: Comment): Content => {
  const attachments = (comment.attachments ?? []).filter((attachment) => !_isRedactedFile(attachment))
  const problems: string[] = []
  const parts: AgentPart[] = []
  /** Attachments that stand in the text. Zendesk lists inline images too, sometimes under another address. */
  const shown = new Set<Attachment>()
  const addFile = (attachment: Attachment): void => {
    if (shown.has(attachment)) return
    shown.add(attachment)
    const name = nameOf(attachment)
    if (isInfected(attachment)) problems.push(`The file “${name}” was not delivered: Zendesk found malware in it.`)
    else if (attachment.id) parts.push(deskFile(attachmentHandle(attachment.id), attachment))
    else problems.push(`The file “${name}” was not delivered: Zendesk gives no address for it.`)
  }
  let images = 0
  for (const part of _bodyOf(comment)) {
    const file = part.type === 'file' ? fileOf(part.url) : undefined
    const listed = attachments.find(({ content_url: url, mapped_content_url: mapped }) =>
      [url, mapped].some((it) => it && fileOf(it) === file)
    )
    if (listed) addFile(listed)
    else if (part.type === 'file' && isAtAccount(api, part.url)) {
      const handle = imageHandle(ticketId, comment.id, images)
      parts.push({ type: 'desk-file', handle, ...(part.title ? { name: part.title } : {}) })
    } else parts.push(part)
    if (part.type === 'file') images += 1
  }
  for (const attachment of attachments) addFile(attachment)
  if (parts.length === 0 && problems.length === 0 && EMBEDDED.test(comment.html_body ?? '')) {
    parts.push({ type: 'text', text: '[something that cannot be shown]' })
    problems.push('The reply holds something that cannot be shown to the customer.')
  }
  return problems.length > 0 ? { parts, undelivered: problems.join(' ') } : { parts }
}

/** What only agents' browsers show. */
const EMBEDDED = /<(?:audio|canvas|embed|iframe|img|math|object|picture|svg|video)\b/i

const _bodyOf = (comment: Comment): MessagePart[] => {
  const plain = (comment.plain_body ?? comment.body ?? '').trim()
  const isRedacted = _isBlackedOut(textOf(comment))
  if (comment.html_body) {
    const html = isMail(comment) ? withoutQuotations(comment.html_body) : comment.html_body
    return htmlToParts(html).filter((part) => part.type !== 'text' || !isRedacted)
  }
  if (plain === '' || isRedacted) return []
  return [{ type: 'text', text: isMail(comment) ? withoutQuotedLines(plain) : plain }]
}

/**
 * Zendesk replaces each redacted character by ▇, and a redacted file by an empty `redacted.txt`.
 * https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#redact-string-in-comment
 */
const _isBlackedOut = (text: string): boolean => text.includes('▇') && /^[▇\s\p{P}]*$/u.test(text)

const _isRedactedFile = ({ deleted, file_name: name, size }: Attachment): boolean =>
  deleted === true || (name === 'redacted.txt' && (size ?? 0) === 0)

/** Whether an agent has taken something of the comment back. */
export const isRedacted = (comment: Comment): boolean =>
  textOf(comment).includes('▇') || (comment.attachments ?? []).some(_isRedactedFile)
