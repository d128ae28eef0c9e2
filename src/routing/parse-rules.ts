/** Reads the Rules list of the routing block. */
import type { RoutingConfig } from './config'
import { fieldProblem, type FieldProblem, type Path } from './config-shape'
import { parseCalendar, parseLanguages, parseList } from './parse-desks'
import type { Desk, Priority, Rule } from './routing'

type RuleEntry = NonNullable<RoutingConfig['rules']>[number]

const _PRIORITIES: readonly string[] = ['low', 'normal', 'high', 'urgent'] satisfies Priority[]

export const parseRules = (config: RoutingConfig, desks: readonly Desk[], problems: FieldProblem[]): Rule[] => {
  const entries = config.rules ?? []
  const rules = entries.map((entry, index): Rule => {
    const path = ['rules', index] as const
    const languages = parseLanguages(entry.language, [...path, 'language'], problems)
    const priorities = _parsePriorities(entry, path, problems)
    const tags = parseList(entry.tags)
    const chosen = _parseRuleDesks(entry, desks, path, problems)
    _checkQueue(entry, chosen, path, problems)
    if (entry.hours && !config.timeZone) {
      problems.push(
        fieldProblem(['timeZone'], `is missing for the hours of rule ${index + 1}; write for example Europe/Paris`)
      )
    }
    const addTags = parseList(entry.addTags)
    return {
      name: entry.name ?? `rule ${index + 1}`,
      ...(languages.length > 0 && { languages }),
      ...(priorities.length > 0 && { priorities }),
      ...(tags.length > 0 && { tags }),
      // A missing zone was reported above. UTC lets the parser report further problems.
      ...(entry.hours && { calendar: parseCalendar({ hours: entry.hours }, config.timeZone ?? 'UTC', path, problems) }),
      desks: chosen,
      options: {
        ...(entry.queue && { queue: entry.queue }),
        ...(entry.setPriority && { priority: entry.setPriority }),
        ...(addTags.length > 0 && { tags: addTags }),
      },
    }
  })
  return _withShares(rules, entries, problems)
}

/**
 * Reads desks by name or title, case-insensitively. Without any, the rule has all desks except an after-hours-only
 * desk.
 */
const _parseRuleDesks = (entry: RuleEntry, desks: readonly Desk[], path: Path, problems: FieldProblem[]): string[] => {
  const names = parseList(entry.desks)
  if (names.length === 0) return desks.filter((desk) => !desk.afterHoursOnly).map(({ provider }) => provider)
  return names.flatMap((name) => {
    const desk = desks.find(({ provider, title }) => [provider, title.toLowerCase()].includes(name.toLowerCase()))
    if (desk) return [desk.provider]
    const choice = desks.map(({ provider }) => provider).join(', ')
    problems.push(fieldProblem([...path, 'desks'], `"${name}" isn't a configured desk; write one of ${choice}`))
    return []
  })
}

const _parsePriorities = (entry: RuleEntry, path: Path, problems: FieldProblem[]): Priority[] => {
  const isPriority = (text: string): text is Priority => _PRIORITIES.includes(text)
  return parseList(entry.priority).flatMap((text) => {
    const priority = text.toLowerCase()
    if (isPriority(priority)) return [priority]
    problems.push(
      fieldProblem([...path, 'priority'], `"${text}" isn't a priority; write one of ${_PRIORITIES.join(', ')}`)
    )
    return []
  })
}

/** A queue id is valid only at one desk. */
const _checkQueue = (entry: RuleEntry, chosen: readonly string[], path: Path, problems: FieldProblem[]): void => {
  if (!entry.queue || chosen.length === 1) return
  problems.push(
    fieldProblem([...path, 'queue'], 'is valid for one desk only; name just that desk, or write a rule for each')
  )
}

/**
 * Rules with the same conditions share the matching handoffs: each takes its percentage, and the rest goes to later
 * rules. A rule without a share takes the whole rest, so a later rule with the same conditions is never used.
 */
const _withShares = (rules: Rule[], entries: RuleEntry[], problems: FieldProblem[]): Rule[] => {
  const taken = new Map<string, { sum: number; rules: number[]; complete?: number }>()
  return rules.map((rule, index) => {
    const { languages, priorities, tags, calendar } = rule
    const among = JSON.stringify([languages, priorities, tags, calendar])
    const group = taken.get(among) ?? { sum: 0, rules: [] }
    taken.set(among, group)
    if (group.complete !== undefined) {
      const problem = `is never used: rule ${group.complete + 1} has the same conditions and takes all handoffs; give it a share`
      problems.push(fieldProblem(['rules', index], problem))
    }
    const share = entries[index]?.share
    if (share === undefined) {
      group.complete = index
      return rule
    }
    group.rules.push(index + 1)
    const from = group.sum
    group.sum += share
    const path = ['rules', index, 'share']
    if (!(share > 0 && share <= 100))
      problems.push(fieldProblem(path, `${share} isn't valid; write a percentage from 1 to 100`))
    else if (group.sum > 100) {
      const numbers = group.rules.join(' and ')
      const problem = `rules ${numbers} have the same conditions and add up to ${group.sum} %; the maximum is 100 %`
      problems.push(fieldProblem(path, problem))
    }
    return { ...rule, share: { from, to: group.sum, among } }
  })
}
