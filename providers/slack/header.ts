import { shorten } from '../kit/message-text'
import type { Agent, SessionChange, TicketRequest } from '../provider'
import type { Block, Metadata, ReadMessage } from './api'
import { markdownToPieces } from './pieces'
import { escapeName, escapeText, plainName } from './to-mrkdwn'

/** `event_type` of a thread's root; its payload tells whose thread it is and where it stands. */
const SESSION_EVENT = 'hitl_router_session'
export const CLAIM_ACTION = 'hitl_router_claim'
export const RESOLVE_ACTION = 'hitl_router_resolve'
const STATUS_BLOCK = 'hitl_router_status'
const ACTIONS_BLOCK = 'hitl_router_actions'

const LONGEST_TITLE = 150
const LONGEST_SECTION = 2_900

export interface Header {
  text: string
  blocks: Block[]
  metadata: Metadata
  /** The description did not fit: it goes into the thread as a whole. */
  isShortened: boolean
}

/** The thread's root: who, about what, and the buttons. https://docs.slack.dev/reference/block-kit/blocks */
export const headerFor = (request: TicketRequest): Header => {
  const { customer, options } = request
  const title = plainName(request.title) || 'A customer asks for help'
  const name = escapeName(shorten(customer.name, 100)) || 'Customer'
  const description = request.description?.trim() ? markdownToPieces(request.description, LONGEST_SECTION) : []
  const isShortened = description.length > 1
  const about = [
    `*Customer:* ${name}${customer.email ? ` (${escapeText(shorten(customer.email, 254))})` : ''}`,
    ...(options.priority ? [`*Priority:* ${options.priority}`] : []),
    ...(options.tags?.length ? [`*Tags:* ${escapeName(shorten(options.tags.join(', '), 200))}`] : []),
  ]
  return {
    text: `${escapeName(shorten(title, LONGEST_TITLE))} – ${name}`,
    blocks: [
      {
        type: 'header',
        block_id: 'hitl_router_title',
        text: { type: 'plain_text', text: shorten(title, LONGEST_TITLE), emoji: false },
      },
      {
        type: 'section',
        block_id: 'hitl_router_customer',
        text: { type: 'mrkdwn', text: about.join('\n'), verbatim: true },
      },
      ...(description[0]
        ? [
            {
              type: 'section',
              block_id: 'hitl_router_description',
              text: { type: 'mrkdwn', text: isShortened ? `${description[0]}\n…` : description[0], verbatim: true },
            },
          ]
        : []),
      _status('Waiting for somebody to answer. The first reply in the thread claims it.'),
      _actions(request.conversationId, true),
    ],
    metadata: {
      event_type: SESSION_EVENT,
      event_payload: { conversation_id: request.conversationId, bot_id: request.botId, state: 'waiting' },
    },
    isShortened,
  }
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

/** Whose thread it is; undefined: none of ours. */
export const conversationOf = ({ metadata }: ReadMessage): string | undefined => {
  const id = metadata?.event_type === SESSION_EVENT ? metadata.event_payload['conversation_id'] : undefined
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** Whether the message is the root of this conversation's thread. */
export const isRootOf = (message: ReadMessage, conversationId: string): boolean =>
  conversationOf(message) === conversationId

export const isClosed = (root: ReadMessage): boolean => root.metadata?.event_payload['state'] === 'closed'

/**
 * The root as it is to be after the change: its own blocks, but for status and buttons. Undefined where there is nothing to change – the thread is closed, or the
 * message is not one of ours.
 */
export const headerAfter = (
  root: ReadMessage,
  change: SessionChange
): { text: string; blocks: Block[]; metadata: Metadata } | undefined => {
  const blocks = root.blocks ?? []
  if (root.metadata?.event_type !== SESSION_EVENT || isClosed(root)) return undefined
  if (!blocks.some((block) => block['block_id'] === STATUS_BLOCK)) return undefined
  const payload = _strings(root.metadata.event_payload)
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
      if (block['block_id'] === STATUS_BLOCK) return [_status(_sentence(change, claimedBy))]
      if (block['block_id'] !== ACTIONS_BLOCK) return [block]
      return change.type === 'closed' ? [] : [_actions(payload['conversation_id'] ?? '', false)]
    }),
    metadata: { event_type: SESSION_EVENT, event_payload: { ...payload, ...state } },
  }
}

const _sentence = (change: SessionChange, claimedBy: string | undefined): string => {
  if (change.type === 'assigned') return `Claimed by ${nameOf(change.agent)}`
  const by = change.by === 'agent' ? 'Resolved' : 'Ended by the bot or the customer'
  return claimedBy ? `${by} · was claimed by ${claimedBy}` : by
}

/** The agent in mrkdwn. Slack shows the name itself where we only know the id; an edit notifies nobody. */
export const nameOf = (agent: Agent): string =>
  (agent.name ? escapeName(shorten(agent.name, 100)) : '') ||
  (/^[UW][A-Z0-9]+$/.test(agent.id) ? `<@${agent.id}>` : 'an agent')

const _strings = (payload: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(payload).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
