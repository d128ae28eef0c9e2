import type { Agent } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Progress } from './progress'
import { instanceCache } from '../botpress/memory'
import { withLock, OutcomeUnknown, type Lease, type Operation } from './lock'
import { emitOnce } from './emit-once'
import { reconciledSession } from './reconcile'
import { agentsTag, writeTags, type Announced, type Session } from './session'
import { activatedAt, HANDLING_MS, SPACING_MS } from '../botpress/timing'

/** An agent with his Botpress user. */
export interface KnownAgent {
  agent: Agent
  userId: string
}

/**
 * - announced: he is known to the customer, or will be at `at` (milliseconds since the epoch). `isNew`: by this call.
 * - over: the session has ended meanwhile.
 * - declined: somebody else had been announced, and this one only claimed.
 */
export type Introduction =
  | { kind: 'announced'; at: number; isNew: boolean }
  | { kind: 'over'; session: Session }
  | { kind: 'declined' }

/** What an agent writes who has not been announced yet. */
export interface FirstWords {
  deskMessageId: string
  /** Gives them to the bot, not before a moment, and resolves to the moment at which they get there. Moments in milliseconds since the epoch. */
  write(session: Session, lease: Lease, notBefore: number): Promise<number>
}

/** Agents known to be announced in a session; the value is when. */
const _announced = instanceCache<number>('announced', { lifetimeMs: 60 * 60_000, size: 5_000 })

const _key = (call: Call, session: Session, agentId: string) =>
  `${call.installation}/${session.conversationId}/${agentId}`

/** When the agent was announced; undefined: he has not been, as far as the session as it was read and this instance know. */
export const announcedAt = (call: Call, session: Session, agentId: string): number | undefined =>
  session.agents.find((known) => known.agentId === agentId)?.at ?? _announced(call).get(_key(call, session, agentId))

/**
 * Announces an agent, once per agent and session, whoever asks and however often. Throws LockBusy, LeaseLost or OutcomeUnknown when that has to wait for another delivery.
 *
 * The plugin announces the author of a session's first message by itself, and announces again for every hitlAssigned. So the first agent who writes gets no event of ours. Everybody else gets an event, and what he writes comes
 * after it. Either is done while no agent can end the session.
 */
export const introduce = async (
  call: Call,
  session: Session,
  { agent, userId }: KnownAgent,
  progress: Progress,
  how: { patienceMs: number; claims?: boolean; message?: FirstWords }
): Promise<Introduction> => {
  const known = announcedAt(call, session, agent.id)
  if (known !== undefined) return { kind: 'announced', at: known, isNew: false }
  const { conversationId } = session
  const { message, patienceMs } = how
  const deskMessageId = message?.deskMessageId
  const operation: Operation = { kind: 'announce', agentId: agent.id, userId, deskMessageId }
  const introduction = await withLock(call, { conversationId, lock: 'toBot', operation, patienceMs }, async (lease) => {
    const fresh = await reconciledSession(call, conversationId, lease)
    if (fresh?.status !== 'open') return { kind: 'over' as const, session: fresh ?? session }
    const at = fresh.agents.find((other) => other.agentId === agent.id)?.at
    if (at !== undefined) return { kind: 'announced' as const, at, isNew: false }
    if (how.claims && fresh.agents.length > 0) return { kind: 'declined' as const }
    const introducesHimself = message !== undefined && fresh.agents.length === 0
    const moment = introducesHimself
      ? await _settledOrNot(() => message.write(fresh, lease, 0))
      : await _emit(call, lease, fresh, userId, progress)
    await _writeDown(call, fresh, { agentId: agent.id, at: moment })
    if (!introducesHimself) await message?.write(fresh, lease, moment + HANDLING_MS)
    return { kind: 'announced' as const, at: moment, isNew: true }
  })
  if (introduction.kind === 'announced') _announced(call).set(_key(call, session, agent.id), introduction.at)
  return introduction
}

/** A message whose fate is unknown may have introduced its author. */
const _settledOrNot = async (write: () => Promise<number>): Promise<number> => {
  try {
    return await write()
  } catch (error) {
    throw new OutcomeUnknown('Whether a first message was given to the bot is not known', { cause: error })
  }
}

const _emit = async (
  call: Call,
  lease: Lease,
  session: Session,
  userId: string,
  progress: Progress
): Promise<number> => {
  const now = call.environment.now()
  const previous = session.agents.at(-1)
  const moment = Math.max(
    now,
    activatedAt(session),
    // Whom the plugin introduces by itself it must have introduced before it hears of another.
    previous ? previous.at + HANDLING_MS : 0,
    progress.last + SPACING_MS
  )
  const event = { type: 'hitlAssigned' as const, payload: { conversationId: session.conversationId, userId } }
  return emitOnce(call, lease, event, { delayMs: moment - now, since: session.openedAt ?? 0 })
}

const _writeDown = async (call: Call, { conversationId, agents }: Session, announced: Announced): Promise<void> => {
  try {
    await writeTags(call, conversationId, { agents: agentsTag([...agents, announced]) })
  } catch (error) {
    throw new OutcomeUnknown('An announcement could not be written down', { cause: error })
  }
}
