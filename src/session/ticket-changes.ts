/** What a driver finds changed about a ticket: remembered in the session's tags, so that every instance knows. */
import type { TicketChange } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { contactTag } from '../definition/registry'
import { rememberSession, writeTags, type Session, type Tags } from './session'

/** The session after the change, without writing it down. */
export const withChange = (session: Session, { contactId, movedTo }: TicketChange): Session => {
  const { ticket } = session
  const place = movedTo?.id === ticket.id ? undefined : movedTo
  const { memo: _former, ...kept } = ticket
  return {
    ...session,
    ticket: {
      ...(place ? { ...kept, id: place.id, ...(place.memo === undefined ? {} : { memo: place.memo }) } : ticket),
      ...(contactId === undefined ? {} : { contactId }),
    },
    cursor: place?.cursor ?? session.cursor,
  }
}

/** Resolves to the session after the change. Throws as Botpress does: then the driver finds the change again. */
export const rememberChange = async (
  call: Call,
  desk: Desk,
  session: Session,
  change: TicketChange
): Promise<Session> => {
  const { contactId, movedTo } = change
  const { conversationId, ticket, customerId } = session
  const contact = contactId === ticket.contactId ? undefined : contactId
  const place = movedTo?.id === ticket.id ? undefined : movedTo
  if (contact === undefined && place === undefined) return session
  const tags: Tags = {
    ...(contact === undefined ? {} : { contactId: contact }),
    ...(place ? { ticketId: place.id, ticketMemo: place.memo ?? '' } : {}),
    ...(place?.cursor === undefined ? {} : { cursor: place.cursor }),
  }
  await writeTags(call, conversationId, tags)
  if (contact !== undefined && customerId !== undefined) await _rememberContact(call, desk, customerId, contact)
  const changed = withChange(session, change)
  rememberSession(call, changed)
  call.log.info(place ? 'A ticket has moved: its session goes on there' : 'The contact behind a ticket has changed', {
    desk: desk.provider.name,
    conversationId,
    ...(place ? { from: ticket.id, to: place.id } : {}),
  })
  return changed
}

/** Without the tag the next session finds the change again, so a failure costs calls later. */
const _rememberContact = async (call: Call, desk: Desk, userId: string, contactId: string): Promise<void> => {
  try {
    await call.client.updateUser({ id: userId, tags: { [contactTag(desk.provider.name)]: contactId } as never })
  } catch (error) {
    call.log.warn('Could not store the contact id of a customer', {
      desk: desk.provider.name,
      userId,
      error: describeError(error),
    })
  }
}
