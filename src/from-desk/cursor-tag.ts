/** The session's `cursor` tag. It moves rarely, since the messages carry the exact place (reading.ts). */
import { listsScheduled } from '../session/scheduled'
import { writeTags, type Session } from '../session/session'
import type { Reading } from './reading'
import type { Work } from './work'

/** Remembers up to where the ticket was read, and writes it down when that is due. Throws as Botpress does. */
export const moveCursor = async (
  { work, endCursor }: Reading,
  current: Session,
  { isTagDue, settledAt }: { isTagDue: boolean; settledAt: number | undefined }
): Promise<void> => {
  const { call, progress } = work
  progress.cursor = endCursor
  const movesTag = current.status === 'open' ? isTagDue : !isOutOfSight(work, current)
  if (endCursor === undefined || endCursor === current.cursor || !movesTag) return
  await writeTags(call, current.conversationId, {
    cursor: endCursor,
    ...(settledAt === undefined ? {} : { settledAt: new Date(settledAt).toISOString() }),
  })
  progress.tagged = endCursor
  progress.untagged = 0
}

/** Whether messages are scheduled that the Cloud may not list yet: nobody may read on behind them. */
export const isOutOfSight = ({ call, progress }: Work, { scheduled }: Session): boolean =>
  !listsScheduled(call) && Math.max(progress.lastAt, ...scheduled.map(({ at }) => at)) > call.clock.now()

/** How many agents' messages the session's tag is behind. When others have just moved it, it is not far behind. */
export const countUntagged = ({ work, messages }: Reading, { cursor }: Session): number => {
  const { progress } = work
  progress.untagged = progress.tagged === cursor ? progress.untagged + messages : 1
  progress.tagged = cursor
  return progress.untagged
}
