import { createHash } from 'node:crypto'
import type { Call } from '../botpress/call'
import { retry } from '../botpress/retry'
import { readSession } from '../session/session'
import { QUICKLY, repetitionOf, type RepeatedSession } from './repeated-start'

/**
 * The content of a start, with the customer's Botpress user in it. A repetition has the same, but so may a second
 * window of the same customer: repeated-start.ts tells them apart.
 */
const _keyOf = (input: unknown, generation: number): string =>
  `${createHash('sha256').update(JSON.stringify(input)).digest('base64url').slice(0, 32)}${generation > 0 ? `.${generation}` : ''}`

export interface HandoffConversation {
  conversationId: string
  /** Present when this start repeats one that succeeded. */
  repeats: RepeatedSession | undefined
}

/**
 * The conversation of this handoff: the same one for a repeated start, a new one for a new handoff. `arrivedAt` is when
 * the start arrived, in milliseconds since the epoch.
 */
export const conversationOf = async (
  call: Call,
  input: unknown,
  { customerId, arrivedAt }: { customerId: string; arrivedAt: number }
): Promise<HandoffConversation> => {
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
    if (!session) return { conversationId, repeats: undefined }
    const repeats = await repetitionOf(call, session, conversation.tags, arrivedAt)
    if (repeats) return { conversationId, repeats }
    // The answer of that start has arrived. This one gets the next conversation.
  }
}
