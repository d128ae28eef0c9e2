import type { Call } from '../botpress/call'
import { isGone } from '../botpress/errors'
import { patchInstallation, type Installation } from '../botpress/installation'
import { instanceCache } from '../botpress/memory'
import { tagValue } from '../session/session'

/** A chain that is longer than this behind the last known turn is walked no further: the rotation then goes on from there, less exact. */
const LONGEST_WALK = 2_000

/**
 * Claims the next turn of the rotation for a session, so that no two sessions ever hold the same one, whichever instances they are started on.
 *
 * The turns are a linked list of the sessions' own conversations: each conversation has one state, `successor`, and `getOrSetState` lets exactly one session write itself there. Whoever finds the place taken goes on
 * to the session that took it. `note` keeps the turn with the session, as soon as it is taken. Where the list ends is remembered in memory and, as a hint, in the installation's state; both may be old.
 */
export const claimTurn = async (
  call: Call,
  conversationId: string,
  key: string,
  installation: Installation,
  note: (turn: number) => Promise<void>
): Promise<number> => {
  const list: List = { call, key, installation, note }
  let at = _newest(list) ?? (await _head(list))
  for (let steps = 0; steps < LONGEST_WALK; steps += 1) {
    const next = await _successor(call, at, conversationId)
    // A list that leads back is one that somebody has damaged: it is left instead of walked in circles.
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

/** Each group of desks that share the turns has a list of its own. */
interface List {
  call: Call
  key: string
  installation: Installation
  note(turn: number): Promise<void>
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

/** The list's head: one helper conversation per list, before the first turn. */
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
    // Somebody deleted the conversation that held the last turn.
    if (isGone(error)) return 'broken'
    throw error
  }
}

const _claimed = async (list: List, conversationId: string, turn: number): Promise<number> => {
  const { call, key, installation, note } = list
  _newestTurns(call).set(_memoryKey(list), { conversationId, turn })
  const hint = { tails: { ...installation.tails, [key]: `${turn} ${conversationId}` } }
  await Promise.all([
    note(turn),
    patchInstallation(call, hint).catch(() => {
      call.log.warn('Could not note the turn of the rotation', { conversationId, turn })
    }),
  ])
  return turn
}
