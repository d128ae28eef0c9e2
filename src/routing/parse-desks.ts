/** Reads what is special about each desk: in its block, or in the Desks list of an older configuration. */
import {
  fieldName,
  fieldOf,
  fieldProblem,
  isBlock,
  isEmpty,
  kindOf,
  OLDER_DESK_FIELDS,
  readNumber,
  readText,
  unknownFields,
  type Field,
  type FieldProblem,
} from './config-shape'
import type { Calendar } from './hours'
import { deskNamed, inField, namesNothing, readLanguages } from './names'
import { parseOpeningHours } from './opening-hours'
import { WHOLE_DAY } from './period'
import type { ConfiguredDesk, Desk } from './routing'
import { parseSpecialDates } from './special-dates'
import { canonicalZone, timeZoneProblem } from './time-zone'
import { DAY_NAMES } from './week-hours'

/** Keeps the rotation short, which repeats after the sum of all weights. */
const MAX_WEIGHT = 100

type Fields = Partial<Record<'languages' | 'hours' | 'dates' | 'timeZone' | 'weight' | 'capacity', Field>>

const _IN_BLOCK = { languages: 'Languages', hours: 'Hours', weight: 'Weight', capacity: 'Most open sessions' } as const

export const parseDesks = (
  block: Readonly<Record<string, unknown>>,
  order: readonly (ConfiguredDesk & { afterHoursOnly: boolean })[],
  routingZone: string | undefined,
  problems: FieldProblem[]
): Desk[] => {
  const older = _olderEntries(block, order, problems)
  return order.map(({ settings, ...desk }) => {
    const fields = _fieldsOf(desk.title, settings ?? {}, older.get(desk.provider) ?? {}, problems)
    const [weight, capacity] = [readNumber(fields.weight, problems), readNumber(fields.capacity, problems)]
    _checkNumber(weight, 1, MAX_WEIGHT, fields.weight, problems)
    _checkNumber(capacity, 1, Number.MAX_SAFE_INTEGER, fields.capacity, problems)
    const calendar = parseCalendar(fields, routingZone, problems)
    return {
      ...desk,
      weight: weight ?? 1,
      languages: _languages(fields.languages, problems),
      ...(capacity !== undefined && { capacity }),
      ...(calendar && { calendar }),
    }
  })
}

/** The fields of the desk's block, and those of its entry in an older configuration. */
const _fieldsOf = (
  title: string,
  settings: Readonly<Record<string, unknown>>,
  older: Fields,
  problems: FieldProblem[]
): Fields => {
  const fields: Fields = { ...older }
  for (const name of Object.keys(_IN_BLOCK) as (keyof typeof _IN_BLOCK)[]) {
    const field = fieldOf(settings, name, `${title} → ${_IN_BLOCK[name]}`)
    const before = older[name]
    if (!field) continue
    if (before) problems.push({ field: before.field, problem: `is also set in ${field.field}; keep that one` })
    fields[name] = field
  }
  return fields
}

const _olderEntries = (
  block: Readonly<Record<string, unknown>>,
  desks: readonly ConfiguredDesk[],
  problems: FieldProblem[]
): Map<string, Fields> => {
  const entries = new Map<string, Fields>()
  const positions = new Map<string, number>()
  const list = fieldOf(block, 'desks', fieldName(['desks']))
  if (list && !Array.isArray(list.value)) {
    problems.push({ field: list.field, problem: `${kindOf(list.value)} isn't valid here; write a list` })
    return entries
  }
  for (const [index, entry] of ((list?.value ?? []) as unknown[]).entries()) {
    const path = ['desks', index] as const
    if (isEmpty(entry)) continue
    if (!isBlock(entry)) {
      problems.push(fieldProblem(path, `${kindOf(entry)} isn't valid here; write an entry with its fields`))
      continue
    }
    problems.push(...unknownFields(entry, path, OLDER_DESK_FIELDS))
    const choice = desks.map(({ provider }) => provider).join(', ')
    const name = entry['desk']
    const desk = typeof name === 'string' ? deskNamed(name, desks) : undefined
    if (!desk) {
      const unknown = `"${String(name)}" isn't a configured desk; fill in its connection, or write one of ${choice}`
      problems.push(fieldProblem([...path, 'desk'], isEmpty(name) ? `choose one: ${choice}` : unknown))
      continue
    }
    const before = positions.get(desk.provider)
    if (before !== undefined) {
      problems.push(fieldProblem([...path, 'desk'], `${desk.provider} already has entry ${before + 1}; merge the two`))
      continue
    }
    positions.set(desk.provider, index)
    const fields = OLDER_DESK_FIELDS.map((field) => [field, fieldOf(entry, field, fieldName([...path, field]))])
    entries.set(desk.provider, Object.fromEntries(fields) as Fields)
  }
  return entries
}

/**
 * Reads hours, special dates and their zone, each in a field of its own or all in Hours. Undefined without hours and
 * dates: always open.
 */
export const parseCalendar = (
  fields: Pick<Fields, 'hours' | 'dates' | 'timeZone'>,
  routingZone: string | undefined,
  problems: FieldProblem[]
): Calendar | undefined => {
  const refuse = (field: Field | undefined, all: readonly string[] | undefined): void => {
    for (const problem of all ?? []) problems.push({ field: field?.field ?? '', problem })
  }
  const text = readText(fields.hours, problems)
  const datesText = readText(fields.dates, problems)
  const zone = readText(fields.timeZone, problems)
  const hours = text === undefined ? undefined : parseOpeningHours(text)
  const dates = datesText === undefined ? undefined : parseSpecialDates(datesText)
  refuse(fields.hours, hours?.problems)
  refuse(fields.dates, dates?.problems)
  const zoneProblem = zone === undefined ? undefined : timeZoneProblem(zone)
  refuse(fields.timeZone, zoneProblem ? [zoneProblem] : [])
  if (!hours && !dates) return undefined
  const timeZone = hours?.value?.timeZone ?? (zone === undefined ? routingZone : canonicalZone(zone))
  if (timeZone === undefined) {
    const place = fields.timeZone ?? fields.hours ?? fields.dates
    const field = (place?.field ?? '').replace(/(?:Hours|Special dates)$/, 'Time zone')
    const isOlder = field.startsWith('Routing')
    const problem = isOlder
      ? 'is missing for these hours; write for example Europe/Paris, here or in the Time zone of Routing'
      : 'have no time zone; write it at their end, such as "; Europe/Paris", or in the Time zone of Routing'
    if (hours?.problems === undefined) problems.push({ field: isOlder ? field : (place?.field ?? ''), problem })
    return undefined
  }
  return {
    timeZone,
    week: hours?.value?.week ?? DAY_NAMES.map(() => [WHOLE_DAY]),
    dates: [...(hours?.value?.dates ?? []), ...(dates?.value ?? [])],
  }
}

const _languages = (given: Field | undefined, problems: FieldProblem[]): string[] => {
  const text = readText(given, problems)
  if (given === undefined || text === undefined) return []
  const { field } = given
  if (namesNothing(text)) problems.push({ field, problem: 'names no language; fill it in, or leave it empty for all' })
  return readLanguages({ text, at: 0 }, inField, (problem) => problems.push({ field, problem }))
}

const _checkNumber = (
  value: number | undefined,
  min: number,
  max: number,
  given: Field | undefined,
  problems: FieldProblem[]
): void => {
  if (value === undefined || !given || (Number.isInteger(value) && value >= min && value <= max)) return
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  const problem = `${value} isn't valid; write a whole number ${range}, or leave it empty`
  problems.push({ field: given.field, problem })
}
