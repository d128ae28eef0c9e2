/** Reads the rules: lines of text, or the entries of an older configuration. */
import { OTHERWISE } from './config'
import {
  fieldName,
  fieldOf,
  fieldProblem,
  isBlock,
  isEmpty,
  kindOf,
  OLDER_RULE_FIELDS,
  readChoice,
  readText,
  unknownFields,
  type FieldProblem,
  type Path,
} from './config-shape'
import type { Calendar } from './hours'
import { inField, namesNothing, readDesks, readLanguages, readList, type Show } from './names'
import { parseOpeningHours } from './opening-hours'
import { quote, type Piece } from './parsed'
import { parseCalendar } from './parse-desks'
import type { Desk, Otherwise, Priority, Rule } from './routing'
import { covers } from './rule-cover'
import { parseRuleLine, type RuleParts } from './rule-line'

const _PRIORITIES: readonly string[] = ['low', 'normal', 'high', 'urgent'] satisfies Priority[]

/** One rule as it was written, with the way to its fields. */
interface Source {
  parts: RuleParts
  /** The field of one of its parts. */
  pathTo(part: keyof RuleParts): Path
  show: Show
}

interface Context {
  desks: readonly Desk[]
  timeZone: string | undefined
  problems: FieldProblem[]
}

export const parseRules = (
  block: Readonly<Record<string, unknown>>,
  desks: readonly Desk[],
  timeZone: string | undefined,
  problems: FieldProblem[]
): Rule[] => {
  const context = { desks, timeZone, problems }
  const given = fieldOf(block, 'rules', fieldName(['rules']))
  const items = given === undefined ? [] : _items(given.value)
  const sources = items.map((item, index) => _sourceOf(item, index, desks[0]?.provider ?? '', problems))
  const rules = sources.map((source, index) => source && _readRule(source, index, context))
  return _checked(rules, sources, problems)
}

/** A text may hold several lines. */
const _items = (value: unknown): unknown[] =>
  (Array.isArray(value) ? value : [value])
    .flatMap((item: unknown) => (typeof item === 'string' ? item.split(/\r?\n/) : [item]))
    .filter((item) => !isEmpty(item))

const _sourceOf = (item: unknown, index: number, desk: string, problems: FieldProblem[]): Source | undefined => {
  const path = ['rules', index] as const
  if (typeof item === 'string') {
    if (readText({ value: item, field: fieldName(path) }, problems) === undefined) return undefined
    const { value: parts, problems: found = [] } = parseRuleLine(item, desk)
    problems.push(...found.map((problem) => fieldProblem(path, problem)))
    return parts && { parts, pathTo: () => path, show: quote }
  }
  if (!isBlock(item)) {
    problems.push(fieldProblem(path, `${kindOf(item)} isn't valid here; write for example tags vip -> ${desk}`))
    return undefined
  }
  problems.push(...unknownFields(item, path, OLDER_RULE_FIELDS))
  const pathTo = (part: keyof RuleParts): Path => [...path, part]
  const parts = OLDER_RULE_FIELDS.flatMap((field) => {
    const name = fieldName([...path, field])
    const text = readText(fieldOf(item, field, name), problems)
    return text === undefined ? [] : [[field, field === 'name' ? text : { text, at: 0 }]]
  })
  return { parts: Object.fromEntries(parts) as RuleParts, pathTo, show: inField }
}

const _readRule = ({ parts, pathTo, show }: Source, index: number, context: Context): Rule => {
  const { desks, timeZone, problems } = context
  const refuse = (part: keyof RuleParts) => (problem: string) => void problems.push(fieldProblem(pathTo(part), problem))
  const empty = (part: 'language' | 'priority' | 'tags' | 'desks'): void => {
    if (namesNothing(parts[part]?.text)) refuse(part)(`${show(parts[part] as Piece)} names nothing; fill it in`)
  }
  for (const part of ['language', 'priority', 'tags', 'desks'] as const) empty(part)
  const languages = parts.language ? readLanguages(parts.language, show, refuse('language')) : []
  const priorities = parts.priority ? _readPriorities(parts.priority, show, refuse('priority')) : []
  const tags = parts.tags ? readList(parts.tags).map(({ text }) => text) : []
  const chosen = _desksOf(parts.desks, desks, show, refuse('desks'))
  if (parts.queue && chosen.length !== 1) {
    refuse('queue')('is valid for one desk only; name just that desk, or write a rule for each')
  }
  const [setPriority] = parts.setPriority ? _readPriorities(parts.setPriority, show, refuse('setPriority')) : []
  const addTags = parts.addTags ? readList(parts.addTags).map(({ text }) => text) : []
  const otherwise = parts.otherwise && _readOtherwise(parts.otherwise, pathTo('otherwise'), problems)
  const calendar = parts.hours && _readHours(parts.hours, index, fieldName(pathTo('hours')), { timeZone, problems })
  if (calendar && _isNeverOpen(calendar)) refuse('hours')('is never used: these hours never come')
  const share = parts.share && _readShare(parts.share, refuse('share'))
  return {
    name: parts.name ?? `rule ${index + 1}`,
    ...(languages.length > 0 && { languages }),
    ...(priorities.length > 0 && { priorities }),
    ...(tags.length > 0 && { tags }),
    ...(calendar && { calendar }),
    ...(share !== undefined && { share: { from: 0, to: share, among: '' } }),
    desks: chosen,
    options: {
      ...(parts.queue && { queue: parts.queue.text }),
      ...(setPriority && { priority: setPriority }),
      ...(addTags.length > 0 && { tags: addTags }),
    },
    ...(otherwise && { otherwise }),
  }
}

/** Special dates with a year open a calendar, too. */
const _isNeverOpen = ({ week, dates }: Calendar): boolean =>
  week.every((periods) => periods.length === 0) && dates.every(({ periods }) => periods.length === 0)

const _any = /^(?:any|all|any desks?|all desks|every desk|\*)$/i

/** Without desks, the rule has all except an after-hours-only desk. */
const _desksOf = (
  piece: Piece | undefined,
  desks: readonly Desk[],
  show: Show,
  refuse: (problem: string) => void
): string[] => {
  const chosen =
    piece === undefined || _any.test(piece.text)
      ? desks.filter((desk) => !desk.afterHoursOnly)
      : readDesks(piece, desks, show, refuse)
  return [...new Set(chosen.map(({ provider }) => provider))]
}

const _readPriorities = (piece: Piece, show: Show, refuse: (problem: string) => void): Priority[] => {
  const isPriority = (text: string): text is Priority => _PRIORITIES.includes(text)
  return readList(piece, /[,;|/\n]|\bor\b|\band\b/i).flatMap((item) => {
    const priority = item.text.toLowerCase()
    if (isPriority(priority)) return [priority]
    refuse(`${show(item)} isn't a priority; write one of ${_PRIORITIES.join(', ')}`)
    return []
  })
}

const _readOtherwise = ({ text }: Piece, path: Path, problems: FieldProblem[]): Otherwise | undefined => {
  const short: Record<string, Otherwise> = {
    refuse: 'refuse',
    'no other desk': 'refuse',
    none: 'refuse',
    any: 'any-desk',
    'any other desk': 'any-desk',
    'the default language': 'default-language',
  }
  const known = text.trim().toLowerCase()
  if (Object.hasOwn(short, known)) return short[known]
  const words = { refuse: 'refuse', 'default-language': 'default language', 'any-desk': 'any desk' }
  const isFromForm = Object.values<string>(OTHERWISE).some((choice) => choice.toLowerCase() === known)
  return readChoice({ value: text, field: fieldName(path) }, isFromForm ? OTHERWISE : words, problems)
}

const _readHours = (
  { text, at }: Piece,
  index: number,
  field: string,
  { timeZone, problems }: Omit<Context, 'desks'>
) => {
  const found: FieldProblem[] = []
  // A missing zone is a problem of its own. UTC lets the parser report further problems.
  const calendar = parseCalendar({ hours: { value: text, field } }, timeZone ?? 'UTC', found)
  const shift = (problem: string): string =>
    problem.replace(/\(character (\d+)\)/g, (_all, position) => `(character ${Number(position) + at})`)
  problems.push(...found.map(({ problem }) => ({ field, problem: shift(problem) })))
  if (calendar && timeZone === undefined && parseOpeningHours(text).value?.timeZone === undefined) {
    const problem = `is missing for the hours of rule ${index + 1}; write for example Europe/Paris`
    problems.push(fieldProblem(['timeZone'], problem))
  }
  return calendar
}

/** A percentage. 0.2 may be 20 % or 0.2 %. */
const _readShare = ({ text }: Piece, refuse: (problem: string) => void): number | undefined => {
  const [, digits] = /^(?:of\s+)?(\d+(?:[.,]\d+)?)\s*(?:%|percent|per cent)?(?:\s+of\s.*)?$/i.exec(text.trim()) ?? []
  const share = digits === undefined ? Number.NaN : Number(digits.replace(',', '.'))
  if (share >= 1 && share <= 100) return share
  const percent = share > 0 && share < 1 ? Number((share * 100).toFixed(6)) : undefined
  const isFraction = percent !== undefined && percent >= 1
  refuse(
    `${text} isn't valid; write a percentage from 1 to 100${isFraction ? `, such as ${percent} for ${percent} %` : ''}`
  )
  return undefined
}

/**
 * Rules with the same conditions share the matching handoffs: each takes its percentage, and the rest goes to later
 * rules. A rule that gets none is a problem.
 */
const _checked = (rules: (Rule | undefined)[], sources: (Source | undefined)[], problems: FieldProblem[]): Rule[] => {
  const taken = new Map<string, { sum: number; rules: number[] }>()
  /** Rules that take all handoffs with their conditions. */
  const complete: Complete[] = []
  return rules.flatMap((rule, index) => {
    if (!rule) return []
    const { languages, priorities, tags, calendar } = rule
    const among = JSON.stringify([languages, priorities, tags, calendar])
    const earlier = complete.find((one) => covers(one.rule, rule))
    if (earlier) problems.push(fieldProblem(['rules', index], _neverUsed(earlier, rule)))
    if (sources[index]?.parts.share === undefined) {
      complete.push({ rule, who: `rule ${index + 1}`, isOne: true })
      return [rule]
    }
    const group = taken.get(among) ?? { sum: 0, rules: [] }
    taken.set(among, group)
    group.rules.push(index + 1)
    const from = group.sum
    group.sum = Number((group.sum + (rule.share?.to ?? 0)).toFixed(6))
    if (group.sum > 100) {
      const numbers = group.rules.join(' and ')
      const problem = `rules ${numbers} have the same conditions and add up to ${group.sum} %; the maximum is 100 %`
      problems.push(fieldProblem(sources[index]?.pathTo('share') ?? ['rules', index], problem))
    }
    if (group.sum === 100) {
      const isOne = group.rules.length === 1
      complete.push({ rule, who: isOne ? `rule ${index + 1}` : `rules ${group.rules.join(' and ')}`, isOne })
    }
    return [{ ...rule, share: { from, to: group.sum, among } }]
  })
}

/** A rule, or several with shares, that take all handoffs with its conditions. */
interface Complete {
  rule: Rule
  who: string
  isOne: boolean
}

const _neverUsed = ({ rule: earlier, who, isOne }: Complete, rule: Rule): string =>
  covers(rule, earlier) && isOne
    ? `is never used: ${who} has the same conditions and takes all handoffs; give it a share`
    : `is never used: ${who} ${isOne ? 'takes' : 'take'} all of its handoffs; move this rule above`
