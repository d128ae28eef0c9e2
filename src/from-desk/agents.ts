/** What an agent does reaches the customer: once, in order, after he has been introduced. */
import type { Agent, SessionEvent, Ticket } from '../../providers/provider'
import { announcedAt, introduce } from '../session/announcements'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { withLock, LeaseLost, type Lease } from '../session/lock'
import { fromParts } from '../botpress/messages'
import { agentUser } from '../botpress/people'
import { deliveredAt, noteDelivered, type Stored, type Progress } from '../session/progress'
import { meaningOf, phaseOf } from '../session/life'
import { reconciledSession } from '../session/reconcile'
import { getSession, readSession, type Session } from '../session/session'
import { activatedAt, HANDLING_MS, LONGEST_WAIT_MS, SPACING_MS, UNSURE_MS } from '../botpress/timing'
import { atDesk, messageTag, tellAgent, tellThatOver } from '../session/undelivered'

type EventOf<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>
export type OpenSession = Session & { ticket: Ticket }

/** What the events of one ticket are applied with. */
export interface Work {
  call: Call
  desk: Desk
  /** What the bot has been given already; moves on with what it is given now. */
  progress: Progress
  /** As old is what is known of the session, milliseconds since the epoch. */
  seenAt: number
}

/** An end that is begun after a session was read comes later than this, with everything that has reached the bot by then before it. */
const FRESH_MS = HANDLING_MS - 600
const GIVING_TRIES = 2
const PAUSE_MS = 300

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
  const giving: Giving = { userId: agent.userId, message, deskMessageId }
  let given: Given | undefined
  const introduction = await introduce(
    call,
    session,
    { agent: { ...event.agent, name: agent.name }, userId: agent.userId },
    progress,
    {
      patienceMs: patienceOf(desk),
      message: {
        deskMessageId,
        write: async (fresh, lease, notBefore) => {
          given = await _giveHeld(work, fresh, lease, { ...giving, notBefore })
          return given.at
        },
      },
    }
  )
  if (introduction.kind === 'over') {
    const over = { ...introduction.session, ticket: session.ticket }
    await _tellUnlessDelivered(work, over, event)
    return over
  }
  const notBefore = introduction.kind === 'announced' ? introduction.at + HANDLING_MS : 0
  given ??= await _give(work, session, { ...giving, notBefore })
  if (introduction.kind === 'announced' && introduction.isNew) {
    await _showAssigned(work, session, { ...event.agent, name: agent.name })
  }
  // The bot ends a session without asking: whoever has given something looks afterwards.
  const after = {
    ...(given.session ?? (await getSession(call, session.conversationId)) ?? session),
    ticket: session.ticket,
  }
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

/** What became of a message for the bot. */
interface Given {
  /** When it reaches the bot, milliseconds since the epoch. */
  at: number
  /** As it was after that, if that is known; where it is over, the message may not have been given. */
  session: Session | undefined
}

interface Giving {
  userId: string
  message: Message
  deskMessageId: string
  /** Milliseconds since the epoch. */
  notBefore?: number
}

/**
 * Once, whoever else does the same: then its moment is the other's. After everything that was given before, and never across an end: who ends the session gives what came to the bot before the time to be shown, so what comes
 * later than at once is given while nobody can end it.
 */
const _give = async (work: Work, session: OpenSession, giving: Giving): Promise<Given> => {
  const { call, desk } = work
  const delayMs = _momentOf(work, session, giving) - call.environment.now()
  if (delayMs <= LONGEST_WAIT_MS && (await _isOpen(work, session, delayMs))) {
    const given = await _giveAtOnce(work, session, giving, delayMs)
    if (given) return given
  }
  const { conversationId } = session
  const place = { conversationId, lock: 'toBot' as const, patienceMs: patienceOf(desk) }
  return withLock(call, place, async (lease) => {
    const fresh = (await reconciledSession(call, conversationId, lease)) ?? session
    const isOver = meaningOf('agent-message', phaseOf(fresh, call.environment.now())) === 'tell-agent'
    return isOver ? { at: call.environment.now(), session: fresh } : _giveHeld(work, fresh, lease, giving)
  })
}

/** Looked at once more where that was too long ago. */
const _isOpen = async (work: Work, { conversationId }: Session, delayMs: number): Promise<boolean> => {
  const now = work.call.environment.now()
  if (now + delayMs <= work.seenAt + FRESH_MS) return true
  const fresh = await getSession(work.call, conversationId)
  work.seenAt = now
  return (
    fresh?.status === 'open' && fresh.endingAt === undefined && work.call.environment.now() + delayMs <= now + FRESH_MS
  )
}

const _momentOf = ({ call, progress }: Work, session: Session, { notBefore = 0 }: Giving): number =>
  Math.max(call.environment.now(), activatedAt(session), notBefore, progress.last + SPACING_MS)

const _contentOf = ({ message, deskMessageId }: Giving) => ({
  type: message.type,
  payload: message.payload,
  tags: { deskMessageId },
  discriminateByTags: ['deskMessageId'],
})

/** One call that also answers with the session's tags as they are now. Undefined: it failed, or may have. */
const _giveAtOnce = async (
  work: Work,
  { conversationId }: Session,
  giving: Giving,
  delayMs: number
): Promise<Given | undefined> => {
  const { call, progress } = work
  if (delayMs > 0) await call.environment.sleep(delayMs)
  const seenAt = call.environment.now()
  try {
    const { userId, deskMessageId } = giving
    const message = _contentOf(giving)
    const answer = await call.client.initializeIncomingMessage({ conversationId, userId, message } as never)
    const stored = answer.message as Stored | undefined
    const at = stored ? deliveredAt(stored) : call.environment.now()
    noteDelivered(progress, deskMessageId, at)
    work.seenAt = seenAt
    return { at, session: readSession(answer.conversation) }
  } catch (error) {
    call.log.warn('A message could not be given to the bot at once', { conversationId, error: describeError(error) })
    return undefined
  }
}

/** For whoever holds the lane to the bot. What is scheduled is looked for first: to make it a second time would write another delay over the one with which it comes. */
const _giveHeld = async (work: Work, session: Session, lease: Lease, giving: Giving): Promise<Given> => {
  const { call, progress } = work
  const { deskMessageId } = giving
  const delayMs = _momentOf(work, session, giving) - call.environment.now()
  lease.assertHeld()
  const given = delayMs <= LONGEST_WAIT_MS ? await _giveAtOnce(work, session, giving, delayMs) : undefined
  if (given) return given
  for (let tries = 1; ; tries += 1) {
    try {
      const at = deliveredAt(
        (await _existing(call, session, giving)) ?? (await _scheduled(work, session, lease, giving))
      )
      noteDelivered(progress, deskMessageId, at)
      return { at, session: undefined }
    } catch (error) {
      if (tries === GIVING_TRIES || error instanceof LeaseLost) throw error
      await call.environment.sleep(PAUSE_MS)
    }
  }
}

const _existing = async (
  call: Call,
  { conversationId }: Session,
  { deskMessageId }: Giving
): Promise<Stored | undefined> => {
  const { messages } = await call.client.listMessages({ conversationId, tags: { deskMessageId } })
  return messages[0]
}

const _scheduled = async (work: Work, session: Session, lease: Lease, giving: Giving): Promise<Stored> => {
  const { call } = work
  lease.assertHeld()
  const delay = _momentOf(work, session, giving) - call.environment.now()
  const content = { ..._contentOf(giving), conversationId: session.conversationId, userId: giving.userId }
  const isLater = delay > 0
  const tags = { ...content.tags, ...(isLater ? { delayMs: String(delay) } : {}) }
  const schedule = isLater ? { schedule: { delay } } : {}
  const { message } = await call.client.getOrCreateMessage({ ...content, tags, ...schedule } as never)
  return message
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
  work: Work,
  session: OpenSession,
  event: EventOf<'agent-assigned'>,
  writes: boolean
): Promise<OpenSession> => {
  const { call, desk, progress } = work
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
  await _showAssigned(work, session, agent)
  return { ...session, agents: [...session.agents, { agentId: agent.id, at: introduction.at }] }
}
