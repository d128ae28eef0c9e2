import type { OpenedTicket, TicketKey, TicketOptions, TicketRequest, TranscriptEntry } from '../../providers/provider'
import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { tagCustomer, type contactOf, type KnownCustomer } from '../botpress/people'
import { retry, within } from '../botpress/retry'
import { applyEvents } from '../from-desk/apply'
import { aboutTag } from '../session/about'
import { placeTag, type Place } from '../session/place'
import { tellAgent } from '../session/notes'
import { rememberSession, tagValue, writeTags, type Tags } from '../session/session'

/** The plugin listens when the start has returned, so a slow write is repeated. Every write here is idempotent. */
const WRITING = { tries: 8, timeoutMs: 1_000, pauseMs: 500 }
/** The start waits this long for what can be done without. */
const SHORTLY_MS = 500
/**
 * A start that takes longer than this after writing `openedAt` writes a new one, because the plugin listens only after
 * the start has returned.
 */
const SPARE_MS = 1_000

export interface Handoff {
  conversationId: string
  title: string
  description: string | undefined
  /** What agents read about the conversation, beside its title. */
  context: Pick<TicketRequest, 'summary' | 'channel' | 'conversationUrl'>
  idleMinutes: number | undefined
  customer: KnownCustomer
  transcript: TranscriptEntry[]
  /** The contact at the desk that is likely asked first, while it is looked up. */
  prepared?: { provider: string; contact: ReturnType<typeof contactOf> } | undefined
}

/** A desk to try, and the options of a ticket there. */
export interface Candidate {
  provider: string
  reason: string
  options: TicketOptions
  /** The place that the start has claimed there, if its desk has a limit. */
  place?: Place
}

/** A session whose ticket is open at its desk. */
export interface OpenedSession {
  call: Call
  desk: Desk
  handoff: Handoff
  candidate: Candidate
  ticket: OpenedTicket
  contactId: string | undefined
  /** What the customer's tags don't say yet. */
  customerTags: Record<string, string>
  /** The account in which it was opened, if that is known. */
  account: string | undefined
}

/**
 * Writes down that the ticket exists, and lets `onOpened` run beside what may take a moment longer. Throws what
 * Botpress throws when the session can't be written down.
 */
export const writeDown = async (
  opened: OpenedSession,
  onOpened: (leftOut: string[]) => Promise<void>
): Promise<void> => {
  const { call, desk, handoff, candidate, ticket, customerTags } = opened
  const { conversationId, customer } = handoff
  const openedAt = await retry(call, WRITING, () => _writeSession(opened))
  // What a desk that delivers once has sent meanwhile was refused.
  const isReadBack = ticket.readBack || (!desk.provider.redelivers && desk.driver.catchUp)
  const readBack = isReadBack ? _readBack(call, desk, { ticketId: ticket.id, conversationId }) : undefined
  // The plugin listens when this start has returned, so this work doesn't keep it waiting.
  const { leftOut = [] } = ticket
  const lastDeskAt = new Date(call.clock.now()).toISOString()
  const tags = { ...customerTags, lastDesk: candidate.provider, lastDeskAt }
  const optional = Promise.all([
    readBack,
    onOpened(leftOut),
    tagCustomer(call, customer.id, tags),
    _tellLeftOut(opened, leftOut),
  ])
  await within(call, SHORTLY_MS, optional).catch(() => undefined)
  if (openedAt + SPARE_MS < call.clock.now()) {
    const anew = () => new Date(call.clock.now()).toISOString()
    await retry(call, WRITING, () => writeTags(call, conversationId, { openedAt: anew() }))
  }
}

/** What the desk didn't take of the session's wishes is said where it is missed: in the log and in the ticket. */
const _tellLeftOut = async ({ call, desk, handoff, ticket, contactId }: OpenedSession, leftOut: string[]) => {
  if (leftOut.length === 0) return
  const { conversationId } = handoff
  call.log.warn(`A ticket was opened without some fields: ${leftOut.join('; ')}`, {
    conversationId,
    desk: desk.provider.name,
  })
  const { id, memo } = ticket
  const at = { id, conversationId, ...(memo === undefined ? {} : { memo }), ...(contactId ? { contactId } : {}) }
  await tellAgent(call, desk, at, `left-out-${conversationId}`, `Left out of this ticket: ${leftOut.join('; ')}`).catch(
    (error: unknown) => {
      call.log.warn('Could not tell the agents what was left out', { conversationId, error: describeError(error) })
    }
  )
}

/**
 * Reads what happened in the ticket before its session existed. A failure is ignored: the next webhook reads it too.
 */
const _readBack = async (call: Call, desk: Desk, ticket: TicketKey): Promise<void> => {
  try {
    await applyEvents(call, desk, [{ type: 'ticket-changed', ticket }])
  } catch (error) {
    call.log.warn('Could not read a ticket that was just opened', {
      ticketId: ticket.ticketId,
      error: describeError(error),
    })
  }
}

/** Resolves to the moment at which the session was opened, in milliseconds since the epoch. */
const _writeSession = async ({
  call,
  handoff,
  candidate,
  ticket,
  contactId,
  account,
}: OpenedSession): Promise<number> => {
  const { conversationId, customer } = handoff
  const openedAt = call.clock.now()
  const tags: Tags = {
    provider: candidate.provider,
    ticketId: ticket.id,
    account: account ?? '',
    ticketMemo: ticket.memo ?? '',
    contactId: contactId ?? '',
    customerId: customer.id,
    customerName: tagValue(customer.name),
    cursor: ticket.cursor ?? '',
    status: 'open',
    openedAt: new Date(openedAt).toISOString(),
    reason: tagValue(candidate.reason),
    ticketUrl: tagValue(ticket.url ?? ''),
    about: aboutTag({ language: customer.language, idleMinutes: handoff.idleMinutes }),
    ...(candidate.place ? { place: placeTag(candidate.place) } : {}),
  }
  await writeTags(call, conversationId, tags)
  rememberSession(call, {
    conversationId,
    provider: candidate.provider,
    ticket: {
      id: ticket.id,
      conversationId,
      ...(account === undefined ? {} : { account }),
      ...(ticket.memo === undefined ? {} : { memo: ticket.memo }),
      ...(contactId === undefined ? {} : { contactId }),
    },
    status: 'open',
    ticketUrl: ticket.url,
    openedAt,
    customerId: customer.id,
    customerName: customer.name,
    agents: [],
    endedAt: undefined,
    agentEndedAt: undefined,
    botEndedAt: undefined,
    isUnsolved: false,
    endingAt: undefined,
    cursor: ticket.cursor,
    place: candidate.place && placeTag(candidate.place),
    language: customer.language,
    idleMinutes: handoff.idleMinutes,
    scheduled: [],
  })
  return openedAt
}
