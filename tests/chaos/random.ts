/** Reproducible random numbers: each depends only on the seed and the place that draws it. */

const _mix = (value: number): number => {
  let mixed = value | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return (mixed ^ (mixed >>> 15)) >>> 0
}

/** A 32-bit hash of the text. */
export const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return _mix(value)
}

export interface Random {
  /** In [0, 1). */
  next(): number
  /** An integer from `low` to `high`, both included. */
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
      if (item === undefined) throw new Error('Cannot pick from an empty list')
      return item
    },
  }
}

/** One independent stream of random numbers per place. Draws at one place don't affect the others. */
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
