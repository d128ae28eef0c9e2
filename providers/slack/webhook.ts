import { isFresh, isSigned } from '../kit/signature'
import type { ParsedWebhook, SessionEvent, TicketKey, WebhookRequest } from '../provider'
import { noticeIn, replyOf } from './agent-replies'
import { authorOf, strangersNote, SYSTEM_USERS, teamsOf, type Home } from './authors'
import { changeIn } from './changes'
import type { Settings } from './config'
import { CLAIM_ACTION, RESOLVE_ACTION } from './header'
import { addressToId, messageId } from './ids'
import type { Identity } from './memory'
import { mentionsIn, withNames, type NameOf } from './mentions'
import {
  anyPayload,
  blockActions,
  channelIdChanged,
  eventCallback,
  messageEvent,
  reactionEvent,
  urlVerification,
  loggableType,
  type EventCallback,
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

/** What the driver knows besides the request. All of it may be missing. */
export interface Known {
  settings: Pick<Settings, 'internalPrefix' | 'agents' | 'handBack'>
  identity: Identity
  /** Members of the agents' user group. */
  members: ReadonlySet<string> | undefined
  nameOf: NameOf
}

/** Parses an event (a JSON body) or a button press (a form with JSON in its `payload`). */
export const parseWebhook = (request: WebhookRequest, known: Known): ParsedWebhook => {
  const body = _readBody(request)
  if (body === undefined) return _ignored('The body is not JSON')
  const kind = anyPayload.safeParse(body)
  if (!kind.success) return _ignored('The body is not a Slack payload')
  switch (kind.data.type) {
    case 'url_verification':
      return _answerChallenge(body)
    case 'block_actions':
      return _readButton(body, known)
    case 'event_callback':
      return _readEvent(body, known, _sentAt(request))
    default:
      return _ignored(`Payloads of type ${loggableType(kind.data.type)} are not used`)
  }
}

/** When Slack sent this delivery, in seconds since the epoch. */
const _sentAt = ({ headers }: WebhookRequest): number => Number(headers['x-slack-request-timestamp'])

/** The channel's old and new id, if the event says that they differ. */
export const movedChannelIn = (request: WebhookRequest): { from: string; to: string } | undefined => {
  const callback = eventCallback.safeParse(_readBody(request))
  const change = callback.success ? channelIdChanged.safeParse(callback.data.event) : undefined
  return change?.success ? { from: change.data.old_channel_id, to: change.data.new_channel_id } : undefined
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
const _readButton = (body: unknown, { settings, identity }: Known): ParsedWebhook => {
  const reply = { status: 200, body: '' }
  const parsed = blockActions.safeParse(body)
  if (!parsed.success) return { ..._ignored('A button of an unknown shape'), reply }
  const { user, team, enterprise, container, channel, message, actions } = parsed.data
  const channelId = container?.channel_id ?? channel?.id
  const ts = container?.message_ts ?? message?.ts
  if (!channelId || !ts) return { ..._ignored('A button outside a message'), reply }
  const known = teamsOf(identity)
  const own = known.length > 0 ? known : _present([team?.id, team?.enterprise_id, enterprise?.id])
  // In an organization, people of all its workspaces press buttons.
  const isStranger =
    settings.agents !== 'anybody' && Boolean(user.team_id) && own.length === 1 && !own.includes(user.team_id ?? '')
  const events = actions.flatMap(({ action_id: action, value }): SessionEvent[] => {
    const ticket: TicketKey = {
      ticketId: addressToId({ channel: channelId, ts }),
      ...(value ? { conversationId: value } : {}),
      origin: 'recent',
    }
    if (action !== CLAIM_ACTION && action !== RESOLVE_ACTION) return []
    if (isStranger) return [_strangersEvent(ticket, ts, user.id, settings.agents)]
    if (action === CLAIM_ACTION) return [{ type: 'agent-assigned', ticket, agent: { id: user.id }, ifUnassigned: true }]
    return [{ type: 'ticket-closed', ticket, reason: 'solved' }]
  })
  return events.length === 0 ? { ..._ignored('A button of another app'), reply } : { events, reply }
}

const _strangersEvent = (
  ticket: TicketKey,
  rootTs: string,
  userId: string,
  agents: Settings['agents']
): SessionEvent => ({
  type: 'message-posted',
  ticket,
  id: messageId(rootTs, 'strangers'),
  agent: { id: userId },
  parts: [],
  undelivered: strangersNote(agents),
})

/** Events that need an admin. The reason is logged. */
const ADMIN_ALERTS: Record<string, string | undefined> = {
  app_uninstalled: 'The Slack app was uninstalled: install it again and enter its new token',
  tokens_revoked: 'Tokens of the Slack app were revoked: install it again and enter its new token',
  channel_archive: 'A channel was archived: the app cannot post there any more',
  group_archive: 'A private channel was archived: the app cannot post there any more',
  channel_id_changed: 'A channel has got a new id: enter it if it is the channel for handoffs',
}

const _readEvent = (body: unknown, known: Known, sentAt: number): ParsedWebhook => {
  const parsed = eventCallback.safeParse(body)
  if (!parsed.success) return _ignored('An event of an unknown shape')
  const { event } = parsed.data
  const home = _homeOf(parsed.data, known)
  if (event.type === 'message' || event.type === 'app_mention') {
    const change = changeIn(event, home, known.settings, known.nameOf)
    if (change) return change
    const message = messageEvent.safeParse(event)
    return message.success ? _readMessage(message.data, home, known, sentAt) : _ignored('A message of an unknown shape')
  }
  if (event.type === 'reaction_added') {
    const reaction = reactionEvent.safeParse(event)
    return reaction.success
      ? _readReaction(reaction.data, home.botUsers)
      : _ignored('A reaction to something other than a message')
  }
  const alert = Object.hasOwn(ADMIN_ALERTS, event.type) ? ADMIN_ALERTS[event.type] : undefined
  return _ignored(alert ?? `Events of type ${loggableType(event.type)} are not used`)
}

const _homeOf = (callback: EventCallback, { settings, identity, members }: Known): Home => {
  const authorizations = callback.authorizations ?? []
  const users = [...authorizations.map(({ user_id: id, is_bot: isBot }) => (isBot ? id : undefined)), identity.userId]
  const teams = [
    ...authorizations.flatMap(({ team_id: team, enterprise_id: enterprise }) => [team, enterprise]),
    callback.context_team_id,
    callback.context_enterprise_id,
    ...teamsOf(identity),
  ]
  const known = _present(teams)
  return {
    botUsers: _present(users),
    ownApps: _present([callback.api_app_id, identity.botId]),
    // In a channel that is shared, the event's own team may be another company.
    teams: known.length > 0 ? known : _present([callback.team_id]),
    isShared: callback.is_ext_shared_channel ?? false,
    agents: settings.agents,
    members,
  }
}

const _present = (values: (string | null | undefined)[]): string[] => [
  ...new Set(values.filter((value): value is string => Boolean(value))),
]

/**
 * Storing a session takes less than this. An older thread without a session never gets one, so its replies must not be
 * marked `recent`: the router would ask for them again and again.
 */
const RECENT_FOR_S = 120

const _isRecent = (threadTs: string, ts: string): boolean => Number(ts) - Number(threadTs) < RECENT_FOR_S

/**
 * A reply that is older than this when it is sent was delayed or is delivered again. By now every replica has it, and
 * its author may have deleted it: the thread tells.
 */
const DELAYED_S = 10

const _readMessage = (raw: MessageEvent, home: Home, { settings, nameOf }: Known, sentAt: number): ParsedWebhook => {
  const message = withNames(raw, nameOf, home.botUsers)
  const { ts, thread_ts: threadTs, channel } = message
  const notice = noticeIn(message)
  if (notice) return _ignored(notice)
  const author = authorOf(message, home)
  if (author === 'app')
    return _ignored(message.bot_id || message.app_id ? 'A message from an app' : 'A message not written by a person')
  if (!threadTs || threadTs === ts) return _ignored('A message outside a thread')
  const { botUsers } = home
  const parentUser = message.parent_user_id ?? message.root?.user ?? ''
  const isOurs = botUsers.includes(parentUser)
  // After the root was deleted, Slack names one of its own users as its author.
  const isOrphaned = SYSTEM_USERS.has(parentUser)
  if (parentUser && !isOrphaned && botUsers.length > 0 && !isOurs)
    return _ignored('A reply in a thread not opened by the router')
  const ticket: TicketKey = {
    ticketId: addressToId({ channel, ts: threadTs }),
    ...(isOurs ? { origin: _isRecent(threadTs, ts) ? ('recent' as const) : ('possible' as const) } : {}),
    ...(isOrphaned ? { origin: 'possible' as const } : {}),
  }
  const reply =
    author === 'unsure' ? undefined : replyOf(message, author, { ticket, rootTs: threadTs, botUsers, settings })
  if (reply?.events.length === 0) return reply
  // The event for a mention of the app lacks the files of its message, which has an event of its own. Names that this
  // instance doesn't know are looked up with the reading.
  const isNameless = mentionsIn(message).some((id) => !botUsers.includes(id))
  if (message.type === 'app_mention' || isNameless) return { events: [{ type: 'ticket-changed', ticket }] }
  const isDelayed = sentAt - Number(ts) > DELAYED_S
  // Without an own user to compare with, the message may be the app's.
  return reply && !isDelayed && botUsers.length > 0 ? reply : { events: [{ type: 'ticket-changed', ticket }] }
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
  const ticket: TicketKey = {
    ticketId: addressToId({ channel, ts }),
    ...(event.item_user && botUsers.includes(event.item_user) ? { origin: 'possible' as const } : {}),
  }
  return { events: [{ type: 'ticket-closed', ticket, reason: 'solved' }] }
}
