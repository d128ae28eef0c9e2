/** What an agent took back before it was delivered is not delivered, however late its webhook comes. */
import type { SessionEvent } from '../../providers/provider'
import { findDelivered, messageTag } from '../session/progress'
import { findScheduled } from '../session/scheduled'
import type { Session } from '../session/session'
import { isMessage, type Reading } from './reading'

/** A replica of the vendor's that lags has caught up after this time. */
const LAG_MS = 1_000

/** What a webhook has told, and what was read in the ticket. */
export interface Told {
  pushed: SessionEvent[]
  reading: Reading
}

/**
 * Leaves out pushed messages that are no longer in the ticket. A message that the reading lacks was read before, lags
 * behind, or was taken back: a second reading from further back tells, and brings what comes before that message.
 * Throws as Botpress and a desk do.
 */
export const withoutTakenBack = async (told: Told, session: Session): Promise<Told> => {
  const { pushed, reading } = told
  const { work, events } = reading
  const { call, desk, progress } = work
  const { catchUp } = desk.driver
  if (!catchUp || session.status !== 'open') return told
  const isKnown = (event: SessionEvent): boolean =>
    !isMessage(event) ||
    progress.ids.has(messageTag(desk, event.id)) ||
    findScheduled(session, messageTag(desk, event.id)) !== undefined ||
    _has(events, event)
  const missing = pushed.filter((event) => !isKnown(event)).filter(isMessage)
  if (missing.length === 0) return told
  const found = await Promise.all(
    missing.map(({ id }) => findDelivered(call, session.conversationId, messageTag(desk, id)))
  )
  const unseen = missing.filter((_event, index) => found[index] === undefined)
  if (unseen.length === 0) return told
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
  const kept = pushed.filter((event) => !takenBack.has(event))
  // A ticket that has moved meanwhile is read anew by its next webhook.
  const isBehind = takenBack.size < unseen.length && again.movedTo === undefined && reading.change.movedTo === undefined
  if (!isBehind) return { pushed: kept, reading }
  const newer = { ...reading, events: again.events, startCursor: session.cursor, endCursor: again.cursor }
  return { pushed: kept, reading: newer }
}

const _has = (events: SessionEvent[], wanted: SessionEvent): boolean =>
  isMessage(wanted) && events.some((event) => isMessage(event) && event.id === wanted.id)
