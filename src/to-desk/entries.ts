import type { Call } from '../botpress/call'
import { listMessages, type MessagePage } from '../session/progress'
import type { Session, Tags } from '../session/session'

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

/** Botpress may list a new message a moment late. */
const UNLISTED_MS = 1_000

export interface Outbox {
  /** The messages of the bot's side, oldest first, at least back to the first one that waits. */
  entries: Entry[]
  /** Older messages than this, and those in `entries`, are all there are. Milliseconds since the epoch. */
  readAt: number | undefined
}

/**
 * Reads the outbox. Messages are posted in order, so reading stops at a settled one. Where agents have written a whole
 * page since, it stops at the moment before which nothing waits (`Session.settledAt`). `first` is the newest page, if
 * it was just listed.
 */
export const readOutbox = async (
  call: Call,
  { conversationId, settledAt = 0 }: Pick<Session, 'conversationId' | 'settledAt'>,
  first?: MessagePage
): Promise<Outbox> => {
  const newestFirst: Entry[] = []
  let page = first ?? (await listMessages(call, conversationId))
  const newest = page.messages.at(0)
  for (let pages = 1; ; pages += 1) {
    newestFirst.push(...page.messages.filter(({ direction }) => direction === 'outgoing').map(toEntry))
    const { nextToken } = page
    const oldest = newestFirst.at(-1)
    const listed = page.messages.at(-1)
    const isComplete = (oldest && isSettled(oldest)) || (listed && Date.parse(listed.createdAt) <= settledAt)
    if (!nextToken || isComplete || pages >= MOST_PAGES) break
    page = await listMessages(call, conversationId, nextToken)
  }
  const readAt = newest && Date.parse(newest.createdAt) - UNLISTED_MS
  return { entries: inOrder(newestFirst.toReversed()), readAt }
}

/** By creation time; messages of the same moment stay in the order in which they are listed. */
export const inOrder = (entries: Entry[]): Entry[] => entries.toSorted((a, b) => a.createdAt - b.createdAt)
