/** Claims places at desks with a limit, or whose load decides (src/session/place.ts). */
import { createHash } from 'node:crypto'
import type { Call } from '../botpress/call'
import { describeError } from '../botpress/errors'
import { patchInstallation, type Installation } from '../botpress/installation'
import { retry } from '../botpress/retry'
import { markTaken, placeTag, readRecord, recordOf, releasePlace, renewPlace } from '../session/place'
import type { Place, RecordStatus } from '../session/place'
import { getSession, type Session } from '../session/session'

/**
 * A claim holds its place for this long without a session: as long as Botpress lets a start run. A start that has died
 * is then over, and the next claimer takes the place.
 */
export const CLAIM_MS = 60_000
/** A repeated start uses the claim of an earlier run only if it lasts at least this long: clocks may differ. */
const SHORTEST_REST_MS = 5_000
/** It renews the claim if less than this is left: more than it can take itself. */
const ENOUGH_MS = 45_000
/** A lost answer of Botpress is asked for again: every call here is idempotent. */
const PERSISTENTLY = { tries: 3, pauseMs: 200 }

/** The places of one desk, as far as they are known. Changed by what claims find out. */
export interface Places {
  provider: string
  /** Records that are marked as free: one page of them, and whether there are more. */
  free: Place[]
  hasMore: boolean
  /** How many places exist. */
  made: number
  /** How many are marked as taken, where one page lists them all. */
  taken: number | undefined
}

/** The open sessions of a desk by its places. Too high only when neither its free nor its taken ones fit on a page. */
export const loadOf = ({ free, made, taken }: Places): number => taken ?? Math.max(0, made - free.length)

/**
 * Reads the places of a desk: two calls side by side, however many sessions are open. `made`: how many exist, as far as
 * is known. Throws what Botpress throws.
 */
export const readPlaces = async (call: Call, provider: string, made: number): Promise<Places> => {
  const list = async (status: RecordStatus) => {
    const { conversations, meta } = await retry(call, PERSISTENTLY, () =>
      call.client.listConversations({ channel: 'hitl', tags: { provider, status } })
    )
    const places = conversations
      .filter(({ tags }) => tags['status'] === status)
      .flatMap((conversation) => readRecord(conversation) ?? [])
      .filter((place) => place.provider === provider)
    return { places, hasMore: meta.nextToken !== undefined }
  }
  const [{ places: free, hasMore }, taken] = await Promise.all([list('free'), list('taken')])
  const known = Math.max(made, ...free.map(({ number }) => number + 1))
  return { provider, free, hasMore, made: known, taken: taken.hasMore ? undefined : taken.places.length }
}

/**
 * The place that an earlier run of this start has claimed, if it is still this session's for long enough. Throws what
 * Botpress throws.
 */
export const findOwn = async (call: Call, conversationId: string): Promise<Place | undefined> => {
  const tags = { place: conversationId, status: 'taken' satisfies RecordStatus }
  const { conversations } = await retry(call, PERSISTENTLY, () =>
    call.client.listConversations({ channel: 'hitl', tags })
  )
  const own = conversations
    .filter(({ tags: { place } }) => place === conversationId)
    .map(readRecord)
    .find((place) => place !== undefined)
  return own && (await _isClaimedBy(call, own, conversationId)) === true ? own : undefined
}

/**
 * Writes a session into a record, if nobody else was faster. Resolves to `true` when the place is this session's, or to
 * the holder. `'over'`: an earlier run of the session had claimed it too long ago, and has given it back now.
 */
const _isClaimedBy = async (
  call: Call,
  place: Place,
  conversationId: string
): Promise<true | 'over' | { conversationId: string; until?: number | undefined }> => {
  const { now } = call.clock
  const key = { type: 'conversation' as const, id: place.recordId, name: 'successor' as const }
  const claim = () => ({ conversationId, turn: place.use, until: now() + CLAIM_MS })
  const payload = claim()
  const { state } = await retry(call, PERSISTENTLY, () => call.client.getOrSetState({ ...key, payload }))
  if (state.payload.conversationId !== conversationId) return state.payload
  const rest = (state.payload.until ?? 0) - now()
  if (rest < SHORTEST_REST_MS) {
    await releasePlace(call, place)
    return 'over'
  }
  if (rest < ENOUGH_MS) await retry(call, PERSISTENTLY, () => call.client.setState({ ...key, payload: claim() }))
  return true
}

/**
 * Gives the place of a start that hasn't opened its session back. Only for the run that holds the start's lock: no
 * later run uses the claim again. Never throws.
 */
export const giveUpPlace = async (call: Call, place: Place, conversationId: string): Promise<void> => {
  const payload = { conversationId, turn: place.use, until: 0 }
  try {
    await retry(call, PERSISTENTLY, () =>
      call.client.setState({ type: 'conversation', id: place.recordId, name: 'successor', payload })
    )
  } catch (error) {
    call.log.warn('Could not give a place up: its claim runs out', {
      desk: place.provider,
      error: describeError(error),
    })
    return
  }
  await releasePlace(call, place)
}

/**
 * Whether a place isn't held any more by the session that its record names. A session: it is open, and only its desk
 * may know better. Throws what Botpress throws.
 */
export const isOver = async (
  call: Call,
  place: Place,
  holder: { conversationId: string; until?: number | undefined }
): Promise<boolean | Session> => {
  const session = await getSession(call, holder.conversationId)
  // Without a session, the start is under way, has failed or has died.
  if (!session) return (holder.until ?? 0) < call.clock.earliest()
  if (session.provider !== place.provider || session.status === 'closed') return true
  // Another run of its start has claimed another place.
  if (session.place !== undefined && session.place !== placeTag(place)) return true
  return session
}

/**
 * Claims one place for a session. `taken`: another session was faster, and `places` knows more now. `full`: all places
 * below the limit are taken. A session that holds a record already gets it again. Throws what Botpress throws.
 */
export const claimPlace = async (
  call: Call,
  places: Places,
  conversationId: string,
  limit: number
): Promise<Place | 'taken' | 'full'> => {
  if (loadOf(places) >= limit && !places.hasMore) return 'full'
  const chosen = _choose(
    places.free.filter(({ number }) => number < limit),
    conversationId
  )
  if (!chosen && places.made >= limit) {
    if (!places.hasMore) return 'full'
    // Others took what was on this page.
    Object.assign(places, await readPlaces(call, places.provider, places.made))
    return 'taken'
  }
  const place = chosen ?? (await recordOf(call, { provider: places.provider, number: places.made, use: 0 })).place
  const claimed = await _isClaimedBy(call, place, conversationId)
  places.free = places.free.filter(({ recordId }) => recordId !== place.recordId)
  places.made = Math.max(places.made, place.number + 1)
  if (claimed === 'over') return 'taken'
  if (claimed === true) {
    if (places.taken !== undefined) places.taken += 1
    // Only by its holder: the late mark of another session would count a place that was given back.
    await markTaken(call, place, conversationId)
    return place
  }
  // Its mark says that it is free: its holder may have died before it could write another one.
  if ((await isOver(call, place, claimed)) === true) places.free.push(await renewPlace(call, place))
  else if (places.taken !== undefined) places.taken += 1
  return 'taken'
}

/**
 * Starts at the same moment choose differently, and each run of one start chooses the same: it finds what an earlier
 * run has claimed without living to mark it.
 */
const _choose = (free: Place[], conversationId: string): Place | undefined => {
  const rankOf = ({ recordId }: Place) => createHash('sha256').update(`${conversationId} ${recordId}`).digest('hex')
  return free
    .map((place) => ({ place, rank: rankOf(place) }))
    .toSorted((one, other) => (one.rank < other.rank ? -1 : 1))
    .at(0)?.place
}

/** Stores how many places exist, where that has changed. Never throws: too few cost other claims a few calls. */
export const rememberMade = async (
  call: Call,
  installation: Installation,
  { provider, made }: Places
): Promise<void> => {
  if (made <= (installation.places?.[provider] ?? 0)) return
  installation.places = { ...installation.places, [provider]: made }
  await patchInstallation(call, { places: installation.places }).catch((error: unknown) => {
    call.log.warn('Could not store how many places a desk has', { desk: provider, error: describeError(error) })
  })
}

/** Notes that this place, which counted as taken, can be claimed. */
export const offer = (places: Places, place: Place): void => {
  places.free = [place, ...places.free.filter(({ recordId }) => recordId !== place.recordId)]
  if (places.taken !== undefined) places.taken -= 1
}
