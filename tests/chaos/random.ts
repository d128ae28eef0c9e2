/** Chance that can be repeated: every number follows from a seed and the place that asks for it. */

const _mix = (value: number): number => {
  let mixed = value | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return (mixed ^ (mixed >>> 15)) >>> 0
}

/** 32 bits that look like chance and are the same every time for the same words. */
export const hash = (words: string): number => {
  let value = 0x811c9dc5
  for (let index = 0; index < words.length; index += 1) {
    value = Math.imul(value ^ words.charCodeAt(index), 0x01000193)
  }
  return _mix(value)
}

export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
}

export const createRandom = (seed: string): Random => _randomFrom(hash(seed))

const _randomFrom = (start: number): Random => {
  let state = start
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0
    return _mix(state) / 2 ** 32
  }
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (probability) => next() < probability,
    pick: (items) => {
      const item = items[Math.floor(next() * items.length)]
      if (item === undefined) throw new Error('There is nothing to pick from')
      return item
    },
  }
}

/** One stream of numbers per place: what one place asks for does not change what another one gets. */
export const createRolls = (seed: string) => {
  const places = new Map<string, { start: number; count: number }>()
  return (name: string): { key: string; random: Random } => {
    const place = places.get(name) ?? { start: hash(`${seed}/${name}`), count: 0 }
    places.set(name, place)
    place.count += 1
    return {
      key: `${name}#${place.count}`,
      random: _randomFrom(_mix(place.start + Math.imul(place.count, 0x85ebca6b))),
    }
  }
}
