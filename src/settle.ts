import type { Call } from './call'
import { Unsettled, type Hold } from './lane'
import { emittedAt } from './once'
import { deliveredAt } from './progress'
import { agentsTag, getSession, writeTags, type Announced, type Session, type Tags } from './sessions'
import { activatedAt, HANDLING_MS, UNSURE_MS } from './timing'

/** What the holder of the lane to the bot is about to do, in the words that the lane keeps. */
export type Doing =
  /** By an event, or by his first message when nobody has been announced before. */
  | { kind: 'announce'; agentId: string; userId: string; deskMessageId: string | undefined }
  | { kind: 'end'; by: 'agent' | 'bot'; at: number }

export const describeDoing = (doing: Doing): string =>
  doing.kind === 'announce'
    ? _words(doing.kind, doing.agentId, doing.userId, doing.deskMessageId ?? '')
    : _words(doing.kind, doing.by, String(doing.at))

const _words = (...words: string[]): string => words.map(encodeURIComponent).join(' ')

export interface Settled {
  session: Session
  /** The session had ended without anybody having written that down: from this moment on (milliseconds since the epoch) nothing has reached the customer. */
  endedUnnoticed?: number
}

/**
 * The session as it is now, for whoever holds the lane to the bot: what earlier holders may have done is found out and written down first. `undefined`: it is no session. Throws Unsettled when that cannot be found out.
 */
export const settledSession = async (call: Call, conversationId: string, hold: Hold): Promise<Settled | undefined> => {
  const session = await getSession(call, conversationId)
  if (!session || hold.left.length === 0 || session.status !== 'open') return session && { session }
  try {
    return await _settle(call, session, hold.left)
  } catch (error) {
    throw new Unsettled('What was done before is not known', { cause: error })
  }
}

const _settle = async (call: Call, session: Session, left: string[]): Promise<Settled> => {
  const { conversationId } = session
  const since = session.openedAt ?? 0
  const agents: Announced[] = [...session.agents]
  let ended: { by: 'agent' | 'bot'; at: number } | undefined
  for (const doing of left) {
    const [kind = '', first = '', second = '', third = ''] = doing.split(' ').map(decodeURIComponent)
    if (kind === 'announce') {
      const isNews = !agents.some(({ agentId }) => agentId === first)
      const at = isNews ? await _announcedAt(call, session, second, third) : undefined
      if (at !== undefined) agents.push({ agentId: first, at })
    } else if (kind === 'end' && first === 'bot') {
      ended = { by: 'bot', at: Number(second) }
    } else if (kind === 'end') {
      const event = { type: 'hitlStopped' as const, payload: { conversationId } }
      if ((await emittedAt(call, event, since)) !== undefined)
        ended ??= { by: 'agent', at: Number(second) + HANDLING_MS }
    }
  }
  const changes: Tags = {
    ...(agents.length > session.agents.length ? { agents: agentsTag(agents) } : {}),
    ...(ended ? closedTags(Math.max(ended.at, activatedAt(session)), ended.by) : {}),
  }
  if (Object.keys(changes).length > 0) await writeTags(call, conversationId, changes)
  if (!ended) return { session: { ...session, agents } }
  const closed = { status: 'closed' as const, closedAt: ended.at, closedBy: ended.by }
  return { session: { ...session, agents, ...closed }, endedUnnoticed: ended.at - UNSURE_MS }
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

/** How the end of a session is written down. */
export const closedTags = (closedAt: number, by: 'agent' | 'bot'): Tags => ({
  status: 'closed',
  closedAt: new Date(closedAt).toISOString(),
  closedBy: by,
  // Until its desk has been told.
  ...(by === 'bot' ? { unsolved: 'yes' } : {}),
})
