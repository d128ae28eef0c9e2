import { isApiError } from '@botpress/client'
import type { OpenedTicket, TicketKey, TicketOptions, TranscriptEntry } from '../../providers/provider'
import { isProviderError } from '../../providers/errors'
import type { Call } from '../botpress/call'
import { connectDesk, type Desk, type Limits } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { withContact, type KnownCustomer } from '../botpress/people'
import { retry, within } from '../botpress/retry'
import { START_RESERVE_MS } from '../botpress/timing'
import { contactTag } from '../definition/registry'
import { applyEvents } from '../from-desk/apply'
import { LeaseLost } from '../session/lock'
import { rememberSession, tagValue, writeTags, type Tags } from '../session/session'

/** Reserved for each remaining desk, even while an earlier one's outcome is being found out. */
const SHORTEST_SHARE_MS = 5_000
/** An answer may take this part of the remaining time. The rest is needed to find out whether it worked. */
const ANSWER_SHARE = 0.4
const SHORTEST_WAIT_MS = 1_000
const UNKNOWN_PAUSE_MS = 500

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
  customer: KnownCustomer
  transcript: TranscriptEntry[]
}

/** A desk to try, and the options of a ticket there. */
export interface Candidate {
  provider: string
  reason: string
  options: TicketOptions
}

/** A desk that did not take the handoff. */
export interface Attempt {
  provider: string
  error: string
  code: string
}

export interface OpeningOptions {
  /** Milliseconds since the epoch. */
  deadline: number
  /** An earlier run may have opened a ticket. */
  mayExist: boolean
  /** Called before a desk is asked. Throws LeaseLost when another run has taken over. */
  recordDesk(provider: string): Promise<void>
  /** Runs before the next desk is asked. Must not throw. */
  onFailed(attempt: Attempt, next: Candidate | undefined): Promise<void>
  /** Runs beside other work after the session was written down. Must not throw. */
  onOpened(candidate: Candidate, attempts: number): Promise<void>
}

export type OpeningResult =
  | { kind: 'opened'; provider: string; reason: string; attempts: Attempt[] }
  | { kind: 'failed'; attempts: Attempt[] }

/**
 * Opens the ticket at the first candidate that takes it and writes down the session. Each attempt has its share of the
 * time that is left. Throws LeaseLost, and what Botpress throws when the session can't be written down.
 */
export const openAtFirst = async (
  call: Call,
  handoff: Handoff,
  candidates: Candidate[],
  options: OpeningOptions
): Promise<OpeningResult> => {
  const { conversationId } = handoff
  const attempts: Attempt[] = []
  for (const [index, candidate] of candidates.entries()) {
    const { provider, reason } = candidate
    const remaining = options.deadline - START_RESERVE_MS - call.environment.now()
    const others = candidates.length - index - 1
    // An earlier run may have left a ticket at the first desk: finding it comes before everything else.
    const share = options.mayExist && index === 0 ? remaining : remaining / (others + 1)
    const longest = Math.max(share, remaining - others * SHORTEST_SHARE_MS)
    const result = await _attempt(call, handoff, candidate, { longest, share }, options)
    if (result.kind === 'opened') {
      // The ticket exists. A failure to write it down is no reason to ask another desk.
      await result.writeDown(() => options.onOpened(candidate, attempts.length + 1))
      return { kind: 'opened', provider, reason, attempts }
    }
    const { attempt } = result
    attempts.push(attempt)
    call.log.warn('A desk did not take a handoff', { desk: provider, conversationId, error: attempt.error })
    await options.onFailed(attempt, candidates[index + 1])
  }
  return { kind: 'failed', attempts }
}

/** Milliseconds for one desk: its share, and how long it may look for a ticket after an unknown outcome. */
interface Time {
  share: number
  longest: number
}

type AttemptResult =
  | { kind: 'failed'; attempt: Attempt }
  /** `writeDown` records that the ticket exists. `onOpened` runs beside what may take a moment longer. */
  | { kind: 'opened'; writeDown(onOpened: () => Promise<void>): Promise<void> }

const _attempt = async (
  call: Call,
  handoff: Handoff,
  candidate: Candidate,
  time: Time,
  options: OpeningOptions
): Promise<AttemptResult> => {
  const { provider } = candidate
  const failed = (error: string, code: string): AttemptResult => ({
    kind: 'failed',
    attempt: { provider, error, code },
  })
  if (time.share <= 0) return failed('there was no time left to ask it', 'unavailable')
  try {
    return await _openAt(call, handoff, candidate, time, options)
  } catch (error) {
    // A failure of Botpress is no reason to ask another desk: the start begins again.
    if (error instanceof LeaseLost || isApiError(error)) throw error
    return failed(describeError(error), isProviderError(error) ? error.code : 'unavailable')
  }
}

const _openAt = async (
  call: Call,
  handoff: Handoff,
  candidate: Candidate,
  { longest, share }: Time,
  options: OpeningOptions
): Promise<AttemptResult> => {
  const { now } = call.environment
  const startedAt = now()
  const limits: Limits = {
    deadline: startedAt + share,
    get timeoutMs() {
      return Math.max(SHORTEST_WAIT_MS, (limits.deadline - now()) * ANSWER_SHARE)
    },
  }
  const desk = connectDesk(call, candidate.provider, limits)
  if (!desk) throw new Error('the desk is not configured')
  const target = { call, desk, limits, deadline: startedAt + longest, options }
  const { ticket, contactId } = await _openFor(target, handoff, candidate).catch((error: unknown) => {
    // The remembered contact may have been deleted at the desk.
    const remembered = handoff.customer.tags[contactTag(candidate.provider)]
    const isRefused = isProviderError(error) && (error.code === 'not-found' || error.code === 'rejected')
    if (!remembered || !isRefused) throw error
    const customer = _withoutContact(handoff.customer, candidate.provider)
    return _openFor(target, { ...handoff, customer }, candidate)
  })
  return {
    kind: 'opened',
    writeDown: (onOpened) => _writeDown({ call, desk, handoff, candidate, ticket, contactId }, onOpened),
  }
}

interface Target {
  call: Call
  desk: Desk
  limits: Limits
  /** Unknown outcomes are looked into until then, in milliseconds since the epoch. */
  deadline: number
  options: OpeningOptions
}

const _openFor = async (
  { call, desk, limits, deadline, options }: Target,
  { conversationId, title, description, transcript, customer: known }: Handoff,
  candidate: Candidate
): Promise<{ ticket: OpenedTicket; contactId: string | undefined }> => {
  const customer = await withContact(call, desk, known)
  // Right before the ticket can exist: the desk is on record, and no other run has taken over meanwhile.
  await options.recordDesk(candidate.provider)
  const request = {
    conversationId,
    botId: call.context.botId,
    title,
    ...(description ? { description } : {}),
    customer,
    transcript,
    options: candidate.options,
  }
  let isRepeated = false
  // One customer gets one ticket: after an unknown outcome the desk looks for the ticket before it opens another.
  const isRetried = (error: unknown): boolean => isProviderError(error) && error.outcome === 'unknown'
  const ticket = await retry(call, { until: deadline, pauseMs: UNKNOWN_PAUSE_MS, isRetried }, async () => {
    if (isRepeated) {
      limits.deadline = deadline
      await options.recordDesk(candidate.provider)
    }
    const mayExist = options.mayExist || isRepeated
    isRepeated = true
    return desk.driver.openTicket({ ...request, mayExist })
  })
  return { ticket, contactId: customer.contactId }
}

/** A session whose ticket is open at its desk. */
interface OpenedSession {
  call: Call
  desk: Desk
  handoff: Handoff
  candidate: Candidate
  ticket: OpenedTicket
  contactId: string | undefined
}

const _writeDown = async (opened: OpenedSession, onOpened: () => Promise<void>): Promise<void> => {
  const { call, desk, handoff, candidate, ticket } = opened
  const { conversationId, customer } = handoff
  const openedAt = await retry(call, WRITING, () => _writeSession(opened))
  const readBack = ticket.readBack ? _readBack(call, desk, { ticketId: ticket.id, conversationId }) : undefined
  // The plugin listens when this start has returned, so this work doesn't keep it waiting.
  const optional = Promise.all([readBack, onOpened(), _recordLastDesk(call, customer, candidate.provider)])
  await within(call, SHORTLY_MS, optional).catch(() => undefined)
  if (openedAt + SPARE_MS < call.environment.now()) {
    const anew = new Date(call.environment.now()).toISOString()
    await retry(call, WRITING, () => writeTags(call, conversationId, { openedAt: anew }))
  }
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
const _writeSession = async ({ call, handoff, candidate, ticket, contactId }: OpenedSession): Promise<number> => {
  const { conversationId, customer } = handoff
  const openedAt = call.environment.now()
  const tags: Tags = {
    provider: candidate.provider,
    ticketId: ticket.id,
    ticketMemo: ticket.memo ?? '',
    contactId: contactId ?? '',
    customerId: customer.id,
    customerName: tagValue(customer.name),
    cursor: ticket.cursor ?? '',
    status: 'open',
    openedAt: new Date(openedAt).toISOString(),
    reason: tagValue(candidate.reason),
    ...(ticket.url ? { ticketUrl: tagValue(ticket.url) } : {}),
  }
  await writeTags(call, conversationId, tags)
  rememberSession(call, {
    conversationId,
    provider: candidate.provider,
    ticket: {
      id: ticket.id,
      conversationId,
      ...(ticket.memo === undefined ? {} : { memo: ticket.memo }),
      ...(contactId === undefined ? {} : { contactId }),
    },
    status: 'open',
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
  })
  return openedAt
}

const _recordLastDesk = async (call: Call, { id }: KnownCustomer, provider: string): Promise<void> => {
  try {
    const lastDeskAt = new Date(call.environment.now()).toISOString()
    await call.client.updateUser({ id, tags: { lastDesk: provider, lastDeskAt } })
  } catch (error) {
    call.log.warn('Could not record the last desk of a customer', { userId: id, error: describeError(error) })
  }
}

const _withoutContact = (customer: KnownCustomer, provider: string): KnownCustomer => {
  const { [contactTag(provider)]: _forgotten, ...tags } = customer.tags
  return { ...customer, tags }
}
