/** Reads single values of a configuration, however they were written, and names their fields as Studio does. */
import { OLDER_TITLES, routingSchema } from './config'

export interface FieldProblem {
  /** As Studio shows it: `Routing → Rules → 2`. */
  field: string
  /** The problem, and how to fix it. */
  problem: string
}

export type Path = readonly (string | number)[]

/** The part of a JSON schema that describes field names. */
interface Shape {
  properties?: Record<string, { 'x-zui'?: { title?: string } }>
}

let _createdTitles: Record<string, string> | undefined

/** Read at the first use: a schema takes milliseconds. */
const _titles = (): Record<string, string> =>
  (_createdTitles ??= Object.fromEntries(
    Object.entries((routingSchema(['any']).toJSONSchema() as Shape).properties ?? {}).map(([name, field]) => [
      name,
      field['x-zui']?.title ?? name,
    ])
  ))

/** The fields of the routing block. */
export const routingFields = (): string[] => Object.keys(_titles())

/** The fields of older versions. */
export const OLDER_ROUTING_FIELDS = ['order', 'desks']
export const OLDER_DESK_FIELDS = ['desk', 'weight', 'languages', 'hours', 'dates', 'timeZone', 'capacity']
export const OLDER_RULE_FIELDS = [
  'name',
  'language',
  'priority',
  'tags',
  'hours',
  'share',
  'desks',
  'queue',
  'setPriority',
  'addTags',
  'otherwise',
]

/** A field's name in Studio. List positions are counted from 1. */
export const fieldName = (path: Path): string => {
  const names = path.map((step, index) => {
    if (typeof step === 'number') return String(step + 1)
    const titles = index === 0 ? { ...OLDER_TITLES, ..._titles() } : OLDER_TITLES
    return Object.hasOwn(titles, step) ? titles[step] : step
  })
  return ['Routing', ...names].join(' → ')
}

export const fieldProblem = (path: Path, problem: string): FieldProblem => ({ field: fieldName(path), problem })

/** Advice for field names of other products and of drafts. */
const _ADVICE: Record<string, string> = {
  defaultProvider: 'choose that desk as Preferred desk',
  defaultDesk: 'choose that desk as Preferred desk',
  providers: 'list the desks in Then (thenDesks)',
  fallback: 'Then sets which desk comes next',
  weights: 'set the Weight of each desk',
}

/** A problem for every key that is no field. */
export const unknownFields = (value: object, path: Path, known: readonly string[]): FieldProblem[] =>
  Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => fieldProblem([...path, key], _unknownField(key, known)))

const _unknownField = (key: string, known: readonly string[]): string => {
  const similar = known.find((name) => name.toLowerCase() === key.toLowerCase())
  const advised = Object.hasOwn(_ADVICE, key) ? _ADVICE[key] : undefined
  const advice = advised ?? (similar ? `write ${similar}` : `remove it; the fields are ${known.join(', ')}`)
  return `isn't a field of this configuration (from an older version?): ${advice}`
}

export const isBlock = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A field's value and name. Empty texts, empty lists and null are absent. */
export interface Field {
  value: unknown
  field: string
}

export const fieldOf = (block: Readonly<Record<string, unknown>>, name: string, field: string): Field | undefined => {
  const value = Object.hasOwn(block, name) ? block[name] : undefined
  return isEmpty(value) ? undefined : { value, field }
}

export const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === 'string' && value.trim() === '') ||
  (Array.isArray(value) && value.every(isEmpty))

/** Nobody writes more in one field; reading it would take long. */
const LONGEST_TEXT = 4_000

const _isTooLong = (text: string, field: string, problems: FieldProblem[]): boolean => {
  if (text.length <= LONGEST_TEXT) return false
  problems.push({ field, problem: `is longer than ${LONGEST_TEXT} characters; shorten it` })
  return true
}

/** A text; a number counts as one, a list as its items with commas. */
export const readText = (given: Field | undefined, problems: FieldProblem[]): string | undefined => {
  const text = _textOf(given, problems)
  return text === undefined || _isTooLong(text, given?.field ?? '', problems) ? undefined : text
}

const _textOf = (given: Field | undefined, problems: FieldProblem[]): string | undefined => {
  if (!given) return undefined
  const { value, field } = given
  if (typeof value === 'string') return value.trim()
  if (typeof value === 'number') return String(value)
  const isTexts =
    Array.isArray(value) && value.every((item) => isEmpty(item) || ['string', 'number'].includes(typeof item))
  if (isTexts) {
    return value
      .filter((item) => !isEmpty(item))
      .map((item) => String(item).trim())
      .join(', ')
  }
  problems.push({ field, problem: `${kindOf(value)} isn't valid here; write text` })
  return undefined
}

/** A number; a text with a number counts as one. */
export const readNumber = (given: Field | undefined, problems: FieldProblem[]): number | undefined => {
  if (!given) return undefined
  const { value, field } = given
  if (typeof value === 'number') return value
  if (typeof value === 'string' && /^[+-]?\d{1,15}(?:[.,]\d{1,15})?$/.test(value.trim())) {
    return Number(value.trim().replace(',', '.'))
  }
  problems.push({ field, problem: `${kindOf(value)} isn't valid here; write a number` })
  return undefined
}

/** The key of a choice, which may be written as its key or its words, in any case. */
export const readChoice = <Key extends string>(
  given: Field | undefined,
  choices: Record<Key, string>,
  problems: FieldProblem[]
): Key | undefined => {
  if (!given) return undefined
  const { value, field } = given
  const keys = Object.keys(choices) as Key[]
  const wanted = typeof value === 'string' && value.length <= LONGEST_TEXT ? _letters(value) : undefined
  const key = keys.find((name) => wanted === _letters(name) || wanted === _letters(choices[name]))
  if (key !== undefined) return key
  const words = Object.values<string>(choices).join(', ')
  const kind = typeof value === 'string' ? `"${value.slice(0, LONGEST_CHOICE)}"` : kindOf(value)
  problems.push({ field, problem: `${kind} isn't valid; write one of ${words}` })
  return undefined
}

const LONGEST_CHOICE = 100

const _letters = (text: string): string => text.toLowerCase().replace(/[^\p{L}\d]/gu, '')

/** The items of a list of texts; a text with lines counts as one. */
export const readTexts = (given: Field | undefined, problems: FieldProblem[]): string[] => {
  if (!given) return []
  const items: unknown[] = Array.isArray(given.value) ? given.value : [given.value]
  return items.flatMap((item, index) => {
    if (isEmpty(item)) return []
    if (typeof item === 'string' && _isTooLong(item, `${given.field} → ${index + 1}`, problems)) return []
    if (typeof item === 'string') return item.split(/\r?\n/).filter((line) => line.trim() !== '')
    problems.push({ field: `${given.field} → ${index + 1}`, problem: `${kindOf(item)} isn't valid here; write text` })
    return []
  })
}

export const kindOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return `the text "${value}"`
  return typeof value === 'object' ? 'a group of fields' : String(value)
}
