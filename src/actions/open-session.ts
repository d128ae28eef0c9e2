import type { OpenedTicket, TicketKey, TicketOptions, TranscriptEntry } from '../../providers/provider'
import { isProviderError } from '../../providers/errors'
import type { Call } from '../botpress/call'
import { connectDesk, type Desk, type Limits } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { withContact, type KnownCustomer } from '../botpress/people'
import { contactTag } from '../definition/registry'
import { rememberSession, tagValue, writeTags, type Tags } from '../session/session'
import { TooSlow, within } from '../botpress/retry'
import { applyEvents } from '../from-desk/apply'
import { noteDesk, POLL_MS } from './run'

/** The whole of startHitl, well below what Botpress gives an action (60 s). */
export const START_BUDGET_MS = 25_000
/** What is kept of the budget for writing down that a ticket exists. */
const RESERVE_MS = 2_000
export interface Handoff {
  title: string
  description: string | undefined
  customer: KnownCustomer
  transcript: TranscriptEntry[]
}

/** A desk to try, with what the ticket gets there. */
export interface Candidate {
  provider: string
  reason: string
  options: TicketOptions
}

export interface Attempt {
  provider: string
  error: string
  code: string
}

/** Told of what happens while it happens; runs beside the writing down, and may not throw. */
export interface Report {
  failed(attempt: Attempt, next: Candidate | undefined): Promise<void>
  opened(candidate: Candidate, attempts: number): Promise<void>
}

export interface Opened {
  provider: string
  reason: string
  attempts: Attempt[]
}

/**
 * Opens the ticket at the first candidate that takes it and writes down whose session it is. Each attempt has its share of the time that is left. `undefined`: all have failed.
 */
export const openAtFirst = async (
  call: Call,
  place: { conversationId: string; mayExist: boolean },
  handoff: Handoff,
  candidates: Candidate[],
  deadline: number,
  report: Report
): Promise<Opened | { attempts: Attempt[] }> => {
  const attempts: Attempt[] = []
  for (const [index, candidate] of candidates.entries()) {
    const left = deadline - RESERVE_MS - call.environment.now()
    const others = candidates.length - index - 1
    // Where a run that died may have left a ticket, finding it comes before everything else.
    const share = place.mayExist && index === 0 ? left : left / (others + 1)
    const longest = Math.max(share, left - others * SHORTEST_SHARE_MS)
    const opened = await _attempt(call, place, handoff, candidate, { longest, share })
    if (typeof opened === 'function') {
      // From here on the ticket exists: a failure to write it down is no reason to ask another desk.
      await opened(() => report.opened(candidate, attempts.length + 1))
      return { provider: candidate.provider, reason: candidate.reason, attempts }
    }
    attempts.push(opened)
    call.log.warn('A desk did not take a handoff', {
      desk: candidate.provider,
      conversationId: place.conversationId,
      error: opened.error,
    })
    await report.failed(opened, candidates[index + 1])
  }
  return { attempts }
}

const _attempt = async (
  call: Call,
  place: { conversationId: string; mayExist: boolean },
  handoff: Handoff,
  candidate: Candidate,
  time: Time
): Promise<Attempt | WriteDown> => {
  const { provider } = candidate
  if (time.share <= 0) return { provider, error: 'no time was left to ask it', code: 'unavailable' }
  try {
    return await _openAt(call, place, handoff, candidate, time)
  } catch (error) {
    return { provider, error: describeError(error), code: isProviderError(error) ? error.code : 'unavailable' }
  }
}

/** Milliseconds for one desk: what it gets, and what it may take from the others to find out whether there is a ticket. */
interface Time {
  share: number
  longest: number
}

/** Left to each of the desks that are still to be tried, whatever an unknown outcome would take. */
const SHORTEST_SHARE_MS = 5_000
/** An answer that takes longer than this part of the time that is left leaves none to find out whether it worked. */
const ANSWER_SHARE = 0.4
const SHORTEST_WAIT_MS = 1_000

/** The plugin begins to listen when the start has returned, so no answer is waited for longer than this: what is written once more is right as well. */
const WRITE_MS = 1_000
const WRITE_TRIES = 8

const _persistently = async <T>(call: Call, write: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await within(call, WRITE_MS, write())
    } catch (error) {
      if (tries === WRITE_TRIES) throw error
      if (!(error instanceof TooSlow)) await call.environment.sleep(POLL_MS)
    }
  }
}

const _openAt = async (
  call: Call,
  place: { conversationId: string; mayExist: boolean },
  handoff: Handoff,
  candidate: Candidate,
  { longest, share }: Time
): Promise<WriteDown> => {
  const now = call.environment.now()
  const limits: Limits = {
    deadline: now + share,
    get timeoutMs() {
      return Math.max(SHORTEST_WAIT_MS, (limits.deadline - call.environment.now()) * ANSWER_SHARE)
    },
  }
  const desk = connectDesk(call, candidate.provider, limits)
  if (!desk) throw new Error('the desk is not configured')
  const { conversationId } = place
  const { title, description, transcript } = handoff
  const open = async (person: KnownCustomer) => {
    // The intent is on record before a ticket can exist.
    const [customer] = await Promise.all([
      withContact(call, desk, person),
      noteDesk(call, conversationId, candidate.provider),
    ])
    const request = {
      conversationId,
      botId: call.context.botId,
      title,
      ...(description ? { description } : {}),
      customer,
      transcript,
      options: candidate.options,
    }
    const opened = await _settled(
      call,
      limits,
      now + longest,
      async (mayExist, isRepeated) => {
        if (isRepeated) await noteDesk(call, conversationId, candidate.provider)
        return desk.driver.openTicket({ ...request, mayExist })
      },
      place.mayExist
    )
    return { opened, contactId: customer.contactId }
  }
  const { opened, contactId } = await open(handoff.customer).catch((error: unknown) => {
    // The contact that we remember may have been deleted at the desk.
    const remembered = handoff.customer.tags[contactTag(candidate.provider)]
    const isRefused = isProviderError(error) && (error.code === 'not-found' || error.code === 'rejected')
    if (!remembered || !isRefused) throw error
    return open(_withoutContact(handoff.customer, candidate.provider))
  })
  return async (report) => {
    const written = await _persistently(call, () =>
      _writeDown(call, conversationId, candidate, opened, contactId, handoff.customer)
    )
    // The plugin begins to listen when this start has returned: what can be done without does not keep it waiting.
    const readBack = opened.readBack ? _readBack(call, desk, { ticketId: opened.id, conversationId }) : undefined
    await _shortly(call, Promise.all([readBack, report(), _noteLastDesk(call, handoff.customer, candidate.provider)]))
    if (written + SPARE_MS < call.environment.now()) {
      const openedAt = new Date(call.environment.now()).toISOString()
      await _persistently(call, () => writeTags(call, conversationId, { openedAt }))
    }
  }
}

/** Writes down that the ticket exists. `report` runs beside what may take a moment longer. */
type WriteDown = (report: () => Promise<void>) => Promise<void>

/** How long the answer of a start waits for what is not part of it. */
const SHORTLY_MS = 500
/** A start that returns so much later than it was written down begins the time anew that the plugin is given to listen. */
const SPARE_MS = 1_000

const _shortly = async (call: Call, work: Promise<unknown>): Promise<void> => {
  await within(call, SHORTLY_MS, work).catch(() => undefined)
}

/**
 * Asks again with a look first while an outcome is unknown: one customer, one ticket. For this the attempt may take time from the desks behind it. A desk that cannot even be read in that time is left without knowing.
 */
const _settled = async <T>(
  call: Call,
  limits: Limits,
  deadline: number,
  open: (mayExist: boolean, isRepeated: boolean) => Promise<T>,
  mayExist: boolean,
  isRepeated = false
): Promise<T> => {
  try {
    return await open(mayExist, isRepeated)
  } catch (error) {
    if (!isProviderError(error) || error.outcome !== 'unknown' || call.environment.now() + POLL_MS >= deadline) {
      throw error
    }
    limits.deadline = deadline
    await call.environment.sleep(POLL_MS)
    return _settled(call, limits, deadline, open, true, true)
  }
}

/** What the desk said before its ticket was known here. The next webhook finds it as well: a failure is no reason to fail the start. */
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

const _writeDown = async (
  call: Call,
  conversationId: string,
  candidate: Candidate,
  opened: OpenedTicket,
  contactId: string | undefined,
  customer: KnownCustomer
): Promise<number> => {
  const openedAt = call.environment.now()
  const now = new Date(openedAt).toISOString()
  const tags: Tags = {
    provider: candidate.provider,
    ticketId: opened.id,
    ticketMemo: opened.memo ?? '',
    contactId: contactId ?? '',
    customerId: customer.id,
    customerName: tagValue(customer.name),
    cursor: opened.cursor ?? '',
    status: 'open',
    openedAt: now,
    reason: tagValue(candidate.reason),
    ...(opened.url ? { ticketUrl: tagValue(opened.url) } : {}),
  }
  await writeTags(call, conversationId, tags)
  rememberSession(call, {
    conversationId,
    provider: candidate.provider,
    ticket: {
      id: opened.id,
      conversationId,
      ...(opened.memo === undefined ? {} : { memo: opened.memo }),
      ...(contactId === undefined ? {} : { contactId }),
    },
    status: 'open',
    openedAt,
    customerId: customer.id,
    customerName: customer.name,
    agents: [],
    endedAt: undefined,
    botEndedAt: undefined,
    isUnsolved: false,
    endingAt: undefined,
    cursor: opened.cursor,
  })
  return openedAt
}

const _noteLastDesk = async (call: Call, { id }: KnownCustomer, provider: string): Promise<void> => {
  try {
    const lastDeskAt = new Date(call.environment.now()).toISOString()
    await call.client.updateUser({ id, tags: { lastDesk: provider, lastDeskAt } })
  } catch (error) {
    call.log.warn('Could not note the desk of a customer', { userId: id, error: describeError(error) })
  }
}

const _withoutContact = (customer: KnownCustomer, provider: string): KnownCustomer => {
  const { [contactTag(provider)]: _forgotten, ...tags } = customer.tags
  return { ...customer, tags }
}
