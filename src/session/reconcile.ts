/** Finds out what earlier holders of the lock to the bot have done, and writes it down. */
import type { Call } from '../botpress/call'
import { gone } from '../botpress/errors'
import { activatedAt, HANDLING_MS } from '../botpress/timing'
import { needsCleanup } from './cleanup'
import { emittedAt } from './emit-once'
import { OutcomeUnknown, type Lease, type Operation } from './lock'
import { reportEnd } from './metrics'
import { deliveredAt, findDelivered } from './progress'
import { assertNotInDoubt, scheduledAt } from './scheduled'
import {
  agentsTag,
  readSession,
  writeAndRead,
  writeTags,
  type AnnouncedAgent,
  type Session,
  type Tags,
} from './session'

/**
 * The session as it is now, for the holder of the lock to the bot. Whatever earlier holders may have done is found out
 * and written down first. Undefined: the conversation isn't a session. Throws OutcomeUnknown when it can't be found
 * out.
 */
export const reconciledSession = async (
  call: Call,
  conversationId: string,
  lease: Lease
): Promise<Session | undefined> => {
  const answer = await gone(call.client.getConversation({ id: conversationId }))
  await lease.confirm(answer?.conversation.tags ?? {})
  const session = answer && readSession(answer.conversation)
  const { inDoubt } = lease
  if (!session || inDoubt.length === 0) return session
  try {
    return await (session.status === 'open' ? _reconcile(call, session, inDoubt) : _afterEnd(call, session, inDoubt))
  } catch (error) {
    throw new OutcomeUnknown('It is not known what was done before', { cause: error })
  }
}

const _reconcile = async (call: Call, session: Session, inDoubt: Operation[]): Promise<Session> => {
  const { conversationId } = session
  const agents: AnnouncedAgent[] = [...session.agents]
  let endedAt: number | undefined
  for (const operation of inDoubt) {
    if (operation.kind === 'announce') {
      const isNew = !agents.some(({ agentId }) => agentId === operation.agentId)
      const at = isNew ? await _announcedAt(call, session, operation) : undefined
      if (at !== undefined) agents.push({ agentId: operation.agentId, at })
    } else if (operation.kind === 'end') {
      const event = { type: 'hitlStopped' as const, payload: { conversationId } }
      const emitted = await emittedAt(call, event, session.openedAt ?? 0)
      // It was scheduled, and no sooner than this.
      if (emitted !== undefined) endedAt ??= Math.max(emitted + HANDLING_MS, activatedAt(session))
    }
  }
  const announced: Tags = agents.length > session.agents.length ? { agents: agentsTag(agents) } : {}
  const reconciled = { ...session, agents }
  if (endedAt !== undefined) {
    const ended = await writeAgentEnd(call, reconciled, { endedAt, endingAt: session.endingAt ?? endedAt }, announced)
    await reportEnd(call, ended)
    return ended
  }
  if (Object.keys(announced).length > 0) await writeTags(call, conversationId, announced)
  return reconciled
}

/** The earlier holder may have written the end down late, without noticing. So its cleanup is left to do. */
const _afterEnd = async (call: Call, session: Session, inDoubt: Operation[]): Promise<Session> => {
  const { conversationId, endedAt } = session
  const isInDoubt = !needsCleanup(session) && inDoubt.some(({ kind }) => kind === 'end')
  if (!isInDoubt || endedAt === undefined) return session
  await writeTags(call, conversationId, endingTag(endedAt))
  return { ...session, endingAt: endedAt }
}

/**
 * When the bot hears of an agent who may have been announced, in milliseconds since the epoch. Undefined: the agent was
 * not announced.
 */
const _announcedAt = async (
  call: Call,
  session: Session,
  { userId, deskMessageId }: Extract<Operation, { kind: 'announce' }>
): Promise<number | undefined> => {
  const { conversationId } = session
  const event = { type: 'hitlAssigned' as const, payload: { conversationId, userId } }
  const emitted = await emittedAt(call, event, session.openedAt ?? 0)
  // It may be scheduled, but no later than the moment at which the plugin listens.
  if (emitted !== undefined) return Math.max(call.clock.now(), activatedAt(session))
  if (deskMessageId === undefined) return undefined
  const scheduled = scheduledAt(session, deskMessageId)
  if (scheduled !== undefined) return scheduled
  const message = await findDelivered(call, conversationId, deskMessageId)
  if (!message) assertNotInDoubt(session, deskMessageId, call.clock.earliest())
  return message && deliveredAt(message)
}

/**
 * Writes down that an agent has ended the session; moments in milliseconds since the epoch. With `endingAt` the end's
 * cleanup is left to do; without it, every message was in time. Resolves to the session after the end.
 */
export const writeAgentEnd = async (
  call: Call,
  session: Session,
  { endedAt, endingAt }: { endedAt: number; endingAt: number | undefined },
  more: Tags = {}
): Promise<Session> => {
  const written = await writeAndRead(call, session.conversationId, {
    ...more,
    status: 'closed',
    agentEndedAt: new Date(endedAt).toISOString(),
    ...endingTag(endingAt),
  })
  const botEndedAt = written?.botEndedAt ?? session.botEndedAt
  return { ...session, status: 'closed', endedAt, agentEndedAt: endedAt, botEndedAt, endingAt }
}

export const endingTag = (at: number | undefined): Tags => ({
  endingAt: at === undefined ? '' : new Date(at).toISOString(),
})
