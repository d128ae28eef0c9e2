import { RuntimeError, z } from '@botpress/sdk'
import { oneLine } from '../../providers/kit/text'
import type { Call } from '../botpress/call'
import { connectDesk } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { fromParts } from '../botpress/messages'
import { agentUser } from '../botpress/people'
import { deliver } from '../from-desk/delivery'
import { cleanUp, needsCleanup } from '../session/cleanup'
import { endByAgent } from '../session/ending'
import { idleMessageId } from '../session/metrics'
import { tellAgent } from '../session/notes'
import { deliveredAt, listMessages, progressOf } from '../session/progress'
import { getSession, readSession, type Session } from '../session/session'
import { flushOutbox } from '../to-desk/outbox'

const LONGEST_SAYING = 1_000
/** An action has 60 s. */
const BUDGET_MS = 40_000
/** Sessions whose messages are looked up at once. */
const AT_ONCE = 5
const PATIENCE_MS = 10_000
const MS_PER_MINUTE = 60_000

const input = z.object({
  idleMinutes: z.number().positive().finite().nullish(),
  say: z.string().nullish(),
})

export interface IdleResult {
  /** Sessions that this call ended. */
  ended: number
  /** Open sessions that are not idle, or could not be ended now. */
  open: number
  /** Whether every open session was looked at. `false`: call the action again. */
  complete: boolean
}

interface Look {
  idleMinutes: number | undefined
  say: string
  deadline: number
}

/**
 * Ends the sessions in which nobody has written for a while: `idleMinutes` of the session itself, or of this call. The
 * bot gets each end as it gets an agent's, the ticket is solved with a note, and the last agent says `say` to the
 * customer before that. Idempotent; several calls may run side by side. One session's failure is logged and doesn't
 * affect the others. Throws a RuntimeError for input that isn't valid.
 */
export const endIdleSessions = async (call: Call, raw: unknown): Promise<IdleResult> => {
  const parsed = input.safeParse(raw ?? {})
  if (!parsed.success)
    throw new RuntimeError('End idle sessions takes idleMinutes, a number above 0, and say, a text; both are optional')
  const look: Look = {
    idleMinutes: parsed.data.idleMinutes ?? undefined,
    say: oneLine(parsed.data.say ?? '', LONGEST_SAYING),
    deadline: call.environment.now() + BUDGET_MS,
  }
  const result: IdleResult = { ended: 0, open: 0, complete: true }
  let nextToken: string | undefined
  do {
    const page = await call.client.listConversations({
      channel: 'hitl',
      tags: { status: 'open' },
      sortField: 'updatedAt',
      sortDirection: 'asc',
      ...(nextToken ? { nextToken } : {}),
    })
    const sessions = page.conversations.flatMap((conversation) => readSession(conversation) ?? [])
    const isComplete = await _endIdle(
      call,
      sessions.filter(({ status }) => status === 'open'),
      look,
      result
    )
    if (!isComplete) return { ...result, complete: false }
    nextToken = page.meta.nextToken
  } while (nextToken)
  return result
}

/** Resolves to whether there was time for all of them. */
const _endIdle = async (call: Call, sessions: Session[], look: Look, result: IdleResult): Promise<boolean> => {
  for (let index = 0; index < sessions.length; index += AT_ONCE) {
    if (call.environment.now() > look.deadline) return false
    const group = sessions.slice(index, index + AT_ONCE)
    const ended = await Promise.all(group.map((session) => _endIfIdle(call, session, look)))
    const count = ended.filter(Boolean).length
    result.ended += count
    result.open += group.length - count
  }
  return true
}

/** Never throws. */
const _endIfIdle = async (call: Call, session: Session, look: Look): Promise<boolean> => {
  const { conversationId, provider } = session
  const minutes = session.idleMinutes ?? look.idleMinutes
  if (minutes === undefined) return false
  const before = call.clock.now() - minutes * MS_PER_MINUTE
  try {
    if ((session.openedAt ?? 0) > before || (await _lastWordAt(call, session)) > before) return false
    const isEnded = await _end(call, session, look, minutes)
    if (isEnded) call.log.info(`Session ended after ${minutes} idle minutes`, { conversationId, desk: provider })
    return isEnded
  } catch (error) {
    call.log.warn('An idle session could not be ended; the next call tries again', {
      conversationId,
      desk: provider,
      error: describeError(error),
    })
    return false
  }
}

/** When somebody wrote last, in milliseconds since the epoch. 0: nobody has. */
const _lastWordAt = async (call: Call, { conversationId }: Session): Promise<number> => {
  const { messages } = await listMessages(call, conversationId)
  return Math.max(0, ...messages.map(deliveredAt))
}

const _end = async (call: Call, session: Session, { say, deadline }: Look, minutes: number): Promise<boolean> => {
  const { conversationId, provider } = session
  const limits = { deadline, timeoutMs: PATIENCE_MS, waitsForLimits: false }
  const desk = connectDesk(call, provider, limits)
  // Nobody else can say what the customer waits for: the plugin would take the author for an agent who has joined.
  const speaker = session.agents.at(-1)
  const message = say ? fromParts([{ type: 'text', text: say, format: 'plain' }]) : undefined
  if (desk && speaker && message) {
    const { userId } = await agentUser(call, desk, { id: speaker.agentId })
    const work = { call, desk, progress: await progressOf(call, session), readAt: 0, cameAt: call.environment.now() }
    // One per session: a repeated call says it once.
    const delivery = await deliver(work, session, [{ userId, message, deskMessageId: idleMessageId(session) }])
    if (delivery.kind === 'over') return false
  }
  const { ended, session: after } = await endByAgent(call, session, { patienceMs: PATIENCE_MS, because: 'idle' })
  if (!ended || !desk) return ended
  // What the customer wrote last goes in before the ticket is solved. What fails here is owed.
  await flushOutbox(call, after, desk, { patienceMs: PATIENCE_MS })
  const why = `Nobody wrote for ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}, so this conversation has ended`
  await tellAgent(call, desk, session.ticket, `idle-${conversationId}`, why)
  const current = (await getSession(call, conversationId)) ?? after
  if (needsCleanup(current)) await cleanUp(call, desk, current)
  return true
}
