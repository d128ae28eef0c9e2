import { isApiError } from '@botpress/client'
import type { OpenedTicket } from '../../providers/provider'
import { isContactLost, isProviderError, ProviderError } from '../../providers/errors'
import type { Call } from '../botpress/call'
import { connectDesk, type Desk, type Limits } from '../botpress/desk'
import { describeError } from '../botpress/errors'
import { contactOf, type KnownCustomer } from '../botpress/people'
import { retry } from '../botpress/retry'
import { FAILOVER_MS, LAST_SETTLING_MS, START_RESERVE_MS, VENDOR_TIMEOUT_MS } from '../botpress/timing'
import { contactTag } from '../definition/registry'
import { LeaseLost } from '../session/lock'
import { releasePlace, type Place } from '../session/place'
import { writeDown, type Candidate, type Handoff } from './write-down'

/** Reserved for each remaining desk while the ticket of an earlier run is looked for. */
const SHORTEST_SHARE_MS = 5_000
/** A look may itself take a moment: no further one begins after this part of a share. */
const SETTLING_SHARE = 0.75
/** After an unknown outcome a desk has at least this much time for a look, even past its share. */
const ONE_LOOK_MS = 1_000
/** An answer may take this part of the remaining time. The rest is needed to find out whether it worked. */
const ANSWER_SHARE = 0.4
const SHORTEST_WAIT_MS = 1_000
const UNKNOWN_PAUSE_MS = 500

/** A desk that did not take the handoff. */
export interface Attempt {
  provider: string
  error: string
  code: string
}

export interface OpeningOptions {
  /** Milliseconds since the epoch. */
  deadline: number
  /** The account behind a desk's credentials, if it is known. */
  account(provider: string): string | undefined
  /** An earlier run may have opened a ticket. */
  mayExist: boolean
  /** Called before a desk is asked. Throws LeaseLost when another run has taken over. */
  recordDesk(provider: string): Promise<void>
  /** Called before a ticket is written down. Throws LeaseLost when another run has taken over. */
  confirmHeld(): Promise<void>
  /** Claims a place at a candidate that has none yet. Undefined: its sessions hold no places. */
  claim(provider: string): Promise<Place | 'full' | undefined>
  /** Gives the place of a desk back that did not take the handoff. Throws LeaseLost when another run has taken over. */
  giveUp(place: Place): Promise<void>
  /** Runs while the next desk is asked. Must not throw. */
  onFailed(attempt: Attempt, next: Candidate | undefined): Promise<void>
  /** Runs beside other work after the session was written down. Must not throw. */
  onOpened(candidate: Candidate, attempts: number, leftOut: string[]): Promise<void>
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
  // Nobody waits for what is noted of a failure, but the next desk's success comes after it.
  const noted: Promise<void>[] = []
  for (const [index, candidate] of candidates.entries()) {
    const { provider, reason } = candidate
    const remaining = options.deadline - START_RESERVE_MS - call.environment.now()
    const others = candidates.length - index - 1
    // An earlier run may have left a ticket at the first desk: finding it comes before everything else.
    const comesFirst = options.mayExist && index === 0
    const time = comesFirst
      ? { share: remaining, settling: Math.max(remaining / (others + 1), remaining - others * SHORTEST_SHARE_MS) }
      : _timeFor(remaining, others)
    const result = await _attempt(call, handoff, candidate, time, options)
    if (result.kind === 'opened') {
      await options.confirmHeld()
      // The ticket exists. A failure to write it down is no reason to ask another desk.
      await result.writeDown(async (leftOut) => {
        await Promise.all(noted)
        await options.onOpened(candidate, attempts.length + 1, leftOut)
      })
      await _releaseOthers(call, candidates, candidate)
      return { kind: 'opened', provider, reason, attempts }
    }
    const { attempt } = result
    attempts.push(attempt)
    call.log.warn('A desk did not take a handoff', { desk: provider, conversationId, error: attempt.error })
    noted.push(options.onFailed(attempt, candidates[index + 1]))
  }
  await Promise.all(noted)
  return { kind: 'failed', attempts }
}

/**
 * Begins to look up the customer's contact at the desk that is asked first, beside what comes before it is asked. A
 * contact is found or made once, however often that is done.
 */
export const prepareContact = (
  call: Call,
  customer: KnownCustomer,
  [provider, ...others]: string[]
): Handoff['prepared'] => {
  const share = others.length > 0 ? FAILOVER_MS : VENDOR_TIMEOUT_MS
  const timeoutMs = others.length > 0 ? share * ANSWER_SHARE : share
  const limits: Limits = { deadline: call.environment.now() + share, timeoutMs, wakesAtDeadline: true }
  const desk = provider === undefined ? undefined : connectDesk(call, provider, limits)
  if (!desk || provider === undefined) return undefined
  const contact = contactOf(call, desk, customer)
  // Where the desk is asked, a failure is its.
  contact.catch(() => undefined)
  return { provider, contact }
}

/** A start that found the ticket of an earlier run doesn't need the place that it has claimed elsewhere. */
const _releaseOthers = async (call: Call, candidates: Candidate[], opened: Candidate): Promise<void> => {
  const places = candidates.flatMap(({ place, provider }) => (place && provider !== opened.provider ? [place] : []))
  await Promise.all(places.map((place) => releasePlace(call, place)))
}

/** Milliseconds for one desk: its share, and when it stops to look for a ticket after an unknown outcome. */
interface Time {
  share: number
  settling: number
}

/** The customer waits for the next desk, so a desk that is down or silent is left soon, with an orphan if need be. */
const _timeFor = (remaining: number, others: number): Time => {
  if (others === 0) return { share: remaining, settling: Math.min(remaining, LAST_SETTLING_MS) }
  const share = Math.min(remaining / (others + 1), FAILOVER_MS)
  return { share, settling: share * SETTLING_SHARE }
}

type AttemptResult =
  | { kind: 'failed'; attempt: Attempt }
  /** `writeDown` records that the ticket exists. `onOpened` runs beside what may take a moment longer. */
  | { kind: 'opened'; writeDown(onOpened: (leftOut: string[]) => Promise<void>): Promise<void> }

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
  if (time.share <= 0) {
    if (candidate.place) await options.giveUp(candidate.place)
    return failed('there was no time left to ask it', 'unavailable')
  }
  const place = candidate.place ?? (await options.claim(provider))
  if (place === 'full') return failed('all of its places are taken', 'full')
  try {
    return await _openAt(call, handoff, place ? { ...candidate, place } : candidate, time, options)
  } catch (error) {
    // A failure of Botpress is no reason to ask another desk: the start begins again.
    if (error instanceof LeaseLost || isApiError(error)) throw error
    if (place) await options.giveUp(place)
    return failed(describeError(error), isProviderError(error) ? error.code : 'unavailable')
  }
}

const _openAt = async (
  call: Call,
  handoff: Handoff,
  candidate: Candidate,
  { settling, share }: Time,
  options: OpeningOptions
): Promise<AttemptResult> => {
  const { now } = call.environment
  const startedAt = now()
  const until = startedAt + share
  const silentUntil = Math.min(until, startedAt + VENDOR_TIMEOUT_MS)
  let isSilent = true
  const limits: Limits = {
    // A silent desk has less time than a slow one: its first answer tells them apart.
    deadline: silentUntil,
    wakesAtDeadline: true,
    get timeoutMs() {
      const end = isSilent && limits.deadline === silentUntil ? until : limits.deadline
      return Math.max(SHORTEST_WAIT_MS, (end - now()) * ANSWER_SHARE)
    },
    onAnswer: () => {
      if (isSilent && limits.deadline === silentUntil) limits.deadline = until
      isSilent = false
    },
  }
  const desk = connectDesk(call, candidate.provider, limits)
  if (!desk) throw new Error('the desk is not configured')
  const target = { call, desk, limits, settlesUntil: startedAt + settling, options }
  const { ticket, contactId, customerTags } = await _openFor(target, handoff, candidate)
    .catch((error: unknown) => {
      // The remembered contact may have been deleted at the desk.
      const remembered = handoff.customer.tags[contactTag(candidate.provider)]
      if (!remembered || !isContactLost(error)) throw error
      const customer = _withoutContact(handoff.customer, candidate.provider)
      return _openFor(target, { ...handoff, customer, prepared: undefined }, candidate)
    })
    .catch((error: unknown) => {
      if (!isSilent || !isProviderError(error) || now() < silentUntil - SHORTEST_WAIT_MS) throw error
      const seconds = Math.round((now() - startedAt) / 1_000)
      throw new ProviderError(error.provider, error.code, `It has not answered for ${seconds} s`, { cause: error })
    })
  const { account } = options
  return {
    kind: 'opened',
    writeDown: (onOpened) =>
      writeDown(
        { call, desk, handoff, candidate, ticket, contactId, customerTags, account: account(candidate.provider) },
        onOpened
      ),
  }
}

interface Target {
  call: Call
  desk: Desk
  limits: Limits
  /** Unknown outcomes are looked into until then, in milliseconds since the epoch. */
  settlesUntil: number
  options: OpeningOptions
}

const _openFor = async (
  { call, desk, limits, settlesUntil, options }: Target,
  { conversationId, title, description, context, transcript, customer: known, prepared }: Handoff,
  candidate: Candidate
): Promise<{ ticket: OpenedTicket; contactId: string | undefined; customerTags: Record<string, string> }> => {
  const isPrepared = prepared?.provider === candidate.provider
  const { found: customer, tags } = await (isPrepared ? prepared.contact : contactOf(call, desk, known))
  if (isPrepared && desk.driver.ensureContact) limits.onAnswer?.()
  // Right before the ticket can exist: the desk is on record, and no other run has taken over meanwhile.
  await options.recordDesk(candidate.provider)
  const request = {
    conversationId,
    botId: call.context.botId,
    title,
    ...(description ? { description } : {}),
    ...context,
    customer,
    transcript,
    options: candidate.options,
  }
  let isRepeated = false
  let hasFailed = false
  // One customer gets one ticket: after an unknown outcome the desk looks for the ticket before it opens another.
  const { now } = call.environment
  let until = settlesUntil
  const isRetried = (error: unknown): boolean => {
    const isUnknown = isProviderError(error) && error.outcome === 'unknown'
    if (isUnknown && !hasFailed) until = Math.max(until, now() + UNKNOWN_PAUSE_MS + ONE_LOOK_MS)
    hasFailed = true
    return isUnknown && now() + UNKNOWN_PAUSE_MS < until
  }
  const ticket = await retry(call, { pauseMs: UNKNOWN_PAUSE_MS, isRetried }, async () => {
    if (isRepeated) {
      limits.deadline = until
      await options.recordDesk(candidate.provider)
    }
    const mayExist = options.mayExist || isRepeated
    isRepeated = true
    return desk.driver.openTicket({ ...request, mayExist })
  })
  return { ticket, contactId: customer.contactId, customerTags: tags }
}

const _withoutContact = (customer: KnownCustomer, provider: string): KnownCustomer => {
  const { [contactTag(provider)]: _forgotten, ...tags } = customer.tags
  return { ...customer, tags }
}
