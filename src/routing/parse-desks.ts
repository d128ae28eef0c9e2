/** Reads the Desks list of the routing block. */
import type { RoutingConfig } from './config'
import { fieldProblem, type FieldProblem, type Path } from './config-shape'
import type { Calendar } from './hours'
import { languageTagProblem } from './language'
import type { ConfiguredDesk, Desk } from './routing'
import { parseSpecialDates } from './special-dates'
import { timeZoneProblem } from './time-zone'
import { DAY_NAMES, parseWeek } from './week-hours'
import { WHOLE_DAY } from './period'

/** Keeps the rotation short, which repeats after the sum of all weights. */
const MAX_WEIGHT = 100

export const parseDesks = (
  config: RoutingConfig,
  order: readonly (ConfiguredDesk & { afterHoursOnly: boolean })[],
  problems: FieldProblem[]
): Desk[] => {
  const entries = config.desks ?? []
  for (const [index, { desk }] of entries.entries()) {
    const before = entries.findIndex((entry) => entry.desk === desk)
    if (before === index) continue
    problems.push(fieldProblem(['desks', index, 'desk'], `${desk} already has entry ${before + 1}; merge the two`))
  }
  const read = entries.map((entry, index) => {
    const path = ['desks', index] as const
    _checkNumber(entry.weight, 1, MAX_WEIGHT, [...path, 'weight'], problems)
    _checkNumber(entry.capacity, 1, Number.MAX_SAFE_INTEGER, [...path, 'capacity'], problems)
    return {
      provider: entry.desk,
      weight: entry.weight ?? 1,
      capacity: entry.capacity,
      languages: parseLanguages(entry.languages, [...path, 'languages'], problems),
      calendar: parseCalendar(entry, config.timeZone, path, problems),
    }
  })
  return order.map((desk) => {
    const entry = read.find(({ provider }) => provider === desk.provider)
    return { weight: 1, languages: [], ...entry, ...desk }
  })
}

/** Reads hours, special dates and their zone. Undefined without hours and dates: always open. */
export const parseCalendar = (
  entry: { hours?: string; dates?: string; timeZone?: string },
  defaultZone: string | undefined,
  path: Path,
  problems: FieldProblem[]
): Calendar | undefined => {
  const week = entry.hours ? parseWeek(entry.hours) : undefined
  const dates = entry.dates ? parseSpecialDates(entry.dates) : undefined
  for (const problem of week?.problems ?? []) problems.push(fieldProblem([...path, 'hours'], problem))
  for (const problem of dates?.problems ?? []) problems.push(fieldProblem([...path, 'dates'], problem))
  const zoneProblem = entry.timeZone ? timeZoneProblem(entry.timeZone) : undefined
  if (zoneProblem) problems.push(fieldProblem([...path, 'timeZone'], zoneProblem))
  if (!week && !dates) return undefined
  const timeZone = entry.timeZone ?? defaultZone
  if (!timeZone) {
    problems.push(
      fieldProblem(
        [...path, 'timeZone'],
        'is missing for these hours; write for example Europe/Paris, here or in the Time zone of Routing'
      )
    )
    return undefined
  }
  return { timeZone, week: week?.value ?? DAY_NAMES.map(() => [WHOLE_DAY]), dates: dates?.value ?? [] }
}

/** `fr, en-GB` */
export const parseLanguages = (text: string | undefined, path: Path, problems: FieldProblem[]): string[] =>
  parseList(text).flatMap((tag) => {
    const problem = languageTagProblem(tag)
    if (!problem) return [Intl.getCanonicalLocales(tag)[0] ?? tag]
    problems.push(fieldProblem(path, problem))
    return []
  })

export const parseList = (text: string | undefined): string[] => [
  ...new Set(
    (text ?? '')
      .split(/[,;\n]/)
      .map((item) => item.trim())
      .filter((item) => item !== '')
  ),
]

const _checkNumber = (
  value: number | undefined,
  min: number,
  max: number,
  path: Path,
  problems: FieldProblem[]
): void => {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  problems.push(fieldProblem(path, `${value} isn't valid; write a whole number ${range}, or leave it empty`))
}
