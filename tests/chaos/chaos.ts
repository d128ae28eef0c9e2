/** Decides which faults to inject and records them, so that shrinking can leave them out one by one. */
import type { Clock } from '../../playground/botpress'
import { createRolls, type Random } from './random'
import type { Weather } from './kinds'

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
  /** The name of the fault to inject into this call, if any. */
  pickCallFault(side: 'desk' | 'api', place: string): string | undefined
  /** Whether to inject this kind of fault here. */
  happens(kind: string, probability: number, place: string): boolean
}

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

  const record = (key: string, kind: string, about: string): boolean => {
    if (options.without?.has(key)) return false
    injected.push({ key, kind, at: clock.now(), about })
    return true
  }

  const chaos: Chaos = {
    isActive: true,
    injected,
    random: (place) => rolls(place).random,
    pickCallFault: (side, place) => {
      if (!chaos.isActive) return undefined
      const { key, random } = rolls(`${side} call`)
      if (!random.chance(weather[side])) return undefined
      const name = random.pick(weather.calls)
      return record(key, `${side}-${name}`, place) ? name : undefined
    },
    happens: (kind, probability, place) => {
      if (!chaos.isActive) return false
      const { key, random } = rolls(kind)
      return random.chance(probability) && record(key, kind, place)
    },
  }
  return chaos
}
