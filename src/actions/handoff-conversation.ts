import { createHash } from 'node:crypto'
import type { Call } from '../botpress/call'
import { retry, TooSlow } from '../botpress/retry'
import { readSession, type Session } from '../session/session'

/** A start with the same content within this time repeats the handoff. Botpress repeats a lost answer after seconds. */
const REPEAT_MS = 3 * 60_000

/** The plugin waits for the answer to a repeated start before it listens, so a slow answer is asked for again. */
const QUICKLY = {
  tries: 4,
  timeoutMs: 1_500,
  pauseMs: 0,
  isRetried: (error: unknown): boolean => error instanceof TooSlow,
}

/** Identifies the handoff by its content. Nothing else in the call tells a repeated start from a new one. */
const _keyOf = (input: unknown, generation: number): string =>
  `${createHash('sha256').update(JSON.stringify(input)).digest('base64url').slice(0, 32)}${generation > 0 ? `.${generation}` : ''}`

export interface HandoffConversation {
  conversationId: string
  /** Present when this start repeats one that succeeded. */
  session: Session | undefined
}

/** The conversation of this handoff: the same one for a repeated start, a new one for a new handoff. */
export const conversationOf = async (call: Call, input: unknown, customerId: string): Promise<HandoffConversation> => {
  for (let generation = 0; ; generation += 1) {
    const handoff = _keyOf(input, generation)
    const { conversation } = await retry(call, QUICKLY, () =>
      call.client.getOrCreateConversation({
        channel: 'hitl',
        // An orphan ticket may only be known by its customer.
        tags: { handoff, customerId },
        discriminateByTags: ['handoff'],
      })
    )
    const conversationId = conversation.id
    const session = readSession(conversation)
    if (!session) return { conversationId, session }
    const isYoung = (session.openedAt ?? 0) + REPEAT_MS > call.environment.now()
    // The bot only ends a session whose start was answered. An agent may end one before that.
    if (isYoung && session.botEndedAt === undefined) return { conversationId, session }
    // An older handoff had the same content: this one gets the next conversation.
  }
}
