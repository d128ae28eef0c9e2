/** The session's `cursor` tag. It moves rarely, since the messages carry the exact place (reading.ts). */
import { writeTags, type Session } from '../session/session'
import type { Reading } from './reading'

/** Remembers up to where the ticket was read, and writes it down when that is due. Throws as Botpress does. */
export const moveCursor = async (
  { work, endCursor }: Reading,
  current: Session,
  { isTagDue, settledAt }: { isTagDue: boolean; settledAt: number | undefined }
): Promise<void> => {
  const { call, progress } = work
  progress.cursor = endCursor
  // What is scheduled may not be listed yet, so nobody may read on behind it.
  const movesTag = isTagDue && progress.lastAt <= call.clock.earliest()
  if (endCursor === undefined || endCursor === current.cursor || !(movesTag || current.status !== 'open')) return
  await writeTags(call, current.conversationId, {
    cursor: endCursor,
    ...(settledAt === undefined ? {} : { settledAt: new Date(settledAt).toISOString() }),
  })
  progress.tagged = endCursor
  progress.untagged = 0
}

/** How many agents' messages the session's tag is behind. When others have just moved it, it is not far behind. */
export const countUntagged = ({ work, messages }: Reading, { cursor }: Session): number => {
  const { progress } = work
  progress.untagged = progress.tagged === cursor ? progress.untagged + messages : 1
  progress.tagged = cursor
  return progress.untagged
}
