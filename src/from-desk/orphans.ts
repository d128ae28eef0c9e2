/** Tickets that are ours and have no session. */
import type { SessionEvent, TicketKey, TicketOrigin } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { gone } from '../botpress/errors'
import { readSession, type Tags } from '../session/session'
import { tellAgent } from '../session/undelivered'

/** No start goes on for so long: not even one that Botpress repeats. */
const ABANDONED_MS = 90_000
/** From the note of a desk to the last moment at which a ticket can come of it. */
const ATTEMPT_MS = 25_000
/** Clocks of two machines, and times in whole seconds. */
const SKEW_MS = 10_000

/**
 * Why a ticket has no session.
 *
 * - foreign: we have not opened it, or another installation has.
 * - being opened: its start is under way, or has just died and is repeated.
 * - failed: the start that opened it gave up without knowing that it had, so its customer has been told that nobody is there.
 * - elsewhere: its start went on without knowing of it, and the session has another ticket.
 */
export type Absence = { kind: 'foreign' } | { kind: 'being opened' } | Abandoned

interface Abandoned {
  kind: 'failed' | 'elsewhere'
  conversationId: string
  /** As far as the desk was asked. */
  isSolved: boolean
}

interface Candidate {
  id: string
  createdAt: string
  tags: Tags
}

export const absenceOf = async (call: Call, desk: Desk, key: TicketKey): Promise<Absence> => {
  const origin = await _originOf(desk, key)
  if (!origin) return { kind: key.origin === 'recent' ? 'being opened' : 'foreign' }
  const conversation = await _conversationOf(call, origin)
  if (!conversation) return { kind: 'foreign' }
  const { id: conversationId } = conversation
  const { isSolved } = origin
  const session = readSession(conversation)
  if (session?.ticket) {
    const isThis = session.provider === desk.provider.name && session.ticket.id === key.ticketId
    // Written down since the session was looked for.
    return isThis ? { kind: 'being opened' } : { kind: 'elsewhere', conversationId, isSolved }
  }
  const opening = await _openingOf(call, conversationId)
  if (!opening) return { kind: key.origin === 'recent' ? 'being opened' : 'foreign' }
  const hasFailed = opening.operation?.kind === 'open' && opening.operation.failed === true
  const isOver = hasFailed || opening.at + ABANDONED_MS < call.environment.now()
  return isOver ? { kind: 'failed', conversationId, isSolved } : { kind: 'being opened' }
}

/** As the webhook says, else as the desk does. */
const _originOf = async ({ driver }: Desk, key: TicketKey): Promise<TicketOrigin | undefined> => {
  if (key.conversationId) return { conversationId: key.conversationId, isSolved: false }
  return key.origin ? driver.findOrigin?.(key.ticketId) : undefined
}

const _conversationOf = async (call: Call, origin: TicketOrigin): Promise<Candidate | undefined> => {
  if ('customerId' in origin) return _byCustomer(call, origin)
  const answer = await gone(call.client.getConversation({ id: origin.conversationId }))
  return answer?.conversation
}

/** The handoff of this customer whose start was under way when the ticket was opened, whichever desk it asked last. */
const _byCustomer = async (
  call: Call,
  { customerId, openedAt }: { customerId: string; openedAt: number }
): Promise<Candidate | undefined> => {
  const { conversations } = await call.client.listConversations({ channel: 'hitl', tags: { customerId } })
  const newestFirst = conversations.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))
  const candidate = newestFirst.find(({ createdAt }) => Date.parse(createdAt) - SKEW_MS <= openedAt)
  const opening = candidate && (await _openingOf(call, candidate.id))
  return opening && openedAt <= opening.at + ATTEMPT_MS + SKEW_MS ? candidate : undefined
}

const _openingOf = async (call: Call, id: string) =>
  (await gone(call.client.getState({ type: 'conversation', id, name: 'opening' })))?.state.payload

const WORDS: Record<Abandoned['kind'], string> = {
  failed:
    'The handoff for which this ticket was opened had failed, and the customer was told so: replies here are not delivered. The ticket is closed.',
  elsewhere:
    'The conversation with the customer was taken up in another ticket: replies here are not delivered. This ticket is closed.',
}

/** Nobody hears what is written in such a ticket: the agent is told, and the ticket is solved. One that an agent has just solved, or opened again, needs nothing. */
export const closeAbandoned = async (
  call: Call,
  desk: Desk,
  ticketId: string,
  { kind, conversationId, isSolved }: Abandoned,
  events: SessionEvent[]
): Promise<void> => {
  const needs = ({ type }: SessionEvent): boolean =>
    type !== 'ticket-reopened' && (type !== 'ticket-closed' || !isSolved)
  if (!events.some(needs)) return
  const ticket = { id: ticketId, conversationId }
  await tellAgent(call, desk, ticket, `abandoned-${ticketId}`, WORDS[kind])
  await desk.driver.closeTicket(ticket)
  call.log.warn('Closed a ticket that no session has', {
    desk: desk.provider.name,
    conversationId,
    ticketId,
    why: kind,
  })
}
