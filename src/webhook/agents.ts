/** What an agent does reaches the customer: once, in order, after he has been introduced. */
import type { Agent, SessionEvent, Ticket } from '../../providers/provider'
import { announcedAt, introduce } from '../announcements'
import type { Call, Desk, Progress } from '../call'
import { describeError } from '../errors'
import { fromParts } from '../messages'
import { agentUser } from '../people'
import { deliveredAt, noteDelivered, type Stored } from '../progress'
import { meaningOf, phaseOf } from '../session-life'
import { getSession, readSession, type Session } from '../sessions'
import { activatedAt, HANDLING_MS, LONGEST_WAIT_MS, SPACING_MS, UNSURE_MS } from '../timing'
import { atDesk, messageTag, tellAgent, tellThatOver } from '../undelivered'

type EventOf<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>
export type OpenSession = Session & { ticket: Ticket }

/** What the events of one ticket are applied with. */
export interface Work {
  call: Call
  desk: Desk
  /** What the bot has been given already; moves on with what it is given now. */
  progress: Progress
}

/** Milliseconds that one webhook waits for another that is telling the bot something about the same session. */
export const patienceOf = (desk: Desk): number => desk.provider.answerWithinMs * 0.6

/** An agent wrote to the customer. Resolves to the session as it is after that. */
export const agentWrote = async (
  work: Work,
  session: OpenSession,
  event: EventOf<'message-posted'>
): Promise<OpenSession> => {
  const { call, desk } = work
  const message = fromParts(event.parts)
  const after = message ? await _deliver(work, session, event, message) : session
  if (event.undelivered) await tellAgent(call, desk, session.ticket, `files-${event.id}`, event.undelivered)
  return after
}

type Message = NonNullable<ReturnType<typeof fromParts>>

const _deliver = async (
  work: Work,
  session: OpenSession,
  event: EventOf<'message-posted'>,
  message: Message
): Promise<OpenSession> => {
  const { call, desk, progress } = work
  const deskMessageId = messageTag(desk, event.id)
  if (meaningOf('agent-message', phaseOf(session, call.environment.now())) === 'tell-agent') {
    await _tellUnlessDelivered(work, session, event)
    return session
  }
  const agent = await agentUser(call, desk, event.agent)
  let given: Given | undefined
  const give = async (notBefore: number): Promise<Given> => {
    given ??= await _give(work, session, { userId: agent.userId, message, deskMessageId, notBefore })
    return given
  }
  const introduction = await introduce(
    call,
    session,
    { agent: { ...event.agent, name: agent.name }, userId: agent.userId },
    progress,
    { patienceMs: patienceOf(desk), message: { deskMessageId, write: async () => (await give(0)).at } }
  )
  if (introduction.kind === 'over') {
    const over = { ...introduction.session, ticket: session.ticket }
    await _tellUnlessDelivered(work, over, event)
    return over
  }
  const { fresh } = await give(introduction.kind === 'announced' ? introduction.at + HANDLING_MS : 0)
  if (introduction.kind === 'announced' && introduction.isNew) {
    await _showAssigned(work, session, { ...event.agent, name: agent.name })
  }
  const after = { ...(fresh ?? session), ticket: session.ticket }
  const meaning = meaningOf('agent-message', phaseOf(after, call.environment.now()))
  if (meaning === 'tell-agent') await _tellUnlessDelivered(work, after, event)
  return after
}

/** Agents see who has the ticket. Cosmetic: nothing that has happened is undone when it cannot be shown. */
const _showAssigned = async ({ call, desk }: Work, { ticket }: OpenSession, agent: Agent): Promise<void> => {
  const { reflect } = desk.driver
  if (!reflect) return
  try {
    await atDesk(call, ticket, () => reflect(ticket, { type: 'assigned', agent }))
  } catch (error) {
    call.log.warn('Could not show who has a ticket', { ticketId: ticket.id, error: describeError(error) })
  }
}

/** What became of a message that was given to the bot. */
interface Given {
  /** When it reaches the bot, milliseconds since the epoch. */
  at: number
  /** The session as it was at that moment. */
  fresh: Session | undefined
}

interface Giving {
  userId: string
  message: Message
  deskMessageId: string
  notBefore: number
}

/** Once, whoever else does the same: then its moment is the other's. After everything that was given before. */
const _give = async (
  { call, progress }: Work,
  session: OpenSession,
  { userId, message, deskMessageId, notBefore }: Giving
): Promise<Given> => {
  const now = call.environment.now()
  const moment = Math.max(now, activatedAt(session), notBefore, progress.last + SPACING_MS)
  const content = { type: message.type, payload: message.payload, discriminateByTags: ['deskMessageId'] }
  const { conversationId } = session
  const [fresh, stored] =
    moment - now > LONGEST_WAIT_MS
      ? await _scheduled(call, conversationId, userId, { ...content, tags: { deskMessageId } }, moment - now)
      : await _atOnce(call, conversationId, userId, { ...content, tags: { deskMessageId } }, moment - now)
  const at = stored ? deliveredAt(stored) : moment
  noteDelivered(progress, deskMessageId, at)
  return { at, fresh }
}

type Outcome = [Session | undefined, Stored | undefined]

/** One call that also answers with the session's tags as they are now. */
const _atOnce = async (
  call: Call,
  conversationId: string,
  userId: string,
  message: object,
  delay: number
): Promise<Outcome> => {
  if (delay > 0) await call.environment.sleep(delay)
  const answer = await call.client.initializeIncomingMessage({ conversationId, userId, message } as never)
  return [readSession(answer.conversation), answer.message as Stored | undefined]
}

/** Looked for first: to make it a second time would write another delay over the one with which it comes. */
const _scheduled = async (
  call: Call,
  conversationId: string,
  userId: string,
  message: { tags: { deskMessageId: string } },
  delay: number
): Promise<Outcome> => {
  const { messages } = await call.client.listMessages({ conversationId, tags: message.tags })
  const [existing] = messages
  if (existing) return [await getSession(call, conversationId), existing]
  const tags = { ...message.tags, delayMs: String(delay) }
  const content = { ...message, tags, conversationId, userId, schedule: { delay } }
  const { message: stored } = await call.client.getOrCreateMessage(content as never)
  return [await getSession(call, conversationId), stored]
}

/** What the customer has read before the end need not be told of, however late it is delivered again. */
const _tellUnlessDelivered = async (
  { call, desk }: Work,
  { conversationId, ticket, closedAt }: OpenSession,
  { id, parts }: EventOf<'message-posted'>
): Promise<void> => {
  const deskMessageId = messageTag(desk, id)
  const { messages } = await call.client.listMessages({ conversationId, tags: { deskMessageId } })
  const until = (closedAt ?? 0) - UNSURE_MS
  if (!messages.some((message) => deliveredAt(message) <= until)) await tellThatOver(call, desk, ticket, id, parts)
}

/** An agent took the ticket. `writes`: his message comes in the same breath. Resolves to the session as it is after that. */
export const agentAssigned = async (
  { call, desk, progress }: Work,
  session: OpenSession,
  event: EventOf<'agent-assigned'>,
  writes: boolean
): Promise<OpenSession> => {
  if (meaningOf('agent-assigned', phaseOf(session, call.environment.now())) === 'nothing') return session
  if (session.agents.length === 0 ? writes : event.ifUnassigned) return session
  if (announcedAt(call, session, event.agent.id) !== undefined) return session
  const { userId, name } = await agentUser(call, desk, event.agent)
  const agent = { ...event.agent, name }
  const claims = event.ifUnassigned ?? false
  const introduction = await introduce(call, session, { agent, userId }, progress, {
    patienceMs: patienceOf(desk),
    claims,
  })
  if (introduction.kind === 'over') return { ...introduction.session, ticket: session.ticket }
  if (introduction.kind !== 'announced' || !introduction.isNew) return session
  const { conversationId } = session
  call.log.info('Agent announced', { conversationId, desk: desk.provider.name, agentId: agent.id })
  await _showAssigned({ call, desk, progress }, session, agent)
  return { ...session, agents: [...session.agents, { agentId: agent.id, at: introduction.at }] }
}
