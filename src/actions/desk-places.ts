/** Which desks have places, their load, and the claim of a start at the desk that ranks first. */
import type { Context } from '../botpress/bp'
import type { Call } from '../botpress/call'
import { configuredDesks } from '../botpress/configuration'
import { describeError } from '../botpress/errors'
import type { Installation } from '../botpress/installation'
import { parseRouting } from '../routing/parse-routing'
import { attempts, type Ranking, type Situation } from '../routing/ranking'
import type { Routing } from '../routing/routing'
import type { Place } from '../session/place'
import { findAbandoned } from './abandoned'
import { claimPlace, loadOf, readPlaces, rememberMade, type Places } from './places'

/** The places that a save makes for a desk without a limit. */
const PREPARED = 20
/** A start looks for a free place for this long. */
const CLAIMING_MS = 8_000
/** A claim gives up after this many places that others took first. */
const MOST_TRIES = 400

/**
 * The places of the desks whose open sessions matter. What can't be read is no obstacle where only the load counts: the
 * desk is left out. A desk with a limit counts as full: the limit is a promise.
 */
export const readAllPlaces = async (call: Call, installation: Installation, routing: Routing): Promise<Places[]> => {
  const counted = routing.desks.filter((desk) => isCounted(routing, desk))
  const all = await Promise.all(
    counted.map(({ provider, capacity }) =>
      readPlaces(call, provider, installation.places?.[provider] ?? 0).catch((error: unknown) => {
        call.log.warn('Could not read the places of a desk', { desk: provider, error: describeError(error) })
        return capacity === undefined
          ? undefined
          : { provider, free: [], hasMore: false, made: capacity, taken: capacity }
      })
    )
  )
  return all.filter((places) => places !== undefined)
}

export const loadsOf = (all: readonly Places[]): Record<string, number> | undefined =>
  all.length === 0 ? undefined : Object.fromEntries(all.map((places) => [places.provider, loadOf(places)]))

/** Whether the sessions of a desk hold places. */
const isCounted = ({ strategy }: Routing, { capacity }: Routing['desks'][number]): boolean =>
  strategy === 'least-busy' || capacity !== undefined

/** The desks whose sessions hold places. */
export const countedDesks = (configuration: Context['configuration']): { provider: string; limit: number }[] => {
  const { routing } = parseRouting(configuration.routing, configuredDesks(configuration))
  return (routing?.desks ?? []).flatMap((desk) =>
    routing && isCounted(routing, desk) ? [{ provider: desk.provider, limit: desk.capacity ?? PREPARED }] : []
  )
}

export const limitOf = ({ desks }: Routing, provider: string): number =>
  desks.find((desk) => desk.provider === provider)?.capacity ?? Number.POSITIVE_INFINITY

/** The places of all desks. The sessions of those that seem full are looked into first. */
export const readForStart = async (
  call: Call,
  installation: Installation,
  routing: Routing,
  conversationId: string
): Promise<Places[]> => {
  const all = await readAllPlaces(call, installation, routing)
  const full = all.filter((places) => loadOf(places) >= limitOf(routing, places.provider))
  await Promise.all(full.map((places) => findAbandoned(call, places, conversationId)))
  return all
}

export interface FirstRequest {
  conversationId: string
  places: Places[]
  situation: Situation
  rankWith(situation: Situation): Promise<Ranking>
}

export interface FirstClaim {
  ranking: Ranking
  /** At the first desk of the ranking. Absent: its sessions hold no places. */
  place?: Place
}

/** Claims a place at the desk that ranks first. Where others are faster, the desks are ranked anew. */
export const claimFirst = async (
  call: Call,
  installation: Installation,
  { conversationId, places, situation, rankWith }: FirstRequest
): Promise<FirstClaim> => {
  const full = new Set<string>()
  const until = call.environment.now() + CLAIMING_MS
  for (;;) {
    const load = Object.fromEntries(
      places.map((one) => {
        const limit = limitOf(situation.routing, one.provider)
        return [one.provider, full.has(one.provider) ? Math.max(limit, loadOf(one)) : loadOf(one)]
      })
    )
    const ranking = await rankWith({ ...situation, ...(places.length > 0 ? { load } : {}) })
    const [first] = attempts(ranking)
    const one = places.find(({ provider }) => provider === first?.provider)
    if (!one) return { ranking }
    try {
      const limit = limitOf(situation.routing, one.provider)
      const place = await claimPlace(call, one, conversationId, limit)
      if (place === 'full') {
        // A desk without a limit is never full; after-hours desks may be asked although they are.
        if (full.has(one.provider)) return { ranking }
        if (!(await findAbandoned(call, one, conversationId))) full.add(one.provider)
      } else if (place !== 'taken') {
        await rememberMade(call, installation, one)
        return { ranking, place }
      } else if (call.environment.now() > until) full.add(one.provider)
    } catch (error) {
      call.log.warn('Could not claim a place at a desk', { desk: one.provider, error: describeError(error) })
      // An unknown load is no obstacle. A limit is: nobody knows whether it has a place left.
      if (!Number.isFinite(limitOf(situation.routing, one.provider)) || full.has(one.provider)) return { ranking }
      full.add(one.provider)
    }
  }
}

/**
 * Claims a place at a later desk: one after the other, until one is this session's or the desk is full. Undefined: it
 * has no limit, and its load is unknown. Never throws.
 */
export const claimAny = async (
  call: Call,
  installation: Installation,
  places: Places,
  { conversationId, limit }: { conversationId: string; limit: number }
): Promise<Place | 'full' | undefined> => {
  try {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const place = await claimPlace(call, places, conversationId, limit)
      if (place === 'full' && (await findAbandoned(call, places, conversationId))) continue
      if (place === 'taken') continue
      if (place !== 'full') await rememberMade(call, installation, places)
      return place
    }
  } catch (error) {
    call.log.warn('Could not claim a place at a desk', { desk: places.provider, error: describeError(error) })
    if (!Number.isFinite(limit)) return undefined
  }
  return 'full'
}
