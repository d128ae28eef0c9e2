import { RuntimeError } from '@botpress/sdk'
import type { TicketOptions, TranscriptEntry } from '../../providers/provider'
import type { Candidate } from './write-down'
import type { SessionWishes } from './session-wishes'
import type { Context } from '../botpress/bp'
import type { Call } from '../botpress/call'
import { configuredDesks } from '../botpress/configuration'
import { describeError } from '../botpress/errors'
import { beginProbe, healthOfDesks } from './health'
import type { Installation } from '../botpress/installation'
import { customerTexts } from '../to-desk/transcript'
import { claimTurn } from './rotation'
import type { FieldProblem } from '../routing/config-shape'
import { explain } from '../routing/explain'
import { parseRouting } from '../routing/parse-routing'
import { needsDetection, rank } from '../routing/rank'
import { attempts, type Handoff, type Ranking, type Situation } from '../routing/ranking'
import { configuredLanguages, type Routing } from '../routing/routing'
import type { KnownCustomer } from '../botpress/people'
import type { Place } from '../session/place'
import {
  claimAny,
  claimPlace,
  findAbandoned,
  findOwn,
  loadOf,
  offer,
  readPlaces,
  rememberMade,
  type Places,
} from './places'

/** Which desks to try for a handoff, and why. */
export interface Plan {
  candidates: Candidate[]
  /** The decision in one sentence. When no desk is open, the bot can show it to the customer. */
  decision: string
  /** The whole explanation, line by line. */
  lines: string[]
  ranking: Ranking
  /** Claims a place at a later candidate. Undefined: its sessions hold no places. Throws what Botpress throws. */
  claim(provider: string): Promise<Place | 'full' | undefined>
}

/** The places that a save makes for a desk without a limit. */
const PREPARED = 20
/** A start looks for a free place for this long. */
const CLAIMING_MS = 8_000

export const routingProblems = (configuration: Context['configuration']): FieldProblem[] =>
  configuredDesks(configuration).length === 0
    ? []
    : (parseRouting(configuration.routing, configuredDesks(configuration)).problems ?? [])

/** The saved routing. Throws a RuntimeError when this version would not have saved it. */
export const readRouting = (configuration: Context['configuration']): Routing => {
  const { routing, problems } = parseRouting(configuration.routing, configuredDesks(configuration))
  if (routing) return routing
  throw new RuntimeError(
    [
      'The saved configuration isn’t valid. Correct it and save it again:',
      ...problems.map(({ field, problem }) => `- ${field}: ${problem}`),
    ].join('\n')
  )
}

/** Reads what `rank` decides by, as far as the configuration uses it. Throws as `readRouting` and Botpress do. */
export const readSituation = async (
  call: Call,
  installation: Installation,
  handoff: Handoff & { texts: string[] },
  options: { customer?: KnownCustomer; instant?: number; places?: Places[] } = {}
): Promise<Situation> => {
  const routing = readRouting(call.context.configuration)
  const { texts, ...request } = handoff
  const [detected, places] = await Promise.all([
    _detected(routing, request, texts),
    options.places ?? readAllPlaces(call, installation, routing),
  ])
  const load = _loads(places)
  const history = _history(options.customer)
  return {
    routing,
    handoff: { ...request, ...(detected ? { detected } : {}) },
    instant: options.instant ?? call.environment.now(),
    health: healthOfDesks(call, installation),
    ...(load ? { load } : {}),
    ...(history ? { history } : {}),
  }
}

export const planHandoff = async (
  call: Call,
  installation: Installation,
  request: {
    conversationId: string
    customer: KnownCustomer
    wishes: SessionWishes
    transcript: TranscriptEntry[]
    /** The turn that an earlier run of this start has claimed. */
    turn: number | undefined
    /** An earlier run of this start has died or failed: it may have claimed a place. */
    isRepeated: boolean
    /** Whether to claim a turn when there is none yet. A conversation holds one turn at most. */
    claimsTurn: boolean
    recordTurn(turn: number): Promise<void>
  }
): Promise<Plan> => {
  const { wishes, customer, conversationId } = request
  const handoff = { ...toHandoff(wishes, conversationId), texts: customerTexts(request.transcript) }
  const [places, own] = await Promise.all([
    _readForStart(call, installation, conversationId),
    request.isRepeated ? findOwn(call, conversationId) : undefined,
  ])
  for (const one of places) if (own?.provider === one.provider) offer(one, own)
  let situation = await readSituation(call, installation, handoff, { customer, places })
  let ranking = rank(situation)
  if (ranking.rotation && (request.claimsTurn || request.turn !== undefined)) {
    const { key } = ranking.rotation
    const turn = request.turn ?? (await _claimTurn(call, conversationId, key, installation, request.recordTurn))
    if (turn !== undefined) situation = { ...situation, turn }
  }
  const claimed = await _claimFirst(call, installation, { conversationId, places, situation })
  ranking = claimed.ranking
  const placeAt = (provider: string): { place?: Place } => {
    const place = [claimed.place, own].find((one) => one?.provider === provider)
    return place ? { place } : {}
  }
  const desks = attempts(ranking)
  const [first] = desks
  if (first && situation.health?.[first.provider]?.state === 'half-open')
    await beginProbe(call, installation, first.provider)
  return {
    candidates: desks.map(({ provider, reason, options }) => {
      // A queue is an id at one desk.
      const isQueueMeant = wishes.provider ? handoff.provider === provider : situation.routing.desks.length === 1
      return {
        provider,
        reason,
        options: _options(options, isQueueMeant ? wishes : { ...wishes, queue: undefined }),
        ...placeAt(provider),
      }
    }),
    decision: decisionOf(ranking),
    lines: explain(ranking),
    ranking,
    claim: async (provider) => {
      const one = places.find((known) => known.provider === provider)
      const limit = _limitOf(situation.routing, provider)
      return one && claimAny(call, one, { conversationId, installation, limit })
    },
  }
}

/** The places of all desks. The sessions of those that seem full are looked into first. */
const _readForStart = async (call: Call, installation: Installation, conversationId: string): Promise<Places[]> => {
  const routing = readRouting(call.context.configuration)
  const all = await readAllPlaces(call, installation, routing)
  const full = all.filter((places) => loadOf(places) >= _limitOf(routing, places.provider))
  await Promise.all(full.map((places) => findAbandoned(call, places, conversationId)))
  return all
}

interface FirstClaim {
  ranking: Ranking
  /** At the first desk of the ranking. Absent: its sessions hold no places. */
  place?: Place
}

/** Claims a place at the desk that ranks first. Where others are faster, the desks are ranked anew. */
const _claimFirst = async (
  call: Call,
  installation: Installation,
  { conversationId, places, situation }: { conversationId: string; places: Places[]; situation: Situation }
): Promise<FirstClaim> => {
  const full = new Set<string>()
  const until = call.environment.now() + CLAIMING_MS
  for (;;) {
    const load = Object.fromEntries(
      places.map((one) => {
        const limit = _limitOf(situation.routing, one.provider)
        return [one.provider, full.has(one.provider) ? Math.max(limit, loadOf(one)) : loadOf(one)]
      })
    )
    const ranking = rank({ ...situation, ...(places.length > 0 ? { load } : {}) })
    const [first] = attempts(ranking)
    const one = places.find(({ provider }) => provider === first?.provider)
    if (!one) return { ranking }
    try {
      const limit = _limitOf(situation.routing, one.provider)
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
      // An unknown load is no obstacle.
      call.log.warn('Could not claim a place at a desk', { desk: one.provider, error: describeError(error) })
      return { ranking }
    }
  }
}

/** Resolves to undefined when no turn can be claimed: the handoff is then routed by preference. */
const _claimTurn = async (
  call: Call,
  conversationId: string,
  key: string,
  installation: Installation,
  recordTurn: (turn: number) => Promise<void>
): Promise<number | undefined> => {
  try {
    return await claimTurn(call, conversationId, key, installation, recordTurn)
  } catch (error) {
    call.log.warn('Could not claim a turn of the rotation', { conversationId, error: describeError(error) })
    return undefined
  }
}

/** The wishes of a session, as routing reads them. */
export const toHandoff = (wishes: SessionWishes, id: string): Handoff => ({
  id,
  ...(wishes.provider ? { provider: wishes.provider.trim().toLowerCase() } : {}),
  ...(wishes.strict ? { strict: true } : {}),
  ...(wishes.language ? { language: wishes.language } : {}),
  ...(wishes.priority ? { priority: wishes.priority } : {}),
  ...(wishes.tags ? { tags: wishes.tags } : {}),
  ...(wishes.nobodyThere ? { nobodyThere: wishes.nobodyThere } : {}),
})

/** The decision in one sentence. */
export const decisionOf = (ranking: Ranking): string =>
  ranking.decision.kind === 'refuse' ? ranking.decision.messageForCustomer : (explain(ranking)[0] ?? '')

/** The session's wishes take precedence over a rule's. Their tags are combined. */
const _options = (options: TicketOptions, wishes: SessionWishes): TicketOptions => {
  const tags = [...new Set([...(options.tags ?? []), ...(wishes.tags ?? [])])]
  const queue = wishes.queue ?? options.queue
  const priority = wishes.priority ?? options.priority
  return { ...(queue ? { queue } : {}), ...(priority ? { priority } : {}), ...(tags.length > 0 ? { tags } : {}) }
}

const _detected = async (routing: Routing, handoff: Handoff, texts: string[]) => {
  if (texts.length === 0 || !needsDetection({ routing, handoff })) return undefined
  // The detector is large: it is only loaded when it is used.
  const { detectLanguage } = await import('../routing/detect-language')
  return detectLanguage(texts, configuredLanguages(routing))
}

const _history = (customer: KnownCustomer | undefined) => {
  const { lastDesk, lastDeskAt } = customer?.tags ?? {}
  const at = Date.parse(lastDeskAt ?? '')
  return lastDesk && !Number.isNaN(at) ? { provider: lastDesk, at } : undefined
}

/** The places of the desks whose open sessions matter. A desk that can't be read is left out: it counts as empty. */
const readAllPlaces = async (call: Call, installation: Installation, routing: Routing): Promise<Places[]> => {
  const counted = routing.desks.filter((desk) => isCounted(routing, desk))
  const all = await Promise.all(
    counted.map(({ provider }) =>
      readPlaces(call, installation, provider).catch((error: unknown) => {
        call.log.warn('Could not read the places of a desk', { desk: provider, error: describeError(error) })
        return undefined
      })
    )
  )
  return all.filter((places) => places !== undefined)
}

const _loads = (all: readonly Places[]): Record<string, number> | undefined =>
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

const _limitOf = ({ desks }: Routing, provider: string): number =>
  desks.find((desk) => desk.provider === provider)?.capacity ?? Number.POSITIVE_INFINITY
