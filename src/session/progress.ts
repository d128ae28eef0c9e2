import type { Call } from '../botpress/call'
import { instanceCache } from '../botpress/memory'
import type { Session, Tags } from './session'

/** What an instance knows to have been given to the bot in a session. Others may have given more. */
export interface Progress {
  /** Of agents' messages, as their tag has them. */
  ids: Set<string>
  /** When the last of them reaches the bot, milliseconds since the epoch. */
  last: number
  /** Everything that the desk has up to here is among them. */
  cursor: string | undefined
  /** This instance has not met the session before. */
  isNew: boolean
}

const _progress = instanceCache<Progress>('progress', { lifetimeMs: 60 * 60_000, size: 5_000 })

/** The ids of so many messages are remembered; an older one that comes again is recognised by Botpress. */
const MOST_IDS = 200

/** The part of a Botpress message that says what became of it. */
export interface Stored {
  id: string
  direction: string
  createdAt: string
  tags: unknown
  payload: unknown
}

export const deskMessageIdOf = ({ tags }: Stored): string | undefined => (tags as Tags).deskMessageId || undefined

/** When the bot gets (or got) a message, in milliseconds since the epoch: the runtime counts the delay from the moment at which the message exists. */
export const deliveredAt = ({ tags, createdAt }: Stored): number =>
  Date.parse(createdAt) + Number((tags as Tags).delayMs ?? 0)

/**
 * What agents' messages of a session have been given to the bot, and when the last one reaches it: from memory, else of the newest page. What is older and comes again is recognised by its tag.
 */
export const progressOf = async (
  call: Call,
  { conversationId }: Pick<Session, 'conversationId'>
): Promise<Progress> => {
  const key = `${call.installation}/${conversationId}`
  const known = _progress(call).get(key)
  if (known) return known
  const { messages } = await call.client.listMessages({ conversationId })
  const progress: Progress = { ids: new Set(), last: 0, cursor: undefined, isNew: true }
  for (const message of messages.toReversed()) {
    const id = deskMessageIdOf(message)
    if (id !== undefined) noteDelivered(progress, id, deliveredAt(message))
  }
  _progress(call).set(key, progress)
  return progress
}

/** A message has been given to the bot. */
export const noteDelivered = (progress: Progress, id: string, at: number): void => {
  progress.ids.add(id)
  progress.last = Math.max(progress.last, at)
  const [oldest] = progress.ids
  if (progress.ids.size > MOST_IDS && oldest !== undefined) progress.ids.delete(oldest)
}
