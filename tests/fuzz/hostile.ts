/** Hostile values, and mutations that make valid input hostile. */
import fc from 'fast-check'

const _long = (text: string, length: number): string => text.repeat(Math.ceil(length / text.length)).slice(0, length)

const _deep = (depth: number): unknown => {
  let value: unknown = 'deep'
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { in: value }
  return value
}

/** Texts that break careless code: regex backtracking, markup of every desk, property names, broken characters. */
const TEXTS = [
  '',
  ' ',
  '\0',
  '\ud800',
  '\u202e',
  '__proto__',
  'constructor',
  'toString',
  '../../etc/passwd',
  '%00%2e%2e',
  '{{ticket.id}}',
  '${7*7}',
  '<script>alert(1)</script>',
  '<!channel> <@U0ADA000001> <https://evil.example|x>',
  'javascript:alert(1)',
  '[x](javascript:alert(1))',
  `"'\`;--`,
  _long('<', 5_000),
  _long('<a href="', 9_000),
  _long('&amp;', 5_000),
  _long('*_~`[](', 8_000),
  _long('a@', 6_000),
  _long('> ', 4_000),
  _long(' \n', 4_000),
  _long('\\', 3_000),
  `${_long('a', 30_000)}!`,
  _long('😀', 2_001),
]

const NUMBERS = [0, -0, -1, 1.5, Number.MAX_SAFE_INTEGER, 1e308, 1e21, -1e9, 2 ** 31]

const OBJECTS: unknown[] = [
  JSON.parse('{"__proto__":{"polluted":true}}'),
  JSON.parse('{"constructor":{"prototype":{"polluted":true}}}'),
  { length: -1 },
  { toString: null, valueOf: null },
  JSON.parse('{"then":"not a promise"}'),
  _deep(400),
]

export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.constantFrom(...NUMBERS),
  fc.constantFrom(...OBJECTS),
  fc.constantFrom(null, true, false, [], {}),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.jsonValue({ maxDepth: 2 })
)

export interface Mutation {
  /** Index of a place in the value, modulo the number of places. */
  place: number
  how: 'replace' | 'remove' | 'wrap' | 'repeat' | 'add'
  value: unknown
}

export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    place: fc.nat(500),
    how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'wrap', 'repeat', 'add'),
    value: hostile,
  }),
  { minLength: 1, maxLength: 3 }
)

interface Place {
  holder: Record<string, unknown>
  key: string
}

const _places = (value: unknown, found: Place[] = []): Place[] => {
  if (typeof value !== 'object' || value === null || found.length > 2_000) return found
  for (const key of Object.keys(value)) {
    const holder = value as Record<string, unknown>
    found.push({ holder, key })
    _places(holder[key], found)
  }
  return found
}

const _set = (holder: Record<string, unknown>, key: string, value: unknown): void => {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

/** A mutated copy. The original stays unchanged. */
export const mutate = (original: unknown, changes: Mutation[]): unknown => {
  const root: Record<string, unknown> = { root: structuredClone(original) }
  for (const { place, how, value: original } of changes) {
    const value = structuredClone(original)
    const places = _places(root)
    const chosen = places[place % places.length]
    if (!chosen) continue
    const { holder, key } = chosen
    const old = holder[key]
    if (how === 'remove') delete holder[key]
    else if (how === 'replace') _set(holder, key, value)
    else if (how === 'wrap') _set(holder, key, [old])
    else if (how === 'repeat')
      _set(
        holder,
        key,
        Array.from({ length: 40 }, () => structuredClone(old))
      )
    else if (typeof old === 'object' && old !== null) _set(old as Record<string, unknown>, '__proto__', value)
    else _set(holder, key, { [typeof value === 'string' ? value.slice(0, 40) : 'added']: old })
  }
  return root['root']
}

/** A mutated text: cut, repeated, or with one character replaced. */
export const mutateText = (text: string, { place, how, value }: Mutation): string => {
  const at = text.length === 0 ? 0 : place % text.length
  const piece = typeof value === 'string' ? value : JSON.stringify(value)
  switch (how) {
    case 'remove':
      return text.slice(0, at)
    case 'repeat':
      return text + text
    case 'wrap':
      return text.slice(at)
    default:
      return `${text.slice(0, at)}${piece}${text.slice(at + 1)}`
  }
}
