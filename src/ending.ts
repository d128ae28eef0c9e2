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
  done?: boolean
}

/**
 * Ends a session exactly once, whoever asks and however often: one caller of all instances holds the claim. By an agent: the bot is told, after everything that was said before. By the bot: it
 * knows already. Resolves to whether this caller ended it.
 */
export const endSession = async (call: Call, session: Session, by: 'agent' | 'bot'): Promise<boolean> => {
  const { conversationId } = session
  const payload: Claim = { claim: randomId(call.environment), by, at: call.environment.now() }
  const { state } = await call.client.getOrSetState({
    type: 'conversation',
    id: conversationId,
    name: 'ending',
    payload,
  })
  const held = state.payload as Claim
  if (held.claim !== payload.claim) {
    if (held.done || held.at + CLAIM_MS > call.environment.now()) return false
    // Whoever claimed it died before it was done. An end by the bot stays one: the plugin has told the customer.
    payload.by = held.by
    await call.client.setState({ type: 'conversation', id: conversationId, name: 'ending', payload })
  }
  if (payload.by === 'agent') {
    // The plugin drops what it is still handling when it hears of the end: the last message gets time.
    const now = call.environment.now()
    const delay = reserve(call, session, { notBefore: now + HANDLING_MS, spacingMs: HANDLING_MS })
    await call.client.createEvent({ type: 'hitlStopped', payload: { conversationId }, schedule: { delay } })
  }
  rememberSession(call, { ...session, status: 'closed' })
  await Promise.all([
    writeTags(call, conversationId, { status: 'closed', closedAt: new Date(call.environment.now()).toISOString() }),
    call.client.patchState({ type: 'conversation', id: conversationId, name: 'ending', payload: { done: true } }),
  ])
  call.log.info('Session ended', { conversationId, desk: session.provider, by })
  return true
}
