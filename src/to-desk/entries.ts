import type { Call } from '../botpress/call'
import type { Tags } from '../session/session'

/** A message from the bot's side, as the session's conversation has it. */
export interface Entry {
  id: string
  type: string
  payload: unknown
  /** The customer who speaks, as a Botpress user; undefined: the bot. */
  userId: string | undefined
  /** Milliseconds since the epoch. */
  createdAt: number
  /** What it became at the desk; undefined: as far as we know it is not there. */
  deskMessageIds: string | undefined
  /** With what it was, or may have been, given to the desk as one message: see `sentAsOne`. */
  sentAs: string | undefined
  /** Why the desk does not take it, whenever it is offered. */
  refused: string | undefined
}

interface Stored {
  id: string
  type: string
  payload: unknown
  createdAt: string
  tags: unknown
}

/** Nobody writes so much while a desk does not take it. */
const MOST_PAGES = 20

export const toEntry = ({ id, type, payload, createdAt, tags }: Stored): Entry => {
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

export const isSettled = ({ deskMessageIds, refused }: Entry): boolean =>
  deskMessageIds !== undefined || refused !== undefined

/**
 * What the bot's side has said, oldest first: back to the first of the messages that wait. What is older than a settled one is settled, since all are posted in this order.
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

/** In which they were said; those of one moment as they are listed. */
export const inOrder = (entries: Entry[]): Entry[] => entries.toSorted((a, b) => a.createdAt - b.createdAt)

/** How messages are marked before they go to the desk as one: how many they are, and the id of the last one, under which they go. */
export const sentAsOne = (unit: Entry[]): string => `${unit.length}/${unit.at(-1)?.id}`

/** How a message is marked that was kept from the desk: it is certain not to be there. */
export const HELD_BACK = '0'

/** Those that went to the desk as one with this one. Empty: not all of them were marked, so nothing was posted under that mark. */
const _groupOf = (entries: Entry[], { sentAs }: Entry): Entry[] => {
  const members = sentAs === undefined ? [] : entries.filter((entry) => entry.sentAs === sentAs)
  return Number.parseInt(sentAs ?? '', 10) === members.length ? members : []
}

/** Whether it was given to the desk, perhaps, under an id that its mark tells. */
export const wasSent = (entries: Entry[], entry: Entry): boolean => _groupOf(entries, entry).length > 0

/** Beyond this a message is too long to be read as one. */
const MOST_MERGED = 25

/**
 * What goes to the desk next, as one message. What was sent as one stays one, so that it is found there; what was held back takes along what follows, as long as the same person speaks and it is certain not to be there.
 * `waiting`: in order, not empty.
 */
export const nextUnit = (
  entries: Entry[],
  waiting: Entry[],
  known: { isHeldBack(entry: Entry): boolean; isCertain(entry: Entry): boolean }
): Entry[] => {
  const [first] = waiting
  if (!first) return []
  if (wasSent(entries, first)) return _groupOf(entries, first)
  if (!known.isCertain(first) || !known.isHeldBack(first)) return [first]
  const joins = (entry: Entry): boolean =>
    entry.userId === first.userId && known.isCertain(entry) && !wasSent(entries, entry)
  const end = waiting.findIndex((entry, index) => index === MOST_MERGED || !joins(entry))
  return end === -1 ? waiting : waiting.slice(0, end)
}
