/** Claims places at desks with a limit, or whose load decides (src/session/place.ts). */
import type { Call } from '../botpress/call'
import { connectDesk } from '../botpress/desk'
import { describeError, isGone } from '../botpress/errors'
import { patchInstallation, type Installation } from '../botpress/installation'
import { instanceCache } from '../botpress/memory'
import { applyEvents } from '../from-desk/apply'
import { placeTag, readRecord, recordOf, releasePlace, type Place, type RecordStatus } from '../session/place'
import { getSession, readSession, writeTags } from '../session/session'

/** A claim gives up after this many places that others took first. */
const MOST_TRIES = 400
/** How many taken places are looked into at a time, when a desk seems full. */
const LOOKED_INTO = 4
/** An instance looks into the places of a full desk at most this often. */
const LOOKING_MS = 60_000
/** Places that a save makes for a desk at most. More are made when they are needed. */
const MOST_PREPARED = 100
const AT_ONCE = 10
/** Pages of open sessions that a save reads at most. */
const MOST_PAGES = 50
/** A start that has died holds its place for longer than any start takes. */
const STARTING_MS = 90_000

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
    const { conversations, meta } = await call.client.listConversations({ channel: 'hitl', tags: { provider, status } })
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

/** The record that an earlier run of this start has claimed. Throws what Botpress throws. */
export const findOwn = async (call: Call, conversationId: string): Promise<Place | undefined> => {
  const tags = { place: conversationId, status: 'taken' satisfies RecordStatus }
  const { conversations } = await call.client.listConversations({ channel: 'hitl', tags })
  return conversations
    .filter(({ tags: { place } }) => place === conversationId)
    .map(readRecord)
    .find((place) => place !== undefined)
}

/**
 * Makes the places of a desk when it gets a limit or a higher one, so that starts need not. When it gets its first one,
 * the sessions that are open already get places. Never throws: starts make what is missing, and sessions that were left
 * out aren't counted.
 */
export const preparePlaces = async (
  call: Call,
  installation: Installation,
  desks: { provider: string; limit: number }[]
): Promise<void> => {
  for (const { provider, limit } of desks) {
    const wanted = Math.min(limit, MOST_PREPARED)
    const before = installation.places?.[provider]
    if (before !== undefined && before >= wanted) continue
    try {
      const adopted = before ?? (await _adopt(call, provider))
      for (let number = adopted; number < wanted; number += AT_ONCE) {
        const numbers = Array.from({ length: Math.min(AT_ONCE, wanted - number) }, (_slot, index) => number + index)
        await Promise.all(numbers.map((next) => recordOf(call, { provider, number: next, use: 0 }, 'free')))
      }
      const made = Math.max(adopted, wanted)
      installation.places = { ...installation.places, [provider]: made }
      await patchInstallation(call, { places: installation.places })
    } catch (error) {
      call.log.warn('Could not count the open sessions of a desk', { desk: provider, error: describeError(error) })
    }
  }
}

/** Resolves to how many places it has made. */
const _adopt = async (call: Call, provider: string): Promise<number> => {
  const tags = { provider, status: 'open' }
  let made = 0
  let nextToken: string | undefined
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page = await call.client.listConversations({ channel: 'hitl', tags, ...(nextToken ? { nextToken } : {}) })
    const open = page.conversations.filter((conversation) => readSession(conversation)?.status === 'open')
    await Promise.all(open.map(({ id }, index) => _give(call, id, { provider, number: made + index, use: 0 })))
    made += open.length
    nextToken = page.meta.nextToken
    if (nextToken === undefined) break
  }
  return made
}

const _give = async (call: Call, conversationId: string, wanted: Omit<Place, 'recordId'>): Promise<void> => {
  const { place } = await recordOf(call, wanted)
  const payload = { conversationId, turn: place.use }
  await call.client.getOrSetState({ type: 'conversation', id: place.recordId, name: 'successor', payload })
  await Promise.all([_mark(call, place, conversationId), writeTags(call, conversationId, { place: placeTag(place) })])
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
  const usable = places.free.filter(({ number }) => number < limit)
  const chosen = usable[Math.floor(call.environment.random() * usable.length)]
  if (!chosen && places.made >= limit) {
    if (!places.hasMore) return 'full'
    // Others took what was on this page.
    Object.assign(places, await readPlaces(call, places.provider, places.made))
    return 'taken'
  }
  const place = chosen ?? (await recordOf(call, { provider: places.provider, number: places.made, use: 0 })).place
  const { state } = await call.client.getOrSetState({
    type: 'conversation',
    id: place.recordId,
    name: 'successor',
    payload: { conversationId, turn: place.use },
  })
  const isMine = state.payload.conversationId === conversationId
  places.free = places.free.filter(({ recordId }) => recordId !== place.recordId)
  places.made = Math.max(places.made, place.number + 1)
  if (places.taken !== undefined) places.taken += 1
  // Only by its holder: the late mark of another session would count a place that was given back.
  if (isMine) await _mark(call, place, conversationId)
  return isMine ? place : 'taken'
}

/** Marks a record as taken. Never throws: the mark is a hint. */
const _mark = async (call: Call, { recordId, provider }: Place, holder: string): Promise<void> => {
  const tags = { provider, status: 'taken' satisfies RecordStatus, place: holder }
  await writeTags(call, recordId, tags).catch((error: unknown) => {
    call.log.warn('Could not mark a place as taken', { desk: provider, error: describeError(error) })
  })
}

export interface Claim {
  conversationId: string
  installation: Installation
  limit: number
}

/** Claims places one after the other, until one is this session's or the desk is full. */
export const claimAny = async (call: Call, places: Places, claim: Claim): Promise<Place | 'full'> => {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const place = await claimPlace(call, places, claim.conversationId, claim.limit)
    if (place === 'full' && (await findAbandoned(call, places, claim.conversationId))) continue
    if (place !== 'taken') {
      await rememberMade(call, claim.installation, places)
      return place
    }
  }
  return 'full'
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

/** What a look into a full desk has found. */
interface Look {
  taken: Taken[]
  freed: Place[]
}

const _looks = instanceCache<Promise<Look>>('places', { lifetimeMs: LOOKING_MS, size: 500 })

/**
 * Before a desk is called full, a few of its sessions are looked up at the desk: their ends may have been lost. The
 * places of sessions that are over are given back. Resolves to whether a place became free, or is this session's own.
 */
export const findAbandoned = async (call: Call, places: Places, conversationId: string): Promise<boolean> => {
  const { provider } = places
  const key = `${call.installation}/${provider}`
  const known = _looks(call).get(key)
  const look = known ?? _look(call, provider)
  if (!known) _looks(call).set(key, look)
  const { taken, freed } = await look
  const own = taken.find(({ holder }) => holder === conversationId)?.place
  // Starts that share a look share what it has found: each place is claimed once.
  const next = own ? [own] : freed.splice(0, 1)
  for (const place of next) offer(places, place)
  return next.length > 0
}

/** Notes that this place, which counted as taken, can be claimed. */
export const offer = (places: Places, place: Place): void => {
  places.free = [place, ...places.free.filter(({ recordId }) => recordId !== place.recordId)]
  if (places.taken !== undefined) places.taken -= 1
}

/** Never throws: a desk that can't be looked into stays full. */
const _look = async (call: Call, provider: string): Promise<Look> => {
  try {
    const { conversations } = await call.client.listConversations({
      channel: 'hitl',
      tags: { provider, status: 'taken' satisfies RecordStatus },
      sortField: 'updatedAt',
      sortDirection: 'asc',
    })
    const taken = conversations.flatMap((conversation) => {
      const place = conversation.tags['status'] === 'taken' ? readRecord(conversation) : undefined
      const createdAt = Date.parse(conversation.createdAt)
      return place ? [{ place, holder: conversation.tags['place'] ?? '', createdAt }] : []
    })
    const freed = await Promise.all(taken.slice(0, LOOKED_INTO).map((one) => _freeIfOver(call, one)))
    return { taken, freed: freed.filter((place) => place !== undefined) }
  } catch (error) {
    call.log.warn('Could not look into the places of a full desk', { desk: provider, error: describeError(error) })
    return { taken: [], freed: [] }
  }
}

interface Taken {
  place: Place
  /** The session that holds it. */
  holder: string
  /** Milliseconds since the epoch. */
  createdAt: number
}

/** Resolves to the place's next use if its session is over. */
const _freeIfOver = async (call: Call, { place, holder, createdAt }: Taken): Promise<Place | undefined> => {
  if (!(await _isOver(call, place.provider, holder, createdAt))) {
    // The next look begins with others.
    await _mark(call, place, holder)
    return undefined
  }
  call.log.info('A session was over without its place being given back', { desk: place.provider })
  await releasePlace(call, place)
  return (await recordOf(call, { ...place, use: place.use + 1 })).place
}

const _isOver = async (call: Call, provider: string, holder: string, createdAt: number): Promise<boolean> => {
  const session = await getSession(call, holder).catch((error: unknown) => {
    if (isGone(error)) return undefined
    throw error
  })
  // Without a session, the start is under way, has failed or has died.
  if (!session) return createdAt + STARTING_MS < call.clock.now()
  if (session.provider !== provider) return true
  if (session.status === 'closed') return true
  const desk = connectDesk(call, provider)
  if (!desk) return false
  try {
    await applyEvents(call, desk, [
      { type: 'ticket-changed', ticket: { ticketId: session.ticket.id, conversationId: holder } },
    ])
  } catch (error) {
    call.log.info('Could not look up a session at its desk', { conversationId: holder, error: describeError(error) })
    return false
  }
  return (await getSession(call, holder))?.status !== 'open'
}
