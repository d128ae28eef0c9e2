/** Simulates handoffs with the router's own routing functions. */
import { configuredDesks } from '../../src/botpress/configuration'
import { readRouting, toHandoff } from '../../src/actions/plan'
import { textLanguages } from '../../src/routing/customer-text'
import { describeRouting } from '../../src/routing/describe'
import { parseMoment } from '../../src/routing/moment'
import { needsDetection, rank } from '../../src/routing/rank'
import { attempts, type Handoff, type Ranking, type Situation } from '../../src/routing/ranking'
import { configuredLanguages, type Routing } from '../../src/routing/routing'
import type { Configuration } from '../configuration-file'
import type { SimulateOptions } from './arguments'

export interface DeskShare {
  provider: string
  title: string
  handoffs: number
}

export interface Simulation {
  instant: number
  /** Ranking of the first handoff. */
  ranking: Ranking
  count: number
  /** One entry per configured desk. */
  shares: DeskShare[]
  refused: number
  /** How each field of routing was understood. */
  understood: string[]
  /** The zone of Routing. */
  timeZone?: string
  /** The moment as it was asked for. Absent: now. */
  given?: string
}

/** Expects a configuration without problems. */
export const simulate = async (
  configuration: Configuration,
  options: SimulateOptions,
  now: number
): Promise<Simulation> => {
  const routing = readRouting(configuration)
  const { timeZone } = routing
  const instant = (options.at === undefined ? undefined : parseMoment(options.at, timeZone)) ?? now
  const situation: FixedSituation = {
    routing,
    instant,
    health: _health(options.down),
    isDryRun: true,
    ...(options.lastDesk === undefined ? {} : { history: { provider: options.lastDesk, at: instant } }),
    ...(await _heard(routing, options)),
  }
  const turns = new Map<string, number>()
  const openSessions = new Map<string, number>()
  let refused = 0
  const first = _next(situation, options, 1, turns, openSessions)
  for (let number = 1; number <= options.count; number += 1) {
    const ranking = number === 1 ? first : _next(situation, options, number, turns, openSessions)
    const [desk] = attempts(ranking)
    if (desk) openSessions.set(desk.provider, (openSessions.get(desk.provider) ?? 0) + 1)
    else refused += 1
  }
  return {
    instant,
    ranking: first,
    count: options.count,
    shares: configuredDesks(configuration).map(({ provider, title }) => ({
      provider,
      title,
      handoffs: openSessions.get(provider) ?? 0,
    })),
    refused,
    understood: describeRouting(routing),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(options.at === undefined ? {} : { given: options.at }),
  }
}

type FixedSituation = Pick<Situation, 'routing' | 'instant' | 'health' | 'isDryRun' | 'history'> &
  Pick<Situation['handoff'], 'detected' | 'spoken'>

const _next = (
  { detected, spoken, ...fixed }: FixedSituation,
  { language, priority, tags, provider, strict }: SimulateOptions,
  number: number,
  turns: Map<string, number>,
  openSessions: ReadonlyMap<string, number>
): Ranking => {
  const handoff = toHandoff({ language, priority, tags, provider, strict }, `simulated-${number}`)
  const situation: Situation = {
    ...fixed,
    handoff: { ...handoff, ...(detected ? { detected } : {}), ...(spoken ? { spoken } : {}) },
    load: Object.fromEntries(fixed.routing.desks.map((desk) => [desk.provider, openSessions.get(desk.provider) ?? 0])),
  }
  const ranking = rank(situation)
  if (!ranking.rotation) return ranking
  const { key } = ranking.rotation
  const turn = turns.get(key) ?? 0
  turns.set(key, turn + 1)
  return rank({ ...situation, turn })
}

const _health = (down: string[]): Situation['health'] =>
  Object.fromEntries(down.map((desk) => [desk, { state: 'open' as const }]))

/** The language of the customer's text: for routing, where that matters, and for the texts to the customer. */
const _heard = async (
  routing: Routing,
  { text, language }: SimulateOptions
): Promise<Pick<Handoff, 'detected' | 'spoken'>> => {
  if (text === undefined) return {}
  const { detectLanguage } = await import('../../src/routing/detect-language')
  const isNeeded = needsDetection({ routing, handoff: { id: '', language } })
  return {
    ...(isNeeded ? { detected: await detectLanguage([text], configuredLanguages(routing)) } : {}),
    spoken: await detectLanguage([text], textLanguages(routing)),
  }
}
