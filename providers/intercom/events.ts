/** What teammates did, from the parts of a conversation. */
import { isHandBack } from '../kit/hand-back'
import { htmlToText } from '../kit/html-to-markdown'
import type { Agent, AgentPart, SessionEvent, TicketKey } from '../provider'
import { contentOf } from './files'
import { byTime, isNote, isReopening, type Part } from './schemas'

/** How to read a list of parts. */
interface Context {
  ticket: TicketKey
  /** Opens the conversation in the inbox. For the agent. */
  link: string
  /** Which changes of state to report. */
  isClosed: boolean
  isReopened: boolean
  isAssigned: boolean
  /** Whether the list was announced as a reply. Then any words in an assignment are for the customer. */
  isReply: boolean
  /** The phrase by which teammates give the conversation back. */
  handBack: string
}

/**
 * The events in a list of parts, in order, each with its part. Each public part by a teammate is a message. For state
 * changes only the last part counts, because the list may include older ones.
 */
export const eventsByPart = (parts: Part[], context: Context): { part: Part; events: SessionEvent[] }[] => {
  const { ticket } = context
  const ordered = parts.toSorted(byTime)
  const closing = context.isClosed ? ordered.findLast(isEnd) : undefined
  const reopening = context.isReopened ? ordered.findLast((part) => isReopening(part)) : undefined
  const assignment = context.isAssigned ? ordered.findLast(_isAssignment) : undefined
  return ordered.map((part) => {
    const events: SessionEvent[] = []
    if (part === reopening) events.push({ type: 'ticket-reopened', ticket })
    const assigned = part === assignment ? _assignedAgent(part) : undefined
    if (assigned) events.push({ type: 'agent-assigned', ticket, agent: assigned })
    const message = _message(part, context) ?? _handBack(part, context)
    if (message) events.push(message)
    if (part === closing) events.push({ type: 'ticket-closed', ticket, reason: 'solved' })
    return { part, events }
  })
}

/** A close, or a ticket's state set to resolved. */
export const isEnd = (part: Part): boolean =>
  part.part_type === 'close' || (isStateChange(part) && part.ticket_state === RESOLVED)

export const RESOLVED = 'resolved'

export const isStateChange = (part: Part): boolean => part.part_type?.startsWith('ticket_state') ?? false

const _isAssignment = ({ part_type: type }: Part): boolean => type?.startsWith('assign') ?? false

/** The teammate to whom another teammate assigned it. Ignores teams, unassignment and workflows. */
const _assignedAgent = (part: Part): Agent | undefined => {
  const { author, assigned_to: to } = part
  if (author?.type !== 'admin' || to?.type !== 'admin' || !to.id || to.id === '0') return undefined
  const name = to.name ?? (author.id === to.id ? author.name : undefined)
  return { id: to.id, ...(name ? { name } : {}) }
}

/** Types whose words are for the customer. Other than these, a part without words is only a change of state. */
const STATES = new Set(['open', 'close', 'snoozed', 'unsnoozed'])
const REPLIES = new Set(['comment', 'quick_reply'])
/** Types that customers never see, with or without words. */
const INTERNAL =
  /^(?:note|away_mode|default_|workflow|message_strategy|participant|conversation_|ticket_|custom_action|priority|operator_|merged_|language|attribute|timer_|user_|resolution_bot|channel_)/

/**
 * - words: they are for the customer.
 * - unknown: Intercom may show it to the customer or not.
 * - internal: it is for teammates, or no message at all.
 */
const _kindOf = (part: Part, isReply: boolean): 'words' | 'unknown' | 'internal' => {
  const type = part.part_type ?? ''
  if (isNote(part) || INTERNAL.test(type)) return 'internal'
  if (REPLIES.has(type)) return 'words'
  const hasWords = Boolean(part.body?.trim()) || (part.attachments ?? []).length > 0
  if (!hasWords) return 'internal'
  if (STATES.has(type)) return 'words'
  // The first answer in an unassigned conversation is an assignment to its author. Words with any other assignment may
  // be for colleagues.
  if (_isAssignment(part)) return isReply || _isToAuthor(part) ? 'words' : 'internal'
  return 'unknown'
}

const _isToAuthor = ({ author, assigned_to: to }: Part): boolean => Boolean(to?.id) && to?.id === author?.id

/** A teammate's note that is the hand-back phrase. */
const _handBack = (part: Part, { ticket, handBack }: Context): SessionEvent | undefined => {
  const { author } = part
  if (
    author?.type !== 'admin' ||
    part.redacted ||
    !isNote(part) ||
    !isHandBack(htmlToText(part.body ?? ''), handBack)
  ) {
    return undefined
  }
  return { type: 'handed-back', ticket, id: part.id, agent: _agentOf(author) }
}

/** A message that a teammate has deleted. Undefined for notes, changes of state and other people's messages. */
export const removalOf = (part: Part, ticket: TicketKey): SessionEvent | undefined =>
  part.redacted && part.author?.type === 'admin' && _kindOf({ ...part, body: 'deleted' }, true) !== 'internal'
    ? { type: 'message-removed', ticket, id: part.id, agent: _agentOf(part.author) }
    : undefined

const _agentOf = ({ id, name }: NonNullable<Part['author']>): Agent => ({
  id: id ?? NAMELESS,
  ...(name ? { name } : {}),
})

const UNKNOWN_CONTENT = 'a message of a kind that can’t be shown here'
/** A teammate of whom Intercom gives no id. */
const NAMELESS = 'unknown'

const _message = (part: Part, { ticket, link, isReply }: Context): SessionEvent | undefined => {
  const { author } = part
  // Fin, bots and workflows are of type 'bot', customers of type 'user' or 'lead'.
  if (author?.type !== 'admin' || part.redacted) return undefined
  const kind = _kindOf(part, isReply)
  if (kind === 'internal') return undefined
  const { parts, missing } = kind === 'words' ? contentOf(part, ticket.ticketId) : { parts: [], missing: [] }
  const isUnknown = parts.length === 0
  const shown: AgentPart[] = isUnknown ? [{ type: 'text', text: `[${UNKNOWN_CONTENT}]` }] : parts
  const undelivered = isUnknown ? `A message here is of a kind that the router can’t read` : _files(missing)
  return {
    type: 'message-posted',
    ticket,
    id: part.id,
    agent: _agentOf(author),
    parts: shown,
    ...(undelivered === undefined
      ? {}
      : { undelivered: `${undelivered}, so the customer did not receive it. They were told so: ${link}` }),
  }
}

const _files = (names: string[]): string | undefined =>
  names.length === 0
    ? undefined
    : `Links to files that end after some time can’t be passed on (${names.map((name) => `“${name}”`).join(', ')})`
