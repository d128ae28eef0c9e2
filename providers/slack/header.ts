import { shorten } from '../kit/message-text'
import { oneLine } from '../kit/text'
import type { Agent, SessionChange, TicketRequest } from '../provider'
import type { Block, Metadata } from './api'
import type { ReadMessage } from './answers'
import { markdownToPieces } from './pieces'
import { escapeName, escapeText, linkTo, plainName } from './to-mrkdwn'

/** `event_type` of a root's metadata. Its payload holds the conversation and the state of the thread. */
const SESSION_EVENT = 'hitl_router_session'
export const CLAIM_ACTION = 'hitl_router_claim'
export const RESOLVE_ACTION = 'hitl_router_resolve'
const STATUS_BLOCK = 'hitl_router_status'
const ACTIONS_BLOCK = 'hitl_router_actions'

const MAX_TITLE_LENGTH = 150
const MAX_SECTION_LENGTH = 2_900

export interface Header {
  text: string
  blocks: Block[]
  metadata: Metadata
  /** The description doesn't fit: the whole text has to be posted into the thread. */
  isShortened: boolean
  /** What of the session's wishes it doesn't show: a sentence each, naming the field. */
  leftOut: string[]
}

/** A line of the header. A field that is left out is named. */
interface Line {
  text: string
  field?: string
}

/** The thread's root, with status and buttons. https://docs.slack.dev/reference/block-kit/blocks */
export const headerFor = (request: TicketRequest): Header => {
  const { customer, options } = request
  const prefix = plainName(options.subjectPrefix ?? '')
  const title = [prefix, plainName(request.title) || 'A customer asks for help'].filter(Boolean).join(' ')
  const name = escapeName(shorten(customer.name, 100)) || 'Customer'
  const description = request.description?.trim() ? markdownToPieces(request.description, MAX_SECTION_LENGTH) : []
  const isShortened = description.length > 1
  const summary = request.summary?.trim() ? markdownToPieces(request.summary, MAX_SECTION_LENGTH) : []
  const assignee = mentionOf(options.assignee)
  const { kept, leftOut } = _fitting([
    { text: `*Customer:* ${name}${customer.email ? ` (${escapeText(shorten(customer.email, 254))})` : ''}` },
    ..._line('Phone', customer.phone),
    ..._line('Channel', request.channel),
    ..._line('Language', customer.language),
    ...(options.priority ? [{ text: `*Priority:* ${options.priority}` }] : []),
    ...(options.tags?.length ? [{ text: `*Tags:* ${escapeName(shorten(options.tags.join(', '), 200))}` }] : []),
    ...(assignee ? [{ text: `*For:* ${assignee}` }] : []),
    ...(request.conversationUrl ? [{ text: `*Conversation:* ${linkTo(request.conversationUrl)}` }] : []),
    // Of unknown number, so last.
    ..._lines(options.fields),
    ..._lines(customer.attributes),
  ])
  return {
    text: `${escapeName(shorten(title, MAX_TITLE_LENGTH))} – ${name}`,
    blocks: [
      {
        type: 'header',
        block_id: 'hitl_router_title',
        text: { type: 'plain_text', text: shorten(title, MAX_TITLE_LENGTH), emoji: false },
      },
      {
        type: 'section',
        block_id: 'hitl_router_customer',
        text: { type: 'mrkdwn', text: kept.join('\n'), verbatim: true },
      },
      ...(summary[0]
        ? [
            {
              type: 'section',
              block_id: 'hitl_router_summary',
              text: { type: 'mrkdwn', text: summary.length > 1 ? `${summary[0]}\n…` : summary[0], verbatim: true },
            },
          ]
        : []),
      ...(description[0]
        ? [
            {
              type: 'section',
              block_id: 'hitl_router_description',
              text: { type: 'mrkdwn', text: isShortened ? `${description[0]}\n…` : description[0], verbatim: true },
            },
          ]
        : []),
      _status('Waiting for an agent. The first reply in the thread claims it.'),
      _actions(request.conversationId, true),
    ],
    metadata: {
      event_type: SESSION_EVENT,
      event_payload: { conversation_id: request.conversationId, bot_id: request.botId, state: 'waiting' },
    },
    isShortened,
    leftOut: [
      ...(options.assignee && assignee === undefined
        ? ['The assignee is not the id of a person in Slack, such as U0123456789']
        : []),
      ...leftOut.map((field) => `The header of the thread has no room for “${field}”`),
    ],
  }
}

const LONGEST_VALUE = 200

const _line = (name: string, value: string | undefined): Line[] => {
  const label = escapeName(shorten(name, LONGEST_VALUE))
  return value?.trim() && label
    ? [{ text: `*${label}:* ${escapeName(shorten(value, LONGEST_VALUE))}`, field: oneLine(name, LONGEST_VALUE) }]
    : []
}

const _lines = (fields: Record<string, string> | undefined): Line[] =>
  Object.entries(fields ?? {}).flatMap(([name, value]) => _line(name, value))

/** The lines that fit into a section, and the fields that don't. A last line says how many these are. */
const _fitting = (lines: Line[]): { kept: string[]; leftOut: string[] } => {
  const kept: string[] = []
  const leftOut: string[] = []
  let length = 0
  for (const { text, field = '' } of lines) {
    if (length + text.length + 1 > MAX_SECTION_LENGTH - 50) {
      leftOut.push(field)
      continue
    }
    length += text.length + 1
    kept.push(text)
  }
  if (leftOut.length === 0) return { kept, leftOut }
  const more = leftOut.length === 1 ? '1 more field is' : `${leftOut.length} more fields are`
  return { kept: [...kept, `_${more} left out_`], leftOut }
}

/** A mention notifies the person. Undefined: the assignee isn't an id of Slack. */
const mentionOf = (assignee: string | undefined): string | undefined => {
  const id = assignee?.trim().replace(/^<@([UW][A-Z0-9]+)>$/, '$1')
  return id && /^[UW][A-Z0-9]{2,}$/.test(id) ? `<@${id}>` : undefined
}

const _status = (text: string): Block => ({
  type: 'context',
  block_id: STATUS_BLOCK,
  elements: [{ type: 'mrkdwn', text, verbatim: true }],
})

const _actions = (conversationId: string, isClaimable: boolean): Block => ({
  type: 'actions',
  block_id: ACTIONS_BLOCK,
  elements: [
    ...(isClaimable ? [_button(CLAIM_ACTION, 'Claim', conversationId, 'primary')] : []),
    _button(RESOLVE_ACTION, 'Resolve', conversationId),
  ],
})

const _button = (action: string, label: string, value: string, style?: string): Block => ({
  type: 'button',
  action_id: action,
  text: { type: 'plain_text', text: label, emoji: false },
  value,
  ...(style ? { style } : {}),
})

/** The bot whose handoff this root is for. */
export const botOf = ({ metadata }: ReadMessage): string | undefined => {
  const id = metadata?.event_type === SESSION_EVENT ? metadata.event_payload['bot_id'] : undefined
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** The conversation whose root this is, or undefined if the router didn't post it as a root. */
export const conversationOf = ({ metadata }: ReadMessage): string | undefined => {
  const id = metadata?.event_type === SESSION_EVENT ? metadata.event_payload['conversation_id'] : undefined
  return typeof id === 'string' && id !== '' ? id : undefined
}

export const isClosed = (root: ReadMessage): boolean => root.metadata?.event_payload['state'] === 'closed'

/**
 * The root's content after the change: its own blocks with new status and buttons. Undefined if nothing has to change:
 * the thread is closed, the agent has already claimed it, or the message isn't a root of the router.
 */
export const updatedHeader = (
  root: ReadMessage,
  change: SessionChange
): { text: string; blocks: Block[]; metadata: Metadata } | undefined => {
  const blocks = (root.blocks ?? []).filter(
    (block): block is Block => typeof block === 'object' && block !== null && !Array.isArray(block)
  )
  if (root.metadata?.event_type !== SESSION_EVENT || isClosed(root)) return undefined
  if (!blocks.some((block) => block['block_id'] === STATUS_BLOCK)) return undefined
  const payload = _stringValues(root.metadata.event_payload)
  const claimedBy = payload['claimed_by']
  const state: Record<string, string> =
    change.type === 'assigned'
      ? { state: 'claimed', agent_id: change.agent.id, claimed_by: nameOf(change.agent) }
      : { state: 'closed' }
  if (change.type === 'assigned' && payload['agent_id'] === change.agent.id && payload['state'] === 'claimed')
    return undefined
  return {
    text: root.text ?? '',
    blocks: blocks.flatMap((block) => {
      if (block['block_id'] === STATUS_BLOCK) return [_status(_statusText(change, claimedBy))]
      if (block['block_id'] !== ACTIONS_BLOCK) return [block]
      return change.type === 'closed' ? [] : [_actions(payload['conversation_id'] ?? '', false)]
    }),
    metadata: { event_type: SESSION_EVENT, event_payload: { ...payload, ...state } },
  }
}

const _statusText = (change: SessionChange, claimedBy: string | undefined): string => {
  if (change.type === 'assigned') return `Claimed by ${nameOf(change.agent)}`
  const by = change.by === 'agent' ? 'Resolved' : 'Ended by the bot or the customer'
  return claimedBy ? `${by} · was claimed by ${claimedBy}` : by
}

/** The agent's name in mrkdwn. If only the id is known, a mention lets Slack show the name; edits notify nobody. */
export const nameOf = (agent: Agent): string =>
  (agent.name ? escapeName(shorten(agent.name, 100)) : '') ||
  (/^[UW][A-Z0-9]+$/.test(agent.id) ? `<@${agent.id}>` : 'an agent')

const _stringValues = (payload: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(payload).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
