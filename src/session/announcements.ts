import { activatedAt, HANDLING_MS, SPACING_MS } from '../botpress/timing'
import type { Call } from '../botpress/call'
import { isRefused } from '../botpress/errors'
import { instanceCache } from '../botpress/memory'
import { emitOnce } from './emit-once'
import { withLock, OutcomeUnknown, type Lease, type Operation } from './lock'
import type { Progress } from './progress'
import { reconciledSession } from './reconcile'
import { agentsTag, writeTags, type AnnouncedAgent, type Session } from './session'

/**
 * - announced: the customer knows the agent, or will at `at` (milliseconds since the epoch). `isNew`: because of this
 *   call.
 * - over: the session has ended.
 * - declined: another agent was announced before, and the call asked for `ifUnassigned`.
 */
export type Announcement =
  | { kind: 'announced'; at: number; isNew: boolean }
  | { kind: 'over'; session: Session }
  | { kind: 'declined' }

/** A message of an agent who has not been announced yet. */
export interface FirstMessage {
  deskMessageId: string
  /**
   * Delivers it to the bot, not before `notBefore`, and resolves to the moment at which the bot receives it. Moments in
   * milliseconds since the epoch.
   */
  deliver(session: Session, lease: Lease, notBefore: number): Promise<number>
}

export interface AnnounceOptions {
  /** How long to wait for other holders of the lock, in milliseconds. */
  patienceMs: number
  /** Announce only if no other agent was announced. */
  ifUnassigned?: boolean
  /** The message with which the agent joins. */
  message?: FirstMessage
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
 * So the first agent who writes gets no event. Every other agent gets one, and their message follows it. Both happen
 * under the lock, so no agent can end the session meanwhile.
 */
export const announce = async (
  call: Call,
  session: Session,
  { agentId, userId }: { agentId: string; userId: string },
  progress: Progress,
  { patienceMs, ifUnassigned, message }: AnnounceOptions
): Promise<Announcement> => {
  const known = announcedAt(call, session, agentId)
  if (known !== undefined) return { kind: 'announced', at: known, isNew: false }
  const { conversationId } = session
  const operation: Operation = { kind: 'announce', agentId, userId, deskMessageId: message?.deskMessageId }
  const request = { conversationId, lock: 'toBot' as const, operation, patienceMs }
  const announcement = await withLock<Announcement>(call, request, async (lease) => {
    const current = await reconciledSession(call, conversationId, lease)
    if (current?.status !== 'open') return { kind: 'over', session: current ?? session }
    const before = current.agents.find((other) => other.agentId === agentId)?.at
    if (before !== undefined) return { kind: 'announced', at: before, isNew: false }
    if (ifUnassigned && current.agents.length > 0) return { kind: 'declined' }
    const isByMessage = message !== undefined && current.agents.length === 0
    const at = isByMessage
      ? await _orUnknown(() => message.deliver(current, lease, 0))
      : await _emit(call, lease, current, userId, progress)
    await _writeDown(call, current, { agentId, at })
    if (!isByMessage) await message?.deliver(current, lease, at + HANDLING_MS)
    return { kind: 'announced', at, isNew: true }
  })
  if (announcement.kind === 'announced') _announced(call).set(_key(call, session, agentId), announcement.at)
  return announcement
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
  { conversationId, agents }: Session,
  announced: AnnouncedAgent
): Promise<void> => {
  try {
    await writeTags(call, conversationId, { agents: agentsTag([...agents, announced]) })
  } catch (error) {
    throw new OutcomeUnknown('An announcement could not be written down', { cause: error })
  }
}
