/** Decides what goes wrong where, counts it, and remembers it so that a failing run can be made shorter. */
import type { Clock } from '../../playground/botpress'
import { createRolls, type Random } from './random'
import type { Weather } from './kinds'

export interface Injected {
  /** Names the place and the occasion: what is left out by this name is left out in a repetition. */
  key: string
  kind: string
  at: number
  about: string
}

export interface Chaos {
  /** Off: nothing more goes wrong. */
  isActive: boolean
  readonly injected: Injected[]
  readonly random: (place: string) => Random
  /** One of the call faults for this call, or none. */
  ofCall(side: 'desk' | 'api', place: string): string | undefined
  /** Whether the fault of this kind, with this probability, happens here. */
  happens(kind: string, probability: number, place: string): boolean
}

export const createChaos = (options: {
  seed: string
  clock: Clock
  weather: Weather
  /** Keys of faults that do not happen. */
  without?: ReadonlySet<string>
}): Chaos => {
  const { clock, weather } = options
  const rolls = createRolls(options.seed)
  const injected: Injected[] = []

  const note = (key: string, kind: string, about: string): boolean => {
    if (options.without?.has(key)) return false
    injected.push({ key, kind, at: clock.now(), about })
    return true
  }

  const chaos: Chaos = {
    isActive: true,
    injected,
    random: (place) => rolls(place).random,
    ofCall: (side, place) => {
      if (!chaos.isActive) return undefined
      const { key, random } = rolls(`${side} call`)
      if (!random.chance(weather[side])) return undefined
      const name = random.pick(weather.calls)
      return note(key, `${side}-${name}`, place) ? name : undefined
    },
    happens: (kind, probability, place) => {
      if (!chaos.isActive) return false
      const { key, random } = rolls(kind)
      return random.chance(probability) && note(key, kind, place)
    },
  }
  return chaos
}
