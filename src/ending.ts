import type { Call } from './call'
import { inLane, Unsettled, type Hold } from './lane'
import { emitOnce } from './once'
import { deliveredAt, deskMessageIdOf } from './progress'
import { meaningOf, phaseOf } from './session-life'
import { closedTags, describeDoing, settledSession } from './settle'
import { writeTags, type Session } from './sessions'
import { activatedAt, HANDLING_MS, UNSURE_MS } from './timing'

export interface Ending {
  /** Whether this call has ended it. */
  ended: boolean
  session: Session
  /** From this moment on (milliseconds since the epoch) what was given to the bot may not have been shown: the agents have to be told. Absent: there can be no such thing. */
  unshownSince?: number
}

export interface End {
  by: 'agent' | 'bot'
  /** When the bot has ended it, milliseconds since the epoch. */
  at?: number
  /** Up to where the ticket has been read. */
  cursor?: string | undefined
  /** Milliseconds to wait for others who are telling the bot something. */
  patienceMs: number
}

/**
 * Ends a session exactly once, whoever asks and however often. By an agent: the bot is told, after everything that was said before. By the bot, at `at`: it knows already. Throws LaneBusy, LaneLost or Unsettled when that has
 * to wait for another delivery.
 */
export const endSession = (call: Call, session: Session, end: End): Promise<Ending> => {
  const { conversationId } = session
  const doing = describeDoing({ kind: 'end', by: end.by, at: end.at ?? call.environment.now() })
  return inLane(call, { conversationId, lane: 'toBot', doing, patienceMs: end.patienceMs }, async (hold) => {
    const settled = await settledSession(call, conversationId, hold)
    const fresh = settled?.session ?? session
    const unnoticed = settled?.endedUnnoticed
    const event = end.by === 'bot' ? 'stop' : 'ticket-closed'
    const meaning = meaningOf(event, phaseOf(fresh, call.environment.now()))
    if (meaning !== 'end' && meaning !== 'wait') {
      const since = Math.min(unnoticed ?? Number.POSITIVE_INFINITY, _overtaken(fresh, end))
      return { ended: false, session: fresh, ...(Number.isFinite(since) ? { unshownSince: since } : {}) }
    }
    return end.by === 'bot' ? _endByBot(call, fresh, end) : _endByAgent(call, fresh, hold, end)
  })
}

/**
 * The bot has ended what an agent had ended a moment before: what was still to come before his end does not come. Or it says so a second time: whoever heard it first may have died before he had told anybody.
 */
const _overtaken = ({ closedAt }: Session, { by, at }: End): number =>
  by === 'agent' || at === undefined ? Number.POSITIVE_INFINITY : Math.min(closedAt ?? at, at) - UNSURE_MS

const _endByBot = async (call: Call, session: Session, end: End): Promise<Ending> => {
  const { conversationId, provider } = session
  const at = end.at ?? call.environment.now()
  await writeTags(call, conversationId, closedTags(at, 'bot'))
  call.log.info('Session ended', { conversationId, desk: provider, by: 'bot' })
  return { ended: true, session: { ...session, status: 'closed', closedAt: at }, unshownSince: at - UNSURE_MS }
}

const _endByAgent = async (call: Call, session: Session, hold: Hold, { cursor }: End): Promise<Ending> => {
  const { conversationId, provider } = session
  // Whoever comes by after a death between the bot's hearing of it and the tag has to see that it was begun; and whoever has a message sees it and waits, or has given it to the bot before it is looked what the bot has.
  await writeTags(call, conversationId, { endingAt: new Date(call.environment.now()).toISOString() })
  const { messages } = await call.client.listMessages({ conversationId })
  const last = messages.filter((message) => deskMessageIdOf(message) !== undefined).map(deliveredAt)
  const announced = session.agents.map(({ at }) => at)
  const now = call.environment.now()
  // The plugin drops what it is still handling when it hears of the end: the last message gets time.
  const moment = Math.max(activatedAt(session), Math.max(now, ...last, ...announced) + HANDLING_MS)
  const event = { type: 'hitlStopped' as const, payload: { conversationId } }
  const closedAt = await emitOnce(call, hold, event, { delayMs: moment - now, since: session.openedAt ?? 0 })
  try {
    await writeTags(call, conversationId, { ...closedTags(closedAt, 'agent'), ...(cursor ? { cursor } : {}) })
  } catch (error) {
    throw new Unsettled('An end could not be written down', { cause: error })
  }
  call.log.info('Session ended', { conversationId, desk: provider, by: 'agent' })
  const isLate = call.environment.now() > closedAt - UNSURE_MS
  return {
    ended: true,
    session: { ...session, status: 'closed', closedAt },
    ...(isLate ? { unshownSince: closedAt - UNSURE_MS } : {}),
  }
}
