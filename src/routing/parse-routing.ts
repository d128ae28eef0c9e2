/** Parses the routing of a configuration into the settings for `rank`, or returns all of its problems. */
import { NOBODY_THERE, OTHERWISE, STRATEGIES } from './config'
import {
  fieldName,
  fieldOf,
  fieldProblem,
  isBlock,
  isEmpty,
  kindOf,
  OLDER_ROUTING_FIELDS,
  readChoice,
  readNumber,
  readText,
  routingFields,
  unknownFields,
  type FieldProblem,
} from './config-shape'
import { isSameLanguage, languageName, readLanguage } from './language'
import { deskNamed, inField, readDesks } from './names'
import { parseDesks } from './parse-desks'
import { parseRules } from './parse-rules'
import { parseTexts } from './parse-texts'
import type { ConfiguredDesk, Desk, Routing } from './routing'
import { canonicalZone, timeZoneProblem } from './time-zone'

export type ParsedRouting =
  | { routing: Routing; problems?: undefined }
  | { routing?: undefined; problems: FieldProblem[] }

const MAX_STICKY_DAYS = 365

type Block = Readonly<Record<string, unknown>>

/**
 * `config`: the Routing block, also of older versions. `configured`: in registry order, the default order of
 * preference.
 */
export const parseRouting = (config: unknown, configured: readonly ConfiguredDesk[]): ParsedRouting => {
  if (configured.length === 0)
    return { problems: [{ field: 'Routing', problem: 'no desk is configured; fill in the connection of a desk' }] }
  const problems: FieldProblem[] = []
  if (!isEmpty(config) && !isBlock(config)) {
    const problem = `is ${kindOf(config)}; it needs fields such as Preferred desk and Strategy`
    return { problems: [{ field: 'Routing', problem }] }
  }
  const block = isBlock(config) ? config : {}
  problems.push(...unknownFields(block, [], [...routingFields(), ...OLDER_ROUTING_FIELDS]))
  const routing = _read(block, configured, problems)
  return problems.length > 0 ? { problems } : { routing }
}

const _read = (block: Block, configured: readonly ConfiguredDesk[], problems: FieldProblem[]): Routing => {
  const field = (name: string) => fieldOf(block, name, fieldName([name]))
  const strategy = readChoice(field('strategy'), STRATEGIES, problems)
  const nobodyThere = readChoice(field('nobodyThere'), NOBODY_THERE, problems)
  const otherwise = readChoice(field('otherwise'), OTHERWISE, problems)
  const timeZone = _timeZone(block, problems)
  const afterHoursDesk = _desk(block, 'afterHoursDesk', configured, problems)
  const isStandIn = ({ provider }: ConfiguredDesk): boolean =>
    nobodyThere === 'after-hours' && afterHoursDesk?.provider === provider
  const order = _order(block, configured, isStandIn, problems)
  const online = new Set(_listed(block, 'onlyOnline', configured, problems).map(({ provider }) => provider))
  const desks = parseDesks(block, order, timeZone, problems).map((desk) =>
    online.has(desk.provider) ? { ...desk, onlyOnline: true } : desk
  )
  const defaultLanguage = _defaultLanguage(block, desks, problems)
  const stickyDays = _stickyDays(block, problems)
  _checkAfterHours(nobodyThere === 'after-hours', afterHoursDesk, field('afterHoursDesk') !== undefined, problems)
  const rules = parseRules(block, desks, timeZone, problems)
  const texts = parseTexts(block, problems)
  return {
    strategy: strategy ?? 'priority',
    desks,
    rules,
    defaultLanguage,
    stickyDays: stickyDays ?? 0,
    nobodyThere: nobodyThere ?? 'refuse',
    afterHoursDesk: afterHoursDesk?.provider,
    ...(otherwise && otherwise !== 'refuse' && { otherwise }),
    ...(timeZone !== undefined && { timeZone }),
    ...(texts && { texts }),
  }
}

const _timeZone = (block: Block, problems: FieldProblem[]): string | undefined => {
  const text = readText(fieldOf(block, 'timeZone', fieldName(['timeZone'])), problems)
  if (text === undefined) return undefined
  const problem = timeZoneProblem(text)
  if (!problem) return canonicalZone(text)
  problems.push(fieldProblem(['timeZone'], problem))
  // Lets the parser report further problems.
  return 'UTC'
}

const _desk = (
  block: Block,
  name: string,
  configured: readonly ConfiguredDesk[],
  problems: FieldProblem[]
): ConfiguredDesk | undefined => {
  const text = readText(fieldOf(block, name, fieldName([name])), problems)
  if (text === undefined) return undefined
  const desk = deskNamed(text, configured)
  if (desk) return desk
  const choice = configured.map(({ provider }) => provider).join(', ')
  const problem = `"${text}" isn't a configured desk; fill in its connection, or write one of ${choice}`
  problems.push(fieldProblem([name], problem))
  return undefined
}

type Ordered = ConfiguredDesk & { afterHoursOnly: boolean }

/** The preferred desk, those of Then, the others as in the registry. */
const _order = (
  block: Block,
  configured: readonly ConfiguredDesk[],
  isStandIn: (desk: ConfiguredDesk) => boolean,
  problems: FieldProblem[]
): Ordered[] => {
  const preferred = _desk(block, 'preferredDesk', configured, problems)
  const isOlder = isEmpty(block['thenDesks']) && !isEmpty(block['order'])
  const following = _listed(block, isOlder ? 'order' : 'thenDesks', configured, problems)
  const named = [...new Set([...(preferred ? [preferred] : []), ...following])]
  const others = configured.filter((desk) => !named.includes(desk))
  const omitted = following.length > 0 ? others : []
  if (isOlder) {
    for (const desk of omitted) {
      if (!desk.enabled || isStandIn(desk)) continue
      const problem = `${desk.title} is missing; add ${desk.provider}, or switch the desk off`
      problems.push(fieldProblem(['order'], problem))
    }
  }
  return [...named, ...others].map((desk) => ({ ...desk, afterHoursOnly: omitted.includes(desk) && isStandIn(desk) }))
}

/** Desks in a text or list. A desk that is named twice is a problem. */
const _listed = (
  block: Block,
  name: string,
  configured: readonly ConfiguredDesk[],
  problems: FieldProblem[]
): ConfiguredDesk[] => {
  const given = fieldOf(block, name, fieldName([name]))
  if (!given) return []
  const items = Array.isArray(given.value) ? given.value.filter((item) => !isEmpty(item)) : [given.value]
  const found = items.flatMap((item: unknown, index) => {
    const path = Array.isArray(given.value) ? [name, index] : [name]
    const text = readText({ value: item, field: fieldName(path) }, problems) ?? ''
    const refuse = (problem: string) => void problems.push(fieldProblem(path, problem))
    return readDesks({ text, at: 0 }, configured, inField, refuse).map((desk) => ({ desk, path }))
  })
  for (const [index, { desk, path }] of found.entries()) {
    if (found.findIndex((other) => other.desk === desk) < index) {
      problems.push(fieldProblem(path, `${desk.provider} is in the order twice; keep one`))
    }
  }
  return found.map(({ desk }) => desk)
}

const _defaultLanguage = (block: Block, desks: readonly Desk[], problems: FieldProblem[]): string | undefined => {
  const text = readText(fieldOf(block, 'defaultLanguage', fieldName(['defaultLanguage'])), problems)
  if (text === undefined) return undefined
  const { tag, problem } = readLanguage(text)
  if (problem !== undefined) {
    problems.push(fieldProblem(['defaultLanguage'], problem))
    return undefined
  }
  if (!desks.some((desk) => _canServe(desk, tag))) {
    const missing = `no desk serves ${languageName(tag)}; add it to the Languages of a desk`
    problems.push(fieldProblem(['defaultLanguage'], missing))
  }
  return tag
}

const _canServe = (desk: Desk, language: string): boolean =>
  desk.enabled && (desk.languages.length === 0 || desk.languages.some((served) => isSameLanguage(served, language)))

const _stickyDays = (block: Block, problems: FieldProblem[]): number | undefined => {
  const days = readNumber(fieldOf(block, 'stickyDays', fieldName(['stickyDays'])), problems)
  if (days !== undefined && !(days >= 0 && days <= MAX_STICKY_DAYS)) {
    const problem = `${days} isn't valid; write 0 for off, or up to ${MAX_STICKY_DAYS} days`
    problems.push(fieldProblem(['stickyDays'], problem))
  }
  return days
}

const _checkAfterHours = (
  isUsed: boolean,
  desk: ConfiguredDesk | undefined,
  isGiven: boolean,
  problems: FieldProblem[]
): void => {
  if (isUsed && !isGiven) {
    const problem = 'is missing; choose the desk that takes over when nobody is there'
    problems.push(fieldProblem(['afterHoursDesk'], problem))
  }
  if (desk && !desk.enabled) {
    const problem = `${desk.title} is switched off; switch it on, or choose another desk`
    problems.push(fieldProblem(['afterHoursDesk'], problem))
  }
}
