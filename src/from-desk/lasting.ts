/** An event that can't be applied costs itself only: those behind it are applied. */
import { isApiError } from '@botpress/client'
import { RuntimeError } from '@botpress/sdk'
import { isProviderError, isTransient } from '../../providers/errors'
import type { SessionEvent } from '../../providers/provider'
import { describeError } from '../botpress/errors'
import { forgetAgent } from '../botpress/people'
import { tellNotDelivered } from '../session/notes'
import type { Session } from '../session/session'
import { forgetMeeting } from './agents'
import { isMessage } from './reading'
import type { Work } from './work'

/** Botpress refuses the content, whoever sends it and whenever. */
const REFUSED = new Set([400, 413, 422])

/** Whether the same event would fail again, while others need not. */
export const isLasting = (error: unknown): boolean =>
  _isOfDesk(error) ||
  error instanceof RuntimeError ||
  error instanceof TypeError ||
  error instanceof RangeError ||
  (isApiError(error) && REFUSED.has(error.code))

const _isOfDesk = (error: unknown): boolean => isProviderError(error) && !isTransient(error)

const _isOfDeleted = (error: unknown): boolean => isApiError(error) && error.type === 'ReferenceNotFound'

/**
 * Runs work on an event, and again when its agent's user was deleted at Botpress: then the user is made anew. What
 * follows must not overtake it.
 */
export const withAgentAnew = async <T>(
  { call, desk }: Work,
  event: SessionEvent,
  work: () => Promise<T>
): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (!('agent' in event) || !event.agent || !_isOfDeleted(error)) throw error
    forgetAgent(call, desk, event.agent.id)
    forgetMeeting(call, event.agent.id)
    return work()
  }
}

/**
 * Goes on without an event. The agent whose message it is is told. Resolves to an error when the desk should deliver
 * the event again: what it waits for may be mended meanwhile.
 */
export const withoutEvent = async (
  work: Work,
  session: Session,
  event: SessionEvent,
  error: unknown
): Promise<unknown> => {
  if (_isOfDesk(error)) return error
  const { call, desk } = work
  // The conversation was deleted at Botpress: the next attempt finds that out.
  if (_isOfDeleted(error)) return error
  const { conversationId, ticket } = session
  call.log.error('What happened in a ticket could not be applied, and is left out', {
    desk: desk.provider.name,
    conversationId,
    type: event.type,
    error: describeError(error),
  })
  if (!isMessage(event)) return undefined
  try {
    await tellNotDelivered(call, desk, ticket, { id: event.id, parts: event.parts, why: 'refused' })
    return undefined
  } catch (failure) {
    return failure
  }
}
