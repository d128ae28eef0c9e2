/** What agents do: who is announced to the customer, what is delivered to the bot, and what the agent is told. */
import type { Agent, AgentPart, SessionEvent } from '../../providers/provider'
import { redactorFor, redactParts } from '../botpress/hiding'
import type { Call } from '../botpress/call'
import { describeError } from '../botpress/errors'
import { messageSettings } from '../botpress/message-settings'
import { additionalData, fromParts, type BotpressMessage } from '../botpress/messages'
import type { Desk } from '../botpress/desk'
import { agentUser, type KnownAgent } from '../botpress/people'
import { HANDLING_MS, UNSURE_MS } from '../botpress/timing'
import { announce, announcedAt, type FirstMessages } from '../session/announcements'
import { meaningOf, phaseOf } from '../session/life'
import { reportIfFirst } from '../session/metrics'
import { reportFate, tellAgent, tellNotDelivered, whyOver, withTicket } from '../session/notes'
import { deliveredAt, findDelivered, messageTag } from '../session/progress'
import { assertNotInDoubt, scheduledAt } from '../session/scheduled'
import { getSession, type Session } from '../session/session'
import type { AgentMessage, AgentMessages } from './agent-message'
import { deliver, type Delivery } from './delivery'
import { describeMissing, hostFiles } from './files'
import { deliverLocked } from './scheduling'
import { patienceLeft, type Work } from './work'

type EventOf<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>

type Message = EventOf<'message-posted'>

/** The agents of a webhook, by id: their users are looked up once, while the ticket is read. */
const _meetings = new WeakMap<Call, Map<string, Promise<KnownAgent>>>()

const _userOf = (call: Call, desk: Desk, agent: Agent): Promise<KnownAgent> =>
  _meetings
    .get(call)
    ?.get(agent.id)
    ?.catch(() => agentUser(call, desk, agent)) ?? agentUser(call, desk, agent)

/** Looks up the users of the agents behind a webhook's events, beside everything else. */
export const meetAgents = (call: Call, desk: Desk, events: SessionEvent[]): void => {
  const met = _meetings.get(call) ?? new Map<string, Promise<KnownAgent>>()
  _meetings.set(call, met)
  for (const event of events) {
    if ((event.type !== 'message-posted' && event.type !== 'agent-assigned') || met.has(event.agent.id)) continue
    const meeting = agentUser(call, desk, event.agent)
    meeting.catch(() => undefined)
    met.set(event.agent.id, meeting)
  }
}

/** The agent's user is not what it was when this webhook came. */
export const forgetMeeting = (call: Call, agentId: string): void => void _meetings.get(call)?.delete(agentId)

/** A message of a reading. */
export interface ReadMessage {
  event: Message
  /** Where the ticket is read on after it. Undefined: it was not read in the ticket. */
  cursor: string | undefined
}

/**
 * An agent wrote to the customer. `following`: the messages of the same agent that come next in the ticket; they may be
 * delivered with this one. Resolves to the session after that.
 */
export const agentWrote = async (
  work: Work,
  session: Session,
  read: ReadMessage,
  following: ReadMessage[]
): Promise<Session> => {
  const { call, desk } = work
  const { event } = read
  const isOver = meaningOf('agent-message', phaseOf(session, call.clock.now())) === 'tell-agent'
  const { parts, missing } = isOver ? { parts: event.parts, missing: [] } : await hostFiles(work, session, event)
  const message = await _shown(work, session, event, parts)
  const undelivered = [event.undelivered, describeMissing(missing)].filter(Boolean).join('\n')
  const tell = (): Promise<void> => tellAgent(call, desk, session.ticket, `files-${event.id}`, undelivered)
  // Behind a message that is delivered, no other instance reads again: what is missing is told before.
  const isTold = !undelivered || (await _succeeds(call, tell))
  const whole = message && { ...read, message, cursor: isTold ? read.cursor : undefined }
  const after = whole ? await _deliverOrTell(work, session, whole, isTold ? following : []) : session
  if (!isTold) await tell()
  return after
}

const _succeeds = async (call: Call, work: () => Promise<void>): Promise<boolean> => {
  try {
    await work()
    return true
  } catch (error) {
    call.log.debug('An agent could not be told at once', { error: describeError(error) })
    return false
  }
}

/** What the customer gets. Undefined: nothing is left to show. */
const _shown = async (
  { call, desk }: Work,
  { ticketUrl }: Session,
  { agent }: Message,
  parts: AgentPart[]
): Promise<BotpressMessage | undefined> => {
  const visible = redactParts(await redactorFor(call, 'customers'), parts)
  return fromParts(visible, additionalData({ desk: desk.provider.name, agentId: agent.id, ticketUrl }))
}

const _deliverOrTell = async (
  work: Work,
  session: Session,
  { event, message, cursor }: ReadMessage & Pick<AgentMessage, 'message'>,
  following: ReadMessage[]
): Promise<Session> => {
  const { call, desk } = work
  const isOver = (current: Session): boolean =>
    meaningOf('agent-message', phaseOf(current, call.clock.now())) === 'tell-agent'
  if (isOver(session)) {
    await _tellUnlessDelivered(work, session, event)
    return session
  }
  const { userId, name } = await _userOf(call, desk, event.agent)
  const agent = { ...event.agent, name }
  const contents = await Promise.all(
    following.map(async (other) => ({ ...other, message: await _shown(work, session, other.event, other.event.parts) }))
  )
  const others = contents.flatMap(({ message: content, cursor: place, event: { id } }): AgentMessage[] =>
    content ? [{ message: content, cursor: place, userId, deskMessageId: messageTag(desk, id) }] : []
  )
  const first = { message, cursor, userId, deskMessageId: messageTag(desk, event.id) }
  const delivery = await _announceAndDeliver(work, session, agent, [first, ...others])
  // The bot ends a session without the lock, so it may have ended during the delivery.
  const after = delivery.session ?? (await getSession(call, session.conversationId)) ?? session
  if (delivery.kind === 'over' || isOver(after)) await _tellUnlessDelivered(work, after, event)
  else if (messageSettings(call.context.configuration).showDelivered) {
    await reportFate(call, desk, session.ticket, event.id, { type: 'delivered' })
  }
  return after
}

const _announceAndDeliver = async (
  work: Work,
  session: Session,
  agent: Agent,
  messages: AgentMessages
): Promise<Delivery> => {
  const { call, progress } = work
  const [first, ...rest] = messages
  const { userId, deskMessageId } = first
  const mayBeFirst = progress.ids.size === 0
  let isJoining = false
  let delivery: Delivery | undefined
  const firstMessages: FirstMessages = {
    deskMessageId,
    deliverFirst: async (current, lease) => {
      isJoining = true
      delivery = await deliverLocked(work, current, lease, [first])
      return delivery.kind === 'delivered' ? delivery.at : call.clock.now()
    },
    deliverRest: async (current, lease, notBefore) => {
      const [next, ...others] = _notBefore(delivery ? rest : messages, notBefore)
      if (!next) return
      const locked = await deliverLocked(work, current, lease, [next, ...others])
      delivery ??= locked
    },
  }
  const options = { patienceMs: patienceLeft(work), messages: firstMessages }
  const announcement = await announce(call, session, { agentId: agent.id, userId }, progress, options)
  if (announcement.kind === 'over') return announcement
  const isAnnounced = announcement.kind === 'announced'
  if (!delivery) {
    const current = (isAnnounced && announcement.session) || session
    const [next, ...others] = isAnnounced ? _notBefore(messages, announcement.at + HANDLING_MS) : messages
    delivery = await deliver(work, current, [next ?? first, ...others])
  }
  await Promise.all([
    isAnnounced && announcement.isNew && _showAssigned(work, session, agent),
    // With the message by which an agent joins, this is reported already.
    mayBeFirst &&
      !isJoining &&
      delivery.kind === 'delivered' &&
      reportIfFirst(call, delivery.session ?? session, agent.id, delivery.at),
  ])
  return delivery
}

const _notBefore = (messages: readonly AgentMessage[], notBefore: number): AgentMessage[] =>
  messages.map((message) => ({ ...message, notBefore }))

/** Shows in the ticket who has it. This is cosmetic, so a failure is only logged. */
const _showAssigned = async ({ call, desk }: Work, { ticket }: Session, agent: Agent): Promise<void> => {
  const { reflect } = desk.driver
  if (!reflect) return
  try {
    await withTicket(call, ticket, () => reflect(ticket, { type: 'assigned', agent }))
  } catch (error) {
    call.log.warn('Could not show who has a ticket', { ticketId: ticket.id, error: describeError(error) })
  }
}

/** The duplicate of a message that the customer saw before the end needs no note. */
const _tellUnlessDelivered = async ({ call, desk }: Work, session: Session, { id, parts }: Message): Promise<void> => {
  const { conversationId, ticket, endedAt } = session
  const tag = messageTag(desk, id)
  const at = scheduledAt(session, tag) ?? (await _momentOf(call, conversationId, tag))
  const until = (endedAt ?? 0) - UNSURE_MS
  if (at !== undefined && at <= until) return
  if (at === undefined) assertNotInDoubt(session, tag, call.clock.earliest())
  await tellNotDelivered(call, desk, ticket, { id, parts, why: whyOver(session) })
}

const _momentOf = async (call: Call, conversationId: string, tag: string): Promise<number | undefined> => {
  const found = await findDelivered(call, conversationId, tag)
  return found && deliveredAt(found)
}

/**
 * An agent took the ticket. `alsoWrites`: a message of theirs follows in the same reading. Resolves to the session
 * after that.
 */
export const agentAssigned = async (
  work: Work,
  session: Session,
  event: EventOf<'agent-assigned'>,
  alsoWrites: boolean
): Promise<Session> => {
  const { call, desk, progress } = work
  if (meaningOf('agent-assigned', phaseOf(session, call.clock.now())) === 'nothing') return session
  // The plugin announces the first agent with their message.
  if (session.agents.length === 0 ? alsoWrites : event.ifUnassigned) return session
  if (announcedAt(call, session, event.agent.id) !== undefined) return session
  const { userId, name } = await _userOf(call, desk, event.agent)
  const agent = { ...event.agent, name }
  const options = { patienceMs: patienceLeft(work), ifUnassigned: event.ifUnassigned ?? false }
  const announcement = await announce(call, session, { agentId: agent.id, userId }, progress, options)
  if (announcement.kind === 'over') return announcement.session
  if (announcement.kind !== 'announced' || !announcement.isNew) return session
  const { conversationId } = session
  call.log.info('Agent announced', { conversationId, desk: desk.provider.name, agentId: agent.id })
  await _showAssigned(work, session, agent)
  return { ...session, agents: [...session.agents, { agentId: agent.id, at: announcement.at }] }
}
