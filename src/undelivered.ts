import { partsToText, shorten } from '../providers/kit/message-text'
import type { MessagePart, OutboundMessage, Ticket } from '../providers/provider'
import { isProviderError } from '../providers/errors'
import type { Call, Desk } from './call'
import { toParts } from './messages'
import type { Session } from './sessions'

const EXCERPT = 60
/** What was given to the bot so shortly before its end may have been read by nobody. */
const UNSURE_MS = 700
/** Nothing is scheduled further ahead: an older message with a later moment was delivered again, not late. */
const LONGEST_SCHEDULE_MS = 15_000

/** Tells the agent something in the ticket, once per `id`. */
export const tellAgent = async (call: Call, desk: Desk, ticket: Ticket, id: string, text: string): Promise<void> => {
  const message: OutboundMessage = { id, author: { type: 'bot' }, parts: [{ type: 'text', text }], mayExist: true }
  // Two who find the same message undelivered at the same moment: the second one looks and finds the note.
  const post = () => desk.driver.postMessage(ticket, message)
  try {
    await call.memory.inOrder(`${call.installation}/note/${ticket.id}/${id}`, post)
  } catch (error) {
    // A ticket that takes no more notes has nobody who reads them.
    const isOver = isProviderError(error) && ['ended', 'not-found', 'rejected'].includes(error.code)
    if (!isOver) throw error
    call.log.warn('Could not tell the agent', { desk: desk.provider.name, ticketId: ticket.id, error: error.message })
  }
}

/** Tells the agent that the customer had left before this message could be delivered. */
export const tellThatOver = (
  call: Call,
  desk: Desk,
  ticket: Ticket,
  id: string,
  parts: MessagePart[]
): Promise<void> => {
  const excerpt = shorten(partsToText(parts).replaceAll(/\s+/g, ' '), EXCERPT)
  const text = `The customer has left this conversation, so this was not delivered: “${excerpt}”`
  return tellAgent(call, desk, ticket, `over-${id}`, text)
}

/**
 * The bot has ended the session while messages of agents were on their way: scheduled for a moment that is now past the end, or just handed over. The plugin drops them without a word, so
 * the agent is told of each. Only the newest page is read: nothing older can still be on its way.
 */
export const tellOfUndelivered = async (call: Call, desk: Desk, session: Session, endedAt: number): Promise<void> => {
  const { ticket, conversationId } = session
  if (!ticket) return
  const { messages } = await call.client.listMessages({ conversationId })
  const dropped = messages.filter((message) => {
    const { deskMessageId, deliverAt } = message.tags as Partial<Record<string, string>>
    if (!deskMessageId) return false
    const delivered = deliverAt ? Date.parse(deliverAt) : Date.parse(message.createdAt)
    return delivered > endedAt - UNSURE_MS && Date.parse(message.createdAt) > endedAt - LONGEST_SCHEDULE_MS
  })
  await Promise.all(
    dropped.map(({ tags, type, payload }) => {
      const { deskMessageId = '' } = tags as Partial<Record<string, string>>
      const id = deskMessageId.slice(deskMessageId.indexOf(':') + 1)
      return tellThatOver(call, desk, ticket, id, toParts(type, payload))
    })
  )
}
