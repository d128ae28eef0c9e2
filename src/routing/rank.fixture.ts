/** Three desks and a Friday evening for the ranking tests. */
import { parseRouting } from './parse-routing'
import { rank } from './rank'
import { attempts, type Handoff, type Ranking, type Situation } from './ranking'
import type { Routing } from './routing'

export const desks = [
  { provider: 'alpha', title: 'Alpha', enabled: true },
  { provider: 'beta', title: 'Beta', enabled: true },
  { provider: 'gamma', title: 'Gamma', enabled: true },
]

export const routing = (config: object, configured = desks): Routing => {
  const parsed = parseRouting(config, configured)
  if (parsed.problems) throw new Error(JSON.stringify(parsed.problems))
  return parsed.routing
}

/** A Friday evening in Paris. */
export const FRIDAY_EVENING = Date.parse('2026-01-02T19:00Z')

export const ranked = (config: object, handoff: Partial<Handoff> = {}, more: Partial<Situation> = {}): Ranking =>
  rank({ routing: routing(config), handoff: { id: 'h1', ...handoff }, instant: FRIDAY_EVENING, ...more })

export const order = (ranking: Ranking): string[] => attempts(ranking).map(({ provider }) => provider)

export const reasonOf = (ranking: Ranking, provider: string): string | undefined =>
  ranking.desks.find((desk) => desk.provider === provider)?.reason

export const office = { timeZone: 'Europe/Paris', hours: 'Mon-Fri 09:00-17:00' }
