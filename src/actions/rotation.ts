import type { Call } from '../botpress/call'
import { isGone } from '../botpress/errors'
import { patchInstallation, type Installation } from '../botpress/installation'
import { instanceCache } from '../botpress/memory'
import { tagValue } from '../session/session'

/** The walk from the newest known turn stops after this many steps. The rotation is less exact then. */
const LONGEST_WALK = 2_000

/**
 * Claims the next turn of the rotation for a session. No two sessions get the same turn, on any instance. Throws what
 * Botpress and `recordTurn` throw.
 *
 * The turns are a linked list of the sessions' conversations. Each has one state, `successor`, and `getOrSetState` lets
 * exactly one session write itself there. A session that finds the state taken moves on to the session in it. The end
 * of the list is remembered in memory and, as a hint, in the installation's state. Both may be stale.
 */
export const claimTurn = async (
  call: Call,
  conversationId: string,
  key: string,
  installation: Installation,
  recordTurn: (turn: number) => Promise<void>
): Promise<number> => {
  const list: List = { call, key, installation, recordTurn }
  let at = _newest(list) ?? (await _head(list))
  for (let steps = 0; steps < LONGEST_WALK; steps += 1) {
    const next = await _successor(call, at, conversationId)
    // A damaged list may lead back. It is left here, so that the walk ends.
    if (next === 'broken' || next.turn <= at.turn) return _claimed(list, conversationId, at.turn + 1)
    if (next.conversationId === conversationId) return _claimed(list, conversationId, next.turn)
    at = next
  }
  return _claimed(list, conversationId, at.turn + 1)
}

/** The newest turn of each rotation that this instance has seen. */
const _newestTurns = instanceCache<Turn>('rotation', { lifetimeMs: 60_000, size: 500 })

interface Turn {
  conversationId: string
  turn: number
}

/** Each group of desks that share turns has its own list. */
interface List {
  call: Call
  key: string
  installation: Installation
  recordTurn(turn: number): Promise<void>
}

const _memoryKey = ({ call, key }: List) => `${call.installation}/${key}`

const _newest = (list: List): Turn | undefined => {
  const remembered = _newestTurns(list.call).get(_memoryKey(list))
  const stored = _parse(list.installation.tails?.[list.key])
  if (remembered && stored) return remembered.turn >= stored.turn ? remembered : stored
  return remembered ?? stored
}

const _parse = (stored: string | undefined): Turn | undefined => {
  const [, turn, conversationId] = /^(\d+) (\S+)$/.exec(stored ?? '') ?? []
  return turn === undefined || conversationId === undefined ? undefined : { turn: Number(turn), conversationId }
}

/** The head of the list: one helper conversation, before the first turn. */
const _head = async ({ call, key }: List): Promise<Turn> => {
  const { conversation } = await call.client.getOrCreateConversation({
    channel: 'hitl',
    tags: { claim: tagValue(`rotation ${key}`) },
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
    // The conversation that held the last turn was deleted.
    if (isGone(error)) return 'broken'
    throw error
  }
}

const _claimed = async (list: List, conversationId: string, turn: number): Promise<number> => {
  const { call, key, installation, recordTurn } = list
  _newestTurns(call).set(_memoryKey(list), { conversationId, turn })
  const hint = { tails: { ...installation.tails, [key]: `${turn} ${conversationId}` } }
  await Promise.all([
    recordTurn(turn),
    patchInstallation(call, hint).catch(() => {
      call.log.warn('Could not store the hint of a rotation', { conversationId, turn })
    }),
  ])
  return turn
}
