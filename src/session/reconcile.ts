import type { Call } from '../botpress/call'
import { Unsettled, type Hold } from './lock'
import { emittedAt } from './emit-once'
import { deliveredAt } from './progress'
import { agentsTag, getSession, writeTags, type Announced, type Session, type Tags } from './session'
import { activatedAt, HANDLING_MS, UNSURE_MS } from './timing'

/** What the holder of the lane to the bot is about to do, in the words that the lane keeps. */
export type Doing =
  /** By an event, or by his first message when nobody has been announced before. */
  | { kind: 'announce'; agentId: string; userId: string; deskMessageId: string | undefined }
  /** By an agent. */
  | { kind: 'end' }

export const describeDoing = (doing: Doing): string =>
  doing.kind === 'announce'
    ? _words(doing.kind, doing.agentId, doing.userId, doing.deskMessageId ?? '')
    : _words(doing.kind)

const _words = (...words: string[]): string => words.map(encodeURIComponent).join(' ')

/**
 * The session as it is now, for whoever holds the lane to the bot: what earlier holders may have done is found out and written down first. `undefined`: it is no session. Throws Unsettled when that cannot be found out.
 */
export const settledSession = async (call: Call, conversationId: string, hold: Hold): Promise<Session | undefined> => {
  const session = await getSession(call, conversationId)
  if (!session || hold.left.length === 0) return session
  try {
    return await (session.status === 'open' ? _settle(call, session, hold.left) : _settleEnd(call, session, hold.left))
  } catch (error) {
    throw new Unsettled('What was done before is not known', { cause: error })
  }
}

const _settle = async (call: Call, session: Session, left: string[]): Promise<Session> => {
  const { conversationId } = session
  const since = session.openedAt ?? 0
  const agents: Announced[] = [...session.agents]
  let endedAt: number | undefined
  for (const doing of left) {
    const [kind = '', first = '', second = '', third = ''] = doing.split(' ').map(decodeURIComponent)
    if (kind === 'announce') {
      const isNews = !agents.some(({ agentId }) => agentId === first)
      const at = isNews ? await _announcedAt(call, session, second, third) : undefined
      if (at !== undefined) agents.push({ agentId: first, at })
    } else if (kind === 'end') {
      const event = { type: 'hitlStopped' as const, payload: { conversationId } }
      const emitted = await emittedAt(call, event, since)
      // It was scheduled: no sooner than this.
      if (emitted !== undefined) endedAt ??= Math.max(emitted + HANDLING_MS, activatedAt(session))
    }
  }
  const announced: Tags = agents.length > session.agents.length ? { agents: agentsTag(agents) } : {}
  const settled = { ...session, agents }
  if (endedAt !== undefined)
    return writeClosed(call, settled, { closedAt: endedAt, untoldSince: endedAt - UNSURE_MS }, announced)
  if (Object.keys(announced).length > 0) await writeTags(call, conversationId, announced)
  return settled
}

/** Whoever has ended it could not see whether he had written that down in time. */
const _settleEnd = async (call: Call, session: Session, left: string[]): Promise<Session> => {
  const { closedAt, conversationId } = session
  const isInDoubt = session.untoldSince === undefined && left.includes(describeDoing({ kind: 'end' }))
  if (!isInDoubt || closedAt === undefined) return session
  const untoldSince = closedAt - UNSURE_MS
  await writeTags(call, conversationId, untoldTag(untoldSince))
  return { ...session, untoldSince }
}

/** When the bot hears of an agent whose announcement may have been made; undefined: it has not been. */
const _announcedAt = async (
  call: Call,
  session: Session,
  userId: string,
  deskMessageId: string
): Promise<number | undefined> => {
  const { conversationId } = session
  const event = { type: 'hitlAssigned' as const, payload: { conversationId, userId } }
  const emitted = await emittedAt(call, event, session.openedAt ?? 0)
  // It may be scheduled: no further ahead than to the moment at which the plugin listens.
  if (emitted !== undefined) return Math.max(call.environment.now(), activatedAt(session))
  if (deskMessageId === '') return undefined
  const { messages } = await call.client.listMessages({ conversationId, tags: { deskMessageId } })
  const [message] = messages
  return message && deliveredAt(message)
}

/**
 * Writes down that an agent has ended the session; moments in milliseconds since the epoch. What was given to the bot after `untoldSince` may not have been shown; undefined: all was given in time. Resolves to the session as it is
 * then.
 */
export const writeClosed = async (
  call: Call,
  session: Session,
  { closedAt, untoldSince }: { closedAt: number; untoldSince: number | undefined },
  more: Tags = {}
): Promise<Session> => {
  await writeTags(call, session.conversationId, {
    ...more,
    status: 'closed',
    closedAt: new Date(closedAt).toISOString(),
    closedBy: 'agent',
    ...(untoldSince === undefined ? {} : untoldTag(untoldSince)),
  })
  return { ...session, status: 'closed', closedAt, closedBy: 'agent', untoldSince }
}

export const untoldTag = (since: number): Tags => ({ untoldSince: new Date(since).toISOString() })
