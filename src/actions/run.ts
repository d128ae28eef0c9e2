import { createHash } from 'node:crypto'
import { RuntimeError } from '@botpress/sdk'
import type { Call } from '../botpress/call'
import { readSession, tagValue, writeTags, type Session, type Tags } from '../session/session'
import { TooSlow, within } from '../botpress/retry'

/** A handoff with the same content as one that began less than this ago is its repetition: the platform repeats a lost answer after seconds. */
const REPEAT_MS = 3 * 60_000
/**
 * A run that has noted nothing for so long has died: it notes every desk before it asks it, and every time it has to look what became of that. Who takes over looks before it opens, so a run that was only slow
 * does no harm.
 */
const RUN_MS = 12_000
export const POLL_MS = 500
const SETTLING_MS = 200
/** A moment's failure of Botpress is no reason to ask another desk. */
const NOTE_TRIES = 4

/** The plugin waits for the answer of a repeated start before it listens: rather ask again than wait long. */
const SOON_MS = 1_500
const SOON_TRIES = 4

const _soon = async <T>(call: Call, ask: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await within(call, SOON_MS, ask())
    } catch (error) {
      if (!(error instanceof TooSlow) || tries === SOON_TRIES) throw error
    }
  }
}

/** The handoff's identity: nothing else in the call tells a repetition from a new one. */
export const handoffKey = (input: unknown, generation: number): string =>
  `${createHash('sha256').update(JSON.stringify(input)).digest('base64url').slice(0, 32)}${generation > 0 ? `.${generation}` : ''}`

export interface Place {
  conversationId: string
  /** The session exists: this start is a repetition of one that succeeded. */
  session: Session | undefined
}

/**
 * The conversation of this handoff: the same for a repetition, a new one for a new handoff. What is done in it next is for `holdRun` to decide.
 */
export const takePlace = async (call: Call, input: unknown, customerId: string): Promise<Place> => {
  for (let generation = 0; ; generation += 1) {
    const handoff = handoffKey(input, generation)
    const { conversation } = await _soon(call, () =>
      call.client.getOrCreateConversation({
        channel: 'hitl',
        // A ticket whose start has died may tell no more than whose it is.
        tags: { handoff, customerId },
        discriminateByTags: ['handoff'],
      })
    )
    const session = readSession(conversation)
    const isYoung = (session?.openedAt ?? 0) + REPEAT_MS > call.environment.now()
    if (session) {
      // What the bot has ended it had begun: its start was answered. What an agent has ended may not have been.
      if (isYoung && session.botEndedAt === undefined) return { conversationId: conversation.id, session }
      // An older handoff that happened to have the same content.
      continue
    }
    return { conversationId: conversation.id, session: undefined }
  }
}

/**
 * - mine: nobody was here before.
 * - taken-over: somebody was, and has died or failed; at `provider` there may be a ticket of his.
 * - open: somebody was, and has succeeded.
 */
export type Hold =
  | { kind: 'mine' }
  | { kind: 'taken-over'; provider: string | undefined; turn: number | undefined }
  | { kind: 'open' }

/** Makes the run with this id the only one that opens the session. Overlapping runs of the same handoff wait for the first one's end. */
export const holdRun = async (call: Call, conversationId: string, run: string, deadline: number): Promise<Hold> => {
  const key = { type: 'conversation' as const, id: conversationId, name: 'opening' as const }
  const { state } = await call.client.getOrSetState({ ...key, payload: { run, at: call.environment.now() } })
  let holder = state.payload
  if (holder.run === run) {
    // With a desk, it is this run itself that had come so far before something failed.
    return holder.provider ? { kind: 'taken-over', provider: holder.provider, turn: holder.turn } : { kind: 'mine' }
  }
  for (;;) {
    const { conversation } = await call.client.getConversation({ id: conversationId })
    const { status } = conversation.tags as Tags
    if (status === 'open' || status === 'closed') return { kind: 'open' }
    const now = call.environment.now()
    if (holder.failed || holder.at + RUN_MS < now) {
      const { provider, turn } = holder
      await call.client.setState({
        ...key,
        payload: { run, at: now, ...(provider ? { provider } : {}), ...(turn === undefined ? {} : { turn }) },
      })
      // Others may have seen the same and done the same: whose run stands there after a moment goes on.
      await call.environment.sleep(SETTLING_MS)
      holder = (await call.client.getState(key)).state.payload
      if (holder.run === run) return { kind: 'taken-over', provider, turn }
      continue
    }
    if (now + POLL_MS >= deadline)
      throw new RuntimeError('The same handoff is being started already: wait for it to finish')
    await call.environment.sleep(POLL_MS)
    holder = (await call.client.getState(key)).state.payload
  }
}

/** Notes where a ticket is about to be opened, so that whoever finishes the work of a run that died looks there first. */
export const noteDesk = async (call: Call, conversationId: string, provider: string): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      const payload = { provider, at: call.environment.now() }
      await call.client.patchState({ type: 'conversation', id: conversationId, name: 'opening', payload })
      return
    } catch (error) {
      if (tries === NOTE_TRIES) throw error
      await call.environment.sleep(SETTLING_MS)
    }
  }
}

/** No desk took the handoff: whoever starts it again does not wait for this run. */
export const noteFailure = async (call: Call, conversationId: string, reason: string): Promise<void> => {
  await Promise.all([
    call.client.patchState({ type: 'conversation', id: conversationId, name: 'opening', payload: { failed: true } }),
    writeTags(call, conversationId, { status: 'failed', reason: tagValue(reason) }),
  ])
}

/** A conversation takes one turn of the rotation: whoever finishes the work of this run has it. */
export const noteTurn = async (call: Call, conversationId: string, turn: number): Promise<void> => {
  await call.client.patchState({ type: 'conversation', id: conversationId, name: 'opening', payload: { turn } })
}
