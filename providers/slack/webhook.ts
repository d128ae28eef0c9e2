import { isFresh, isSigned } from '../kit/signature'
import type { ParsedWebhook, SessionEvent, TicketKey, WebhookRequest } from '../provider'
import { replyOf, SYSTEM_USERS, reasonToIgnore } from './agent-replies'
import { CLAIM_ACTION, RESOLVE_ACTION } from './header'
import { addressToId } from './ids'
import {
  anyPayload,
  blockActions,
  eventCallback,
  messageEvent,
  reactionEvent,
  urlVerification,
  loggableType,
  type MessageEvent,
  type ReactionEvent,
} from './payloads'

const FRESH_FOR_MS = 300_000

/**
 * Checks Slack's signature and refuses timestamps more than five minutes in the past or future.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export const verifyWebhook = (request: WebhookRequest, signingSecret: string, now: number): boolean => {
  const timestamp = request.headers['x-slack-request-timestamp']
  if (!timestamp || !/^\d{1,12}$/.test(timestamp) || !isFresh(Number(timestamp) * 1_000, now, FRESH_FOR_MS))
    return false
  const signature = request.headers['x-slack-signature']
  if (!signature?.startsWith('v0=')) return false
  return isSigned({
    algorithm: 'sha256',
    encoding: 'hex',
    secret: signingSecret,
    message: `v0:${timestamp}:${request.body}`,
    signature: signature.slice('v0='.length),
  })
}

const _ignored = (reason: string): ParsedWebhook => ({ events: [], ignored: reason })

/** Parses an event (a JSON body) or a button press (a form with JSON in its `payload`). */
export const parseWebhook = (request: WebhookRequest, internalPrefix: string): ParsedWebhook => {
  const body = _readBody(request)
  if (body === undefined) return _ignored('The body is not JSON')
  const kind = anyPayload.safeParse(body)
  if (!kind.success) return _ignored('The body is not a Slack payload')
  switch (kind.data.type) {
    case 'url_verification':
      return _answerChallenge(body)
    case 'block_actions':
      return _readButton(body)
    case 'event_callback':
      return _readEvent(body, internalPrefix)
    default:
      return _ignored(`Payloads of type ${loggableType(kind.data.type)} are not used`)
  }
}

const _readBody = ({ headers, body }: WebhookRequest): unknown => {
  const isForm =
    /^application\/x-www-form-urlencoded/i.test(headers['content-type'] ?? '') || body.startsWith('payload=')
  const json = isForm ? new URLSearchParams(body).get('payload') : body
  try {
    return json === null ? undefined : JSON.parse(json)
  } catch {
    return undefined
  }
}

const _answerChallenge = (body: unknown): ParsedWebhook => {
  const parsed = urlVerification.safeParse(body)
  if (!parsed.success) return _ignored('A URL verification without a challenge')
  return {
    events: [],
    ignored: 'URL verification',
    reply: { status: 200, headers: { 'content-type': 'text/plain' }, body: parsed.data.challenge },
  }
}

/**
 * Slack shows the agent an error unless the answer is an empty 200.
 * https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
 */
const _readButton = (body: unknown): ParsedWebhook => {
  const reply = { status: 200, body: '' }
  const parsed = blockActions.safeParse(body)
  if (!parsed.success) return { ..._ignored('A button of an unknown shape'), reply }
  const { user, container, channel, message, actions } = parsed.data
  const channelId = container?.channel_id ?? channel?.id
  const ts = container?.message_ts ?? message?.ts
  if (!channelId || !ts) return { ..._ignored('A button outside a message'), reply }
  const events = actions.flatMap(({ action_id: action, value }): SessionEvent[] => {
    const ticket: TicketKey = {
      ticketId: addressToId({ channel: channelId, ts }),
      ...(value ? { conversationId: value } : {}),
      origin: 'recent',
    }
    if (action === CLAIM_ACTION) return [{ type: 'agent-assigned', ticket, agent: { id: user.id }, ifUnassigned: true }]
    if (action === RESOLVE_ACTION) return [{ type: 'ticket-closed', ticket, reason: 'solved' }]
    return []
  })
  return events.length === 0 ? { ..._ignored('A button of another app'), reply } : { events, reply }
}

/** Events that need an admin. The reason is logged. */
const ADMIN_ALERTS: Record<string, string | undefined> = {
  app_uninstalled: 'The Slack app was uninstalled: install it again and enter its new token',
  tokens_revoked: 'Tokens of the Slack app were revoked: install it again and enter its new token',
  channel_archive: 'A channel was archived: the app cannot post there any more',
  group_archive: 'A private channel was archived: the app cannot post there any more',
}

const _readEvent = (body: unknown, internalPrefix: string): ParsedWebhook => {
  const parsed = eventCallback.safeParse(body)
  if (!parsed.success) return _ignored('An event of an unknown shape')
  const { event, authorizations } = parsed.data
  const botUsers = (authorizations ?? []).flatMap(({ user_id: id, is_bot: isBot }) => (isBot && id ? [id] : []))
  if (event.type === 'message' || event.type === 'app_mention') {
    const message = messageEvent.safeParse(event)
    return message.success
      ? _readMessage(message.data, botUsers, internalPrefix)
      : _ignored('A message of an unknown shape')
  }
  if (event.type === 'reaction_added') {
    const reaction = reactionEvent.safeParse(event)
    return reaction.success
      ? _readReaction(reaction.data, botUsers)
      : _ignored('A reaction to something other than a message')
  }
  const alert = Object.hasOwn(ADMIN_ALERTS, event.type) ? ADMIN_ALERTS[event.type] : undefined
  return _ignored(alert ?? `Events of type ${loggableType(event.type)} are not used`)
}

/**
 * Storing a session takes less than this. An older thread without a session never gets one, so its replies must not be
 * marked `recent`: the router would ask for them again and again.
 */
const RECENT_FOR_S = 120

const _isRecent = (threadTs: string, ts: string): boolean => Number(ts) - Number(threadTs) < RECENT_FOR_S

const _readMessage = (message: MessageEvent, botUsers: string[], internalPrefix: string): ParsedWebhook => {
  const { ts, thread_ts: threadTs, channel } = message
  const reason = reasonToIgnore(message, botUsers)
  if (reason) return _ignored(reason)
  if (!threadTs || threadTs === ts) return _ignored('A message outside a thread')
  const parentUser = message.parent_user_id ?? message.root?.user
  const isOurs = parentUser ? botUsers.includes(parentUser) : false
  // After the root was deleted, Slack names one of its own users as its author.
  if (parentUser && !SYSTEM_USERS.has(parentUser) && botUsers.length > 0 && !isOurs)
    return _ignored('A reply in a thread not opened by the router')
  const ticket: TicketKey = {
    ticketId: addressToId({ channel, ts: threadTs }),
    ...(isOurs ? { origin: _isRecent(threadTs, ts) ? ('recent' as const) : ('possible' as const) } : {}),
  }
  return replyOf(message, { ticket, botUsers, internalPrefix })
}

const RESOLVE_REACTIONS = new Set(['white_check_mark', 'heavy_check_mark'])

/** ✅ on a root resolves the ticket. On a reply, the id matches no ticket and the core ignores the event. */
const _readReaction = (event: ReactionEvent, botUsers: string[]): ParsedWebhook => {
  if (!RESOLVE_REACTIONS.has(event.reaction)) return _ignored('A reaction that is not ✅')
  if (botUsers.includes(event.user) || SYSTEM_USERS.has(event.user)) return _ignored('A reaction from an app')
  if (event.item_user && botUsers.length > 0 && !botUsers.includes(event.item_user)) {
    return _ignored('A reaction to a message of another author')
  }
  const { channel, ts } = event.item
  return { events: [{ type: 'ticket-closed', ticket: { ticketId: addressToId({ channel, ts }) }, reason: 'solved' }] }
}
