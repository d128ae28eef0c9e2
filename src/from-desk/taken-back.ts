/** What an agent took back before it was delivered is not delivered, however late its webhook comes. */
import type { SessionEvent } from '../../providers/provider'
import { findDelivered, messageTag } from '../session/progress'
import { findScheduled } from '../session/scheduled'
import type { Session } from '../session/session'
import { isMessage, type Reading } from './reading'

/** A replica of the vendor's that lags has caught up after this time. */
const LAG_MS = 1_000

/**
 * The pushed events without messages that are no longer in the ticket. A message that the reading lacks was read
 * before, lags behind, or was taken back: a second reading from further back tells. Throws as Botpress and a desk do.
 */
export const withoutTakenBack = async (
  { work, events }: Reading,
  session: Session,
  pushed: SessionEvent[]
): Promise<SessionEvent[]> => {
  const { call, desk, progress } = work
  const { catchUp } = desk.driver
  if (!catchUp || session.status !== 'open') return pushed
  const isKnown = (event: SessionEvent): boolean =>
    !isMessage(event) ||
    progress.ids.has(messageTag(desk, event.id)) ||
    findScheduled(session, messageTag(desk, event.id)) !== undefined ||
    _has(events, event)
  const missing = pushed.filter((event) => !isKnown(event)).filter(isMessage)
  if (missing.length === 0) return pushed
  const found = await Promise.all(
    missing.map(({ id }) => findDelivered(call, session.conversationId, messageTag(desk, id)))
  )
  const unseen = missing.filter((_event, index) => found[index] === undefined)
  if (unseen.length === 0) return pushed
  await call.environment.sleep(LAG_MS)
  const again = await catchUp(session.ticket, session.cursor)
  const takenBack = new Set<SessionEvent>(unseen.filter((event) => !_has(again.events, event)))
  if (takenBack.size > 0) {
    call.log.info('An agent took a message back before it was delivered', {
      desk: desk.provider.name,
      conversationId: session.conversationId,
      messages: takenBack.size,
    })
  }
  return pushed.filter((event) => !takenBack.has(event))
}

const _has = (events: SessionEvent[], wanted: SessionEvent): boolean =>
  isMessage(wanted) && events.some((event) => isMessage(event) && event.id === wanted.id)
