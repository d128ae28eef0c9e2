import { activatedAt, HANDLING_MS, SPACING_MS } from '../botpress/timing'
import type { Call } from '../botpress/call'
import { isRefused } from '../botpress/errors'
import { instanceCache } from '../botpress/memory'
import { aboutTag } from './about'
import { emitOnce } from './emit-once'
import { LockBusy, OutcomeUnknown, withLock, type Lease, type Operation } from './lock'
import { reportAnswered, reportAssigned } from './metrics'
import type { Progress } from './progress'
import { reconciledSession } from './reconcile'
import { agentsTag, getSession, writeTags, type AnnouncedAgent, type Session } from './session'

/**
 * - announced: the customer knows the agent, or will at `at` (milliseconds since the epoch). `isNew`: because of this
 *   call. `session`: as it was read meanwhile, if it was.
 * - over: the session has ended.
 * - declined: another agent was announced before, and the call asked for `ifUnassigned`.
 */
export type Announcement =
  | { kind: 'announced'; at: number; isNew: boolean; session?: Session }
  | { kind: 'over'; session: Session }
  | { kind: 'declined' }

/** Messages of an agent who has not been announced yet. Moments in milliseconds since the epoch. */
export interface FirstMessages {
  /** Of the first one. */
  deskMessageId: string
  /** Delivers the first one to the bot. Resolves to the moment at which the bot receives it. */
  deliverFirst(session: Session, lease: Lease): Promise<number>
  /** Delivers those that are left, not before `notBefore`. */
  deliverRest(session: Session, lease: Lease, notBefore: number): Promise<void>
}

export interface AnnounceOptions {
  /** How long to wait for other holders of the lock, in milliseconds. */
  patienceMs: number
  /** Announce only if no other agent was announced. */
  ifUnassigned?: boolean
  /** The messages with which the agent joins. */
  messages?: FirstMessages
}

/** When each agent was announced in a session, as far as this instance knows. */
const _announced = instanceCache<number>('announced', { lifetimeMs: 60 * 60_000, size: 5_000 })

const _key = (call: Call, session: Session, agentId: string) =>
  `${call.installation}/${session.conversationId}/${agentId}`

/** When the agent was announced, in milliseconds since the epoch. Undefined: not as far as this instance knows. */
export const announcedAt = (call: Call, session: Session, agentId: string): number | undefined =>
  session.agents.find((known) => known.agentId === agentId)?.at ?? _announced(call).get(_key(call, session, agentId))

/**
 * Announces an agent to the customer, once per agent and session. `agentId` is the id at the desk, `userId` the agent's
 * Botpress user. Throws LockBusy, LeaseLost or OutcomeUnknown: then the event has to be retried.
 *
 * The plugin itself announces the author of a session's first message, and it announces again for every hitlAssigned.
 * So the first agent who writes gets no event. Every other agent gets one, and their messages follow it. All of this
 * happens under the lock, so no agent can end the session meanwhile.
 */
export const announce = async (
  call: Call,
  session: Session,
  { agentId, userId }: { agentId: string; userId: string },
  progress: Progress,
  { patienceMs, ifUnassigned, messages }: AnnounceOptions
): Promise<Announcement> => {
  const known = announcedAt(call, session, agentId)
  if (known !== undefined) return { kind: 'announced', at: known, isNew: false }
  const { conversationId } = session
  const operation: Operation = { kind: 'announce', agentId, userId, deskMessageId: messages?.deskMessageId }
  let seen: Announcement | undefined
  const isObsolete = async (): Promise<boolean> => {
    const current = await getSession(call, conversationId)
    seen = current && _settled(current, agentId)
    return seen !== undefined
  }
  const request = { conversationId, lock: 'toBot' as const, operation, patienceMs, isObsolete }
  const work = async (lease: Lease): Promise<Announcement> => {
    const current = await reconciledSession(call, conversationId, lease)
    if (!current) return { kind: 'over', session }
    const settled = _settled(current, agentId)
    if (settled) return settled
    if (ifUnassigned && current.agents.length > 0) return { kind: 'declined' }
    const isByMessage = messages !== undefined && current.agents.length === 0
    const at = isByMessage
      ? await _orUnknown(() => messages.deliverFirst(current, lease))
      : await _emit(call, lease, current, userId, progress)
    await Promise.all([
      _writeDown(call, current, { agentId, at }, isByMessage),
      reportAssigned(call, current, agentId, at),
      isByMessage && reportAnswered(call, current, agentId, at),
    ])
    await messages?.deliverRest(current, lease, at + HANDLING_MS)
    return { kind: 'announced', at, isNew: true }
  }
  const announcement = await withLock<Announcement>(call, request, work).catch((error: unknown): Announcement => {
    // While this call waited, another one has announced the agent, or ended the session.
    if (error instanceof LockBusy && seen) return seen
    throw error
  })
  if (announcement.kind === 'announced') _announced(call).set(_key(call, session, agentId), announcement.at)
  return announcement
}

/** What is left to announce: nothing, when this is defined. */
const _settled = (session: Session, agentId: string): Announcement | undefined => {
  if (session.status !== 'open') return { kind: 'over', session }
  const at = session.agents.find((known) => known.agentId === agentId)?.at
  return at === undefined ? undefined : { kind: 'announced', at, isNew: false, session }
}

/** A message that may have been delivered may have announced its author. */
const _orUnknown = async (deliver: () => Promise<number>): Promise<number> => {
  try {
    return await deliver()
  } catch (error) {
    if (isRefused(error)) throw error
    throw new OutcomeUnknown('Whether a first message was delivered to the bot is not known', { cause: error })
  }
}

const _emit = async (
  call: Call,
  lease: Lease,
  session: Session,
  userId: string,
  progress: Progress
): Promise<number> => {
  const now = call.clock.earliest()
  const previous = session.agents.at(-1)
  const moment = Math.max(
    now,
    activatedAt(session),
    // The plugin has to finish announcing one agent before it receives the next.
    previous ? previous.at + HANDLING_MS : 0,
    progress.lastAt + SPACING_MS
  )
  const event = { type: 'hitlAssigned' as const, payload: { conversationId: session.conversationId, userId } }
  return emitOnce(call, lease, event, { delayMs: moment - now, since: session.openedAt ?? 0 })
}

const _writeDown = async (
  call: Call,
  session: Session,
  announced: AnnouncedAgent,
  isByMessage: boolean
): Promise<void> => {
  const { conversationId, agents } = session
  const about = isByMessage ? { about: aboutTag({ ...session, answeredAt: announced.at }) } : {}
  try {
    await writeTags(call, conversationId, { agents: agentsTag([...agents, announced]), ...about })
  } catch (error) {
    throw new OutcomeUnknown('An announcement could not be written down', { cause: error })
  }
}
