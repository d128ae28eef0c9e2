import type { Call } from './call'
import { randomId } from './environment'
import { rememberSession, writeTags, type Session } from './sessions'
import { HANDLING_MS, reserve } from './timing'

/** A claim whose holder has not finished by then is taken over: the holder has died. */
const CLAIM_MS = 10_000

interface Claim {
  claim: string
  by: string
  at: number
  told?: boolean
  done?: boolean
}

/** Somebody else is ending the session at this moment: whether he succeeds is not known yet. */
export class EndingUnderWay extends Error {
  public override readonly name = 'EndingUnderWay'
}

/**
 * Ends a session exactly once, whoever asks and however often: one caller of all instances holds the claim. By an agent: the bot is told, after everything that was said before. By the bot: it knows already. Resolves to
 * whether this caller ended it; throws EndingUnderWay while somebody else is at it.
 */
export const endSession = async (call: Call, session: Session, by: 'agent' | 'bot'): Promise<boolean> => {
  const { conversationId } = session
  const key = { type: 'conversation' as const, id: conversationId, name: 'ending' as const }
  const payload: Claim = { claim: randomId(call.environment), by, at: call.environment.now() }
  const { state } = await call.client.getOrSetState({ ...key, payload })
  const held = state.payload as Claim
  if (held.done) return false
  if (held.claim !== payload.claim) {
    if (held.at + CLAIM_MS > call.environment.now()) throw new EndingUnderWay('The session is being ended')
    // Whoever claimed it died before it was done. An end by the bot stays one: the plugin has told the customer.
    payload.by = held.by
    await call.client.setState({ ...key, payload: { ...payload, ...(held.told ? { told: true } : {}) } })
  }
  try {
    await _end(call, session, payload.by, held.told === true)
    await call.client.patchState({ ...key, payload: { done: true } })
  } catch (error) {
    // The claim is given back, so that the next try need not wait for it to grow old.
    await call.client.patchState({ ...key, payload: { at: 0 } }).catch(() => undefined)
    throw error
  }
  call.log.info('Session ended', { conversationId, desk: session.provider, by })
  return true
}

const _end = async (call: Call, session: Session, by: string, isTold: boolean): Promise<void> => {
  const { conversationId } = session
  const now = call.environment.now()
  if (by === 'agent' && !isTold) {
    // The plugin drops what it is still handling when it hears of the end: the last message gets time.
    const delay = reserve(call, session, { notBefore: now + HANDLING_MS, spacingMs: HANDLING_MS })
    await call.client.createEvent({ type: 'hitlStopped', payload: { conversationId }, schedule: { delay } })
    // Told is told, whatever fails next: the plugin says goodbye for every event.
    const key = { type: 'conversation' as const, id: conversationId, name: 'ending' as const }
    await call.client.patchState({ ...key, payload: { told: true } })
  }
  rememberSession(call, { ...session, status: 'closed' })
  await writeTags(call, conversationId, {
    status: 'closed',
    closedAt: new Date(now).toISOString(),
    // The same content later is a new handoff.
    handoff: '',
  })
}
