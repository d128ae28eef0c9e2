/** What agents do: who is announced to the customer, what is delivered to the bot, and what the agent is told. */
import type { Agent, SessionEvent } from '../../providers/provider'
import { describeError } from '../botpress/errors'
import { fromParts } from '../botpress/messages'
import { messageSettings } from '../botpress/message-settings'
import { agentUser } from '../botpress/people'
import { HANDLING_MS, UNSURE_MS } from '../botpress/timing'
import { announce, announcedAt, type FirstMessage } from '../session/announcements'
import { meaningOf, phaseOf } from '../session/life'
import { reportFate, tellAgent, tellNotDelivered, whyOver, withTicket } from '../session/notes'
import { deliveredAt, findDelivered, messageTag } from '../session/progress'
import { getSession, type Session } from '../session/session'
import { describeMissing, hostFiles } from './files'
import { deliver, deliverLocked, type AgentMessage, type Delivery } from './delivery'
import { patienceOf, type Work } from './work'

type EventOf<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>

/**
 * An agent wrote to the customer. `cursor`: where the ticket is read on after this message. Resolves to the session
 * after that.
 */
export const agentWrote = async (
  work: Work,
  session: Session,
  event: EventOf<'message-posted'>,
  cursor: string | undefined
): Promise<Session> => {
  const { call, desk } = work
  const isOver = meaningOf('agent-message', phaseOf(session, call.environment.now())) === 'tell-agent'
  const { parts, missing } = isOver ? { parts: event.parts, missing: [] } : await hostFiles(work, session, event)
  const message = fromParts(parts)
  const after = message ? await _deliverOrTell(work, session, event, { message, cursor }) : session
  const undelivered = [event.undelivered, describeMissing(missing)].filter(Boolean).join('\n')
  if (undelivered) await tellAgent(call, desk, session.ticket, `files-${event.id}`, undelivered)
  return after
}

const _deliverOrTell = async (
  work: Work,
  session: Session,
  event: EventOf<'message-posted'>,
  content: Pick<AgentMessage, 'message' | 'cursor'>
): Promise<Session> => {
  const { call, desk } = work
  const isOver = (current: Session): boolean =>
    meaningOf('agent-message', phaseOf(current, call.environment.now())) === 'tell-agent'
  if (isOver(session)) {
    await _tellUnlessDelivered(work, session, event)
    return session
  }
  const { userId, name } = await agentUser(call, desk, event.agent)
  const agent = { ...event.agent, name }
  const delivery = await _announceAndDeliver(work, session, agent, {
    ...content,
    userId,
    deskMessageId: messageTag(desk, event.id),
  })
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
  message: AgentMessage
): Promise<Delivery> => {
  const { call, desk, progress } = work
  const { userId, deskMessageId } = message
  let delivery: Delivery | undefined
  const firstMessage: FirstMessage = {
    deskMessageId,
    deliver: async (current, lease, notBefore) => {
      const locked = await deliverLocked(work, current, lease, { ...message, notBefore })
      delivery = locked
      return locked.at
    },
  }
  const options = { patienceMs: patienceOf(desk), message: firstMessage }
  const announcement = await announce(call, session, { agentId: agent.id, userId }, progress, options)
  if (announcement.kind === 'over') return announcement
  const notBefore = announcement.kind === 'announced' ? announcement.at + HANDLING_MS : 0
  delivery ??= await deliver(work, session, { ...message, notBefore })
  if (announcement.kind === 'announced' && announcement.isNew) await _showAssigned(work, session, agent)
  return delivery
}

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
const _tellUnlessDelivered = async (
  { call, desk }: Work,
  session: Session,
  { id, parts }: EventOf<'message-posted'>
): Promise<void> => {
  const { conversationId, ticket, endedAt } = session
  const found = await findDelivered(call, conversationId, messageTag(desk, id))
  const until = (endedAt ?? 0) - UNSURE_MS
  if (found && deliveredAt(found) <= until) return
  await tellNotDelivered(call, desk, ticket, { id, parts, why: whyOver(session) })
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
  if (meaningOf('agent-assigned', phaseOf(session, call.environment.now())) === 'nothing') return session
  // The plugin announces the first agent with their message.
  if (session.agents.length === 0 ? alsoWrites : event.ifUnassigned) return session
  if (announcedAt(call, session, event.agent.id) !== undefined) return session
  const { userId, name } = await agentUser(call, desk, event.agent)
  const agent = { ...event.agent, name }
  const options = { patienceMs: patienceOf(desk), ifUnassigned: event.ifUnassigned ?? false }
  const announcement = await announce(call, session, { agentId: agent.id, userId }, progress, options)
  if (announcement.kind === 'over') return announcement.session
  if (announcement.kind !== 'announced' || !announcement.isNew) return session
  const { conversationId } = session
  call.log.info('Agent announced', { conversationId, desk: desk.provider.name, agentId: agent.id })
  await _showAssigned(work, session, agent)
  return { ...session, agents: [...session.agents, { agentId: agent.id, at: announcement.at }] }
}
