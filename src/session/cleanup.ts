/**
 * What an end leaves to do at the desk. It is recorded in the same write as the end, so the next event of the ticket
 * does it when the caller that ended the session dies or can't reach the desk.
 *
 * - The bot's end sets `unsolved`: agents are told which of their messages the customer did not see, and the ticket is
 *   solved unless an agent had ended the session.
 * - An agent's end leaves its `endingAt` in place: agents are told. An end that was written down in time clears it
 *   right away.
 *
 * Each end has a tag of its own, and a caller clears only what it has just read. So ends that cross don't erase each
 * other's cleanup.
 */
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { UNSURE_MS } from '../botpress/timing'
import { withTicket } from './notes'
import { freePlace } from './place'
import type { MessagePage } from './progress'
import { writeTags, type Session } from './session'
import { tellOfUndelivered } from './undelivered'

export const needsCleanup = ({ status, isUnsolved, endingAt }: Session): boolean =>
  status === 'closed' && (isUnsolved || endingAt !== undefined)

/**
 * Tells agents of each message that the customer did not see. Idempotent. Resolves to the place up to which the ticket
 * was read for that. Throws as a desk and Botpress do. `onListed` gets the session's newest messages.
 */
export const tellAgents = async (
  call: Call,
  desk: Desk,
  session: Session,
  onListed?: (page: MessagePage) => void
): Promise<string | undefined> => {
  if (!needsCleanup(session) || session.endedAt === undefined) return undefined
  return tellOfUndelivered(call, desk, session, session.endedAt - UNSURE_MS, onListed)
}

/**
 * Whether the router solves the ticket: only when no agent has ended the session at the desk. After an agent's end, the
 * ticket's status is the agents' business: they may have reopened it, or the customer's last words have.
 */
export const isSolvedByRouter = ({ agentEndedAt, endReason }: Session): boolean =>
  agentEndedAt === undefined || endReason === 'idle'

/**
 * Solves the ticket, unless `isWanted` says at the last moment that it isn't to be. Resolves to whether it was solved.
 * `after` runs when it is solved, beside the release of the lock.
 */
export const solveTicket = async (
  call: Call,
  desk: Desk,
  session: Session,
  { isWanted = () => Promise.resolve(true), after }: { isWanted?(): Promise<boolean>; after(): Promise<void> }
): Promise<boolean> => {
  const { ticket } = session
  let rest: Promise<unknown> | undefined
  await withTicket(call, ticket, async () => {
    if (!(await isWanted())) return
    await desk.driver.closeTicket(ticket)
    rest = Promise.all([desk.driver.reflect?.(ticket, { type: 'closed', by: 'bot' }), after()])
    // Thrown below.
    rest.catch(() => undefined)
  })
  await rest
  return rest !== undefined
}

/**
 * Records that the cleanup is done for the ends that `session` shows, and up to where agents were told (`cursor`): the
 * ticket's next event reads on from there.
 */
export const noteCleanedUp = (
  call: Call,
  { conversationId, isUnsolved, endingAt }: Session,
  cursor: string | undefined
): Promise<void> =>
  writeTags(call, conversationId, {
    ...(isUnsolved ? { unsolved: '' } : {}),
    ...(endingAt === undefined ? {} : { endingAt: '' }),
    ...(cursor === undefined ? {} : { cursor }),
  })

/** Does what is left of the cleanup. Throws as a desk and Botpress do: then it is still left. */
export const cleanUp = async (call: Call, desk: Desk, session: Session): Promise<void> => {
  const cursor = await tellAgents(call, desk, session)
  const after = async (): Promise<void> => {
    // The caller that wrote the end down may have died before it gave the place back.
    await freePlace(call, session)
    await noteCleanedUp(call, session, cursor)
  }
  if (session.isUnsolved && isSolvedByRouter(session)) await solveTicket(call, desk, session, { after })
  else await after()
}
