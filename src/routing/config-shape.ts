/** Whether a routing block has the shape that Studio shows, and how its fields are called there. */
import { routingSchema, type RoutingConfig } from './config'

export interface FieldProblem {
  /** As Studio shows it: `Routing → Desks → 2 → Hours`. */
  field: string
  /** What is wrong, and what would be right. */
  problem: string
}

export type Path = readonly (string | number)[]

/** The part of a JSON schema that names fields. */
interface Shape {
  properties?: Record<string, Shape>
  items?: Shape
  enum?: string[]
  'x-zui'?: { title?: string }
}

/** Names that people know from elsewhere, or from a shape of this configuration that is gone. */
const _RENAMED: Record<string, string> = {
  defaultProvider: 'put that desk first in Order',
  defaultDesk: 'put that desk first in Order',
  providers: 'list the desks in Order, and what is special about them in Desks',
  fallback: 'Order says which desk comes next',
  weights: 'each entry of Desks has its Weight',
}

/** How Studio calls a field. Positions in a list are counted from 1. */
export const fieldName = (path: Path): string => {
  let shape: Shape | undefined = _schemaFor(['any']).shape
  const names = path.map((step) => {
    shape = typeof step === 'number' ? shape?.items : shape?.properties?.[step]
    return typeof step === 'number' ? String(step + 1) : (shape?.['x-zui']?.title ?? step)
  })
  return ['Routing', ...names].join(' → ')
}

export const fieldProblem = (path: Path, problem: string): FieldProblem => ({ field: fieldName(path), problem })

/** Building a schema takes milliseconds, and is done once for the same desks. */
const _built = new Map<string, { schema: ReturnType<typeof routingSchema>; shape: Shape }>()

const _schemaFor = (names: [string, ...string[]]) => {
  const key = names.join(' ')
  const known = _built.get(key)
  if (known) return known
  const schema = routingSchema(names)
  const built = { schema, shape: schema.toJSONSchema() as Shape }
  _built.set(key, built)
  return built
}

/** Reads the block with the desks that are configured. Fields that were cleared count as absent; a list may stand for its text. */
export const parseShape = (
  config: unknown,
  configured: [string, ...string[]]
): { value: RoutingConfig; problems?: undefined } | { value?: undefined; problems: FieldProblem[] } => {
  const cleaned = _cleaned(config ?? {}) ?? {}
  if (typeof cleaned !== 'object' || Array.isArray(cleaned)) {
    return {
      problems: [{ field: 'Routing', problem: `is ${_kind(cleaned)}; it has fields such as Order and Strategy` }],
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
  const meant = Object.keys(known).find((name) => name.toLowerCase() === key.toLowerCase())
  const advice = _RENAMED[key] ?? (meant ? `write ${meant}` : `remove it; there are ${Object.keys(known).join(', ')}`)
  return `is not part of this configuration (an older shape?): ${advice}`
}

const _wrong = (value: unknown, path: Path, shape: Shape): string => {
  const wanted = path.reduce<Shape | undefined>(
    (at, step) => (typeof step === 'number' ? at?.items : at?.properties?.[step]),
    shape
  )
  const isDesk = path.includes('order') || path.at(-1) === 'desk' || path.at(-1) === 'afterHoursDesk'
  if (value === undefined) return wanted?.enum ? `choose one: ${wanted.enum.join(', ')}` : 'is missing'
  if (!wanted?.enum || typeof value !== 'string') {
    return `${_kind(value)} cannot stand here; write ${wanted?.enum?.join(' or ') ?? _wantedKind(wanted)}`
  }
  return isDesk
    ? `"${value}" is no configured desk; fill in its connection, or write one of ${wanted.enum.join(', ')}`
    : `"${value}" is no choice; write one of ${wanted.enum.join(', ')}`
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
