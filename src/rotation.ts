import type { Call } from './call'
import { isGone } from './errors'
import { patchInstallation, type Installation } from './installation'

/** A chain that is longer than this behind the last known turn is walked no further: the rotation then goes on from there, less exact. */
const LONGEST_WALK = 2_000

/**
 * Claims the next turn of the rotation for a session, so that no two sessions ever hold the same one, whichever instances they are started on.
 *
 * The turns are a linked list of the sessions' own conversations: each conversation has one state, `successor`, and `getOrSetState` lets exactly one session write itself there. Whoever finds the place taken goes on
 * to the session that took it. Where the list ends is remembered in memory and, as a hint, in the installation's state; both may be old.
 */
export const claimTurn = async (call: Call, conversationId: string, installation: Installation): Promise<number> => {
  let at = _newest(call, installation) ?? (await _head(call))
  for (let steps = 0; steps < LONGEST_WALK; steps += 1) {
    const next = await _successor(call, at, conversationId)
    if (next === 'broken') return _claimed(call, conversationId, at.turn + 1)
    if (next.conversationId === conversationId) return _claimed(call, conversationId, next.turn)
    at = next
  }
  return _claimed(call, conversationId, at.turn + 1)
}

interface Turn {
  conversationId: string
  turn: number
}

const _newest = (call: Call, { tail, turn }: Installation): Turn | undefined => {
  const remembered = call.memory.rotation.get(call.installation)
  const stored = tail === undefined || turn === undefined ? undefined : { conversationId: tail, turn }
  if (remembered && stored) return remembered.turn >= stored.turn ? remembered : stored
  return remembered ?? stored
}

/** The list's head: one helper conversation per installation, before the first turn. */
const _head = async (call: Call): Promise<Turn> => {
  const { conversation } = await call.client.getOrCreateConversation({
    channel: 'hitl',
    tags: { claim: 'rotation' },
    discriminateByTags: ['claim'],
  })
  return { conversationId: conversation.id, turn: -1 }
}

const _successor = async (call: Call, at: Turn, conversationId: string): Promise<Turn | 'broken'> => {
  if (at.conversationId === conversationId) return at
  try {
    const { state } = await call.client.getOrSetState({
      type: 'conversation',
      id: at.conversationId,
      name: 'successor',
      payload: { conversationId, turn: at.turn + 1 },
    })
    return state.payload
  } catch (error) {
    // Somebody deleted the conversation that held the last turn.
    if (isGone(error)) return 'broken'
    throw error
  }
}

const _claimed = async (call: Call, conversationId: string, turn: number): Promise<number> => {
  call.memory.rotation.set(call.installation, { conversationId, turn })
  await patchInstallation(call, { tail: conversationId, turn }).catch(() => {
    call.log.warn('Could not note the rotation’s turn', { conversationId, turn })
  })
  return turn
}
