/** Checks that a routing block has the shape that Studio shows, and names its fields as Studio does. */
import { routingSchema, type RoutingConfig } from './config'

export interface FieldProblem {
  /** As Studio shows it: `Routing → Desks → 2 → Hours`. */
  field: string
  /** The problem, and how to fix it. */
  problem: string
}

export type Path = readonly (string | number)[]

/** The part of a JSON schema that describes field names. */
interface Shape {
  properties?: Record<string, Shape>
  items?: Shape
  enum?: string[]
  'x-zui'?: { title?: string }
}

/** Advice for field names of earlier versions and of other products. */
const _ADVICE: Record<string, string> = {
  defaultProvider: 'put that desk first in Order',
  defaultDesk: 'put that desk first in Order',
  providers: 'list the desks in Order, and their settings in Desks',
  fallback: 'Order sets which desk comes next',
  weights: 'set Weight in each entry of Desks',
}

/** A field's name in Studio. List positions are counted from 1. */
export const fieldName = (path: Path): string => {
  let shape: Shape | undefined = _schemaFor(['any']).shape
  const names = path.map((step) => {
    shape = typeof step === 'number' ? shape?.items : shape?.properties?.[step]
    return typeof step === 'number' ? String(step + 1) : (shape?.['x-zui']?.title ?? step)
  })
  return ['Routing', ...names].join(' → ')
}

export const fieldProblem = (path: Path, problem: string): FieldProblem => ({ field: fieldName(path), problem })

/** Building a schema takes milliseconds, so schemas are cached by their desks. */
const _schemas = new Map<string, { schema: ReturnType<typeof routingSchema>; shape: Shape }>()

const _schemaFor = (names: [string, ...string[]]) => {
  const key = names.join(' ')
  const cached = _schemas.get(key)
  if (cached) return cached
  const schema = routingSchema(names)
  const built = { schema, shape: schema.toJSONSchema() as Shape }
  _schemas.set(key, built)
  return built
}

/** Parses the block for the configured desks. Cleared fields count as absent; a text field also accepts a list. */
export const parseShape = (
  config: unknown,
  configured: [string, ...string[]]
): { value: RoutingConfig; problems?: undefined } | { value?: undefined; problems: FieldProblem[] } => {
  const cleaned = _cleaned(config ?? {}) ?? {}
  if (typeof cleaned !== 'object' || Array.isArray(cleaned)) {
    return {
      problems: [{ field: 'Routing', problem: `is ${_kind(cleaned)}; it needs fields such as Order and Strategy` }],
    }
  }
  const { schema, shape } = _schemaFor(configured)
  const problems = _unknownKeys(cleaned, shape, [])
  const parsed = schema.safeParse(cleaned)
  if (!parsed.success) {
    for (const { path } of parsed.error.issues)
      problems.push(fieldProblem(path, _wrong(_at(cleaned, path), path, shape)))
  }
  return problems.length > 0 || !parsed.success ? { problems } : { value: parsed.data }
}

const _textLists = new Set(['languages', 'language', 'priority', 'tags', 'addTags'])

const _cleaned = (value: unknown, key?: string, isRule = false): unknown => {
  if (value === null || value === '') return undefined
  if (Array.isArray(value)) {
    const items = value.map((item) => _cleaned(item, undefined, key === 'rules')).filter((item) => item !== undefined)
    const isText = key !== undefined && (_textLists.has(key) || (key === 'desks' && isRule))
    return isText ? items.join(', ') : items
  }
  if (typeof value !== 'object') return typeof value === 'string' ? value.trim() || undefined : value
  const entries = Object.entries(value as Record<string, unknown>)
  return Object.fromEntries(
    entries.flatMap(([name, field]) => {
      const kept = _cleaned(field, name, isRule)
      return kept === undefined ? [] : [[name, kept]]
    })
  )
}

const _unknownKeys = (value: unknown, shape: Shape | undefined, path: Path): FieldProblem[] => {
  if (Array.isArray(value)) return value.flatMap((item, index) => _unknownKeys(item, shape?.items, [...path, index]))
  if (typeof value !== 'object' || value === null || !shape?.properties) return []
  const known = shape.properties
  return Object.entries(value).flatMap(([key, field]) =>
    known[key]
      ? _unknownKeys(field, known[key], [...path, key])
      : [fieldProblem([...path, key], _unknownKey(key, known))]
  )
}

const _unknownKey = (key: string, known: Record<string, Shape>): string => {
  const similar = Object.keys(known).find((name) => name.toLowerCase() === key.toLowerCase())
  const advice =
    _ADVICE[key] ?? (similar ? `write ${similar}` : `remove it; the fields are ${Object.keys(known).join(', ')}`)
  return `isn't a field of this configuration (from an older version?): ${advice}`
}

const _wrong = (value: unknown, path: Path, shape: Shape): string => {
  const wanted = path.reduce<Shape | undefined>(
    (at, step) => (typeof step === 'number' ? at?.items : at?.properties?.[step]),
    shape
  )
  const isDesk = path.includes('order') || path.at(-1) === 'desk' || path.at(-1) === 'afterHoursDesk'
  if (value === undefined) return wanted?.enum ? `choose one: ${wanted.enum.join(', ')}` : 'is missing'
  if (!wanted?.enum || typeof value !== 'string') {
    return `${_kind(value)} isn't valid here; write ${wanted?.enum?.join(' or ') ?? _wantedKind(wanted)}`
  }
  return isDesk
    ? `"${value}" isn't a configured desk; fill in its connection, or write one of ${wanted.enum.join(', ')}`
    : `"${value}" isn't valid; write one of ${wanted.enum.join(', ')}`
}

const _wantedKind = (shape: Shape | undefined): string => {
  if (shape?.items) return 'a list'
  if (shape?.properties) return 'an entry with its fields'
  return (shape as { type?: string } | undefined)?.type === 'number' ? 'a number' : 'text'
}

const _kind = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return `the text "${value}"`
  return typeof value === 'object' ? 'a group of fields' : `${String(value)}`
}

const _at = (value: unknown, path: Path): unknown =>
  path.reduce((at: unknown, step) => (at as Record<string | number, unknown> | undefined)?.[step], value)
