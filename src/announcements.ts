import type { Agent } from '../providers/provider'
import type { Call } from './call'
import { randomId } from './environment'
import type { Session } from './sessions'
import { HANDLING_MS } from './timing'

/** A claim whose holder has not finished by then is taken over: the holder has died. */
const CLAIM_MS = 5_000
/** Old enough for a claim to be taken over at once, and not the 0 of an agent whom the plugin introduces. */
const LONG_AGO = 1

export interface Announcement {
  /** Whether this caller is to emit hitlAssigned. */
  emit: boolean
  /** Whether this caller is the one that introduces the agent, by an event or by his first message. */
  isNew: boolean
  /** Before this moment (milliseconds since the epoch) the plugin may still be busy with the announcement. */
  settledAt: number
  /** Marks the announcement as made, so that nobody takes the claim over; `deliveredAt`: when the plugin gets it. */
  done(deliveredAt: number): Promise<void>
  /** Gives the claim back: the announcement could not be made. */
  release(): Promise<void>
}

const _nothing = () => Promise.resolve()
const NOTHING: Announcement = { emit: false, isNew: false, settledAt: 0, done: _nothing, release: _nothing }

/**
 * Decides, across all instances, who announces an agent: once per agent and session.
 *
 * The plugin announces the author of a session's first message by itself, so the first agent who writes without having been assigned gets no event of ours. Every hitlAssigned is
 * announced again by the plugin, hence the claims: `getOrSetState` hands one caller's payload to all. The first agent's claim is a state of the session; later agents, who are rare, get a
 * claim of their own on a helper conversation.
 */
export const announce = async (
  call: Call,
  session: Session,
  agent: Agent,
  how: 'wrote' | 'assigned' | 'claimed'
): Promise<Announcement> => {
  const key = `${call.installation}/${session.conversationId}/${agent.id}`
  const known = call.memory.announced.get(key)
  if (known !== undefined) return { ...NOTHING, settledAt: known }

  const now = call.environment.now()
  const payload = { claim: randomId(call.environment), agent: agent.id, at: how === 'wrote' ? 0 : now }
  const first = await _claim(call, session.conversationId, payload)
  if (first.agent === agent.id) {
    const mine = first.claim === payload.claim
    return _result(call, key, session.conversationId, { mine, emit: mine && how !== 'wrote', at: first.at })
  }
  // Somebody else has been announced before.
  if (how === 'claimed') return NOTHING
  const { conversation } = await call.client.getOrCreateConversation({
    channel: 'hitl',
    tags: { claim: `${session.conversationId}/${agent.id}` },
    discriminateByTags: ['claim'],
  })
  const later = await _claim(call, conversation.id, { ...payload, at: now })
  const mine = later.claim === payload.claim
  return _result(call, key, conversation.id, { mine, emit: mine, at: later.at })
}

interface Claim {
  claim: string
  agent: string
  at: number
  done?: boolean
}

/** The claim that holds: ours, or another's; one that was left unfinished becomes ours. */
const _claim = async (call: Call, conversationId: string, payload: Claim): Promise<Claim> => {
  const { state } = await call.client.getOrSetState({
    type: 'conversation',
    id: conversationId,
    name: 'announcement',
    payload,
  })
  const held = state.payload as Claim
  const abandoned =
    held.agent === payload.agent && held.at > 0 && !held.done && held.at + CLAIM_MS < call.environment.now()
  if (held.claim === payload.claim || !abandoned || payload.at === 0) return held
  await call.client.setState({ type: 'conversation', id: conversationId, name: 'announcement', payload })
  return payload
}

const _result = (
  call: Call,
  key: string,
  conversationId: string,
  { mine, emit, at }: { mine: boolean; emit: boolean; at: number }
): Announcement => {
  const settledAt = at === 0 ? 0 : at + HANDLING_MS
  if (!emit) {
    call.memory.announced.set(key, settledAt)
    return { ...NOTHING, isNew: mine, settledAt }
  }
  return {
    emit,
    isNew: true,
    settledAt,
    done: async (deliveredAt) => {
      call.memory.announced.set(key, deliveredAt + HANDLING_MS)
      await call.client.patchState({
        type: 'conversation',
        id: conversationId,
        name: 'announcement',
        payload: { done: true, at: deliveredAt },
      })
    },
    release: async () => {
      const abandoned = { at: LONG_AGO }
      await call.client
        .patchState({ type: 'conversation', id: conversationId, name: 'announcement', payload: abandoned })
        .catch(() => undefined)
    },
  }
}
