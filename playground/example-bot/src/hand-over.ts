/** The handoff: look whether anybody is there, say what happens, and only then hand over. */
import type { Availability, StartHitl } from './bp'
import { TEXTS } from './texts'

/** What the bot's platform does. */
export interface Platform {
  checkAvailability(question: { text: string; userId: string }): Promise<Availability>
  startHitl(card: StartHitl): Promise<unknown>
  say(text: string): Promise<unknown>
}

export interface Asking {
  conversationId: string
  userId: string
  /** What the customer wrote last. The router detects their language from it. */
  text: string
}

export type Outcome = 'handed-over' | 'waits-for-agents' | 'closed' | 'failed'

export const handOver = async ({ conversationId, userId, text }: Asking, platform: Platform): Promise<Outcome> => {
  const { available, willOpen, messageForCustomer } = await platform.checkAvailability({ text, userId })
  if (!willOpen) {
    await platform.say(messageForCustomer)
    return 'closed'
  }
  // Nobody is there, and a ticket will wait for them: the customer should know before it is opened.
  await platform.say(available ? TEXTS.handingOver : messageForCustomer)
  try {
    await platform.startHitl({
      conversationId,
      userId,
      title: text.slice(0, 80),
      description: text,
      hitlSession: { tags: ['example-bot'] },
    })
  } catch (error) {
    await platform.say(_forCustomer(error) ?? TEXTS.failed)
    return 'failed'
  }
  return available ? 'handed-over' : 'waits-for-agents'
}

/** A refusal is written for customers. A failure lists what each desk has answered, and is for the team. */
const _forCustomer = (error: unknown): string | undefined => {
  const message = error instanceof Error ? error.message : ''
  return message !== '' && !/\n|failed:|No desk took/.test(message) ? message : undefined
}
