import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { instanceCache } from '../botpress/memory'
import type { Session, Tags } from './session'

/** Which agents' messages of a session were delivered to the bot, as far as this instance knows. */
export interface Progress {
  /** The `deskMessageId` tags of delivered messages. */
  ids: Set<string>
  /** When the last of them reaches the bot, in milliseconds since the epoch. */
  lastAt: number
  /** The ticket has been delivered up to here. */
  cursor: string | undefined
  /** This instance has not handled the session before. */
  isNew: boolean
}

const _progress = instanceCache<Progress>('progress', { lifetimeMs: 60 * 60_000, size: 5_000 })

/** More ids are forgotten, oldest first. Botpress recognises the duplicate of an older message by its tag. */
const MOST_IDS = 200

/** The part of a Botpress message that says whether and when it was delivered. */
export interface StoredMessage {
  id: string
  direction: string
  createdAt: string
  tags: unknown
  payload: unknown
}

/** The value of the `deskMessageId` tag: by it, every duplicate of an agent's message is recognised. */
export const messageTag = (desk: Desk, messageId: string) => `${desk.provider.name}:${messageId}`

export const deskMessageIdOf = ({ tags }: StoredMessage): string | undefined =>
  (tags as Tags).deskMessageId || undefined

/**
 * When the bot receives a message, in milliseconds since the epoch. The runtime counts the delay of a scheduled message
 * from the moment of its creation.
 */
export const deliveredAt = ({ tags, createdAt }: StoredMessage): number =>
  Date.parse(createdAt) + Number((tags as Tags).delayMs ?? 0)

/** The copies of an agent's message in a session, newest first. What the Cloud lists is compared again. */
export const deliveriesOf = async (
  call: Call,
  { conversationId, deskMessageId }: { conversationId: string; deskMessageId: string }
) => {
  const { messages } = await call.client.listMessages({ conversationId, tags: { deskMessageId } })
  return messages.filter(
    (message) => message.conversationId === conversationId && deskMessageIdOf(message) === deskMessageId
  )
}

/** The progress of a session: from memory, or read from the newest page of its messages. */
export const progressOf = async (
  call: Call,
  { conversationId }: Pick<Session, 'conversationId'>
): Promise<Progress> => {
  const key = `${call.installation}/${conversationId}`
  const known = _progress(call).get(key)
  if (known) return known
  const { messages } = await call.client.listMessages({ conversationId })
  const progress: Progress = { ids: new Set(), lastAt: 0, cursor: undefined, isNew: true }
  for (const message of messages.toReversed()) {
    const id = deskMessageIdOf(message)
    if (id !== undefined) noteDelivered(progress, id, deliveredAt(message))
  }
  _progress(call).set(key, progress)
  return progress
}

/** Notes that a message reaches the bot at `at`, in milliseconds since the epoch. */
export const noteDelivered = (progress: Progress, id: string, at: number): void => {
  progress.ids.add(id)
  progress.lastAt = Math.max(progress.lastAt, at)
  const [oldest] = progress.ids
  if (progress.ids.size > MOST_IDS && oldest !== undefined) progress.ids.delete(oldest)
}
