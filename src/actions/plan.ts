import { RuntimeError } from '@botpress/sdk'
import type { TicketOptions, TranscriptEntry } from '../../providers/provider'
import type { Candidate } from './write-down'
import { optionsAsWished, type SessionWishes } from './session-wishes'
import type { Context } from '../botpress/bp'
import type { Call } from '../botpress/call'
import { configuredDesks } from '../botpress/configuration'
import { describeError } from '../botpress/errors'
import { beginProbe, healthOfDesks } from './health'
import type { Installation } from '../botpress/installation'
import { customerTexts } from '../to-desk/transcript'
import { claimTurn } from './rotation'
import type { FieldProblem } from '../routing/config-shape'
import { textLanguages } from '../routing/customer-text'
import { explain } from '../routing/explain'
import { parseRouting } from '../routing/parse-routing'
import { needsDetection, rank } from '../routing/rank'
import { attempts, type Handoff, type Ranking, type Situation } from '../routing/ranking'
import { configuredLanguages, type Routing } from '../routing/routing'
import type { KnownCustomer } from '../botpress/people'
import type { Place } from '../session/place'
import { readPresence } from './presence'
import { claimAny, claimFirst, countedDesks, limitOf, loadsOf, readAllPlaces, readForStart } from './desk-places'
import { findOwn, offer, type Places } from './places'

/** Which desks to try for a handoff, and why. */
export interface Plan {
  candidates: Candidate[]
  /** The decision in one sentence. When no desk is open, the bot can show it to the customer. */
  decision: string
  /** The whole explanation, line by line. */
  lines: string[]
  ranking: Ranking
  /** Claims a place at a later candidate. Undefined: its sessions hold no places. Never throws. */
  claim(provider: string): Promise<Place | 'full' | undefined>
}

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
  const [presence, detected, places] = await Promise.all([
    readPresence(call, routing),
    _detected(routing, request, texts),
    options.places ?? readAllPlaces(call, installation, routing),
  ])
  const load = loadsOf(places)
  const history = _history(options.customer)
  return {
    routing,
    handoff: { ...request, ...(detected ? { detected } : {}) },
    instant: options.instant ?? call.clock.now(),
    health: healthOfDesks(call, installation),
    ...(load ? { load } : {}),
    ...(presence ? { presence } : {}),
    ...(history ? { history } : {}),
  }
}

/** What a start is decided by, and how. */
export interface Preview {
  situation: Situation
  ranking: Ranking
}

interface PreviewRequest {
  conversationId: string
  customer: KnownCustomer
  wishes: SessionWishes
  transcript: TranscriptEntry[]
}

/**
 * How the desks rank, where that costs no call: the first one can be prepared before the start's lock is taken.
 * Undefined: places, turns, a probe or who is online decide, too. Throws as `readRouting` does.
 */
export const previewHandoff = async (
  call: Call,
  installation: Installation,
  { conversationId, customer, wishes, transcript }: PreviewRequest
): Promise<Preview | undefined> => {
  const { configuration } = call.context
  const asksFirst = countedDesks(configuration).length > 0 || readRouting(configuration).desks.some(_isSeen)
  if (asksFirst) return undefined
  const handoff = { ...toHandoff(wishes, conversationId), texts: customerTexts(transcript) }
  const situation = await readSituation(call, installation, handoff, { customer, places: [] })
  const ranking = await rankForCustomer(situation, handoff.texts)
  const [first] = attempts(ranking)
  const isProbe = first && situation.health?.[first.provider]?.state === 'half-open'
  return ranking.rotation || isProbe ? undefined : { situation, ranking }
}

const _isSeen = ({ onlyOnline }: Routing['desks'][number]): boolean => onlyOnline === true

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
    preview: Preview | undefined
  }
): Promise<Plan> => {
  const { wishes, customer, conversationId, preview } = request
  const handoff = { ...toHandoff(wishes, conversationId), texts: customerTexts(request.transcript) }
  const [places, own] = preview
    ? [[]]
    : await Promise.all([
        readForStart(call, installation, readRouting(call.context.configuration), conversationId),
        request.isRepeated ? findOwn(call, conversationId) : undefined,
      ])
  for (const one of places) if (own?.provider === one.provider) offer(one, own)
  let situation = preview?.situation ?? (await readSituation(call, installation, handoff, { customer, places }))
  let ranking = preview?.ranking ?? (await rankForCustomer(situation, handoff.texts))
  if (ranking.rotation && (request.claimsTurn || request.turn !== undefined)) {
    const { key } = ranking.rotation
    const turn = request.turn ?? (await _claimTurn(call, conversationId, key, installation, request.recordTurn))
    if (turn !== undefined) situation = { ...situation, turn }
  }
  const claimed = preview
    ? preview
    : await claimFirst(call, installation, {
        conversationId,
        places,
        situation,
        rankWith: (other) => rankForCustomer(other, handoff.texts),
      })
  ranking = claimed.ranking
  const placeAt = (provider: string): { place?: Place } => {
    const place = ['place' in claimed ? claimed.place : undefined, own].find((one) => one?.provider === provider)
    return place ? { place } : {}
  }
  const desks = attempts(ranking)
  const [first] = desks
  if (first && situation.health?.[first.provider]?.state === 'half-open')
    await beginProbe(call, installation, first.provider)
  return {
    candidates: desks.map(({ provider, reason, options }) => {
      // A queue and a person are ids at one desk.
      const areIdsMeant = wishes.provider ? handoff.provider === provider : situation.routing.desks.length === 1
      return {
        provider,
        reason,
        options: _options(options, areIdsMeant ? wishes : { ...wishes, queue: undefined, assignee: undefined }),
        ...placeAt(provider),
      }
    }),
    decision: decisionOf(ranking),
    lines: explain(ranking),
    ranking,
    claim: async (provider) => {
      const one = places.find((known) => known.provider === provider)
      const limit = limitOf(situation.routing, provider)
      return one && claimAny(call, installation, one, { conversationId, limit })
    },
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
  return {
    ...optionsAsWished(wishes),
    ...(queue ? { queue } : {}),
    ...(priority ? { priority } : {}),
    ...(tags.length > 0 ? { tags } : {}),
  }
}

const _detected = async (routing: Routing, handoff: Handoff, texts: string[]) => {
  if (texts.length === 0 || !needsDetection({ routing, handoff })) return undefined
  // The detector is large: it is only loaded when it is used.
  const { detectLanguage } = await import('../routing/detect-language')
  return detectLanguage(texts, configuredLanguages(routing))
}

/** Ranks, and finds the language of the texts for the customer if routing itself doesn't depend on languages. */
export const rankForCustomer = async (situation: Situation, texts: string[]): Promise<Ranking> => {
  const ranking = rank(situation)
  const isKnown = ranking.language.source === 'session' || ranking.language.source === 'detected'
  if (isKnown || ranking.decision.kind === 'assign' || texts.length === 0) return ranking
  const { detectLanguage } = await import('../routing/detect-language')
  const spoken = await detectLanguage(texts, textLanguages(situation.routing))
  return rank({ ...situation, handoff: { ...situation.handoff, spoken } })
}

const _history = (customer: KnownCustomer | undefined) => {
  const { lastDesk, lastDeskAt } = customer?.tags ?? {}
  const at = Date.parse(lastDeskAt ?? '')
  return lastDesk && !Number.isNaN(at) ? { provider: lastDesk, at } : undefined
}
