import type { Call } from '../botpress/call'
import type { Tags } from '../session/session'

/** A message from the bot's side, as the session's conversation holds it. */
export interface Entry {
  id: string
  type: string
  payload: unknown
  /** The Botpress user of the customer who wrote it; undefined: the bot. */
  userId: string | undefined
  /** Milliseconds since the epoch. */
  createdAt: number
  /** The ids of what it became at the desk; undefined: it isn't known to be there. */
  deskMessageIds: string | undefined
  /** Id of the last message of the unit with which it goes to the desk as one message (units.ts). */
  sentAs: string | undefined
  /** Why the desk will never take it. */
  refused: string | undefined
}

interface StoredMessage {
  id: string
  type: string
  payload: unknown
  createdAt: string
  tags: unknown
}

/** More messages than anyone writes while a desk is down. */
const MOST_PAGES = 20

export const toEntry = ({ id, type, payload, createdAt, tags }: StoredMessage): Entry => {
  const { deskMessageIds, sentAs, refused } = tags as Tags
  return {
    id,
    type,
    payload,
    userId: _userIdOf(payload),
    createdAt: Date.parse(createdAt),
    deskMessageIds: deskMessageIds || undefined,
    sentAs: sentAs || undefined,
    refused: refused || undefined,
  }
}

const _userIdOf = (payload: unknown): string | undefined => {
  const userId = (payload as { userId?: unknown } | null | undefined)?.userId
  return typeof userId === 'string' && userId !== '' ? userId : undefined
}

/** Delivered or refused: nothing remains to be done. */
export const isSettled = ({ deskMessageIds, refused }: Entry): boolean =>
  deskMessageIds !== undefined || refused !== undefined

/**
 * The messages of the bot's side, oldest first, at least back to the first one that waits. Messages are posted in
 * order, so reading stops at a settled one.
 */
export const readOutbox = async (call: Call, conversationId: string): Promise<Entry[]> => {
  const newestFirst: Entry[] = []
  let nextToken: string | undefined
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { messages, meta } = await call.client.listMessages({ conversationId, ...(nextToken ? { nextToken } : {}) })
    newestFirst.push(...messages.filter(({ direction }) => direction === 'outgoing').map(toEntry))
    nextToken = meta.nextToken
    const oldest = newestFirst.at(-1)
    if (!nextToken || (oldest && isSettled(oldest))) break
  }
  return inOrder(newestFirst.toReversed())
}

/** By creation time; messages of the same moment stay in the order in which they are listed. */
export const inOrder = (entries: Entry[]): Entry[] => entries.toSorted((a, b) => a.createdAt - b.createdAt)
