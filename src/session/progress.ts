import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { instanceCache } from '../botpress/memory'
import { noteListed } from './scheduled'
import type { Session, Tags } from './session'

/** Which agents' messages of a session were delivered to the bot, as far as this instance knows. */
export interface Progress {
  /** The `deskMessageId` tags of delivered messages. */
  ids: Set<string>
  /** When the last of them reaches the bot, in milliseconds since the epoch. */
  lastAt: number
  /** The ticket has been delivered up to here. */
  cursor: string | undefined
  /** The session's `cursor` tag when this instance last read or wrote it. */
  tagged: string | undefined
  /** How many agents' messages the tag is behind. */
  untagged: number
  /** This instance has not handled the session before. */
  isNew: boolean
  /** When this instance last looked for messages that wait for the desk, in milliseconds since the epoch. */
  lookedAt?: number
  /** The newest messages, when they were just listed. Read once. */
  page: MessagePage | undefined
}

/** A page of a session's messages, newest first. */
export interface MessagePage {
  /** Milliseconds since the epoch. */
  listedAt: number
  messages: StoredMessage[]
  nextToken: string | undefined
}

const _progress = instanceCache<Progress>('progress', { lifetimeMs: 60 * 60_000, size: 5_000 })

/** More ids are forgotten, oldest first. Botpress recognises the duplicate of an older message by its tag. */
const MOST_IDS = 200

/** The part of a Botpress message that says whether and when it was delivered. */
export interface StoredMessage {
  id: string
  type: string
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
 * Where the ticket is read on when this is the newest agent's message. Only messages that were read in the ticket have
 * it: everything before them in the ticket was delivered before them.
 */
export const cursorOf = ({ tags }: StoredMessage): string | undefined => (tags as Tags).cursor || undefined

/**
 * When the bot receives a message, in milliseconds since the epoch. The runtime counts the delay of a scheduled message
 * from the moment of its creation.
 */
export const deliveredAt = ({ tags, createdAt }: StoredMessage): number =>
  Date.parse(createdAt) + Number((tags as Tags).delayMs ?? 0)

export const listMessages = async (call: Call, conversationId: string, nextToken?: string): Promise<MessagePage> => {
  const listedAt = call.environment.now()
  const { messages, meta } = await call.client.listMessages({ conversationId, ...(nextToken ? { nextToken } : {}) })
  for (const message of messages) noteListed(call, deliveredAt(message))
  return { listedAt, messages, nextToken: meta.nextToken }
}

/** The message that an agent's message became at Botpress. Throws as Botpress does. */
export const findDelivered = async (
  call: Call,
  conversationId: string,
  deskMessageId: string
): Promise<StoredMessage | undefined> => {
  const { messages } = await call.client.listMessages({ conversationId, tags: { deskMessageId } })
  // A filter that is ignored must not make one message pass for another.
  const found = messages.find(
    (message) => message.conversationId === conversationId && deskMessageIdOf(message) === deskMessageId
  )
  if (found) noteListed(call, deliveredAt(found))
  return found
}

/** The place from which to read on, by the newest agent's message of a page. */
export const newestCursor = (messages: StoredMessage[]): string | undefined =>
  messages.map(cursorOf).find((cursor) => cursor !== undefined)

/** Whether this instance has handled the session before. */
export const hasProgress = (call: Call, { conversationId }: Pick<Session, 'conversationId'>): boolean =>
  _progress(call).get(`${call.installation}/${conversationId}`) !== undefined

/** The progress of a session: from memory, or read from the newest page of its messages. */
export const progressOf = async (
  call: Call,
  { conversationId, cursor: tagged }: Pick<Session, 'conversationId' | 'cursor'>
): Promise<Progress> => {
  const key = `${call.installation}/${conversationId}`
  const known = _progress(call).get(key)
  if (known) return known
  const page = await listMessages(call, conversationId)
  const cursor = newestCursor(page.messages)
  const untagged = _countUntagged(page.messages, tagged)
  const progress: Progress = { ids: new Set(), lastAt: 0, cursor, tagged, untagged, isNew: true, page }
  for (const message of page.messages.toReversed()) {
    const id = deskMessageIdOf(message)
    if (id !== undefined) noteDelivered(progress, id, deliveredAt(message))
  }
  _progress(call).set(key, progress)
  return progress
}

/** How many agents' messages of this page are newer than the tag. */
const _countUntagged = (messages: StoredMessage[], tagged: string | undefined): number => {
  const ofAgents = messages.filter((message) => deskMessageIdOf(message) !== undefined)
  const index = ofAgents.findIndex((message) => cursorOf(message) === tagged)
  return index === -1 ? ofAgents.length : index
}

/** Notes that a message reaches the bot at `at`, in milliseconds since the epoch. */
export const noteDelivered = (progress: Progress, id: string, at: number): void => {
  progress.ids.add(id)
  progress.lastAt = Math.max(progress.lastAt, at)
  const [oldest] = progress.ids
  if (progress.ids.size > MOST_IDS && oldest !== undefined) progress.ids.delete(oldest)
}
