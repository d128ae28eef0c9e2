/**
 * Who holds a lock. A lock is a chain of terms, and each term has a state of its own: only its holder writes there.
 *
 * `getOrSetState` elects the holder, and the call alone decides, whatever it takes. A term that ended without a clean
 * release is over for good: a conversation that its holder's id names (`claim`) has the state in which the next term
 * begins, and everybody who finds the old term over meets there. What the old holder still has in flight reaches its
 * own state alone. Such a late release may empty it; a caller that begins a term there has to find out that the lock
 * has moved on. So a successor tags the old conversation before it looks into the old state, and a caller takes the
 * old state before it looks at the tag: at least one of the two sees the other (`confirmTerm`).
 */
import { isApiError } from '@botpress/client'
import type { z } from '@botpress/sdk'
import type { Call } from '../botpress/call'
import { randomId } from '../botpress/environment'
import { describeError, gone, isRefused } from '../botpress/errors'
import { instanceCache } from '../botpress/memory'
import { retry } from '../botpress/retry'
import { API_TIMEOUT_MS, LONGEST_POLL_MS, POLL_MS } from '../botpress/timing'
import type { lockState, operation } from '../definition/parts'
import { writeTags, type Tags } from './session'

/** What a holder is about to do. If it dies, the next holder finds out whether that has happened. */
export type Operation = z.infer<typeof operation>

/**
 * A session has three locks. Each is held by one caller at a time, across all instances.
 *
 * - opening: opening the session's ticket.
 * - toBot: announcing an agent, scheduling a message for the bot, ending the session by an agent.
 * - toDesk: posting to the ticket.
 */
export type LockName = 'opening' | 'toBot' | 'toDesk'

/** Another caller holds the lock, and there is no time or no reason to wait for it any longer. */
export class LockBusy extends Error {
  public override readonly name: string = 'LockBusy'
}

/** The term began in a state that the lock had left. The lock is taken again where it is now. */
export class LockMoved extends LockBusy {
  public override readonly name = 'LockMoved'
}

/** The holder took so long that another caller may hold the lock. */
export class LeaseLost extends Error {
  public override readonly name = 'LeaseLost'
}

type Payload = z.infer<typeof lockState>

export interface TermRequest {
  conversationId: string
  lock: LockName
  /** A caller that asks again under the same id takes its own lock over at once. A random id unless given. */
  holder?: string
  /** Passed on to the next holder when its outcome is unknown. */
  operation?: Operation
  /** How long to wait for other holders, in milliseconds. */
  patienceMs: number
  /** Asked before each wait and each take-over: whether the lock is no longer needed. */
  isObsolete?(): Promise<boolean>
}

/** Where a lock is now. */
interface Place {
  /** The conversation that has the state. */
  slot: string
  /** The terms that ended without a clean release, oldest first. */
  before: { slot: string; holder: string | undefined }[]
  /** No caller of an earlier state can hold the lock any more. */
  isConfirmed: boolean
}

/** What a state holds, and when it last changed (milliseconds since the epoch, by Botpress's clock). */
type Held = Payload & { changedAt: number }

/** A holder's time with the lock. */
export interface Term extends Place {
  /** What the state holds. A renewal changes it. */
  payload: Payload
  /** The moment `payload.at` by this machine's clock, in milliseconds since the epoch: what the holder relies on. */
  since: number
  /** A write of the holder may still take effect. */
  isInFlight: boolean
}

/** Where this instance last met a lock that had moved. Losing it costs calls. */
const _places = instanceCache<Place>('locks', { lifetimeMs: 60 * 60_000, size: 2_000 })

const _placeKey = (call: Call, { conversationId, lock }: TermRequest) =>
  `${call.installation}/${lock}/${conversationId}`

const _stateOf = (slot: string, { lock }: TermRequest) => ({ type: 'conversation' as const, id: slot, name: lock })

const ASKING_TRIES = 3

/** What the holder has written. After a lost answer this caller may be it, so it asks again as the same one. */
const _ask = (call: Call, request: TermRequest, slot: string, payload: Payload): Promise<Held> =>
  retry(call, { tries: ASKING_TRIES, pauseMs: POLL_MS, isRetried: (error) => !isRefused(error) }, async () =>
    _heldIn(await call.client.getOrSetState({ ..._stateOf(slot, request), payload }))
  )

const _heldIn = ({ state }: { state: { payload: Payload; updatedAt: string } }): Held => ({
  ...state.payload,
  changedAt: Date.parse(state.updatedAt),
})

const _payloadOf = ({ changedAt: _stamp, ...payload }: Held): Payload => payload

const _newHolder = (call: Call, { holder }: TermRequest): string =>
  holder === undefined ? randomId(call.environment) : `${holder}/${randomId(call.environment)}`

/**
 * Waits for the lock and begins a term. A term that was neither renewed nor released for `leaseMs` is over. Throws
 * LockBusy.
 */
export const acquireTerm = async (call: Call, request: TermRequest, leaseMs: number): Promise<Term> => {
  const { now, sleep } = call.environment
  const holder = _newHolder(call, request)
  const until = now() + request.patienceMs
  let place: Place = _places(call).get(_placeKey(call, request)) ?? {
    slot: request.conversationId,
    before: [],
    isConfirmed: true,
  }
  let inDoubt: Operation[] = []
  for (let poll = POLL_MS; ;) {
    const since = now()
    const payload: Payload = {
      holder,
      at: call.clock.now(),
      ...(request.operation ? { operation: request.operation } : {}),
      ...(inDoubt.length > 0 ? { inDoubt } : {}),
    }
    const held = await _ask(call, request, place.slot, payload)
    if (held.holder === holder) {
      if (place.before.length > 0) _places(call).set(_placeKey(call, request), place)
      return { ...place, payload: _payloadOf(held), since, isInFlight: false }
    }
    if (await request.isObsolete?.()) throw new LockBusy(`The lock ${request.lock} is no longer needed`)
    if (_isOwn(request, held) || _isOver(call, held, leaseMs)) {
      inDoubt = _distinct([...inDoubt, ..._doubtsOf(held)])
      place = await _after(call, place, held.holder)
      continue
    }
    const left = until - now()
    if (left <= 0) throw new LockBusy(`Another caller holds the lock ${request.lock}`)
    // It asks more often towards the end of its patience, and once more when that is over.
    await sleep(Math.min(poll, left))
    poll = Math.min(2 * poll, LONGEST_POLL_MS, Math.max(POLL_MS, left / 3))
  }
}

const _isOwn = ({ holder }: TermRequest, held: Payload): boolean =>
  holder !== undefined && held.holder.startsWith(`${holder}/`)

/** Released, or abandoned. */
const _isOver = (call: Call, held: Held, leaseMs: number): boolean =>
  held.isReleased === true || held.releasedBy === held.holder || _begunAt(held) + leaseMs < call.clock.earliest()

/**
 * An instance whose first call this was didn't know Botpress's time yet. Botpress's own stamp corrects it, as far as a
 * write can't have been late.
 */
const _begunAt = ({ at, changedAt }: Held): number =>
  Number.isNaN(changedAt) ? at : Math.max(at, Math.min(changedAt, at + API_TIMEOUT_MS))

const _doubtsOf = (held: Payload): Operation[] => [...(held.inDoubt ?? []), ...(held.operation ? [held.operation] : [])]

/** The same operation once, where it came last. */
const _distinct = (operations: Operation[]): Operation[] => {
  const keys = operations.map((one) => JSON.stringify(one))
  return operations.filter((_operation, index) => keys.lastIndexOf(keys[index] ?? '') === index)
}

const _claimAfter = (holder: string): string => `after ${holder}`

/** Where the term after this holder's begins. Everybody gets the same place. */
const _after = async (call: Call, { slot, before }: Place, holder: string): Promise<Place> => {
  const { conversation } = await call.client.getOrCreateConversation({
    channel: 'hitl',
    tags: { claim: _claimAfter(holder) },
    discriminateByTags: ['claim'],
  })
  return { slot: conversation.id, before: [...before, { slot, holder }], isConfirmed: false }
}

/** The newest term of a lock, whoever's it is. Undefined: nobody has taken the lock since its last clean release. */
export const newestTerm = async (call: Call, request: Pick<TermRequest, 'conversationId' | 'lock'>) => {
  const read = async (slot: string): Promise<Payload | undefined> =>
    (await gone(call.client.getState(_stateOf(slot, { ...request, patienceMs: 0 }))))?.state.payload
  let newest = await read(request.conversationId)
  for (const seen = new Set<string>(); newest && !seen.has(newest.holder);) {
    seen.add(newest.holder)
    const tags = { claim: _claimAfter(newest.holder) }
    const { conversations } = await call.client.listConversations({ channel: 'hitl', tags })
    const next = conversations.find((conversation) => (conversation.tags as Tags).claim === tags.claim)
    newest = (next && (await read(next.id))) ?? newest
  }
  return newest
}

/**
 * Begins another term after the holder's own, which may have run out. Throws LeaseLost when another caller was faster.
 */
export const succeedTerm = async (call: Call, request: TermRequest, term: Term): Promise<void> => {
  const place = await _after(call, term, term.payload.holder)
  const since = call.environment.now()
  const payload: Payload = { ...term.payload, holder: _newHolder(call, request), at: call.clock.now() }
  const held = await _ask(call, request, place.slot, payload)
  if (held.holder !== payload.holder) throw new LeaseLost(`Another caller has taken the lock ${request.lock} over`)
  Object.assign(term, place, { since })
  Object.assign(term.payload, payload)
  term.isInFlight = false
}

/** The tag that says where a lock has moved to. */
const _markOf = (lock: LockName): string => `${lock}Next`

/**
 * Finds out whether this term is the lock's only one, before its first effect. `tags` are those of the session's
 * conversation, if the caller has read them since it took the lock. `isAnew`: earlier states are looked at again.
 * Throws LockMoved, LockBusy, and as Botpress does.
 */
export const confirmTerm = async (
  call: Call,
  request: TermRequest,
  term: Term,
  { leaseMs, tags, isAnew = false }: { leaseMs: number; tags?: Tags | undefined; isAnew?: boolean }
): Promise<void> => {
  // A start's states are never emptied.
  if (request.lock === 'opening') return
  const mark = _markOf(request.lock)
  const isFirst = term.slot === request.conversationId
  const own = isFirst && tags ? tags : (await gone(call.client.getConversation({ id: term.slot })))?.conversation.tags
  const next = (own as Tags | undefined)?.[mark]
  if (next) {
    const before = [...term.before, { slot: term.slot, holder: undefined }]
    _places(call).set(_placeKey(call, request), { slot: next, before, isConfirmed: false })
    throw new LockMoved(`The lock ${request.lock} has moved on`)
  }
  if (term.isConfirmed && !isAnew) return
  for (const [index, { slot, holder }] of term.before.entries()) {
    if (!term.isConfirmed) await writeTags(call, slot, { [mark]: term.before[index + 1]?.slot ?? term.slot })
    const answer = await gone(call.client.getState(_stateOf(slot, request)))
    const held = answer?.state.payload ? _heldIn(answer) : undefined
    if (!held || held.holder === holder) continue
    // It began before the tag was there.
    if (!_isOver(call, held, leaseMs)) throw new LockBusy(`Another caller still holds the lock ${request.lock}`)
    term.payload.inDoubt = _distinct([..._doubtsOf(held), ...(term.payload.inDoubt ?? [])])
  }
  term.isConfirmed = true
  _places(call).set(_placeKey(call, request), { slot: term.slot, before: term.before, isConfirmed: true })
}

/** The server has finished with the request: it has no effect any more that it hasn't had. */
const _isFinished = (error: unknown): boolean =>
  isApiError(error) && error.type !== 'Unknown' && (error.code === 500 || isRefused(error))

/** Writes into the holder's own state. Throws as Botpress does. */
export const writeTerm = async (call: Call, request: TermRequest, term: Term, payload: Payload): Promise<void> => {
  try {
    await call.client.setState({ ..._stateOf(term.slot, request), payload })
  } catch (error) {
    if (!_isFinished(error)) term.isInFlight = true
    throw error
  }
}

const RELEASE_TRIES = 3

/**
 * Ends a term. A clean one empties its state, so that the next term begins there. It does so once: a second attempt
 * could empty the next holder's. In any other case the state stays, marked as released. Never throws.
 */
export const endTerm = async (
  call: Call,
  request: TermRequest,
  term: Term,
  { isInDoubt, isSafe }: { isInDoubt: boolean; isSafe(): boolean }
): Promise<void> => {
  const { holder, at } = term.payload
  const policy = { tries: RELEASE_TRIES, pauseMs: POLL_MS }
  const state = _stateOf(term.slot, request)
  try {
    if (isInDoubt || term.isInFlight || !isSafe()) {
      const left = isInDoubt ? { ...term.payload, isReleased: true } : { holder, at, isReleased: true }
      await retry(call, policy, () => call.client.setState({ ...state, payload: left }))
      return
    }
    await _empty(call, request, term)
  } catch (error) {
    const { conversationId, lock } = request
    call.log.warn('Could not release a lock', { conversationId, lock, error: describeError(error) })
    // It names its holder, so it releases no other term.
    await retry(call, policy, () => gone(call.client.patchState({ ...state, payload: { releasedBy: holder } }))).catch(
      () => undefined
    )
  }
}

const _empty = async (call: Call, request: TermRequest, { slot, payload }: Term): Promise<void> => {
  const state = _stateOf(slot, request)
  for (let attempt = 1; ; attempt += 1) {
    try {
      await call.client.setState({ ...state, payload: null })
      return
    } catch (error) {
      if (!_isFinished(error) || attempt === RELEASE_TRIES) throw error
      const held = (await gone(call.client.getState(state)))?.state.payload
      if (held?.holder !== payload.holder) return
      await call.environment.sleep(POLL_MS)
    }
  }
}
