/** Decides which faults to inject and records them, so that shrinking can leave them out one by one. */
import type { Clock } from '../../playground/botpress'
import type { Weather } from './kinds'
import { faultDuring, makeOutage, type OutageTime } from './outages'
import { createRolls, type Random } from './random'

export interface InjectedFault {
  /** Place and occasion. A repeated run leaves a fault out by this key. */
  key: string
  kind: string
  at: number
  about: string
}

export interface Chaos {
  /** While false, no fault is injected. */
  isActive: boolean
  readonly injected: InjectedFault[]
  readonly random: (place: string) => Random
  /**
   * The name of the fault to inject into this call, if any. `desk` is the vendor that the call goes to. Draws of one
   * `lane` don't affect those of others.
   */
  pickCallFault(side: 'desk' | 'api', place: string, desk?: string, lane?: string): string | undefined
  /** Whether to inject this kind of fault here. */
  happens(kind: string, probability: number, place: string, lane?: string): boolean
}

/** Of one desk in one batch. */
const MOST_OUTAGES = 3

export const createChaos = (options: {
  seed: string
  clock: Clock
  weather: Weather
  /** Keys of faults to leave out. */
  without?: ReadonlySet<string>
}): Chaos => {
  const { clock, weather } = options
  const rolls = createRolls(options.seed)
  const injected: InjectedFault[] = []
  const outages = new Map<string, OutageTime[]>()
  const struck = new Set<OutageTime>()
  const startedAt = clock.now()

  const record = (key: string, kind: string, about: string): boolean => {
    if (options.without?.has(key)) return false
    injected.push({ key, kind, at: clock.now(), about })
    return true
  }

  const outagesOf = (desk: string): OutageTime[] => {
    const known = outages.get(desk)
    if (known) return known
    const { random } = rolls(`outages ${desk}`)
    const made = Array.from({ length: MOST_OUTAGES }, () => makeOutage(random, startedAt, weather.outages))
    const chosen = made.filter(() => random.chance(weather.outage))
    outages.set(desk, chosen)
    return chosen
  }

  /** The outage of this desk at this time. Each counts as one fault. */
  const outageAt = (desk: string): OutageTime | undefined => {
    const now = clock.now()
    const outage = outagesOf(desk).find(({ from, until }) => now >= from && now <= until)
    if (!outage || struck.has(outage)) return outage
    const number = outagesOf(desk).indexOf(outage)
    if (!record(`outage ${desk}#${number}`, `outage-${outage.kind}`, desk)) {
      outages.set(
        desk,
        outagesOf(desk).map((other) => (other === outage ? { ...outage, until: 0 } : other))
      )
      return undefined
    }
    struck.add(outage)
    return outage
  }

  const chaos: Chaos = {
    isActive: true,
    injected,
    random: (place) => rolls(place).random,
    pickCallFault: (side, place, desk, lane = side) => {
      if (!chaos.isActive) return undefined
      const outage = desk === undefined || weather.outage === 0 ? undefined : outageAt(desk)
      if (outage) return faultDuring(outage, rolls(`${desk} during its outage`).random)
      const { key, random } = rolls(`${lane} call`)
      if (!random.chance(weather[side])) return undefined
      const name = random.pick(side === 'desk' ? weather.deskCalls : weather.calls)
      return record(key, `${side}-${name}`, place) ? name : undefined
    },
    happens: (kind, probability, place, lane = kind) => {
      if (!chaos.isActive) return false
      const { key, random } = rolls(lane)
      return random.chance(probability) && record(key, kind, place)
    },
  }
  return chaos
}
