/**
 * What the end of a session leaves to be done at its desk: the ticket is solved, and agents are told of what the end overtook. It is written down together with the end, so whoever has ended the session does it, and when he dies
 * or cannot reach the desk, whoever comes by next.
 */
import type { Ticket } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { writeTags, type Session } from './session'
import { atDesk, tellOfUndelivered, tellOfUnread } from './undelivered'

export const isUnfinished = ({ isUnsolved, untoldSince }: Session): boolean => isUnsolved || untoldSince !== undefined

/** Agents are told of each message of theirs that the customer was not shown any more. Once, however often. Throws as a desk and Botpress do. */
export const tellAgents = async (call: Call, desk: Desk, session: Session): Promise<void> => {
  if (session.untoldSince === undefined) return
  await tellOfUndelivered(call, desk, session, session.untoldSince)
  await tellOfUnread(call, desk, session)
}

/**
 * Whether the router solves the ticket. It does when the bot ended the session. Once an agent has ended it, the ticket's
 * status is the agents' business: they may have reopened it, or the customer's last words have.
 */
export const isSolvedByRouter = ({ stoppedAt, closedBy }: Session): boolean =>
  stoppedAt !== undefined && closedBy !== 'agent'

export const solveTicket = (call: Call, desk: Desk, ticket: Ticket): Promise<void> =>
  atDesk(call, ticket, async () => {
    await desk.driver.closeTicket(ticket)
    await desk.driver.reflect?.(ticket, { type: 'closed', by: 'bot' })
  })

/** Nothing is left to be done of the end as it was when the session was read: the bot may have ended it since. */
export const noteFinished = (
  call: Call,
  { conversationId, isUnsolved }: Pick<Session, 'conversationId' | 'isUnsolved'>
): Promise<void> => writeTags(call, conversationId, { untoldSince: '', ...(isUnsolved ? { unsolved: '' } : {}) })

/** Does what is left of an end that somebody else has begun. Throws as a desk and Botpress do: then it is still left. */
export const finishEnd = async (call: Call, desk: Desk, session: Session & { ticket: Ticket }): Promise<void> => {
  await tellAgents(call, desk, session)
  if (session.isUnsolved && isSolvedByRouter(session)) await solveTicket(call, desk, session.ticket)
  await noteFinished(call, session)
}
